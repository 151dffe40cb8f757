import type { Beats } from './beats';
import type { Periodicity } from './periodicity';
import type { PpgReason } from './reason';

/** What one window says. */
export interface Evidence {
	/** Whether anything repeats. */
	found: boolean;
	/** Of the pulse, root mean square, by the constant light or, without that, in the sensor's units. */
	amplitude: number;
	/** Whether there is constant light. */
	constant: boolean;
	/** The loudest second by the typical one. */
	bursts: number;
	/** Red pulse by infrared pulse, each by its constant light; 0 when there is one channel. */
	ratio: number;
	/** How alike both channels are, −1 to 1; 1 when there is one. */
	coherence: number;
	/** How far the channels are from one ratio at all harmonics, beyond what noise explains; 0 when there is one channel. */
	discord: number;
}

/** Quality from which on there is a rate. */
const ENOUGH = 30;
/** A pulse that suddenly is so much larger than the trusted one is not the pulse. */
const LOUD = 2.5;
/** Seconds for which a rate is followed through windows that say nothing. */
const PATIENCE = 8;
/** Seconds for which the last rate, loudness and side of the pulse are held against what comes after. */
const MEMORY = 120;

/** Beats a minute below which an exercise is as likely as a heart, and above which a stride is. */
const SLOW = 50;
const FAST = 100;
const RACING = 110;
/** Windows in turn for what is as regular as nothing that lives but a heart at rest, and has no shape. */
const PURE = 12;
/** Windows in turn, at least, for a pulse as in a textbook, and for any plain one, before anything is known. */
const TEXTBOOK = 3;
const PLAIN = 5;
/** A plain beat: how far its peaks stand over its troughs, at least (with breathing in it, where two channels say blood). */
const STANDING = 1;
const STANDING_BLOOD = 0.5;
/** The same by the likeness: a stride has a jolt for each foot, so half-way is another peak. More is asked of a beat without shape. */
const SINGLE = 1.3;
const SMOOTHLY_SINGLE = 1.4;
/** How unlike its upstrokes may be, and how much louder its loudest second. */
const EVEN = 0.16;
const STEADY = 1.7;
/** For a beat that is not plain, and is watched for long. */
const UNEVEN = 0.3;
const CLEAR = 65;
/** A slower pulse has its harmonics in the band, and so its shape, however smooth; from here on runners swing their arms. */
const SMOOTH = 62;
const SWINGING = 86;
/** Seconds of plain beats that are remembered: so long a rate is followed through others when they are louder. */
const TRUST = 10;
/** Windows in turn of what an amplifier left, on one channel: nothing says how much of the light it is. */
const UNKNOWN = 10;
/** Share of the way to what a window says that the rate goes in a second: the mean is over about as long as an oximeter's. */
const SMOOTHING = 0.22;

/** Decides, second by second, whether there is a rate, and which: what it was told before counts as evidence. */
export class Tracker {
	/** Beats a minute, smoothed, or 0 while there is none to follow. */
	rate = 0;
	/** 0 to 100. */
	quality = 0;
	reason: PpgReason | undefined = 'settling';
	readonly #samplesAMinute: number;
	/** Candidate for a rate, and the windows that were for it in turn. */
	#pending = 0;
	#pendingFor = 0;
	/** As last trusted, and how long ago. */
	#last = 0;
	#age = MEMORY;
	#loudness = 0;
	/** Skewness of the slopes: its sign is the pulse's side, its size how steep that is. */
	#shape = 0;
	/** The lowest rate that was trusted. */
	#lowest = 0;
	#ratio = 0;
	#missed = 0;
	/** Seconds of plain beats, less the others: earned at rest, spent in motion. */
	#trust = 0;

	constructor(rateHz: number) {
		this.#samplesAMinute = 60 * rateHz;
	}

	/** Samples from beat to beat to look for, or 0. */
	get expected(): number {
		return this.rate > 0 ? this.#samplesAMinute / this.rate : 0;
	}

	update(evidence: Evidence, periodicity: Periodicity, beats: Beats): boolean {
		this.#age++;
		if (this.#age >= MEMORY) this.#forget();
		// What is trusted grows slowly: vessels widen within tens of seconds, arms swing at once.
		this.#loudness *= 1.01;
		const repeated = evidence.found ? this.#samplesAMinute / periodicity.period : 0;
		const beaten = beats.count >= 3 ? this.#samplesAMinute / beats.meanInterval : 0;
		const clear = evidence.found ? clamp((periodicity.clarity - 0.2) / 0.55) : 0;
		const even = beats.count >= 4 ? (1 - clamp(beats.spread / 0.2)) * (1 - clamp(beats.heightSpread / 0.5)) : 0;
		const agree = beaten > 0 && Math.abs(repeated - beaten) < 0.07 * beaten;
		this.quality = Math.round(100 * (agree ? 0.5 * clear + 0.5 * even : 0.6 * Math.max(clear, even) - 0.1));
		if (this.quality < 0) this.quality = 0;
		if (this.#moves(evidence, beats)) return this.#refuse('motion', 0);
		if (evidence.coherence < 0.5) return this.#refuse('weak');
		if (this.rate > 0 && !(evidence.amplitude > LOUD * this.#loudness)) {
			const reach = 6 + 0.06 * this.rate + this.#missed;
			const byRepeat = Math.abs(repeated - this.rate) < reach;
			const byBeat = Math.abs(beaten - this.rate) < reach;
			let bpm = 0;
			if (byRepeat && byBeat && (agree || clear + even > 0.8))
				bpm = (repeated * clear + beaten * even) / (clear + even);
			else if (byBeat && even >= 0.5) bpm = beaten;
			else if (byRepeat && clear >= 0.5) bpm = repeated;
			if (bpm > 0 && this.quality >= ENOUGH - 10) {
				if (agree && isSingle(periodicity)) this.#trust = Math.min(TRUST, this.#trust + 1);
				else if (!evidence.constant || evidence.amplitude > 1.4 * this.#loudness) this.#trust--;
				if (this.#trust <= 0) {
					this.rate = 0;
					return this.#refuse('motion', 0);
				}
				this.rate += SMOOTHING * (bpm - this.rate);
				this.#accept(evidence, beats);
				return true;
			}
		}
		if (!agree || this.quality < ENOUGH) {
			const pulses = beats.count >= 4 && beats.heightSpread < 0.25 && Math.abs(beats.skew) > 0.5;
			return this.#refuse(pulses ? 'irregular' : 'weak');
		}
		return this.#consider((repeated + beaten) / 2, evidence, beats, periodicity);
	}

	/** Forgets all: another finger. */
	restart(): void {
		this.rate = 0;
		this.#forget();
		this.#pendingFor = this.#missed = 0;
		this.#age = MEMORY;
		this.reason = 'settling';
	}

	#forget(): void {
		this.#last = this.#loudness = this.#shape = this.#ratio = this.#lowest = 0;
	}

	#moves(evidence: Evidence, beats: Beats): boolean {
		if (Math.abs(this.#shape) > 0.6 && beats.skew * Math.sign(this.#shape) < 0) return true;
		if (evidence.ratio > 0 && this.rate > 0 && Math.abs(this.#shape) < 0.35 && !this.#isPure(evidence)) return true;
		if (evidence.discord > 0.25) return true;
		if (evidence.bursts > 3.5) return true;
		if (this.#loudness > 0 && evidence.amplitude > LOUD * this.#loudness && !this.#resembles(beats)) return true;
		return this.#ratio > 0 && evidence.ratio > 1.5 * this.#ratio + 0.1;
	}

	/** So regular, and so much the same in both channels, that it is believed without a shape. */
	#isPure(evidence: Evidence): boolean {
		return evidence.coherence > 0.95 && this.quality >= 85;
	}

	/** Of the shape that was trusted, and that a swing seldom has. */
	#resembles(beats: Beats): boolean {
		const trusted = Math.abs(this.#shape);
		return trusted > 0.6 && beats.skew * Math.sign(this.#shape) > 0.7 * trusted;
	}

	/** Not followed yet, or elsewhere than what is followed: the same again and again, and of a pulse's shape. */
	#consider(bpm: number, evidence: Evidence, beats: Beats, periodicity: Periodicity): boolean {
		if (this.#pendingFor > 0 && Math.abs(bpm - this.#pending) < 5 + 0.05 * bpm) {
			this.#pendingFor++;
			this.#pending += 0.4 * (bpm - this.#pending);
		} else {
			this.#pending = bpm;
			this.#pendingFor = 1;
		}
		const shape = Math.abs(beats.skew);
		const known = this.#last > 0;
		const plain = isPlain(evidence, beats, periodicity);
		if (!plain && !this.#isClear(beats, periodicity)) return this.#refuse('weak');
		let needed = plain ? windowsFor(shape, this.quality) : PURE;
		if (known) {
			if (bpm > this.#last + 12 + 0.8 * this.#age) return this.#refuse('motion', 0);
			if (bpm < Math.max(this.#last - 12 - this.#age, 0.8 * this.#lowest)) return this.#refuse('motion', 0);
			if (shape < 0.4 * Math.abs(this.#shape)) return this.#refuse('motion', 0);
			if (evidence.amplitude > 1.8 * this.#loudness) {
				// The finger lies better now, or the vessels have opened: when all else is as it was.
				if (!this.#resembles(beats) || Math.abs(bpm - this.#last) > 0.15 * bpm) return this.#refuse('motion', 0);
				needed = 10;
			}
			if (this.rate > 0) needed += 3;
		} else {
			needed = this.#proof(bpm, shape, evidence, beats, periodicity);
			if (needed > 0 && !plain) needed = evidence.constant ? PURE : 0;
			if (needed === 0) return this.#refuse('motion');
		}
		if (this.#pendingFor < needed) return this.#refuse('settling', this.#pendingFor);
		this.rate = this.#pending;
		this.#trust = this.#pendingFor;
		this.#accept(evidence, beats);
		return true;
	}

	/**
	 * Nothing is known of this finger yet. A swing of the arm is even on both sides; it moves all that the light meets alike,
	 * not the arterial blood alone; and it is as often a hundred a minute and more as less. A pulse at rest is none of these.
	 * @returns for how many seconds it must be the same; 0 when it will not do, however long
	 */
	#proof(bpm: number, shape: number, evidence: Evidence, beats: Beats, periodicity: Periodicity): number {
		const fast = bpm > FAST;
		const steep = shape > (fast ? 0.5 : 0.4);
		let needed = Math.max(
			this.#isTextbook(shape, beats, periodicity) ? TEXTBOOK : PLAIN,
			windowsFor(shape, this.quality),
		);
		if (fast) needed += 3;
		if (evidence.ratio === 0) {
			// One channel: nothing else can tell a stride from a racing heart, or an exercise from a slow one.
			if (bpm > RACING && shape < 0.8) return 0;
			if ((bpm > FAST || bpm < SLOW + 5) && shape < 0.7) return 0;
			// Cameras smooth a pulse's shape away, and have constant light.
			const smooth = evidence.constant && bpm > SMOOTH && bpm < SWINGING && isSingle(periodicity, SMOOTHLY_SINGLE);
			if (!steep && !smooth) return 0;
			return evidence.constant || needed === TEXTBOOK ? needed : Math.max(needed, UNKNOWN);
		}
		// More blood, less light: red and infrared fall steeply. What rises steeply is an amplifier's doing, or an arm's.
		const falls = steep && beats.skew < 0;
		if (fast && evidence.ratio > 0.6 && !(falls && shape > 0.8)) return 0;
		if (evidence.ratio > 0.75) needed += 3;
		if (bpm < SLOW) needed += 3;
		if (falls && (bpm >= SMOOTH || shape > 0.6)) return needed;
		return this.#isPure(evidence) ? PURE : 0;
	}

	/** Not plain, but so clear that it may be, when it lasts. */
	#isClear(beats: Beats, periodicity: Periodicity): boolean {
		return isSingle(periodicity, SMOOTHLY_SINGLE) && beats.heightSpread < UNEVEN && this.quality >= CLEAR;
	}

	/** As at rest, with warm hands. */
	#isTextbook(shape: number, beats: Beats, periodicity: Periodicity): boolean {
		return shape > 0.6 && periodicity.comb > 1.2 && beats.heightSpread < 0.1 && this.quality > 80;
	}

	#accept(evidence: Evidence, beats: Beats): void {
		this.#missed = 0;
		this.#last = this.rate;
		this.#age = 0;
		this.#loudness =
			this.#loudness > 0 ? this.#loudness + 0.1 * (evidence.amplitude - this.#loudness) : evidence.amplitude;
		this.#shape += this.#shape === 0 ? beats.skew : 0.1 * (beats.skew - this.#shape);
		this.#lowest = this.#lowest > 0 ? Math.min(this.#lowest, this.rate) : this.rate;
		if (evidence.ratio > 0)
			this.#ratio = this.#ratio > 0 ? this.#ratio + 0.1 * (evidence.ratio - this.#ratio) : evidence.ratio;
		this.reason = undefined;
	}

	/** @param pendingFor what is left of the candidate */
	#refuse(reason: PpgReason, pendingFor = this.#pendingFor - 1): false {
		this.reason = reason;
		this.#pendingFor = Math.max(0, pendingFor);
		if (++this.#missed > PATIENCE) this.rate = 0;
		return false;
	}
}

/** One beat in a period, not two. */
function isSingle({ comb, clarity }: Periodicity, share = SINGLE): boolean {
	return comb > STANDING && comb > share * clarity;
}

/** One beat in a period, as even as at rest. */
function isPlain(evidence: Evidence, beats: Beats, periodicity: Periodicity): boolean {
	if (!(beats.heightSpread < EVEN && evidence.bursts < STEADY)) return false;
	const blood = evidence.ratio > 0 && evidence.ratio < 0.6 && evidence.coherence > 0.95 && beats.skew < -0.5;
	return isSingle(periodicity) || (blood && periodicity.comb > STANDING_BLOOD);
}

/** Windows in turn that must say the same: the less it looks like a pulse, the more. */
function windowsFor(shape: number, quality: number): number {
	if (shape > 0.5) return quality > 80 ? 2 : 3;
	if (shape > 0.4) return 4;
	return shape > 0.25 ? 6 : 9;
}

const clamp = (value: number): number => Math.min(1, Math.max(0, value));
