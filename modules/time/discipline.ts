import { Drift } from './drift';
import { Opinion } from './opinion';
import type { Offer } from './parts';
import { isTime } from './window';

/** Milliseconds: what is more is a step, what is less is made good little by little. */
const STEP = 1_000;
/** Parts per million by which the clock runs fast or slow meanwhile: a second takes 500. */
const SLEW_PPM = 2_000;

/**
 * What came of an offer: the time was unknown and is known; it agrees with what is held, as far as that is known; it outweighs
 * that; it says otherwise, which somebody else must say too; or it cannot be.
 */
export type Verdict = 'set' | 'agrees' | 'outweighs' | 'differs' | 'refused';

export interface DisciplineOptions {
	/** Epoch milliseconds that have surely passed. */
	readonly earliest: number;
	/** The time jumped; `from` is undefined when it was unknown. */
	readonly onStep: (from: number | undefined, to: number) => void;
}

/**
 * Decides what time it is, from what the sources say (DESIGN.md). The time it gives never goes back but in a step, which
 * `onStep` tells: when sources outweigh what is held by more than a second, or when the first one tells it after `begin`.
 *
 *   UNKNOWN ── an offer ──▶ KNOWN, by one ── another source agrees ──▶ KNOWN, by several
 *                             │    ▲  nobody agrees for a day                 │
 *                             │    └──────────────────────────────────────────┘
 *                             └ differing offers that agree among themselves and weigh more: a step
 */
export class Discipline {
	readonly #options: DisciplineOptions;
	readonly #drift = new Drift();
	#held: Opinion | undefined;
	/** What was said against it, until it outweighs. */
	#other: Opinion | undefined;
	/** What the clock shows beyond what is held, at #slewAt: it goes to nothing at SLEW_PPM. */
	#slew = 0;
	#slewAt = 0;
	#isTold = false;

	constructor(options: DisciplineOptions) {
		this.#options = options;
	}

	/** Epoch milliseconds at `ticks`, or undefined while it is unknown. */
	time(ticks: number): number | undefined {
		if (!this.#held) return undefined;
		return this.#held.time(ticks, this.#drift.ppm) + this.#residue(ticks);
	}

	/** Milliseconds by which `time` may be wrong if the sources are honest. */
	uncertainty(ticks: number): number | undefined {
		return this.#held && this.#held.uncertainty(ticks) + Math.abs(this.#residue(ticks));
	}

	/** Of those whose word counts now. */
	weight(ticks: number): number {
		return this.#held?.weight(ticks) ?? 0;
	}

	/** Somebody told it since `begin`; before, it is what the host's own clock kept. */
	get isTold(): boolean {
		return this.#isTold;
	}

	get driftPpm(): number {
		return this.#drift.ppm;
	}

	/** What the host's own clock kept, before anybody is asked. */
	begin(offer: Offer, driftPpm: number): void {
		this.#drift.recall(driftPpm);
		this.#held = new Opinion(offer);
	}

	/** @param now ticks: an offer is about a moment that has just passed */
	offer(offer: Offer, now: number): Verdict {
		const { at, time, uncertainty } = offer;
		const { ppm } = this.#drift;
		if (!isTime(time, this.#options.earliest)) return 'refused';
		if (!this.#held) {
			this.#turn(new Opinion(offer), offer, now);
			return 'set';
		}
		if (this.#held.meets(offer, ppm)) {
			const shown = this.time(now)!;
			this.#held.take(offer, ppm);
			this.#drift.note(at, time, uncertainty);
			this.#show(shown, now);
			return 'agrees';
		}
		if (this.#other?.meets(offer, ppm)) this.#other.take(offer, ppm);
		else this.#other = new Opinion(offer);
		if (this.#other.weight(now) <= this.#held.weight(now)) return 'differs';
		this.#turn(this.#other, offer, now);
		return 'outweighs';
	}

	/** From now on this is held. */
	#turn(opinion: Opinion, { at, time, uncertainty }: Offer, now: number): void {
		const shown = this.time(now);
		this.#held = opinion;
		this.#other = undefined;
		this.#drift.begin(at, time, uncertainty);
		this.#show(shown, now);
	}

	/** From what was shown to what is held: little by little, or in a step; then true. */
	#show(shown: number | undefined, ticks: number): void {
		const held = this.#held!.time(ticks, this.#drift.ppm);
		const off = shown === undefined ? Number.POSITIVE_INFINITY : shown - held;
		// What a clock kept by itself is not worth a slow approach.
		const isStep = Math.abs(off) > STEP || (!this.#isTold && off !== 0);
		this.#isTold = true;
		this.#slew = isStep ? 0 : off;
		this.#slewAt = ticks;
		if (isStep) this.#options.onStep(shown, held);
	}

	#residue(ticks: number): number {
		const left = Math.abs(this.#slew) - (Math.max(0, ticks - this.#slewAt) * SLEW_PPM) / 1e6;
		return left <= 0 ? 0 : this.#slew < 0 ? -left : left;
	}
}
