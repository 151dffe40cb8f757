import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port';
import { find } from './programs';

export interface Nginx {
	readonly port: number;
	stop(): Promise<void>;
}

/** How long it may take to listen, in tries of 50 ms. */
const TRIES = 200;

/**
 * Whether tests with a real nginx can run. Where it is not installed they say so and pass, but not in CI.
 * @throws Error in CI when it is missing
 */
export function hasNginx(): boolean {
	if (find('nginx')) return true;
	const message = 'nginx is not installed (apt-get install nginx-light)';
	if (process.env.CI) throw new Error(`${message}: CI must have it`);
	console.log(`${message}: what needs it is not tested here.`);
	return false;
}

/**
 * A real nginx on a free port of 127.0.0.1 that answers any request with `answer`.
 * @param chain PEM, as `key`
 * @param protocols of `ssl_protocols`
 * @param answer nginx's variables are filled in
 * @throws Error with its log when it does not start
 */
export async function startNginx(chain: string, key: string, protocols: string, answer: string): Promise<Nginx> {
	const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
	const port = await freePort();
	const file = (name: string, text: string): string => {
		const path = join(folder, name);
		writeFileSync(path, text, { mode: 0o600 });
		return path;
	};
	const spools = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/t;`);
	const { username, uid } = userInfo();
	const configuration = file(
		'nginx.conf',
		`daemon off; pid ${folder}/pid; worker_processes 1; error_log stderr; ${uid === 0 ? `user ${username};` : ''}
		events {}
		http {
			access_log off; server_tokens off; ${spools.join(' ')}
			ssl_session_cache shared:tls:1m;
			server {
				listen 127.0.0.1:${port} ssl;
				ssl_certificate ${file('chain.pem', `${chain}\n`)}; ssl_certificate_key ${file('key.pem', key)};
				ssl_protocols ${protocols};
				location / { default_type text/plain; return 200 "${answer}"; }
			}
		}`,
	);
	const child = spawn(find('nginx') ?? 'nginx', ['-p', folder, '-e', 'stderr', '-c', configuration], {
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	let log = '';
	child.stderr.on('data', (chunk) => {
		log += chunk;
	});
	const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
	// A test run that is cut short leaves nothing running.
	const orphan = (): void => void child.kill('SIGTERM');
	process.once('exit', orphan);
	const stop = async (): Promise<void> => {
		process.off('exit', orphan);
		child.kill('SIGTERM');
		await exited;
		rmSync(folder, { recursive: true, force: true });
	};
	for (let tries = 0; !(await answers(port)); tries++) {
		if (tries < TRIES && child.exitCode === null) continue;
		await stop();
		throw new Error(`nginx did not start:\n${log}`);
	}
	return { port, stop };
}

function answers(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1', () => {
			socket.destroy();
			resolve(true);
		});
		socket.on('error', () => setTimeout(() => resolve(false), 50));
	});
}
