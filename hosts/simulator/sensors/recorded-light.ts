import type { Illumination, Photocurrent } from '../bus/max3010x';
import { readPpg } from '../vitals/recording';

/** What the part converts to its highest count, at the range that the firmware sets: nanoamperes. */
const RANGE = 4_096;
const HIGHEST_COUNT = 262_143;
/** Nothing that a camera or an amplifier gives is as much; what a MAX3010x gives with a finger is more. */
const COUNTS_ABOVE = 4_096;

const HALF = HIGHEST_COUNT / 2;
/** Beyond the 1.15 of 70 %, and not as much as of channels that are swapped. */
const NO_RATIO = 1.22;

/** A recorded photoplethysmogram on the photodiode, again and again from its begin, whatever current the LEDs have. */
export class RecordedLight implements Illumination {
	readonly #red: Float64Array;
	readonly #infrared: Float64Array;
	readonly #rateHz: number;

	/** @param channels in counts of 18 bits, as many of one as of the other, at least one */
	constructor(channels: { readonly red: Float64Array; readonly infrared: Float64Array }, rateHz: number) {
		this.#red = channels.red;
		this.#infrared = channels.infrared;
		this.#rateHz = rateHz;
	}

	readonly look = (seconds: number): Photocurrent => {
		const at = Math.floor(seconds * this.#rateHz) % this.#red.length;
		// To the middle of the step: it shall be the same count again.
		const current = (count: number): number => ((count + 0.5) / (HIGHEST_COUNT + 1)) * RANGE;
		return { red: current(this.#red[at]!), infrared: current(this.#infrared[at]!), green: 0 };
	};
}

/**
 * Reads a recording: counts of a MAX3010x as they are, any other scale to half of the part's. With one channel the other has the
 * same wave at a ratio that no calibration knows: there is a heart rate and no oxygen.
 * @throws Error or Fault that names the file, the line and the column
 */
export async function readLight(file: string, rateHz: number): Promise<RecordedLight> {
	const first: number[] = [];
	const second: number[] = [];
	let isDouble = false;
	await readPpg(file, {}, ({ infrared }) => {
		isDouble = infrared !== undefined;
		return (red, infrared) => {
			first.push(red);
			second.push(infrared);
		};
	});
	const main = isDouble ? second : first;
	const infrared = counts(main);
	const red = isDouble ? counts(first) : infrared.map((count) => HALF + NO_RATIO * (count - HALF));
	return new RecordedLight({ red, infrared }, rateHz);
}

function counts(values: readonly number[]): Float64Array {
	const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
	const factor = mean > COUNTS_ABOVE ? 1 : mean > 0 ? HALF / mean : 0;
	return Float64Array.from(values, (value) => Math.min(HIGHEST_COUNT, Math.max(0, value * factor)));
}
