/**
 * Brings any sample rate to the one that everything after it is made for. Each output is the mean of the signal over one
 * output period, the signal held from sample to sample: exact when the rates are equal, an averaging decimator when the
 * input is faster, and, as far as a pulse goes, good enough when it is slower.
 */
export class Resampler {
	/** What the last `push` or `drain` that did not return −1 made. */
	main = 0;
	red = 0;
	readonly #step: number;
	#filled = 0;
	#main = 0;
	#red = 0;

	/** @param outputPerInput output rate by input rate; above 1, one sample may make more than one output */
	constructor(outputPerInput: number) {
		this.#step = outputPerInput;
	}

	/**
	 * Takes one sample of both channels.
	 * @returns −1 when no output is due yet; else there is one, and how much of the sample is left for `drain`
	 */
	push(main: number, red: number): number {
		return this.drain(main, red, this.#step);
	}

	/** Goes on with what was left of the same sample. */
	drain(main: number, red: number, amount: number): number {
		const room = 1 - this.#filled;
		// A millionth of a period is rounding, not signal.
		if (amount < room - 1e-6) {
			this.#filled += amount;
			this.#main += main * amount;
			this.#red += red * amount;
			return -1;
		}
		this.main = this.#main + main * room;
		this.red = this.#red + red * room;
		this.#filled = this.#main = this.#red = 0;
		const left = amount - room;
		return left < 1e-6 ? 0 : left;
	}
}
