import type { Clock } from '../ports';
import { WAITS_MAX } from './message';

const VERSION = 1;
/** Version, number of waits, when it was or NaN, seconds of joining. */
const HEAD = 14;

/** How long each band rests yet, and for how long it has been joining: over deep sleep by the wall clock. */
export class Waits {
	readonly #clock: Clock;
	/** As they were at `#at`, in ticks. */
	#waits: readonly number[] | undefined;
	#at = 0;
	#joinSince: number | undefined;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Milliseconds of each band from now on; undefined: nobody knows. */
	get now(): readonly number[] | undefined {
		const passed = this.#clock.ticks - this.#at;
		return this.#waits?.map((wait) => Math.max(0, Math.ceil(wait - passed)));
	}

	set now(waits: readonly number[]) {
		this.#waits = waits;
		this.#at = this.#clock.ticks;
	}

	/** Seconds since it first asked to join; it asks from now on, if it did not. */
	get joining(): number {
		this.#joinSince ??= this.#clock.ticks;
		return Math.floor((this.#clock.ticks - this.#joinSince) / 1000);
	}

	joined(): void {
		this.#joinSince = undefined;
	}

	keep(): Uint8Array | undefined {
		const waits = this.now;
		if (!waits) return undefined;
		const bytes = new Uint8Array(HEAD + 4 * waits.length);
		const view = new DataView(bytes.buffer);
		view.setUint8(0, VERSION);
		view.setUint8(1, waits.length);
		view.setFloat64(2, this.#clock.time ?? Number.NaN, true);
		view.setUint32(10, this.#joinSince === undefined ? 0xffff_ffff : this.joining, true);
		waits.forEach((wait, at) => {
			view.setUint32(HEAD + 4 * at, wait, true);
		});
		return bytes;
	}

	recall(bytes: Uint8Array): void {
		if (bytes.byteLength < HEAD || bytes[0] !== VERSION) return;
		const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		const count = view.getUint8(1);
		if (count > WAITS_MAX || bytes.byteLength !== HEAD + 4 * count) return;
		const { ticks, time = Number.NaN } = this.#clock;
		const asleep = time - view.getFloat64(2, true);
		const rested = Number.isNaN(asleep) ? 0 : Math.max(0, asleep);
		const waits: number[] = [];
		for (let at = 0; at < count; at++) waits.push(Math.max(0, view.getUint32(HEAD + 4 * at, true) - rested));
		this.#waits = waits;
		this.#at = ticks;
		const joining = view.getUint32(10, true);
		if (joining !== 0xffff_ffff) this.#joinSince = ticks - rested - joining * 1000;
	}
}
