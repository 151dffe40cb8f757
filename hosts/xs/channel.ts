import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFrame, type Frame, readFrame, type Value, writeAll } from './frames';

/**
 * A process and two named pipes to it. Both sides wait for each other in plain blocking reads, so that XS takes part in a
 * world whose time stands still while the firmware runs.
 */
export class Channel {
	readonly process: ChildProcess;
	readonly #toXs: number;
	readonly #fromXs: number;
	#open = true;

	/** @param stderr what XS says when it has lost its place */
	constructor(program: string, programArguments: readonly string[], stderr: 'inherit' | 'ignore' = 'inherit') {
		const folder = mkdtempSync(join(tmpdir(), 'xs-host-'));
		const [down, up] = [join(folder, 'down'), join(folder, 'up')] as const;
		execFileSync('mkfifo', [down, up]);
		// A pipe that is open for both at first lets its two ends be opened without waiting for one another.
		const held = [down, up].map((path) => openSync(path, constants.O_RDWR));
		const input = openSync(down, constants.O_RDONLY);
		const output = openSync(up, constants.O_WRONLY);
		this.#toXs = openSync(down, constants.O_WRONLY);
		this.#fromXs = openSync(up, constants.O_RDONLY);
		this.process = spawn(program, programArguments, {
			stdio: ['ignore', 'inherit', stderr, input, output],
			env: { TZ: 'UTC' },
		});
		this.process.on('error', () => {});
		this.process.unref();
		// From here on only XS holds its ends: when it dies, a read here ends.
		for (const descriptor of [...held, input, output]) closeSync(descriptor);
		rmSync(folder, { recursive: true });
	}

	get isOpen(): boolean {
		return this.#open;
	}

	/** When XS is gone it goes nowhere: what XS said before its end is still to be received. */
	send(kind: number, values: readonly Value[]): void {
		this.sendBytes(encodeFrame(kind, values));
	}

	sendBytes(bytes: Buffer): void {
		try {
			writeAll(this.#toXs, bytes);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
		}
	}

	/** Waits for the next frame; undefined when XS is gone. */
	receive(): Frame | undefined {
		return readFrame(this.#fromXs);
	}

	/** The power goes: nothing more is computed or said. */
	kill(): void {
		this.#part('SIGKILL');
	}

	/** Nothing more will be asked: XS ends by itself, with status 0. */
	end(): void {
		this.#part();
	}

	#part(signal?: NodeJS.Signals): void {
		if (!this.#open) return;
		this.#open = false;
		if (signal) this.process.kill(signal);
		closeSync(this.#toXs);
		closeSync(this.#fromXs);
	}
}
