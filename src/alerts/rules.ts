import type { Keepsake } from '../../modules/ports';
import { Cursor } from '../power/cursor';
import type { Reading } from '../sensing/reading';
import { Condition, Kind, kindOf } from './kinds';
import { quantities } from './quantities';
import type { Limits } from './thresholds';

export interface RulesOptions {
	/** In the order of `quantities`. */
	readonly limits: readonly Limits[];
	/** A value must be beyond its threshold for so many readings in a row… */
	readonly readings: number;
	/** …or for so many milliseconds, whichever comes first. */
	readonly milliseconds: number;
	/** A quantity is lost after so many readings without it; 0: never. */
	readonly lostReadings: number;
	/** The journal is nearly full from here on; 0: never. */
	readonly storagePercent: number;
	/** @param value, threshold in the unit of the quantity's reading; of a rate, a minute */
	readonly onAlert: (kind: number, value: number | undefined, threshold: number | undefined) => void;
}

/** Flags of a quantity: alerts that are on, and what is known of it. */
const LOW = 1;
const HIGH = 2;
const FALLING = 4;
const RISING = 8;
const LOST = 16;
/** There was a value, some time. */
const SEEN = 32;
/** The run is one of values that are too high. */
const RUN_IS_HIGH = 64;
const FLAGS_END = 128;

/** Flags of the journal. */
const NEARLY_FULL = 1;
const DROPPING = 2;
const STORAGE_FLAGS_END = 4;
/** By so much it must be emptier before it can be nearly full again. */
const STORAGE_HYSTERESIS_PERCENT = 10;

const MINUTE = 60_000;
const COUNT_MAX = 255;
const VERSION = 1;
const QUANTITY_BYTES = 23;
const BYTES = 1 + quantities.length * QUANTITY_BYTES + 1 + 8;

/**
 * What is worth an alert. A threshold alerts once, when its value was beyond it for long enough (debounce), and again only after
 * the value came back within it by the hysteresis. A reading without the value is none of a row, and ends none.
 *
 * A rate of change is what a value moved since it was last looked at, a minute ago or longer; quicker moves count as if they had
 * taken the minute, so noise between two close readings is none. It alerts at once and is over at half the rate.
 *
 * What the rules know is kept over deep sleep (FORMAT.md) and lost with the power: that repeats an alert which is on.
 */
export class Rules implements Keepsake {
	readonly name = 'alerts';
	limits: readonly Limits[];
	readonly #options: RulesOptions;
	readonly #flags = new Uint8Array(quantities.length);
	/** Readings in a row beyond a threshold, and since when. */
	readonly #runs = new Uint8Array(quantities.length);
	readonly #runSince = new Float64Array(quantities.length);
	/** Readings in a row without a value. */
	readonly #missing = new Uint8Array(quantities.length);
	/** What rates are measured from; a moment of NaN: nothing. */
	readonly #reference = new Int32Array(quantities.length);
	readonly #referenceAt = new Float64Array(quantities.length);
	#storage = 0;
	/** How many were dropped when that was last looked at; −1: unknown. */
	#dropped = -1;

	constructor(options: RulesOptions) {
		this.limits = options.limits;
		this.#options = options;
		this.#referenceAt.fill(Number.NaN);
	}

	/** @param now ticks of a clock that goes on over sleep */
	observe(reading: Reading, now: number): void {
		for (let index = 0; index < quantities.length; index++) {
			const value = reading[quantities[index]!.field];
			if (value === undefined) this.#observeNone(index);
			else {
				this.#flags[index] = (this.#flags[index]! & ~LOST) | SEEN;
				this.#missing[index] = 0;
				this.#observeValue(index, value, now);
				this.#observeRate(index, value, now);
			}
		}
	}

	/** @param dropped how many readings the journal dropped for want of room, in all */
	observeStorage(backlog: number, capacity: number, dropped: number): void {
		const { storagePercent, onAlert } = this.#options;
		const percent = capacity > 0 ? Math.floor((100 * backlog) / capacity) : 100;
		if (storagePercent > 0 && percent >= storagePercent) {
			const isNew = (this.#storage & NEARLY_FULL) === 0;
			this.#storage |= NEARLY_FULL;
			if (isNew) onAlert(Kind.STORAGE_NEARLY_FULL, percent, storagePercent);
		} else if (percent < (storagePercent || 100) - STORAGE_HYSTERESIS_PERCENT) this.#storage = 0;
		const isNew = this.#dropped >= 0 && dropped > this.#dropped && (this.#storage & DROPPING) === 0;
		this.#dropped = dropped;
		if (!isNew) return;
		// A full journal drops a block after the other: one alert tells it, until there was room again.
		this.#storage |= DROPPING;
		onAlert(Kind.READINGS_DROPPED, dropped, undefined);
	}

	/** Forgets what is on: what still holds alerts again. */
	rearm(): void {
		for (let index = 0; index < quantities.length; index++) this.#flags[index]! &= SEEN;
		this.#runs.fill(0);
		this.#missing.fill(0);
		this.#storage = 0;
	}

	#observeNone(index: number): void {
		const { lostReadings, onAlert } = this.#options;
		const flags = this.#flags[index]!;
		if ((flags & SEEN) === 0 || (flags & LOST) !== 0) return;
		const missing = Math.min(COUNT_MAX, this.#missing[index]! + 1);
		this.#missing[index] = missing;
		if (lostReadings === 0 || missing < lostReadings) return;
		this.#flags[index] = flags | LOST;
		onAlert(kindOf(index, Condition.LOST), undefined, missing);
	}

	#observeValue(index: number, value: number, now: number): void {
		const { readings, milliseconds, onAlert } = this.#options;
		const { low, high, hysteresis } = this.limits[index]!;
		let flags = this.#flags[index]!;
		if (low === undefined || (value > low && value >= low + hysteresis)) flags &= ~LOW;
		if (high === undefined || (value < high && value <= high - hysteresis)) flags &= ~HIGH;
		const side = low !== undefined && value <= low ? LOW : high !== undefined && value >= high ? HIGH : 0;
		if (side === 0 || (flags & side) !== 0) {
			this.#flags[index] = flags;
			this.#runs[index] = 0;
			return;
		}
		const isHigh = side === HIGH;
		if (this.#runs[index] === 0 || ((flags & RUN_IS_HIGH) !== 0) !== isHigh) {
			this.#runs[index] = 0;
			this.#runSince[index] = now;
		}
		flags = isHigh ? flags | RUN_IS_HIGH : flags & ~RUN_IS_HIGH;
		const run = this.#runs[index]! + 1;
		const isLong = run >= readings || now - this.#runSince[index]! >= milliseconds;
		this.#runs[index] = isLong ? 0 : run;
		this.#flags[index] = isLong ? flags | side : flags;
		if (isLong) onAlert(kindOf(index, isHigh ? Condition.HIGH : Condition.LOW), value, isHigh ? high : low);
	}

	#observeRate(index: number, value: number, now: number): void {
		const { onAlert } = this.#options;
		const limit = this.limits[index]!.ratePerMinute;
		const since = now - this.#referenceAt[index]!;
		const rate = since >= 0 ? (value - this.#reference[index]!) / Math.max(1, since / MINUTE) : 0;
		// Also where there is nothing to measure from (NaN), or the clock began anew.
		if (!(since >= 0 && since < MINUTE)) {
			this.#reference[index] = value;
			this.#referenceAt[index] = now;
		}
		const flags = this.#flags[index]!;
		if (limit === undefined || Math.abs(rate) <= limit / 2) {
			this.#flags[index] = flags & ~(RISING | FALLING);
			return;
		}
		const side = rate >= limit ? RISING : rate <= -limit ? FALLING : 0;
		if (side === 0 || (flags & side) !== 0) return;
		this.#flags[index] = (flags & ~(RISING | FALLING)) | side;
		const condition = side === RISING ? Condition.RISING : Condition.FALLING;
		onAlert(kindOf(index, condition), Math.round(rate), side === RISING ? limit : -limit);
	}

	keep(): Uint8Array {
		const bytes = new Uint8Array(BYTES);
		const to = new Cursor(bytes);
		to.writeU8(VERSION);
		for (let index = 0; index < quantities.length; index++) {
			to.writeU8(this.#flags[index]!);
			to.writeU8(this.#runs[index]!);
			to.writeU8(this.#missing[index]!);
			to.writeF64(this.#runSince[index]!);
			to.writeI32(this.#reference[index]!);
			to.writeF64(this.#referenceAt[index]!);
		}
		to.writeU8(this.#storage);
		to.writeF64(this.#dropped);
		return bytes;
	}

	/** Takes what keep() returned; anything else is as nothing. */
	recall(bytes: Uint8Array): void {
		if (bytes.length !== BYTES || bytes[0] !== VERSION) return;
		const from = new Cursor(bytes, 1);
		for (let index = 0; index < quantities.length; index++) {
			this.#flags[index] = from.readU8() % FLAGS_END;
			this.#runs[index] = from.readU8();
			this.#missing[index] = from.readU8();
			this.#runSince[index] = from.readF64();
			this.#reference[index] = from.readI32();
			this.#referenceAt[index] = from.readF64();
		}
		this.#storage = from.readU8() % STORAGE_FLAGS_END;
		const dropped = from.readF64();
		this.#dropped = Number.isInteger(dropped) && dropped >= 0 ? dropped : -1;
	}
}
