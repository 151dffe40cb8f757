import type { Beats } from './beats';
import type { Periodicity } from './periodicity';
import {
	type Evidence,
	isClear,
	isDouble,
	isPlain,
	isPure,
	isSingle,
	isStride,
	PURE,
	windowsAtFirst,
	windowsFor,
} from './proof';
import type { PpgReason } from './reason';

/** Quality from which on there is a rate. */
const ENOUGH = 30;
/** A pulse that suddenly is so much larger than the trusted one is not the pulse. */
const LOUD = 2.5;
/** So much larger, it may be: what is told then is told on trust. */
const SUDDEN = 1.4;
/** Seconds for which a rate is followed through windows that say nothing. */
const PATIENCE = 8;
/** Seconds for which the last rate, loudness and side of the pulse are held against what comes after. */
const MEMORY = 120;
/** Seconds of plain beats that are remembered: so long a rate is followed through others when they are louder. */
const TRUST = 10;
/** Seconds after a stride in which nothing is believed that may be a part of it. */
const STRIDES = 6;
/** How far the rate told may be from what the window says, less above `FAST`: a heart that races or recovers outruns any mean. */
const CHANGING = 7;
const CHANGING_FAST = 2.5;
const CHANGING_AT_FIRST = 0.8;
const FAST = 95;
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
	/** Seconds for which a stride that was seen makes any other beat doubtful. */
	#stride = 0;
	#strideRate = 0;
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
		if (this.#stride > 0) this.#stride--;
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
			const single = isSingle(periodicity);
			let bpm = 0;
			if (byRepeat && byBeat && (agree || clear + even > 0.8))
				bpm = (repeated * clear + beaten * even) / (clear + even);
			// One witness will do when the other says nothing, not when it says something else.
			else if (byBeat && even >= 0.5 && clear < 0.5) bpm = beaten;
			else if (byRepeat && clear >= 0.5 && single) bpm = repeated;
			if (bpm > 0 && this.quality >= ENOUGH - 10) {
				if (agree && single) this.#trust = Math.min(TRUST, this.#trust + 1);
				else if (isDouble(periodicity) || !evidence.constant || evidence.amplitude > SUDDEN * this.#loudness)
					this.#trust--;
				if (this.#trust <= 0) {
					this.rate = 0;
					return this.#refuse('motion', 0);
				}
				this.rate += SMOOTHING * (bpm - this.rate);
				this.#accept(evidence, beats);
				if (Math.abs(bpm - this.rate) < (this.rate > FAST ? CHANGING_FAST : CHANGING)) return true;
				this.reason = 'irregular';
				return false;
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
		this.#pendingFor = this.#missed = this.#stride = 0;
		this.#age = MEMORY;
		this.reason = 'settling';
	}

	#forget(): void {
		this.#last = this.#loudness = this.#shape = this.#ratio = this.#lowest = 0;
	}

	#moves(evidence: Evidence, beats: Beats): boolean {
		if (Math.abs(this.#shape) > 0.6 && beats.skew * Math.sign(this.#shape) < 0) return true;
		if (evidence.ratio > 0 && this.rate > 0 && Math.abs(this.#shape) < 0.35 && !isPure(this.quality, evidence))
			return true;
		if (evidence.discord > 0.25) return true;
		if (this.#loudness > 0 && evidence.amplitude > LOUD * this.#loudness && !this.#resembles(beats)) return true;
		return this.#ratio > 0 && evidence.ratio > 1.5 * this.#ratio + 0.1;
	}

	/** Of the shape that was trusted, and that a swing seldom has. */
	#resembles(beats: Beats): boolean {
		const trusted = Math.abs(this.#shape);
		return trusted > 0.6 && beats.skew * Math.sign(this.#shape) > 0.7 * trusted;
	}

	/** Not followed yet, or elsewhere than what is followed: the same again and again, and of a pulse's shape. */
	#consider(bpm: number, evidence: Evidence, beats: Beats, periodicity: Periodicity): boolean {
		if (isStride(periodicity)) {
			this.#stride = STRIDES;
			this.#strideRate = bpm;
		}
		if (this.#stride > 0 && Math.abs(bpm - this.#strideRate) < 0.1 * bpm) return this.#refuse('motion', 0);
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
		if (!plain && !isClear(this.quality, beats, periodicity)) return this.#refuse('weak');
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
			needed = windowsAtFirst(bpm, this.quality, evidence, beats, periodicity);
			if (needed === 0) return this.#refuse('motion');
		}
		const changes = bpm > FAST && Math.abs(bpm - this.#pending) > CHANGING_AT_FIRST;
		if (this.#pendingFor < needed || changes) return this.#refuse('settling', this.#pendingFor);
		this.rate = (this.#pending + bpm) / 2;
		this.#trust = this.#pendingFor;
		this.#accept(evidence, beats);
		return true;
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

const clamp = (value: number): number => Math.min(1, Math.max(0, value));
