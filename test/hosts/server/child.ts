import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** The real command line, as a process of its own. */
export class ServerProcess {
	readonly #child: ChildProcess;
	readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
	stdout = '';
	stderr = '';

	constructor(options: readonly string[], environment: NodeJS.ProcessEnv = {}) {
		this.#child = spawn(process.execPath, ['--import', 'tsx', 'hosts/server/cli.ts', ...options], {
			cwd: root,
			env: { ...process.env, ...environment },
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		this.#child.stdout!.on('data', (chunk) => {
			this.stdout += chunk;
		});
		this.#child.stderr!.on('data', (chunk) => {
			this.stderr += chunk;
		});
		this.exited = new Promise((done) => this.#child.once('close', (code, signal) => done({ code, signal })));
	}

	kill(signal: NodeJS.Signals): void {
		this.#child.kill(signal);
	}

	/** Resolves with the match when the output holds `pattern`; throws when the process ends without, or after `timeout` ms. */
	async says(pattern: RegExp, timeout = 20_000): Promise<RegExpExecArray> {
		const end = performance.now() + timeout;
		let over = false;
		void this.exited.then(() => {
			over = true;
		});
		for (;;) {
			const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
			if (match) return match;
			if (over || performance.now() > end)
				throw new Error(`the server never said ${pattern}:\n${this.stdout}\n${this.stderr}`);
			await new Promise((done) => setTimeout(done, 5));
		}
	}
}
