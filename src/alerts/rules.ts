import type { Keepsake } from '../../modules/ports';
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
	readonly owner: RulesOwner;
}

export interface RulesOwner {
	/** @param value, threshold in the unit of the quantity's reading; of a rate, a minute */
	raise(kind: number, value: number | undefined, threshold: number | undefined): void;
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
/** It must be emptier than this share of the threshold before it can be nearly full again: a drop empties a small one by a third. */
const STORAGE_HYSTERESIS = 0.5;

const MINUTE = 60_000;
const COUNT_MAX = 255;

/** Where things are in what is kept (FORMAT.md), and so in memory: one block of bytes costs least. */
const VERSION = 1;
const QUANTITIES = 1;
const QUANTITY_BYTES = 23;
/** Of a quantity. */
const FLAGS = 0;
const RUN = 1;
const MISSING = 2;
const RUN_SINCE = 3;
const REFERENCE = 11;
const REFERENCE_AT = 15;
const STORAGE = QUANTITIES + quantities.length * QUANTITY_BYTES;
const DROPPED = STORAGE + 1;
const BYTES = DROPPED + 8;

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
	readonly #bytes = new Uint8Array(BYTES);
	readonly #view = new DataView(this.#bytes.buffer);

	constructor(options: RulesOptions) {
		this.limits = options.limits;
		this.#options = options;
		this.#forget();
	}

	/** @param now ticks of a clock that goes on over sleep */
	observe(reading: Reading, now: number): void {
		for (let index = 0; index < quantities.length; index++) {
			const value = reading[quantities[index]!.field];
			if (value === undefined) this.#observeNone(index);
			else {
				const at = QUANTITIES + index * QUANTITY_BYTES;
				this.#bytes[at + FLAGS] = (this.#bytes[at + FLAGS]! & ~LOST) | SEEN;
				this.#bytes[at + MISSING] = 0;
				this.#observeValue(index, at, value, now);
				this.#observeRate(index, at, value, now);
			}
		}
	}

	/** @param dropped how many readings the journal dropped for want of room, in all */
	observeStorage(backlog: number, capacity: number, dropped: number): void {
		const { storagePercent, owner } = this.#options;
		const percent = capacity > 0 ? Math.floor((100 * backlog) / capacity) : 100;
		let flags = this.#bytes[STORAGE]!;
		if (storagePercent > 0 && percent >= storagePercent) {
			if ((flags & NEARLY_FULL) === 0) owner.raise(Kind.STORAGE_NEARLY_FULL, percent, storagePercent);
			flags |= NEARLY_FULL;
		} else if (percent < (storagePercent || 100) * STORAGE_HYSTERESIS) flags = 0;
		const before = this.#view.getFloat64(DROPPED, true);
		this.#view.setFloat64(DROPPED, dropped, true);
		// A full journal drops a block after the other: one alert tells it, until there was room again.
		if (before >= 0 && dropped > before && (flags & DROPPING) === 0) {
			flags |= DROPPING;
			owner.raise(Kind.READINGS_DROPPED, dropped, undefined);
		}
		this.#bytes[STORAGE] = flags;
	}

	/** Forgets what is on: what still holds alerts again. */
	rearm(): void {
		for (let at = QUANTITIES; at < STORAGE; at += QUANTITY_BYTES) {
			this.#bytes[at + FLAGS]! &= SEEN;
			this.#bytes[at + RUN] = 0;
			this.#bytes[at + MISSING] = 0;
		}
		this.#bytes[STORAGE] = 0;
	}

	#forget(): void {
		this.#bytes.fill(0);
		this.#bytes[0] = VERSION;
		for (let at = QUANTITIES; at < STORAGE; at += QUANTITY_BYTES)
			this.#view.setFloat64(at + REFERENCE_AT, Number.NaN, true);
		this.#view.setFloat64(DROPPED, -1, true);
	}

	#observeNone(index: number): void {
		const { lostReadings, owner } = this.#options;
		const at = QUANTITIES + index * QUANTITY_BYTES;
		const flags = this.#bytes[at + FLAGS]!;
		if ((flags & SEEN) === 0 || (flags & LOST) !== 0) return;
		const missing = Math.min(COUNT_MAX, this.#bytes[at + MISSING]! + 1);
		this.#bytes[at + MISSING] = missing;
		if (lostReadings === 0 || missing < lostReadings) return;
		this.#bytes[at + FLAGS] = flags | LOST;
		owner.raise(kindOf(index, Condition.LOST), undefined, missing);
	}

	#observeValue(index: number, at: number, value: number, now: number): void {
		const { readings, milliseconds, owner } = this.#options;
		const { low, high, hysteresis } = this.limits[index]!;
		const bytes = this.#bytes;
		let flags = bytes[at + FLAGS]!;
		if (low === undefined || (value > low && value >= low + hysteresis)) flags &= ~LOW;
		if (high === undefined || (value < high && value <= high - hysteresis)) flags &= ~HIGH;
		const side = low !== undefined && value <= low ? LOW : high !== undefined && value >= high ? HIGH : 0;
		if (side === 0 || (flags & side) !== 0) {
			bytes[at + FLAGS] = flags;
			bytes[at + RUN] = 0;
			return;
		}
		const isHigh = side === HIGH;
		if (bytes[at + RUN] === 0 || ((flags & RUN_IS_HIGH) !== 0) !== isHigh) {
			bytes[at + RUN] = 0;
			this.#view.setFloat64(at + RUN_SINCE, now, true);
		}
		flags = isHigh ? flags | RUN_IS_HIGH : flags & ~RUN_IS_HIGH;
		const run = bytes[at + RUN]! + 1;
		const isLong = run >= readings || now - this.#view.getFloat64(at + RUN_SINCE, true) >= milliseconds;
		bytes[at + RUN] = isLong ? 0 : run;
		bytes[at + FLAGS] = isLong ? flags | side : flags;
		if (isLong) owner.raise(kindOf(index, isHigh ? Condition.HIGH : Condition.LOW), value, isHigh ? high : low);
	}

	#observeRate(index: number, at: number, value: number, now: number): void {
		const view = this.#view;
		const limit = this.limits[index]!.ratePerMinute;
		const since = now - view.getFloat64(at + REFERENCE_AT, true);
		const rate = since >= 0 ? (value - view.getInt32(at + REFERENCE, true)) / Math.max(1, since / MINUTE) : 0;
		// Also where there is nothing to measure from (NaN), or the clock began anew.
		if (!(since >= 0 && since < MINUTE)) {
			view.setInt32(at + REFERENCE, value, true);
			view.setFloat64(at + REFERENCE_AT, now, true);
		}
		const flags = this.#bytes[at + FLAGS]!;
		if (limit === undefined || Math.abs(rate) <= limit / 2) {
			this.#bytes[at + FLAGS] = flags & ~(RISING | FALLING);
			return;
		}
		const side = rate >= limit ? RISING : rate <= -limit ? FALLING : 0;
		if (side === 0 || (flags & side) !== 0) return;
		this.#bytes[at + FLAGS] = (flags & ~(RISING | FALLING)) | side;
		const condition = side === RISING ? Condition.RISING : Condition.FALLING;
		this.#options.owner.raise(kindOf(index, condition), Math.round(rate), side === RISING ? limit : -limit);
	}

	keep(): Uint8Array {
		return this.#bytes;
	}

	/** Takes what keep() returned; anything else is as nothing. */
	recall(bytes: Uint8Array): void {
		if (bytes.length !== BYTES || bytes[0] !== VERSION) return;
		this.#bytes.set(bytes);
		for (let at = QUANTITIES; at < STORAGE; at += QUANTITY_BYTES) this.#bytes[at + FLAGS]! %= FLAGS_END;
		this.#bytes[STORAGE]! %= STORAGE_FLAGS_END;
		const dropped = this.#view.getFloat64(DROPPED, true);
		if (!(Number.isInteger(dropped) && dropped >= 0)) this.#view.setFloat64(DROPPED, -1, true);
	}
}
