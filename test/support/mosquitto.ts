import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port';
import { find } from './programs';

export interface MosquittoOptions {
	/** PEM files. The CA is for the caller's clients; the broker itself asks for no client certificate. */
	readonly caFile?: string;
	readonly certFile: string;
	readonly keyFile: string;
	/** Password of each user. Nobody else comes in. */
	readonly users: Readonly<Record<string, string>>;
	/** Text of the ACL file (man mosquitto.conf); without it every user may do everything. */
	readonly acl?: string;
	/** The lowest it speaks. Default: 1.2. */
	readonly tlsVersion?: 'TLSv1.2' | 'TLSv1.3';
	/** Further lines of mosquitto.conf. */
	readonly config?: string;
}

export interface Mosquitto {
	readonly port: number;
	/** What it said so far. */
	log(): string;
	/** Ends it politely (it saves its sessions), and removes its files. Twice is fine. */
	stop(): Promise<void>;
	/** Ends it at once. What it had not saved yet (once a second at most) is lost, also what it had acknowledged. */
	kill9(): Promise<void>;
	/** Starts it again after `kill9`, or stops and starts it: on the same port, with the sessions it had saved. */
	restart(): Promise<void>;
}

const startTimeout = 10_000;

/**
 * Whether tests with a real Mosquitto can run. Where it is not installed they say so and pass, but not in CI.
 * @throws Error in CI when it is missing
 */
export function hasMosquitto(): boolean {
	if (find('mosquitto') && find('mosquitto_passwd')) return true;
	const message = 'Mosquitto is not installed (apt-get install mosquitto)';
	if (process.env.CI) throw new Error(`${message}: CI must have it`);
	console.log(`${message}: what needs it is not tested here.`);
	return false;
}

/**
 * A real Mosquitto on a free port of 127.0.0.1: TLS, a password file, an ACL, sessions that outlive a restart.
 * @throws Error with its log when it does not start
 */
export async function startMosquitto(options: MosquittoOptions): Promise<Mosquitto> {
	const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
	const port = await freePort();
	writeConfiguration(folder, port, options);
	let child: ChildProcess | undefined;
	let log = '';
	const start = async (): Promise<void> => {
		const running = spawn(find('mosquitto') ?? 'mosquitto', ['-c', join(folder, 'mosquitto.conf')], {
			stdio: ['ignore', 'ignore', 'pipe'],
		});
		child = running;
		// A test run that is cut short leaves nothing running.
		const orphan = (): void => void running.kill('SIGKILL');
		process.once('exit', orphan);
		running.once('exit', () => process.off('exit', orphan));
		const begin = log.length;
		await new Promise<void>((resolve, reject) => {
			const fail = (): void => reject(new Error(`Mosquitto did not start:\n${log.slice(begin)}`));
			const deadline = setTimeout(fail, startTimeout);
			running.stderr!.on('data', (chunk) => {
				log += chunk;
				if (!/ running\b/.test(log.slice(begin))) return;
				clearTimeout(deadline);
				resolve();
			});
			running.once('error', reject);
			running.once('exit', () => {
				clearTimeout(deadline);
				fail();
			});
		});
	};
	const end = async (signal: NodeJS.Signals): Promise<void> => {
		const running = child;
		child = undefined;
		if (!running || running.exitCode !== null || running.signalCode !== null) return;
		const exited = new Promise((resolve) => running.once('exit', resolve));
		running.kill(signal);
		// Mosquitto forgets a SIGTERM that comes between its "running" and its main loop.
		const again = setInterval(() => running.kill(signal), 500);
		const atLast = setTimeout(() => running.kill('SIGKILL'), 5_000);
		await exited;
		clearInterval(again);
		clearTimeout(atLast);
	};
	try {
		await start();
	} catch (error) {
		await end('SIGKILL');
		rmSync(folder, { recursive: true, force: true });
		throw error;
	}
	return {
		port,
		log: () => log,
		stop: async () => {
			await end('SIGTERM');
			rmSync(folder, { recursive: true, force: true });
		},
		kill9: () => end('SIGKILL'),
		restart: async () => {
			await end('SIGTERM');
			await start();
		},
	};
}

function writeConfiguration(folder: string, port: number, options: MosquittoOptions): void {
	const passwords = join(folder, 'passwords');
	const lines = Object.entries(options.users).map(([user, password]) => `${user}:${password}\n`);
	writeFileSync(passwords, lines.join(''), { mode: 0o600 });
	execFileSync(find('mosquitto_passwd') ?? 'mosquitto_passwd', ['-U', passwords]);
	chmodSync(passwords, 0o600);
	const acl = join(folder, 'acl');
	if (options.acl !== undefined) writeFileSync(acl, options.acl, { mode: 0o600 });
	const configuration = [
		`listener ${port} 127.0.0.1`,
		`certfile ${options.certFile}`,
		`keyfile ${options.keyFile}`,
		`tls_version ${(options.tlsVersion ?? 'TLSv1.2').toLowerCase()}`,
		'allow_anonymous false',
		`password_file ${passwords}`,
		...(options.acl === undefined ? [] : [`acl_file ${acl}`]),
		'persistence true',
		`persistence_location ${folder}/`,
		'autosave_interval 1',
		'max_queued_messages 0',
		'log_dest stderr',
		// Else, started by root, it becomes somebody who cannot read these files.
		`user ${userInfo().username}`,
		options.config ?? '',
	];
	writeFileSync(join(folder, 'mosquitto.conf'), `${configuration.join('\n')}\n`, { mode: 0o600 });
}
