/** How many parts per million more passed outside than a clock counted, from two moments at which the time was told. */
export function driftPpm(counted: number, passed: number): number {
	return (1e6 * (passed - counted)) / counted;
}

/** An oscillator that is further off is none: a clock was set. For crystals; what counts in deep sleep is far worse. */
const GREATEST_PPM = 500;
/** An estimate is taken when it is as good as this. */
const GOOD_PPM = 25;

/** The drift of a clock, estimated from what it was told; bounded, and never from a moment to the next. */
export class Drift {
	/** Parts per million by which to correct what the clock counts; 0 until it is known. */
	ppm = 0;
	#known = false;
	#at: number | undefined;
	#time = 0;
	#uncertainty = 0;

	/** Somebody who is believed told the time. */
	note(at: number, time: number, uncertainty: number): void {
		const counted = at - (this.#at ?? at);
		if (counted <= 0 || (1e6 * (uncertainty + this.#uncertainty)) / counted > GOOD_PPM) {
			// A better beginning makes the end come sooner.
			if (this.#at === undefined || uncertainty < this.#uncertainty / 2) this.begin(at, time, uncertainty);
			return;
		}
		const found = driftPpm(counted, time - this.#time);
		if (Math.abs(found) <= GREATEST_PPM) {
			this.ppm = this.#known ? this.ppm + (found - this.ppm) / 2 : found;
			this.#known = true;
		}
		this.begin(at, time, uncertainty);
	}

	/** The clock was set: what was told before says nothing about its drift. */
	begin(at: number, time: number, uncertainty: number): void {
		this.#at = at;
		this.#time = time;
		this.#uncertainty = uncertainty;
	}

	/** What was known before deep sleep. */
	recall(ppm: number): void {
		if (!(Math.abs(ppm) <= GREATEST_PPM)) return;
		this.ppm = ppm;
		this.#known = ppm !== 0;
	}
}
