import Timer from 'timer';
import type { Alarm, AlarmOwner, Clock } from '../../modules/ports';
import { monotonic } from './os';

/** Time as the computer tells it, alarms over the SDK's timers. */
export class DesktopClock implements Clock {
	readonly #boot = monotonic();

	get ticks(): number {
		return monotonic() - this.#boot;
	}

	get time(): number {
		return Date.now();
	}

	alarm(owner: AlarmOwner): Alarm {
		return new TimerAlarm(owner);
	}
}

/** A timer bears its alarm: one function serves all of them. */
interface Armed {
	alarm?: TimerAlarm;
}

function fire(timer: unknown): void {
	(timer as Armed).alarm?.fire();
}

class TimerAlarm implements Alarm {
	readonly #owner: AlarmOwner;
	#timer: ReturnType<typeof Timer.set> | undefined;

	constructor(owner: AlarmOwner) {
		this.#owner = owner;
	}

	set(delay: number): void {
		this.clear();
		this.#timer = Timer.set(fire as () => void, delay);
		(this.#timer as Armed).alarm = this;
	}

	fire(): void {
		this.#timer = undefined;
		this.#owner.onAlarm(this);
	}

	clear(): void {
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
	}
}
