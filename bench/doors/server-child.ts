import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Answer, Ports } from './server-process';

/** The server, beside this process and not in it. */
export class ServerChild {
	readonly ports: Ports;
	readonly #child: ChildProcess;

	private constructor(child: ChildProcess, ports: Ports) {
		this.#child = child;
		this.ports = ports;
	}

	static async start(state: string): Promise<ServerChild> {
		const child = fork(fileURLToPath(new URL('./server-process.ts', import.meta.url)), [state], {
			execArgv: ['--expose-gc', '--import', 'tsx'],
		});
		return new ServerChild(child, await heard<Ports>(child));
	}

	ask(): Promise<Answer> {
		const answer = heard<Answer>(this.#child);
		this.#child.send('ask');
		return answer;
	}

	async end(): Promise<void> {
		const exited = new Promise((resolve) => this.#child.once('exit', resolve));
		this.#child.send('end');
		await exited;
	}
}

function heard<T>(child: ChildProcess): Promise<T> {
	return new Promise((resolve, reject) => {
		const gone = (): void => reject(new Error('the server ended'));
		child.once('exit', gone);
		child.once('message', (message) => {
			child.off('exit', gone);
			resolve(message as T);
		});
	});
}
