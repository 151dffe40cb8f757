import type { Alarm, AlarmOwner, Clock } from '../../modules/ports';
import { driftPpm } from '../../modules/time/drift';
import { isTime } from '../../modules/time/window';
import { GREATEST_DRIFT, type Retained } from './retained';

/** Between two looks at a told time so much must pass that the drift shows behind the error of the telling. */
const SHORTEST_COMPARISON = 600_000;

/** A clock that goes on over deep sleep: its ticks are the device's age, and it knows the time once anybody told it. */
export class KeptClock implements Clock {
	readonly #clock: Clock;
	readonly #state: Retained;
	/** The age when this boot began. */
	readonly #woken: number;

	constructor(clock: Clock, state: Retained) {
		this.#clock = clock;
		this.#state = state;
		this.#woken = state.age;
	}

	get ticks(): number {
		return this.#woken + this.#clock.ticks;
	}

	get time(): number | undefined {
		const { time, isTold } = this.#clock;
		const { born } = this.#state;
		// What the chip's clock kept over the sleep is as wrong as the sleep was; what is reckoned knows the drift.
		if (isTime(time) && (isTold !== false || born === undefined)) return time;
		return born === undefined ? undefined : born + this.ticks;
	}

	alarm(owner: AlarmOwner): Alarm {
		return this.#clock.alarm(owner);
	}

	/** How long to ask for so that the sleep takes `milliseconds`. */
	toAsk(milliseconds: number): number {
		return Math.max(1, Math.round(milliseconds / (1 + this.#state.driftPpm / 1e6)));
	}

	/** Compares what was told in this boot, if anything was, with what was reckoned: the difference is the drift of the sleeps. */
	compare(): void {
		const { time, isTold } = this.#clock;
		const state = this.#state;
		if (!isTime(time) || isTold === false) return;
		const now = Math.round(this.ticks);
		const born = Math.round(time) - now;
		const since = now - state.told;
		if (state.born !== undefined && since < SHORTEST_COMPARISON) return;
		if (state.born !== undefined) {
			const found = state.driftPpm + Math.round(driftPpm(since, since + born - state.born));
			// A clock that was set anew is no drift.
			if (Math.abs(found) <= GREATEST_DRIFT) state.driftPpm = found;
		}
		state.born = born;
		state.told = now;
	}
}
