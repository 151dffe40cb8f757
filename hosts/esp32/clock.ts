import type { Alarm, Clock } from '../../modules/ports';

/** As much of the SDK's Timer as is needed. A one-shot timer is freed when it fires; so this makes repeating ones, and pauses them. */
export interface TimerPart<T> {
	repeat(callback: () => void, interval: number): T;
	/** Without an interval: pauses. */
	schedule(timer: T, interval?: number, repeat?: number): void;
}

/** The SDK's Time: `ticks` are milliseconds since this boot in 32 bits, and turn negative after 24 days. */
export interface TicksPart {
	readonly ticks: number;
}

export interface BoardClockOptions<T> {
	readonly timer: TimerPart<T>;
	readonly time: TicksPart;
	/** What the system takes for epoch milliseconds. */
	readonly now: () => number;
	/** A moment that has surely passed: an earlier "now" is one that nobody has told. */
	readonly floor: number;
}

const LONGEST = 2 ** 31 - 1;

export class BoardClock<T> implements Clock {
	readonly #options: BoardClockOptions<T>;
	#last: number;
	#ticks: number;

	constructor(options: BoardClockOptions<T>) {
		this.#options = options;
		this.#last = options.time.ticks | 0;
		this.#ticks = this.#last >>> 0;
	}

	/** Right as long as somebody asks once in 24 days: any alarm that reads the clock does. */
	get ticks(): number {
		const now = this.#options.time.ticks | 0;
		const passed = (now - this.#last) | 0;
		this.#last = now;
		this.#ticks += passed >>> 0;
		return this.#ticks;
	}

	/** The chip keeps it over deep sleep and restarts, and loses it with the power. */
	get time(): number | undefined {
		const now = this.#options.now();
		return now >= this.#options.floor ? now : undefined;
	}

	alarm(callback: () => void): Alarm {
		const { timer } = this.#options;
		const armed = timer.repeat(() => {
			timer.schedule(armed);
			callback();
		}, LONGEST);
		timer.schedule(armed);
		return Object.freeze({
			set: (delay: number) => timer.schedule(armed, Math.min(LONGEST, Math.max(0, Math.ceil(delay))), LONGEST),
			clear: () => timer.schedule(armed),
		});
	}
}
