import { Fault } from '../fault';
import { BandPass, RATE_HZ } from './bandpass';
import { Beats } from './beats';
import { Channels } from './channels';
import { Contact, type LedAdvice } from './contact';
import { Oxygen, saturationOf } from './oxygen';
import { Periodicity } from './periodicity';
import type { Evidence } from './proof';
import type { OxygenReason, PpgReason } from './reason';
import { Resampler } from './resampler';
import { Tracker } from './tracker';
import { Window } from './window';

/** Where beats are looked for while nothing repeats: 100 a minute. */
const FALLBACK_PERIOD = 15;
/** By how much infrared must be the brighter. */
const BRIGHTER = 1.02;
/** Light so many times the pulse is constant light; less is what an amplifier has left of it. */
const CONSTANT = 4;

export interface PpgOptions {
	/** Samples a second, 20 to 400. */
	readonly rateHz: number;
	/** False when there is only one channel, which `push` then takes as red: heart rate, no oxygen. Default true. */
	readonly infrared?: boolean;
	/** What the converter gives at most: 262,143 for a MAX30102. Finger and LED advice need it. Default: any scale. */
	readonly fullScale?: number;
}

/** The state once a second. The object is the estimator's and changes in place. */
export interface PpgEstimate {
	/** Beats a minute, 30 to 220; undefined when it cannot be trusted, and `reason` says why. */
	heartRateBpm: number | undefined;
	/** 70 to 100; undefined when it cannot be trusted, and `oxygenReason` says why. */
	spo2Percent: number | undefined;
	/** How good the pulse is, 0 to 100. */
	quality: number;
	reason: PpgReason | undefined;
	oxygenReason: OxygenReason | undefined;
	/** Perfusion index: the pulse, from top to bottom of a sine of its strength, by the constant light. Undefined without that. */
	perfusionPercent: number | undefined;
	/** The ratio of ratios, on the calibration or not; undefined when not known. */
	ratio: number | undefined;
	/** Red and infrared are the other way round. */
	swapped: boolean;
	ledAdvice: LedAdvice;
}

/**
 * Heart rate and oxygen saturation from a photoplethysmogram, streaming. DESIGN.md says how, why, and where it ends.
 * All memory is taken by the constructor. Not a medical device.
 */
export class PpgEstimator {
	/** As of the last whole second. */
	readonly estimate: Readonly<PpgEstimate>;
	readonly #estimate: PpgEstimate = {
		heartRateBpm: undefined,
		spo2Percent: undefined,
		quality: 0,
		reason: 'settling',
		oxygenReason: 'settling',
		perfusionPercent: undefined,
		ratio: undefined,
		swapped: false,
		ledAdvice: 'hold',
	};
	readonly #two: boolean;
	readonly #resampler: Resampler;
	readonly #mainBand = new BandPass();
	readonly #redBand = new BandPass();
	readonly #window: Window;
	readonly #periodicity = new Periodicity();
	readonly #beats = new Beats();
	readonly #channels = new Channels();
	readonly #contact: Contact;
	readonly #oxygen = new Oxygen();
	readonly #tracker = new Tracker(RATE_HZ);
	readonly #evidence: Evidence = {
		found: false,
		amplitude: 0,
		constant: false,
		ratio: 0,
		coherence: 1,
		discord: 0,
	};
	/** Whether there are two channels, each with its constant light. */
	#compares = false;

	/** @throws Fault `range` that names what is out of its bounds */
	constructor({ rateHz, infrared = true, fullScale }: PpgOptions) {
		if (!(rateHz >= 20 && rateHz <= 400)) throw new Fault('range', 'rateHz: from 20 to 400');
		if (fullScale !== undefined && !(fullScale > 0 && fullScale < Number.POSITIVE_INFINITY))
			throw new Fault('range', 'fullScale: above 0');
		this.estimate = this.#estimate;
		this.#two = infrared;
		this.#window = new Window(infrared);
		this.#resampler = new Resampler(RATE_HZ / rateHz);
		this.#contact = new Contact(fullScale);
	}

	/**
	 * Takes one sample of each channel, finite, in counts or any scale; infrared is not looked at when there is one channel.
	 * @returns true when a second is full and `estimate` new
	 */
	push(red: number, infrared = 0): boolean {
		const main = this.#two ? infrared : red;
		const resampler = this.#resampler;
		this.#contact.add(main, red);
		let full = false;
		let left = resampler.push(main, red);
		while (left >= 0) {
			const filtered = this.#mainBand.push(resampler.main);
			if (this.#window.push(filtered, this.#two ? this.#redBand.push(resampler.red) : 0)) {
				this.#second();
				full = true;
			}
			left = left > 0 ? resampler.drain(main, red, left) : -1;
		}
		return full;
	}

	/** Another finger, or another place: all that was known is forgotten. */
	reset(): void {
		this.#contact.reset();
		this.#tracker.restart();
		this.#oxygen.reset();
		this.#restart();
	}

	#restart(): void {
		this.#mainBand.reset();
		this.#redBand.reset();
		this.#window.restart();
	}

	#second(): void {
		const estimate = this.#estimate;
		const oxygen = this.#oxygen;
		this.#contact.endSecond();
		const reason = this.#judge();
		estimate.reason = reason;
		estimate.heartRateBpm = reason === undefined ? this.#tracker.rate : undefined;
		estimate.quality = this.#tracker.quality;
		estimate.ledAdvice = this.#contact.ledAdvice;
		estimate.oxygenReason = reason ?? this.#judgeOxygen();
		estimate.spo2Percent = estimate.oxygenReason === undefined ? saturationOf(oxygen.ratio) : undefined;
		estimate.ratio = oxygen.ratio > 0 ? oxygen.ratio : undefined;
		estimate.swapped = oxygen.swapped;
		this.#window.shift();
	}

	/** @returns why there is no heart rate, or undefined when there is one */
	#judge(): PpgReason | undefined {
		const contact = this.#contact;
		const tracker = this.#tracker;
		this.#estimate.perfusionPercent = undefined;
		tracker.quality = 0;
		if (!contact.finger || contact.stepped || contact.saturated) {
			this.#restart();
			this.#oxygen.restart();
			if (!contact.finger) {
				tracker.restart();
				this.#oxygen.reset();
				return 'no finger';
			}
			return contact.saturated ? 'saturated' : 'settling';
		}
		const window = this.#window;
		const typical = window.level();
		if (!window.isEnough) return 'settling';
		if (window.isSilent) return 'weak';
		const { from } = window;
		const clean = from === 0 ? window.main : window.main.subarray(from);
		const periodicity = this.#periodicity;
		const evidence = this.#evidence;
		const expected = tracker.expected;
		periodicity.measure(clean, window.energy);
		evidence.found = periodicity.find(expected);
		let period = evidence.found ? periodicity.period : FALLBACK_PERIOD;
		if (expected > 0 && Math.abs(period - expected) > 0.2 * expected) period = expected;
		this.#beats.measure(clean, period);
		const light = Math.abs(contact.main);
		const isConstant = light > CONSTANT * typical;
		evidence.amplitude = isConstant ? typical / light : typical;
		if (isConstant) this.#estimate.perfusionPercent = (100 * Math.SQRT2 * 2 * typical) / light;
		evidence.constant = isConstant;
		evidence.ratio = 0;
		evidence.coherence = 1;
		evidence.discord = 0;
		this.#compares = this.#two && isConstant && contact.red > 0 && contact.main > 0;
		if (this.#compares) {
			const channels = this.#channels;
			channels.measure(window, period, contact.main / contact.red);
			evidence.coherence = channels.coherence;
			evidence.ratio = channels.ratio;
			evidence.discord = Math.max(0, channels.discord - (2 * channels.error) / Math.max(channels.ratio, 0.01));
		}
		return tracker.update(evidence, periodicity, this.#beats) ? undefined : tracker.reason;
	}

	/** @returns why there is no saturation although there is a heart rate, or undefined when there is one */
	#judgeOxygen(): OxygenReason | undefined {
		const contact = this.#contact;
		const oxygen = this.#oxygen;
		if (!this.#compares) return 'one channel';
		if (!(this.#evidence.ratio > 0)) return 'unsteady';
		oxygen.update(this.#channels.ratio, this.#channels.error, this.#window.clean);
		// At equal currents a finger sends back more infrared than red: that alone tells a ratio about 1 from its inverse.
		if (oxygen.swapped || (oxygen.ambiguous && contact.red * BRIGHTER > contact.main)) return 'swapped';
		if (!oxygen.close) return 'unsteady';
		return saturationOf(oxygen.ratio) === undefined ? 'out of range' : undefined;
	}
}
