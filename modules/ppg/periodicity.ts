/** Lags of 30 and of 227 beats a minute at 25 samples a second; a peak needs its neighbours. */
const LONGEST = 50;
const SHORTEST = 6.6;
/** The first lag that is of use: half of the shortest period. */
const FIRST = 3;
/** From here on every second lag is summed, and those between are made of their four neighbours. */
const SPARSE = 12;
const LAGS = LONGEST + 6;
/** Less alike than that is not a peak. */
const LEAST = 0.2;
/** A shorter period may have so much of the best one's score. */
const SHORTER = 0.8;

/**
 * How alike a window is to itself, lag by lag: the normalised square difference function of McLeod and Wyvill (2005), from
 * −1 to 1, which needs no taper for the products that fall off its end. The products are summed at every second sample:
 * the signal ends at 5 Hz, its products at 10, below the 12.5 that would fold onto their mean.
 */
export class Periodicity {
	/** By lag. */
	readonly #alike = new Float32Array(LAGS);
	/** What `find` found: samples from beat to beat, and how alike beats are to their neighbours. */
	period = 0;
	clarity = 0;
	/** How far the peaks at the period and its multiples stand over the troughs between them, about 0 to 2. */
	comb = 0;
	/**
	 * How alike at a quarter of the period: 0 for a sine, and about minus the second harmonic's share of what repeats, for that is
	 * upside down there. 0 where the period is too short to be divided.
	 */
	quarter = 0;

	/**
	 * @param window at least 100 samples
	 * @param energy the sum of their squares
	 */
	measure(window: Float32Array, energy: number): void {
		const alike = this.#alike;
		const length = window.length;
		let both = 2 * energy;
		for (let lag = 1; lag < LAGS; lag++) {
			both -= window[lag - 1]! * window[lag - 1]! + window[length - lag]! * window[length - lag]!;
			if (lag < FIRST || (lag > SPARSE && lag % 2 === 1)) continue;
			const end = length - lag;
			const whole = end - 14;
			let sum = 0;
			let at = 0;
			// Eight at a time: on XS the loop itself costs as much as a product.
			for (; at < whole; at += 16) {
				const to = at + lag;
				sum +=
					window[at]! * window[to]! +
					window[at + 2]! * window[to + 2]! +
					window[at + 4]! * window[to + 4]! +
					window[at + 6]! * window[to + 6]! +
					window[at + 8]! * window[to + 8]! +
					window[at + 10]! * window[to + 10]! +
					window[at + 12]! * window[to + 12]! +
					window[at + 14]! * window[to + 14]!;
			}
			for (; at < end; at += 2) sum += window[at]! * window[at + lag]!;
			alike[lag] = both > 0 ? Math.min(1, (4 * sum) / both) : 0;
		}
		for (let lag = SPARSE + 1; lag < LAGS - 3; lag += 2)
			alike[lag] = (9 * (alike[lag - 1]! + alike[lag + 1]!) - alike[lag - 3]! - alike[lag + 3]!) / 16;
	}

	/**
	 * Chooses the period: the peak that stands, with its multiples, highest over the troughs half-way. A notch in the beat
	 * is no trough at half of a half, and two beats have a peak where their trough should be; three have not, so the
	 * shortest is taken of those that are nearly as high.
	 * @param expected samples from beat to beat as last trusted, or 0: decides between two that are nearly as good
	 * @returns false when nothing repeats
	 */
	find(expected: number): boolean {
		const best = this.#search(expected, Number.POSITIVE_INFINITY);
		if (best === 0) return false;
		const chosen = this.#search(expected, SHORTER * best);
		this.comb = combOf(this.#alike, chosen);
		this.clarity = this.#alike[Math.round(chosen)]!;
		this.quarter = chosen < 4 * FIRST ? 0 : between(this.#alike, chosen / 4);
		this.period = refine(this.#alike, chosen);
		return true;
	}

	/** @returns the first peak with a score of `enough`, or the highest score when none has it; 0 without a peak */
	#search(expected: number, enough: number): number {
		const alike = this.#alike;
		let best = 0;
		for (let lag = 6; lag <= LONGEST; lag++) {
			const here = alike[lag]!;
			if (here < LEAST || here < alike[lag - 1]! || here <= alike[lag + 1]!) continue;
			const exact = peakNear(alike, lag);
			if (exact < SHORTEST) continue;
			let score = combOf(alike, exact);
			if (expected > 0 && Math.abs(exact - expected) < 0.1 * expected) score += 0.1;
			if (score >= enough) return exact;
			if (score > best) best = score;
		}
		return best;
	}
}

/** The top of the parabola through a peak and its neighbours. */
function peakNear(alike: Float32Array, lag: number): number {
	const before = alike[lag - 1]!;
	const here = alike[lag]!;
	const after = alike[lag + 1]!;
	const curve = before - 2 * here + after;
	return curve < 0 ? lag + (0.5 * (before - after)) / curve : lag;
}

function between(alike: Float32Array, lag: number): number {
	const whole = Math.floor(lag);
	return alike[whole]! + (lag - whole) * (alike[whole + 1]! - alike[whole]!);
}

function combOf(alike: Float32Array, period: number): number {
	let sum = 0;
	let teeth = 0;
	for (let lag = period; lag <= LONGEST && teeth < 4; lag += period) {
		sum += between(alike, lag) - between(alike, lag - period / 2);
		teeth++;
	}
	return sum / teeth;
}

/** The further multiples tell the period more exactly than one lag can, as long as they are peaks. */
function refine(alike: Float32Array, period: number): number {
	let exact = period;
	for (let times = 2; times * exact < LONGEST; times++) {
		let lag = Math.round(times * exact);
		if (alike[lag + 1]! > alike[lag]!) lag++;
		else if (alike[lag - 1]! > alike[lag]!) lag--;
		if (lag > LONGEST || alike[lag]! < 0.3 || alike[lag]! < alike[lag - 1]! || alike[lag]! < alike[lag + 1]!) break;
		exact = peakNear(alike, lag) / times;
	}
	return exact;
}
