import { Fault } from '../../modules/fault';
import type { Alarm, Clock, Log, Sensor } from '../../modules/ports';

export interface LiveOptions {
	readonly clock: Clock;
	readonly log: Log;
	readonly sensors: readonly Sensor[];
	readonly owner: LiveOwner;
}

export interface LiveOwner {
	/** There is a heart rate, or there has been none for a while. */
	onPresence(isPresent: boolean): void;
	/** Each second with a heart rate: beats a minute, and % of oxygen saturation if it is known. */
	onLive(heartRateBpm: number, spo2Percent: number | undefined): void;
}

/** The guide's section 3: each second. */
const PERIOD_MILLISECONDS = 1_000;

/** A finger that slips is back in a moment; a connection is dearer than this many seconds of silence. */
const ABSENCE_SECONDS = 15;

/** Watches, once a second, the parts that measure all the time. Where there are none it does nothing. */
export class Live {
	readonly #options: LiveOptions;
	readonly #sensors: readonly Sensor[];
	readonly #alarm: Alarm;
	#isFailing = false;
	/** Seconds since the last heart rate; the first absence is no news. */
	#absent = ABSENCE_SECONDS;
	#next = 0;

	constructor(options: LiveOptions) {
		this.#options = options;
		this.#sensors = options.sensors.filter(({ live }) => live !== undefined);
		this.#alarm = options.clock.alarm(this);
	}

	start(): void {
		if (this.#sensors.length === 0) return;
		this.#next = this.#options.clock.ticks;
		this.#alarm.set(0);
	}

	stop(): void {
		this.#alarm.clear();
	}

	onAlarm(): void {
		const { clock, owner } = this.#options;
		const late = clock.ticks - this.#next;
		this.#next += PERIOD_MILLISECONDS * (1 + Math.max(0, Math.floor(late / PERIOD_MILLISECONDS)));
		this.#alarm.set(Math.max(0, Math.round(this.#next - clock.ticks)));
		const { heartRateBpm, spo2Percent } = this.#sample();
		if (heartRateBpm !== undefined) {
			if (this.#absent >= ABSENCE_SECONDS) owner.onPresence(true);
			this.#absent = 0;
			owner.onLive(heartRateBpm, spo2Percent);
		} else if (++this.#absent === ABSENCE_SECONDS) owner.onPresence(false);
	}

	#sample(): { heartRateBpm?: number; spo2Percent?: number } {
		const all = {};
		try {
			for (const sensor of this.#sensors) Object.assign(all, sensor.live?.());
			this.#isFailing = false;
		} catch (thrown) {
			if (!this.#isFailing) this.#options.log('warning', 'live', Fault.from(thrown, 'sensor').message);
			this.#isFailing = true;
		}
		return all;
	}
}
