import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const files = {
	start: 'hosts/simulator/cli/start.ts',
	device: 'hosts/simulator/cli/device.ts',
	server: 'hosts/server/cli.ts',
} as const;

/** What `--json` prints last. */
interface Result {
	devices: {
		device_id: string;
		sampled: number;
		journaled: number;
		released: number;
		dropped: number;
		backlog: number;
		routes: { mqtt: { delivered: number; failed: number } };
	}[];
	server: { rows: number; duplicates: number; rejected: number };
	lost: number;
}

export interface Running {
	readonly child: ChildProcess;
	/** Everything it wrote so far, both streams. */
	output(): string;
	/** Resolves when it has written `text`; rejects when it ends before. */
	wrote(text: string | RegExp): Promise<void>;
	/** Resolves when it has ended. `result` is the JSON object on the last line of stdout, if there is one. */
	readonly ended: Promise<{ code: number | null; stdout: string; stderr: string; result: Result }>;
}

/** Runs one of the project's commands as a user would, but without npm in between, so that a signal reaches it. */
export function command(name: keyof typeof files, ...args: string[]): Running {
	const child = spawn(process.execPath, ['--import', 'tsx', files[name], ...args], {
		cwd: root,
		stdio: ['ignore', 'pipe', 'pipe'],
		env: { ...process.env, NO_COLOR: '1' },
	});
	let stdout = '';
	let stderr = '';
	const watchers = new Set<() => void>();
	child.stdout!.on('data', (data) => {
		stdout += data;
		for (const watch of watchers) watch();
	});
	child.stderr!.on('data', (data) => {
		stderr += data;
		for (const watch of watchers) watch();
	});
	const ended = new Promise<Awaited<Running['ended']>>((done) => {
		child.once('close', (code) => {
			const last = stdout.trimEnd().split('\n').at(-1) ?? '';
			done({ code, stdout, stderr, result: last.startsWith('{') ? JSON.parse(last) : { devices: [] } });
		});
	});
	return {
		child,
		output: () => stderr + stdout,
		wrote(text) {
			return new Promise((done, failed) => {
				const watch = (): void => {
					const all = stderr + stdout;
					if (typeof text === 'string' ? !all.includes(text) : !text.test(all)) return;
					watchers.delete(watch);
					done();
				};
				watchers.add(watch);
				watch();
				void ended.then(() => failed(new Error(`${name} ended before it wrote ${text}:\n${stderr}${stdout}`)));
			});
		},
		ended,
	};
}
