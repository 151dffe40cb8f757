import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Takes a folder for this process: two boards over one flash file would destroy each other's readings.
 * @returns gives it back
 * @throws Error that names the process that has it
 */
export function lockFolder(folder: string): () => void {
	const file = join(folder, 'lock');
	for (let attempt = 0; ; attempt++) {
		try {
			writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 });
			return () => rmSync(file, { force: true });
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
			const owner = Number(readFileSync(file, 'utf8'));
			if (attempt > 0 || isAlive(owner))
				throw new Error(`${folder} is in use by process ${owner}; end it, or give another folder with --state`);
			// Its owner was killed: the lock means nothing any more.
			rmSync(file, { force: true });
		}
	}
}

function isAlive(pid: number): boolean {
	if (!Number.isInteger(pid) || pid <= 0) return false;
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
}
