import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../../../modules/lmic/interface';
import type { Random32 } from '../../../modules/ports';
import type { Scheduler } from '../net/scheduler';
import type { RegionName } from '../radio/region';
import { type RadioName, regionNumbers } from './build';
import type { Air, Chip, ChipOptions } from './chip';
import { Sx1262 } from './sx1262';
import { Sx1276 } from './sx1276';

export interface TwinOptions {
	/** twin.c with LMIC, built for one region (modules/lmic/DESIGN.md). */
	readonly program: string;
	readonly region: RegionName;
	/** What the program drives. */
	readonly radio: RadioName;
	readonly scheduler: Scheduler;
	readonly air: Air;
	readonly random32: Random32;
}

/** A model of each. */
const chips: Readonly<Record<RadioName, (options: ChipOptions) => Chip>> = {
	sx1276: (options) => new Sx1276(options),
	sx1262: (options) => new Sx1262(options),
};

const kind = (letter: string): number => letter.charCodeAt(0);

/**
 * The real LMIC with the real bridge, as a process of its own, over the modelled radio and in virtual time: it runs while this
 * waits for it, and no time passes then but what its HAL waits by itself (10 ms before a window). One at a time is open.
 */
export class Twin implements Engine {
	readonly region: number;
	onMessage: ((message: ArrayBuffer) => void) | undefined;
	readonly #options: TwinOptions;
	#radio: Chip | undefined;
	#child: ChildProcess | undefined;
	#toChild = -1;
	#fromChild = -1;
	#due: { cancel(): void } | undefined;
	/** Where the process's clock is: it may be ahead of the scheduler's. */
	#micros = 0;

	constructor(options: TwinOptions) {
		this.#options = options;
		this.region = regionNumbers[options.region].number;
	}

	open(): void {
		const folder = mkdtempSync(join(tmpdir(), 'lmic-'));
		const [down, up] = [join(folder, 'down'), join(folder, 'up')];
		execFileSync('mkfifo', [down, up]);
		const held = [openSync(down, 'r+'), openSync(up, 'r+')];
		const [childIn, childOut] = [openSync(down, 'r'), openSync(up, 'w')];
		this.#toChild = openSync(down, 'w');
		this.#fromChild = openSync(up, 'r');
		this.#child = spawn(this.#options.program, { stdio: [childIn, childOut, 'inherit'] });
		for (const each of [...held, childIn, childOut]) closeSync(each);
		rmSync(folder, { recursive: true });
		const { air, random32, radio } = this.#options;
		this.#radio = chips[radio]({
			air,
			random32,
			at: (micros, run) => this.#at(micros, run),
			onLine: (line, micros) => this.#interrupt(line, micros),
		});
		this.#micros = 0;
	}

	tell(message: Uint8Array): void {
		if (this.#child) this.#run('M', message);
	}

	close(): void {
		if (!this.#child) return;
		this.#due?.cancel();
		this.#radio?.reset(this.#micros);
		closeSync(this.#toChild);
		closeSync(this.#fromChild);
		this.#child.kill();
		this.#child = undefined;
	}

	#at(micros: number, run: () => void): { cancel(): void } {
		const { scheduler } = this.#options;
		return scheduler.schedule(Math.max(0, micros / 1000 - scheduler.now), run);
	}

	#interrupt(line: number, micros: number): void {
		if (!this.#child) return;
		const body = new Uint8Array(9);
		body[0] = line;
		new DataView(body.buffer).setBigUint64(1, BigInt(Math.round(micros)), true);
		this.#run('R', body);
	}

	#run(what: 'R' | 'M', body: Uint8Array): void {
		this.#due?.cancel();
		const { scheduler } = this.#options;
		this.#micros = Math.max(this.#micros, Math.round(scheduler.now * 1000));
		const frame = new Uint8Array(9 + body.byteLength);
		frame[0] = kind(what);
		new DataView(frame.buffer).setBigUint64(1, BigInt(this.#micros), true);
		frame.set(body, 9);
		this.#give(frame);
		for (;;) {
			const answer = this.#take();
			const view = new DataView(answer.buffer);
			if (answer[0] === kind('d')) {
				this.#due = this.#at(this.#micros + view.getUint32(1, true), () => this.#run('R', new Uint8Array(0)));
				return;
			}
			if (answer[0] === kind('t')) this.#tellLater(answer.slice(1).buffer);
			else this.#transfer(answer, view);
		}
	}

	#transfer(frame: Uint8Array, view: DataView): void {
		const radio = this.#radio!;
		this.#micros = Number(view.getBigUint64(1, true));
		if (frame[0] === kind('x')) radio.reset(this.#micros);
		else if (frame[0] === kind('w')) radio.spiWrite(frame[9]!, frame.subarray(10), this.#micros);
		else if (frame[0] === kind('r'))
			this.#answer(radio.spiRead(frame[9]!, frame.subarray(11), frame[10]!, this.#micros));
		else if (frame[0] === kind('s')) radio.select(this.#micros);
		else if (frame[0] === kind('b')) this.#answer(Uint8Array.of(radio.isBusy(this.#micros) ? 1 : 0));
		else throw new Error(`twin: frame ${frame[0]}`);
	}

	#answer(bytes: Uint8Array): void {
		const frame = new Uint8Array(1 + bytes.byteLength);
		frame[0] = kind('D');
		frame.set(bytes, 1);
		this.#give(frame);
	}

	#tellLater(message: ArrayBuffer): void {
		const child = this.#child;
		this.#options.scheduler.schedule(0, () => {
			if (this.#child === child) this.onMessage?.(message);
		});
	}

	#give(frame: Uint8Array): void {
		const bytes = new Uint8Array(2 + frame.byteLength);
		new DataView(bytes.buffer).setUint16(0, frame.byteLength, true);
		bytes.set(frame, 2);
		writeSync(this.#toChild, bytes);
	}

	#take(): Uint8Array {
		const length = new DataView(this.#read(2).buffer).getUint16(0, true);
		return this.#read(length);
	}

	#read(length: number): Uint8Array {
		const bytes = new Uint8Array(length);
		for (let at = 0; at < length; ) {
			const count = readSync(this.#fromChild, bytes, at, length - at, null);
			if (count === 0) throw new Error('twin: the process ended');
			at += count;
		}
		return bytes;
	}
}
