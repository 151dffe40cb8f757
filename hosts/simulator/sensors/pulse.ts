import type { Random32 } from '../../../modules/ports';
import type { Illumination, Photocurrent } from '../bus/max3010x';
import { uniform } from '../random';

export interface PulseOptions {
	readonly random32: Random32;
	/** Of the person, now. */
	readonly heartRateBpm: () => number;
	readonly spo2Percent: () => number;
}

/** Nanoamperes of the photodiode for each milliampere of a LED: under a finger, and what the window itself gives back. */
const FINGER = Object.freeze({ red: 225, infrared: 285, green: 60 });
const BARE = 3;
/** Breath: so many a second, which sways the light and, a little, the heart. */
const BREATH_HZ = 0.23;
const BREATH_LIGHT = 0.004;
const BREATH_HEART = 0.02;
/** Noise of the part, as a share of the light: 0.3 nA of 2,000. */
const NOISE = 0.00015;

/**
 * The ratio of ratios at a saturation: the calibration that Maxim published for these parts, SpO2 = −45.060 R² + 30.354 R + 94.845,
 * the other way round.
 */
export function ratioOf(spo2Percent: number): number {
	const spo2 = Math.min(99.95, spo2Percent);
	return (30.354 + Math.sqrt(30.354 ** 2 + 4 * 45.06 * (94.845 - spo2))) / (2 * 45.06);
}

/** A finger on the sensor: blood that comes in waves and lets less light through, more or less of each colour by its oxygen. */
export class Pulse implements Illumination {
	/** It lies there. */
	finger = true;
	/** The wave of infrared, from top to bottom, as a share of the light: % (0.2 in the cold, 10 when it is warm). */
	perfusionPercent = 1.8;
	/** How much the light jumps about while the hand moves: % of it. */
	motionPercent = 0;
	/** Factor on the part's own noise. */
	noise = 1;
	readonly #options: PulseOptions;
	#seconds = 0;
	/** Beats since the begin. */
	#beats = 0;
	#sway = 0;

	constructor(options: PulseOptions) {
		this.#options = options;
	}

	readonly look = (seconds: number, red: number, infrared: number, green: number): Photocurrent => {
		this.#live(seconds);
		if (!this.finger)
			return { red: this.#noisy(red * BARE), infrared: this.#noisy(infrared * BARE), green: this.#noisy(green * BARE) };
		const depth = this.perfusionPercent / 100;
		const blood = wave(this.#beats);
		const shade = (1 + BREATH_LIGHT * Math.sin(2 * Math.PI * BREATH_HZ * seconds)) * (1 + this.#sway);
		const through = (share: number): number => shade * Math.exp(-share * depth * blood);
		return {
			red: this.#noisy(red * FINGER.red * through(ratioOf(this.#options.spo2Percent()))),
			infrared: this.#noisy(infrared * FINGER.infrared * through(1)),
			green: this.#noisy(green * FINGER.green * through(2)),
		};
	};

	/** A die that warms up by a few degrees. */
	readonly celsius = (seconds: number): number => 28 + 4 * (1 - Math.exp(-seconds / 120));

	#live(seconds: number): void {
		const passed = Math.max(0, seconds - this.#seconds);
		this.#seconds = Math.max(seconds, this.#seconds);
		const breath = 1 + BREATH_HEART * Math.sin(2 * Math.PI * BREATH_HZ * seconds);
		this.#beats += (passed * breath * this.#options.heartRateBpm()) / 60;
		const kept = Math.exp(-passed / 0.3);
		this.#sway = kept * this.#sway + (1 - kept) * 12 * (this.motionPercent / 100) * (this.#chance() - 0.5);
	}

	#noisy(current: number): number {
		return current * (1 + NOISE * this.noise * 3.46 * (this.#chance() - 0.5));
	}

	#chance(): number {
		return uniform(this.#options.random32);
	}
}

/** One beat, from 0 to 1 and back: a steep rise, a second bump as the valve shuts. */
function wave(beats: number): number {
	const angle = 2 * Math.PI * (beats - Math.floor(beats));
	return 0.5 + 0.34 * (Math.sin(angle) + 0.35 * Math.sin(2 * angle + 0.6) + 0.12 * Math.sin(3 * angle + 1.2));
}
