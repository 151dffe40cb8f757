import type { Alarm, AlarmOwner, Clock } from '../../../modules/ports';
import type { Scheduler } from '../net/scheduler';
import { Halted } from './halted';

export interface ClockOptions {
	/** Epoch milliseconds at the scheduler's 0, or undefined: nobody has told the time. */
	readonly epoch?: number | undefined;
	/** The clock's error in parts per million (an ESP32's RTC oscillator: up to a few thousand). */
	readonly driftPpm?: number;
}

/**
 * The clock of one boot of a virtual board, over a virtual or a real scheduler. `kill()` is the power cut: no alarm
 * fires after it.
 */
export class BoardClock implements Clock {
	readonly #scheduler: Scheduler;
	readonly #speed: number;
	readonly #born: number;
	readonly #pending = new Set<{ cancel(): void }>();
	#epoch: number | undefined;
	#dead = false;

	constructor(scheduler: Scheduler, options: ClockOptions = {}) {
		this.#scheduler = scheduler;
		this.#speed = 1 + (options.driftPpm ?? 0) / 1e6;
		this.#born = scheduler.now;
		if (options.epoch !== undefined) this.#epoch = options.epoch + scheduler.now;
	}

	get ticks(): number {
		return Math.floor((this.#scheduler.now - this.#born) * this.#speed);
	}

	get time(): number | undefined {
		return this.#epoch === undefined ? undefined : this.#epoch + this.ticks;
	}

	/** Somebody tells the time (SNTP, a server's Date); undefined makes it unknown again. */
	set time(time: number | undefined) {
		this.#epoch = time === undefined ? undefined : time - this.ticks;
	}

	alarm(owner: AlarmOwner): Alarm {
		let armed: { cancel(): void } | undefined;
		const clear = (): void => {
			if (!armed) return;
			armed.cancel();
			this.#pending.delete(armed);
			armed = undefined;
		};
		const alarm: Alarm = {
			set: (delay) => {
				clear();
				if (this.#dead) return;
				const handle = this.#scheduler.schedule(Math.max(0, delay) / this.#speed, () => {
					this.#pending.delete(handle);
					armed = undefined;
					if (!this.#dead) this.#call(() => owner.onAlarm(alarm));
				});
				armed = handle;
				this.#pending.add(handle);
			},
			clear,
		};
		return alarm;
	}

	/** Deep sleep begins in the middle of a callback: the firmware is left there, and whoever keeps the time goes on. */
	#call(callback: () => void): void {
		try {
			callback();
		} catch (thrown) {
			if (!(thrown instanceof Halted)) throw thrown;
		}
	}

	kill(): void {
		this.#dead = true;
		for (const handle of this.#pending) handle.cancel();
		this.#pending.clear();
	}
}
