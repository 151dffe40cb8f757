import Timer from 'timer';
import type { Alarm, Clock } from '../../modules/ports';
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

	alarm(callback: () => void): Alarm {
		return new TimerAlarm(callback);
	}
}

class TimerAlarm implements Alarm {
	readonly #callback: () => void;
	#timer: ReturnType<typeof Timer.set> | undefined;

	constructor(callback: () => void) {
		this.#callback = callback;
	}

	set(delay: number): void {
		this.clear();
		this.#timer = Timer.set(() => {
			this.#timer = undefined;
			this.#callback();
		}, delay);
	}

	clear(): void {
		if (this.#timer !== undefined) Timer.clear(this.#timer);
		this.#timer = undefined;
	}
}
