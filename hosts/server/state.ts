import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where things lie under the state folder. Nothing of it belongs into a repository. */
export interface StatePaths {
	readonly root: string;
	/** The SQLite file; its `-wal` and `-shm` lie beside it. */
	readonly database: string;
	/** Development CA and server certificate. */
	readonly tls: string;
	/** One file a device: what the device must be given. */
	readonly devices: string;
	/** One file each: what a person or a program must be given that may send commands. */
	readonly operators: string;
	/** What the server keeps of them: hashes, and the secrets that tokens are signed with. */
	readonly credentials: string;
	/** What the server is called beside what this machine knows of itself. */
	readonly names: string;
	/** This server's name at an external broker. */
	readonly serverId: string;
}

/** `$XDG_STATE_HOME/fajma-esp32`, or `~/.local/state/fajma-esp32`. A relative XDG_STATE_HOME is ignored, as its specification says. */
export function defaultStateDirectory(): string {
	const given = process.env.XDG_STATE_HOME;
	const base = given?.startsWith('/') ? given : join(homedir(), '.local', 'state');
	return join(base, 'fajma-esp32');
}

export function statePaths(root: string): StatePaths {
	return {
		root,
		database: join(root, 'readings.db'),
		tls: join(root, 'tls'),
		devices: join(root, 'devices'),
		operators: join(root, 'operators'),
		credentials: join(root, 'credentials.json'),
		names: join(root, 'names.json'),
		serverId: join(root, 'server-id'),
	};
}

/** Makes a folder that only its owner can enter (0700), and those above it where they are missing. */
export function makePrivateDirectory(path: string): void {
	mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Whether others than its owner can enter or list a folder that was there before. */
export function isOpenToOthers(path: string): boolean {
	return process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0;
}

/**
 * Writes a file that only its owner can read (0600): whole or not at all, whenever the power goes.
 * @throws the file system's error; the old file then stands as it was.
 */
export function writePrivate(path: string, content: string): void {
	makePrivateDirectory(dirname(path));
	const temporary = `${path}.${process.pid}.tmp`;
	try {
		const file = openSync(temporary, 'w', 0o600);
		try {
			writeFileSync(file, content);
			fsyncSync(file);
		} finally {
			closeSync(file);
		}
		renameSync(temporary, path);
	} catch (error) {
		rmSync(temporary, { force: true });
		throw error;
	}
}
