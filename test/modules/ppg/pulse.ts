import { normal, seededRandom32, uniform } from '../../../hosts/simulator/random';

/** A finger on two LEDs, as physics has it: light that blood takes away, and all that comes on top. */
export interface Finger {
	readonly rateHz: number;
	readonly seconds: number;
	readonly seed?: number;
	/** Beats a minute at a time. */
	readonly bpm?: number | ((second: number) => number);
	/** Constant light, in counts. */
	readonly infrared?: number;
	readonly red?: number;
	/** Pulse of infrared from top to bottom, by its constant light, in percent. */
	readonly perfusion?: number;
	/** Ratio of ratios. */
	readonly ratio?: number;
	/** Standard deviation in counts, white, of each channel. */
	readonly noise?: number;
	/** Height of the dicrotic wave by the systolic one. */
	readonly notch?: number;
	/** Breathing, 0.25 Hz: how much it sways the light, by the pulse. */
	readonly breathing?: number;
	/** Slow drift of the light, by itself, over a minute. */
	readonly drift?: number;
	/** Share of beats that come early (premature) or anywhere (fibrillation). */
	readonly premature?: number;
	readonly chaos?: number;
	/** A swing of the arm: how often, how strong by the constant light in percent, its own ratio of ratios, from when to when. */
	readonly swing?: {
		readonly hertz: number;
		readonly percent: number;
		readonly ratio: number;
		readonly from: number;
		readonly to: number;
	};
	/** Whole counts, as a converter gives them, from 0 to this. */
	readonly fullScale?: number;
}

export interface Samples {
	readonly red: Float64Array;
	readonly infrared: Float64Array;
}

const bell = (at: number, middle: number, width: number): number => Math.exp(-0.5 * ((at - middle) / width) ** 2);

const UPSTROKE = 0.12;

/** One beat, phase 0 to 1, from 0 to about 1: a steep rise, a slow fall, and the dicrotic wave on it. */
function beat(phase: number, notch: number): number {
	if (phase < UPSTROKE) return (1 - Math.cos((Math.PI * phase) / UPSTROKE)) / 2;
	const left = (1 - phase) / (1 - UPSTROKE);
	return left * Math.exp(-0.6 * (1 - left)) + notch * 0.3 * left * bell(phase, 0.5, 0.07);
}

/** @returns the light of both LEDs, seeded: the same finger gives the same samples */
export function light(finger: Finger): Samples {
	const { rateHz, seconds, seed = 1, bpm = 72, infrared = 100_000, red = 80_000, perfusion = 1, ratio = 0.5 } = finger;
	const { noise = 0, notch = 0.4, breathing = 0, drift = 0, premature = 0, chaos = 0, swing, fullScale } = finger;
	const random = seededRandom32(seed);
	const count = Math.round(rateHz * seconds);
	const samples = { red: new Float64Array(count), infrared: new Float64Array(count) };
	let phase = uniform(random);
	let stretch = 1;
	let makeUp = 1;
	for (let at = 0; at < count; at++) {
		const second = at / rateHz;
		const rate = typeof bpm === 'number' ? bpm : bpm(second);
		phase += rate / 60 / rateHz / stretch;
		if (phase >= 1) {
			phase -= 1;
			stretch = makeUp;
			makeUp = 1;
			if (uniform(random) < premature) {
				stretch = 0.65;
				makeUp = 1.35;
			}
			if (chaos > 0) stretch = 1 + chaos * (2 * uniform(random) - 1);
		}
		const pulse = beat(phase, notch) + breathing * Math.sin(2 * Math.PI * 0.25 * second);
		const sway = 1 + drift * Math.sin((2 * Math.PI * second) / 60 + 1);
		let moved = 0;
		if (swing && second >= swing.from && second < swing.to) {
			const turn = 2 * Math.PI * swing.hertz * second;
			moved = (swing.percent / 200) * (Math.sin(turn) + 0.3 * Math.sin(2 * turn + 1));
		}
		const taken = (perfusion / 100) * pulse;
		const put = (constant: number, share: number, movedShare: number): number => {
			const value = constant * sway * (1 - taken * share) * (1 + moved * movedShare) + noise * normal(random);
			return fullScale === undefined ? value : Math.min(fullScale, Math.max(0, Math.round(value)));
		};
		samples.infrared[at] = put(infrared, 1, 1);
		samples.red[at] = put(red, ratio, swing?.ratio ?? 1);
	}
	return samples;
}
