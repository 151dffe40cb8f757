import type { Alarm, AlarmOwner, Clock } from '../../modules/ports';

/**
 * As much of the SDK's Timer as is needed. It holds on to a timer, and all that its callback knows, until it has fired or is
 * cleared: one that is only paused is never collected.
 */
export interface TimerPart<T> {
	/** Fires once, with the timer, and is gone then. */
	set(callback: (timer: T) => void, interval: number): T;
	/** For one that has not fired. */
	schedule(timer: T, interval: number): void;
	clear(timer: T): void;
}

/** The SDK's Time: `ticks` are milliseconds since this boot in 32 bits, and turn negative after 24 days. */
export interface TicksPart {
	readonly ticks: number;
}

export interface BoardClockOptions<T extends object> {
	readonly timer: TimerPart<T>;
	readonly time: TicksPart;
	/** What the system takes for epoch milliseconds. */
	readonly now: () => number;
	/** A moment that has surely passed: an earlier "now" is one that nobody has told. */
	readonly floor: number;
}

const LONGEST = 2 ** 31 - 1;

export class BoardClock<T extends object> implements Clock {
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

	alarm(owner: AlarmOwner): Alarm {
		return new TimerAlarm(this.#options.timer, owner);
	}
}

/** A timer bears its alarm: one function serves all of them, where one for each would be 9 slots. */
interface Armed {
	alarm?: { fire(): void };
}

function fire(timer: object): void {
	(timer as Armed).alarm?.fire();
}

/** Has a timer while it is armed, so that nothing is left of an alarm which nobody knows any more. */
class TimerAlarm<T extends object> implements Alarm {
	readonly #part: TimerPart<T>;
	readonly #owner: AlarmOwner;
	#timer: T | undefined;

	constructor(part: TimerPart<T>, owner: AlarmOwner) {
		this.#part = part;
		this.#owner = owner;
	}

	fire(): void {
		this.#timer = undefined;
		this.#owner.onAlarm(this);
	}

	set(delay: number): void {
		const interval = Math.min(LONGEST, Math.max(0, Math.ceil(delay)));
		if (this.#timer === undefined) {
			this.#timer = this.#part.set(fire, interval);
			(this.#timer as Armed).alarm = this;
		} else this.#part.schedule(this.#timer, interval);
	}

	clear(): void {
		if (this.#timer === undefined) return;
		this.#part.clear(this.#timer);
		this.#timer = undefined;
	}
}
