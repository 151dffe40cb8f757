/**
 * The part's calibration as its maker publishes it, in the software of the reference design MAXREFDES117 (RD117_ARDUINO,
 * algorithm.h): SpO2 = −45.060 R² + 30.354 R + 94.845. Application note 6845 says how to make one for a board of one's own.
 */
const SQUARE = -45.06;
const LINEAR = 30.354;
const CONSTANT = 94.845;
/** The curve's top, 99.96 %: below, a higher ratio would be more oxygen, so it is held. */
const TOP_RATIO = 0.3368;
/** Where it comes to 70 %, below which nobody has calibrated. */
const HIGHEST_RATIO = 1.1522;
/** No arterial blood is so bright a red. */
const LOWEST_RATIO = 0.2;
/** Swapped, 70 to 100 % come to 0.87 to 3. From here on it can be nothing else in a living person. */
const SWAPPED_RATIO = 1.3;
/** Seconds in turn of that, or of the contrary. */
const SURE = 4;
/** In a second the ratio of a living person changes by about this (0.05 to 0.3 % of saturation). */
const DRIFT = 0.004;
/** Standard error of the saturation, in percent, to which it must be known, and of the ratio. */
const CLOSE_PERCENT = 0.3;
const CLOSE_RATIO = 0.05;

/** @returns percent, 70 to 100, or undefined when the ratio is off the calibration */
export function saturationOf(ratio: number): number | undefined {
	if (!(ratio >= LOWEST_RATIO && ratio <= HIGHEST_RATIO)) return undefined;
	const held = Math.max(ratio, TOP_RATIO);
	return (SQUARE * held + LINEAR) * held + CONSTANT;
}

/** The ratio of ratios over time: a filter of one state (Kalman's), which weighs each second by its standard error. */
export class Oxygen {
	/** 0 when not known. */
	ratio = 0;
	swapped = false;
	#variance = Number.POSITIVE_INFINITY;
	#swappedFor = 0;
	#rightFor = 0;

	/** Takes what a window of so many seconds said. Each second is in as many windows, so none may count for a whole one. */
	update(measured: number, error: number, seconds: number): void {
		const variance = error * error + 1e-7;
		const before = this.#variance + DRIFT * DRIFT;
		// Far from what was known: the finger moved or the blood did; begin anew.
		if (!(Math.abs(measured - this.ratio) < 6 * Math.sqrt(before + variance))) {
			this.ratio = measured;
			this.#variance = variance;
		} else {
			const gain = before / (before + variance * seconds);
			this.ratio += gain * (measured - this.ratio);
			this.#variance = before * (1 - gain);
		}
		if (error > 0.1 * measured) return;
		this.#swappedFor = measured > SWAPPED_RATIO ? this.#swappedFor + 1 : 0;
		this.#rightFor = measured < 1 / SWAPPED_RATIO ? this.#rightFor + 1 : 0;
		if (this.#swappedFor >= SURE) this.swapped = true;
		if (this.#rightFor >= SURE) this.swapped = false;
	}

	/** Whether the saturation is known closely enough to be told. */
	get close(): boolean {
		const steepness = Math.abs(2 * SQUARE * Math.max(this.ratio, TOP_RATIO) + LINEAR);
		const error = Math.sqrt(this.#variance);
		return error * steepness < CLOSE_PERCENT && error < CLOSE_RATIO;
	}

	/** The ratio might as well be the inverse of another that is on the calibration. */
	get ambiguous(): boolean {
		return this.ratio > 0.98 / HIGHEST_RATIO && this.ratio <= HIGHEST_RATIO;
	}

	/** Forgets the ratio, and not which channel is which: that is soldered. */
	restart(): void {
		this.ratio = 0;
		this.#variance = Number.POSITIVE_INFINITY;
		this.#swappedFor = this.#rightFor = 0;
	}

	reset(): void {
		this.restart();
		this.swapped = false;
	}
}
