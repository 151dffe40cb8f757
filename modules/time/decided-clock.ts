import type { Alarm, AlarmOwner, Clock } from '../ports';
import type { Discipline } from './discipline';

/** The clock that the firmware is given: the host's ticks and alarms, and the time that was decided. */
export class DecidedClock implements Clock {
	readonly #clock: Clock;
	readonly #discipline: Discipline;

	constructor(clock: Clock, discipline: Discipline) {
		this.#clock = clock;
		this.#discipline = discipline;
	}

	get ticks(): number {
		return this.#clock.ticks;
	}

	get time(): number | undefined {
		const time = this.#discipline.time(this.#clock.ticks);
		return time === undefined ? undefined : Math.floor(time);
	}

	get isTold(): boolean {
		return this.#discipline.isTold;
	}

	alarm(owner: AlarmOwner): Alarm {
		return this.#clock.alarm(owner);
	}
}
