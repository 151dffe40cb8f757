import { RATE_HZ } from './bandpass';
import { STRIDE } from './channels';

/** Seconds of signal that one estimate is made of, at most and at least. */
const LONGEST = 8;
const SHORTEST = 5;
const LENGTH = LONGEST * RATE_HZ;
/** A second so much louder than the others is a jolt, and is cut down to so many times their root mean square. */
const JOLT = 1.5;
const CUT = 2.5;
/** Two seconds of less than such a share of the typical second's root mean square have no pulse in them. */
const SILENT = 0.2;

/** The last eight seconds of both channels, the newest at the end. */
export class Window {
	/** Infrared, or the one channel there is. */
	readonly main = new Float32Array(LENGTH);
	/** Every second sample, the first beside `main[phase]`. Empty when there is one channel. */
	readonly red: Float32Array;
	phase = 0;
	/** Seconds at the end that belong together. */
	clean = 0;
	/** Sum of the squares of their samples. */
	energy = 0;
	/** The pulse that was there is gone: what repeats is what is left of it in here. */
	isSilent = false;
	/** Of each second, as it was before a jolt was cut down. */
	readonly #energies = new Float32Array(LONGEST);
	/** Seconds for which something is in here that was cut down. */
	#cutFor = 0;
	/** Samples of this second so far. */
	#fresh = 0;

	constructor(hasTwo: boolean) {
		this.red = new Float32Array(hasTwo ? LENGTH / STRIDE : 0);
	}

	/** Whether it is enough for an estimate. */
	get isEnough(): boolean {
		return this.clean >= SHORTEST;
	}

	/** Where in `main` that begins which belongs together. */
	get from(): number {
		return LENGTH - this.clean * RATE_HZ;
	}

	/** @returns true when a second is full: call `level` if it belongs to those before, and `shift` in any case */
	push(main: number, red: number): boolean {
		const at = LENGTH - RATE_HZ + this.#fresh;
		this.main[at] = main;
		// One that is not whole is no index, and an empty array takes none.
		const index = (at - this.phase) / STRIDE;
		if (index % 1 === 0 && index < this.red.length) this.red[index] = red;
		return ++this.#fresh === RATE_HZ;
	}

	/** What comes next does not belong to what was. */
	restart(): void {
		this.clean = 0;
	}

	/** Makes room for a second. */
	shift(): void {
		this.#fresh = 0;
		this.main.copyWithin(0, RATE_HZ);
		// A second is an odd number of samples.
		this.red.copyWithin(0, (RATE_HZ + 1 - this.phase) >> 1);
		this.phase = 1 - this.phase;
		this.#energies.copyWithin(0, 1);
	}

	/**
	 * Takes the newest second to those before, and cuts a jolt down so that it does not outweigh the beats around it.
	 * @returns how loud the typical second is: the root mean square of all but the loudest
	 */
	level(): number {
		const energies = this.#energies;
		this.clean = Math.min(this.clean + 1, LONGEST);
		energies[LONGEST - 1] = this.#cut(LENGTH - RATE_HZ, Number.POSITIVE_INFINITY);
		let loudest = 0;
		let total = 0;
		for (let second = LONGEST - this.clean; second < LONGEST; second++) {
			total += energies[second]!;
			if (energies[second]! > loudest) loudest = energies[second]!;
		}
		const usual = Math.max(0, total - loudest) / (RATE_HZ * Math.max(1, this.clean - 1));
		const typical = Math.sqrt(usual);
		const newest = energies[LONGEST - 1]! + energies[LONGEST - 2]!;
		this.isSilent = newest < 2 * RATE_HZ * usual * SILENT * SILENT;
		if (this.isEnough && loudest > JOLT * JOLT * RATE_HZ * usual) this.#cutFor = LONGEST;
		this.energy = this.#cutFor > 0 ? this.#cut(this.from, CUT * typical) : total;
		this.#cutFor = Math.max(0, this.#cutFor - 1);
		return typical;
	}

	/**
	 * Cuts both channels by the same share, so that their ratio stays.
	 * @returns the sum of the squares from there on
	 */
	#cut(from: number, top: number): number {
		const { main, red, phase } = this;
		let energy = 0;
		for (let at = from; at < LENGTH; at++) {
			const value = main[at]!;
			if (value > top || value < -top) {
				const share = top / Math.abs(value);
				main[at] = value * share;
				const index = (at - phase) / STRIDE;
				if (index % 1 === 0 && index < red.length) red[index] = red[index]! * share;
			}
			energy += main[at]! * main[at]!;
		}
		return energy;
	}
}
