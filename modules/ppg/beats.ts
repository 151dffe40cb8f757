const MOST = 32;
const HEIGHT = MOST;
const SORTED = 2 * MOST;
/** The upstroke's share of a beat: slopes are taken over it, so that noise does not make them. */
const SPAN = 0.25;

/**
 * The beats of a window, one by one: the steepest slope of each, which is the systolic upstroke. Blood absorbs, so a sensor
 * sees it as a fall; a camera or an amplifier may turn it over, and the side that is steeper says which.
 */
export class Beats {
	/** In one array, for each costs more than its room: where beats are, how steep, and a place to sort. */
	readonly #room = new Float32Array(3 * MOST);
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
		const room = this.#room;
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
		// Every second one will do: it only says how steep is worth a look.
		for (let at = over; at < length; at += 2) {
			const slope = window[at]! - window[at - over]!;
			spread += slope * slope;
		}
		const floor = 0.5 * Math.sqrt((2 * spread) / (length - over));
		const apart = period * 0.6;
		let count = 0;
		let last = -apart;
		let before = 0;
		let slope = sign * (window[over]! - window[0]!);
		let after = sign * (window[over + 1]! - window[1]!);
		for (let at = over + 1; at < length - 1; at++) {
			before = slope;
			slope = after;
			after = sign * (window[at + 1]! - window[at - over + 1]!);
			if (slope <= after || slope < before || slope < floor) continue;
			const curve = before - 2 * slope + after;
			const exact = at + (curve < 0 ? (0.5 * (before - after)) / curve : 0);
			if (count > 0 && exact - last < apart) {
				if (slope <= room[HEIGHT + count - 1]!) continue;
				count--;
			}
			if (count === MOST) break;
			room[count] = exact;
			room[HEIGHT + count] = slope;
			last = exact;
			count++;
		}
		this.count = count;
		this.interval = this.meanInterval = 0;
		this.spread = this.heightSpread = 1;
		if (count < 3) return;
		const intervals = count - 1;
		for (let beat = 0; beat < intervals; beat++) room[SORTED + beat] = room[beat + 1]! - room[beat]!;
		this.interval = this.#median(intervals);
		this.meanInterval = (room[intervals]! - room[0]!) / intervals;
		for (let beat = 0; beat < intervals; beat++)
			room[SORTED + beat] = Math.abs(room[beat + 1]! - room[beat]! - this.interval);
		this.spread = this.#median(intervals) / this.interval;
		for (let beat = 0; beat < count; beat++) room[SORTED + beat] = room[HEIGHT + beat]!;
		const height = this.#median(count);
		for (let beat = 0; beat < count; beat++) room[SORTED + beat] = Math.abs(room[HEIGHT + beat]! - height);
		this.heightSpread = this.#median(count) / height;
	}

	#median(count: number): number {
		const room = this.#room;
		const end = SORTED + count;
		for (let at = SORTED + 1; at < end; at++) {
			const value = room[at]!;
			let to = at;
			for (; to > SORTED && room[to - 1]! > value; to--) room[to] = room[to - 1]!;
			room[to] = value;
		}
		const middle = SORTED + (count >> 1);
		return count & 1 ? room[middle]! : (room[middle - 1]! + room[middle]!) / 2;
	}
}
