/** The rate at which everything after the resampler works. */
export const RATE_HZ = 25;

/**
 * Second-order Butterworth by the bilinear transform, k = tan(π f / 25): gain (1, or k² for the low-pass) / (1 + √2 k + k²),
 * and the two of feedback, 2 (k² − 1) and 1 − √2 k + k² over the same. As figures, so that every engine has the same.
 */
interface Corner {
	readonly gain: number;
	readonly a1: number;
	readonly a2: number;
}

/** 0.7 Hz. */
const HIGH_PASS: Corner = Object.freeze({ gain: 0.8830018637853657, a1: -1.7522679961133663, a2: 0.7797394590280966 });
/** 5 Hz. */
const LOW_PASS: Corner = Object.freeze({ gain: 0.20657208382614795, a1: -0.3695273773512413, a2: 0.19581571265583306 });

/** A step is so many times the usual difference, squared; the usual is a mean over two seconds. At most one a second is one. */
const STEP = 64;
const SLOWLY = 0.02;

/**
 * 0.7 to 5 Hz at 25 samples a second: one second-order section for each corner, in transposed form II. Drift, ambient light
 * and breathing are below; above are nothing but noise and the mains. 30 to 220 beats a minute with a harmonic are inside.
 */
export class BandPass {
	#first = Number.NaN;
	#last = 0;
	/** Mean square of the differences from sample to sample. */
	#slope = 0;
	/** Samples until a step may be taken out (again): before, the usual difference is not known. */
	#patience = 3 * RATE_HZ;
	#h1 = 0;
	#h2 = 0;
	#l1 = 0;
	#l2 = 0;

	push(sample: number): number {
		// What it starts at is its zero, so that a large offset makes no transient.
		if (Number.isNaN(this.#first)) this.#first = this.#last = sample;
		const rise = sample - this.#last;
		this.#last = sample;
		const square = rise * rise;
		// A camera sets its exposure anew, an LED its current: a step, which would ring for a second and a half.
		if (this.#patience === 0 && square > STEP * this.#slope) {
			this.#first += rise;
			this.#patience = RATE_HZ;
		} else {
			if (this.#patience > 0) this.#patience--;
			this.#slope += SLOWLY * (square - this.#slope);
		}
		const scaled = (sample - this.#first) * HIGH_PASS.gain;
		const high = scaled + this.#h1;
		this.#h1 = this.#h2 - 2 * scaled - HIGH_PASS.a1 * high;
		this.#h2 = scaled - HIGH_PASS.a2 * high;
		const gained = high * LOW_PASS.gain;
		const low = gained + this.#l1;
		this.#l1 = this.#l2 + 2 * gained - LOW_PASS.a1 * low;
		this.#l2 = gained - LOW_PASS.a2 * low;
		return low;
	}

	reset(): void {
		this.#first = Number.NaN;
		this.#slope = 0;
		this.#patience = 3 * RATE_HZ;
		this.#h1 = this.#h2 = this.#l1 = this.#l2 = 0;
	}
}
