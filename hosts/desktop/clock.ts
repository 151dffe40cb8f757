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

class TimerAlarm implements Alarm {
	readonly #owner: AlarmOwner;
	#timer: ReturnType<typeof Timer.set> | undefined;

	constructor(owner: AlarmOwner) {
		this.#owner = owner;
	}

	set(delay: number): void {
		this.clear();
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			this.#owner.onAlarm(this);
		}, delay);
	}

	clear(): void {
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
	}
}
