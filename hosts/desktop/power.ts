/**
 * Sleep, restart and RTC memory on a computer. A machine that sleeps ends; what it knows lies in a file, which the next start
 * takes away, so that a machine that was killed finds what a board finds after a power loss: nothing but noise.
 *
 *   0   4  "RTC1"
 *   4   1  why it ended: index in CAUSES
 *   8   8  epoch milliseconds when it wakes (float64, little endian)
 *   16     RTC memory
 */
import type { Power, WakeCause } from '../../modules/ports';
import { halt, random32, readFile, removeFile, replaceFile } from './os';

/** RTC slow memory of an ESP32. */
const RTC_BYTES = 8192;
const HEADER = 16;
const MAGIC = 0x31435452;
const CAUSES: readonly WakeCause[] = Object.freeze(['timer', 'restart', 'crash'] as const);

/** What the process of a headless machine ends with: what it waits for, or that it cannot begin (settings, flash). */
export const Status = Object.freeze({ ASLEEP: 75, RESTART: 76, UNUSABLE: 78 } as const);

export class FilePower implements Power {
	readonly cause: WakeCause;
	/** Milliseconds that it should have slept on: it was started too early. */
	readonly early: number;
	readonly retained: Uint8Array;
	readonly #path: string;
	readonly #file: Uint8Array;
	readonly #now: () => number;
	#ending = false;

	/** @param now epoch milliseconds */
	constructor(path: string, now: () => number) {
		this.#path = path;
		this.#now = now;
		const found = recall(path);
		this.#file = found ?? noise();
		this.retained = this.#file.subarray(HEADER);
		this.cause = (found && CAUSES[found[4]!]) ?? 'power';
		this.early = this.cause === 'timer' ? Math.max(0, view(this.#file).getFloat64(8, true) - now()) : 0;
	}

	/** The machine runs: what it knew before is worth nothing when it is killed now. */
	begin(): void {
		removeFile(this.#path);
	}

	sleep(ms: number): never {
		this.#keep('timer', this.#now() + ms);
		this.#ending = true;
		return halt(Status.ASLEEP);
	}

	restart(): never {
		this.#keep('restart', 0);
		this.#ending = true;
		return halt(Status.RESTART);
	}

	/** The machine dies of an exception. False when it ends as it wants to. */
	crash(): boolean {
		if (this.#ending) return false;
		this.#keep('crash', 0);
		return true;
	}

	#keep(cause: WakeCause, wake: number): void {
		const header = view(this.#file);
		header.setUint32(0, MAGIC, true);
		header.setUint8(4, CAUSES.indexOf(cause));
		header.setFloat64(8, wake, true);
		replaceFile(this.#path, this.#file);
	}
}

function view(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function recall(path: string): Uint8Array | undefined {
	const content = readFile(path);
	if (content?.byteLength !== HEADER + RTC_BYTES) return undefined;
	const bytes = new Uint8Array(content);
	return view(bytes).getUint32(0, true) === MAGIC ? bytes : undefined;
}

/** Memory that just got power (Marsaglia's xorshift). */
function noise(): Uint8Array {
	const bytes = new Uint8Array(HEADER + RTC_BYTES);
	let state = random32() | 1;
	for (let at = HEADER; at < bytes.length; at++) {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		bytes[at] = state;
	}
	return bytes;
}
