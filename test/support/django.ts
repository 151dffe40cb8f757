import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { freePort } from './free-port';

const application = fileURLToPath(new URL('../peers/django', import.meta.url));
const python = '/usr/bin/python3';
const daphne = '/usr/bin/daphne';
const startTimeout = 30_000;

export interface DjangoRow {
	readonly device_id: string;
	readonly temperature: number | null;
	readonly humidity: number | null;
	readonly heart_rate: number | null;
	readonly spo2: number | null;
	readonly battery_level: number | null;
	/** "2026-01-01 00:00:00.123000", UTC. */
	readonly timestamp: string;
}

export interface Django {
	readonly port: number;
	log(): string;
	rows(): DjangoRow[];
	/** What came by the WebSocket, in its order. */
	socketMessages(): Record<string, unknown>[];
	stop(): Promise<void>;
}

/**
 * Whether tests with the guide's own server can run. Where its parts are not installed they say so and pass, but not in CI.
 * @throws Error in CI when they are missing
 */
export function hasDjango(): boolean {
	try {
		execFileSync(python, ['-c', 'import django, rest_framework, channels, daphne, OpenSSL, service_identity'], {
			stdio: 'ignore',
		});
		return true;
	} catch {
		const packages = 'python3-django python3-djangorestframework python3-django-channels daphne';
		const message = `Django is not installed (apt-get install ${packages} python3-openssl python3-service-identity)`;
		if (process.env.CI) throw new Error(`${message}: CI must have it`);
		console.log(`${message}: what needs it is not tested here.`);
		return false;
	}
}

/**
 * The guide's server (test/peers/django) on a free port of 127.0.0.1 with an empty database.
 * @param tls PEM files; without them it speaks in clear
 * @throws Error with its log when it does not start
 */
export async function startDjango(tls?: { readonly certFile: string; readonly keyFile: string }): Promise<Django> {
	const folder = mkdtempSync(join(tmpdir(), 'fajma-django-'));
	const file = join(folder, 'django.sqlite');
	const env = {
		...process.env,
		DATABASE: file,
		DJANGO_SETTINGS_MODULE: 'guide_server.settings',
		PYTHONDONTWRITEBYTECODE: '1',
		PYTHONPATH: application,
	};
	const remove = (): void => rmSync(folder, { recursive: true, force: true });
	execFileSync(python, ['-m', 'django', 'migrate', '--run-syncdb'], { env, cwd: folder, stdio: 'ignore' });
	const port = await freePort();
	const endpoint = tls
		? `ssl:${port}:privateKey=${tls.keyFile}:certKey=${tls.certFile}:interface=127.0.0.1`
		: `tcp:${port}:interface=127.0.0.1`;
	const child = spawn(daphne, ['-e', endpoint, 'guide_server.asgi:application'], {
		env,
		cwd: folder,
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	// A test run that is cut short leaves nothing running.
	const orphan = (): void => void child.kill('SIGKILL');
	process.once('exit', orphan);
	const exited = new Promise<void>((resolve) => {
		child.once('exit', () => {
			process.off('exit', orphan);
			resolve();
		});
	});
	let log = '';
	try {
		await new Promise<void>((resolve, reject) => {
			const fail = (): void => reject(new Error(`Django did not start:\n${log}`));
			const deadline = setTimeout(fail, startTimeout);
			const listen = (chunk: unknown): void => {
				log += chunk;
				if (!log.includes('Listening on')) return;
				clearTimeout(deadline);
				resolve();
			};
			child.stdout.on('data', listen);
			child.stderr.on('data', listen);
			child.once('error', reject);
			void exited.then(() => {
				clearTimeout(deadline);
				fail();
			});
		});
	} catch (error) {
		child.kill('SIGKILL');
		remove();
		throw error;
	}
	const query = (sql: string): unknown[] => {
		const database = new Database(file, { readonly: true });
		try {
			return database.prepare(sql).all();
		} finally {
			database.close();
		}
	};
	return {
		port,
		log: () => log,
		rows: () => query('SELECT * FROM guide_server_sensordata ORDER BY id') as DjangoRow[],
		socketMessages: () =>
			query('SELECT body FROM guide_server_socketmessage ORDER BY id').map((row) =>
				JSON.parse((row as { body: string }).body),
			),
		async stop() {
			child.kill('SIGKILL');
			await exited;
			remove();
		},
	};
}
