import { Fault } from '../fault';
import type { Clock, Keepsake } from '../ports';

/** Part of the spectrum, and how much of the time one device may send in it. */
export interface Band {
	/** Hertz, both ends included. */
	readonly from: number;
	readonly to: number;
	/** 0.01: 36 s in any hour. */
	readonly duty: number;
}

/** In which any share of the time is counted (ETSI EN 300 220-1, 5.4.2). */
const HOUR = 3_600_000;
/** Milliseconds: no uplink of at most 51 bytes takes longer (SF12, 125 kHz). */
const LONGEST = 2_800;
const VERSION = 1;
/** Version and number of bands; when it was, or NaN; of each band its wait. */
const HEAD_LENGTH = 10;

/**
 * What each band has had of airtime: after an uplink the band rests, so long that no hour ever has more than its share. The
 * waits go on over deep sleep, by the time that was kept; where none was known, as if no time had passed.
 */
export class DutyLedger implements Keepsake {
	readonly name = 'loraDuty';
	readonly #clock: Clock;
	readonly #bands: readonly Band[];
	/** In ticks, of each band. */
	readonly #readyAt: number[];
	#isKnown = false;

	/** @param bands at most 16 */
	constructor(clock: Clock, bands: readonly Band[]) {
		this.#clock = clock;
		this.#bands = bands;
		this.#readyAt = bands.map(() => 0);
	}

	/**
	 * From when on this frequency may be used, in ticks.
	 * @throws Fault 'range' for one that is in no band
	 */
	readyAt(frequency: number): number {
		return this.#readyAt[this.#bandOf(frequency)]!;
	}

	/** An uplink begins now. @param airtime milliseconds, at most 2,800 */
	sent(frequency: number, airtime: number): void {
		const at = this.#bandOf(frequency);
		this.#isKnown = true;
		this.#readyAt[at] = this.#clock.ticks + restOf(this.#bands[at]!, airtime);
	}

	keep(): Uint8Array {
		const bytes = new Uint8Array(HEAD_LENGTH + 4 * this.#bands.length);
		const view = new DataView(bytes.buffer);
		view.setUint8(0, VERSION);
		view.setUint8(1, this.#bands.length);
		view.setFloat64(2, this.#clock.time ?? Number.NaN, true);
		this.#readyAt.forEach((ready, at) => {
			view.setUint32(HEAD_LENGTH + 4 * at, Math.ceil(Math.max(0, ready - this.#clock.ticks)), true);
		});
		return bytes;
	}

	recall(bytes: Uint8Array): void {
		if (bytes.byteLength !== HEAD_LENGTH + 4 * this.#bands.length) return;
		const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		if (view.getUint8(0) !== VERSION || view.getUint8(1) !== this.#bands.length) return;
		this.#isKnown = true;
		const { ticks, time = Number.NaN } = this.#clock;
		const asleep = time - view.getFloat64(2, true);
		const rested = Number.isNaN(asleep) ? 0 : Math.max(0, asleep);
		for (let at = 0; at < this.#bands.length; at++)
			this.#readyAt[at] = ticks + Math.max(0, view.getUint32(HEAD_LENGTH + 4 * at, true) - rested);
	}

	/**
	 * Something was sent before this boot. Unless it was recalled what that was, the power was gone: it may have been the longest
	 * uplink, and just now.
	 */
	presume(): void {
		if (this.#isKnown) return;
		this.#bands.forEach((band, at) => {
			this.#readyAt[at] = this.#clock.ticks + restOf(band, LONGEST);
		});
	}

	#bandOf(frequency: number): number {
		const at = this.#bands.findIndex(({ from, to }) => frequency >= from && frequency <= to);
		if (at < 0) throw new Fault('range', `lorawan: ${frequency} Hz is in no band of the region`);
		return at;
	}
}

/**
 * From the start of an uplink to the next. In an hour there are whole rests behind all uplinks but the last, so that these have
 * had a share of it that leaves room for the longest there is; and after a rest of an hour there is but one in any.
 */
function restOf({ duty }: Band, airtime: number): number {
	return duty < 1 ? Math.min(HOUR, Math.ceil((airtime * HOUR) / (duty * HOUR - LONGEST))) : 0;
}
