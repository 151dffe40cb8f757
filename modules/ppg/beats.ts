const MOST = 32;
/** The upstroke's share of a beat: slopes are taken over it, so that noise does not make them. */
const SPAN = 0.25;

/**
 * The beats of a window, one by one: the steepest slope of each, which is the systolic upstroke. Blood absorbs, so a sensor
 * sees it as a fall; a camera or an amplifier may turn it over, and the side that is steeper says which.
 */
export class Beats {
	readonly #at = new Float32Array(MOST);
	readonly #height = new Float32Array(MOST);
	readonly #sorted = new Float32Array(MOST);
	count = 0;
	/** Samples from beat to beat, the median; 0 with fewer than three beats. */
	interval = 0;
	/** The mean interval. */
	meanInterval = 0;
	/** Median distance of an interval from the median, as a share of it. */
	spread = 0;
	/** The same of the slopes. */
	heightSpread = 0;
	/** Skewness of the slope: far from 0 when one side of the beat is steeper, as a pulse's is and a swing's is not. */
	skew = 0;

	/** @param period samples from beat to beat, about: nearer than 0.6 of it there is no second beat */
	measure(window: Float32Array, period: number): void {
		const length = window.length;
		let second = 0;
		let third = 0;
		for (let at = 2; at < length; at++) {
			const slope = window[at]! - window[at - 2]!;
			const square = slope * slope;
			second += square;
			third += square * slope;
		}
		const deviation = Math.sqrt(second / (length - 2));
		this.skew = deviation > 0 ? third / (length - 2) / (deviation * deviation * deviation) : 0;
		const sign = third < 0 ? -1 : 1;
		const over = Math.max(1, Math.round(period * SPAN));
		let spread = 0;
		for (let at = over; at < length; at++) spread += (window[at]! - window[at - over]!) ** 2;
		const floor = 0.5 * Math.sqrt(spread / (length - over));
		const apart = period * 0.6;
		let count = 0;
		let last = -apart;
		for (let at = over + 1; at < length - 1; at++) {
			const slope = sign * (window[at]! - window[at - over]!);
			if (slope < floor) continue;
			const before = sign * (window[at - 1]! - window[at - over - 1]!);
			const after = sign * (window[at + 1]! - window[at - over + 1]!);
			if (slope < before || slope <= after) continue;
			const curve = before - 2 * slope + after;
			const exact = at + (curve < 0 ? (0.5 * (before - after)) / curve : 0);
			if (count > 0 && exact - last < apart) {
				if (slope <= this.#height[count - 1]!) continue;
				count--;
			}
			if (count === MOST) break;
			this.#at[count] = exact;
			this.#height[count] = slope;
			last = exact;
			count++;
		}
		this.count = count;
		this.interval = this.meanInterval = 0;
		this.spread = this.heightSpread = 1;
		if (count < 3) return;
		const intervals = count - 1;
		for (let beat = 0; beat < intervals; beat++) this.#sorted[beat] = this.#at[beat + 1]! - this.#at[beat]!;
		this.interval = this.#median(intervals);
		this.meanInterval = (this.#at[intervals]! - this.#at[0]!) / intervals;
		for (let beat = 0; beat < intervals; beat++)
			this.#sorted[beat] = Math.abs(this.#at[beat + 1]! - this.#at[beat]! - this.interval);
		this.spread = this.#median(intervals) / this.interval;
		for (let beat = 0; beat < count; beat++) this.#sorted[beat] = this.#height[beat]!;
		const height = this.#median(count);
		for (let beat = 0; beat < count; beat++) this.#sorted[beat] = Math.abs(this.#height[beat]! - height);
		this.heightSpread = this.#median(count) / height;
	}

	#median(count: number): number {
		const sorted = this.#sorted;
		for (let at = 1; at < count; at++) {
			const value = sorted[at]!;
			let to = at;
			for (; to > 0 && sorted[to - 1]! > value; to--) sorted[to] = sorted[to - 1]!;
			sorted[to] = value;
		}
		const middle = count >> 1;
		return count & 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
	}
}
