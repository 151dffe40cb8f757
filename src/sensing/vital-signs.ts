import { Fault } from '../../modules/fault';
import type { Alarm, Clock, Missing, Sample, Sensor } from '../../modules/ports';

/** As much of modules/max3010x as is needed. */
export interface Oximeter {
	configure(options: OximeterConfiguration): void;
	setCurrents(redMilliamperes: number, infraredMilliamperes: number): void;
	/** Undefined: nothing new. Throws a Fault; 'closed': it is of no more use. */
	sample(): OximeterLight | undefined;
	readonly isNear: boolean;
	standby(): void;
	close(): void;
}

export interface OximeterConfiguration {
	readonly redMilliamperes: number;
	readonly infraredMilliamperes: number;
	readonly sampleRate: number;
	readonly average: number;
	readonly pulseWidth: number;
	readonly range: number;
	readonly proximity?: { readonly milliamperes: number; readonly threshold: number };
}

export interface OximeterLight {
	readonly count: number;
	readonly red: ArrayLike<number>;
	readonly infrared: ArrayLike<number>;
	/** Samples that are missing just before these. */
	readonly lost: number;
}

/** As much of modules/ppg as is needed. */
export interface PulseEstimator {
	/** True when a second is full and `estimate` new. */
	push(red: number, infrared: number): boolean;
	reset(): void;
	readonly estimate: {
		readonly heartRateBpm: number | undefined;
		readonly spo2Percent: number | undefined;
		readonly reason: string | undefined;
		readonly oxygenReason: string | undefined;
		readonly ledAdvice: 'up' | 'down' | 'hold';
	};
}

export interface VitalSignsOptions {
	readonly clock: Clock;
	/** Makes the driver, which finds its part and resets it. Throws a Fault when it is not there, or is another. */
	readonly make: (onAlert: () => void) => Oximeter;
	/** Has it an interrupt's pin? Else it is asked more often. */
	readonly hasAlert?: boolean;
	/** For this rate and this full scale. */
	readonly estimator: (options: { readonly rateHz: number; readonly fullScale: number }) => PulseEstimator;
}

/** As Maxim's reference design sets it (MAXREFDES117): 25 samples a second of 18 bits. */
const CONFIGURATION = Object.freeze({ sampleRate: 100, average: 4, pulseWidth: 411, range: 4_096 });
const RATE_HZ = 25;
const FULL_SCALE = 262_143;
/** Milliamperes of both LEDs: at first, at least, at most; and how much more or less at a time. */
const FIRST_CURRENT = 7.2;
const LOWEST_CURRENT = 1.6;
const HIGHEST_CURRENT = 25;
const CURRENT_FACTOR = 1.6;
/** Seconds for which a new current is left alone. */
const CURRENT_PATIENCE = 3;
/** With this light it looks whether there is a finger; a finger gives back some 30,000 counts, air a few hundred. */
const PROXIMITY = Object.freeze({ milliamperes: 2, threshold: 8_192 });
/** Seconds without a finger after which it only looks for one, and after which a reading does not wait for it. */
const PATIENCE_FOR_FINGER = 10;
const NO_FINGER_YET = 2;

/** Milliseconds: of its reset; from one look into the FIFO (1.28 s deep) to the next; until its silence is a fault. */
const RESET = 5;
const LOOK = 240;
const LOOK_BESIDE_ALERT = 1_000;
const SILENCE = 2_500;
const FIRST_WAIT = 100;
const LONGEST_WAIT = 60_000;

/**
 *   OFF ── start ──▶ RESETTING ── 5 ms ──▶ MEASURING ── no finger for 10 s ──▶ SEEKING
 *    ▲                   ▲                    │  ▲                               │
 *    │ stop, close       │ wait               │  └────── something is near ──────┤
 *    └── from any ── BROKEN ◀───── fault ─────┴──────────────────────────────────┘
 */
const State = Object.freeze({
	OFF: 'off',
	RESETTING: 'resetting',
	MEASURING: 'measuring',
	SEEKING: 'seeking',
	BROKEN: 'broken',
} as const);
type State = (typeof State)[keyof typeof State];

/** Heart rate and oxygen saturation: the pulse oximeter's driver and the estimator, joined. Not a medical device. */
export class VitalSigns implements Sensor {
	readonly name = 'pulse';
	/** What the estimator needs of a steady finger, and a little more. */
	readonly warmUp = 10_000;
	readonly #options: VitalSignsOptions;
	readonly #alarm: Alarm;
	readonly #sample: Sample = {};
	#missing: Missing = {};
	#oximeter: Oximeter | undefined;
	#estimator: PulseEstimator | undefined;
	#state: State = State.OFF;
	#fault: Fault | undefined;
	#wait = FIRST_WAIT;
	/** Ticks. */
	#heardAt = 0;
	/** Seconds of it. */
	#withoutFinger = 0;
	#current = FIRST_CURRENT;
	#steady = 0;
	#closed = false;

	constructor(options: VitalSignsOptions) {
		this.#options = options;
		this.#alarm = options.clock.alarm(this);
	}

	/** It has both values, or what stands against them will not pass by waiting. */
	get ready(): boolean {
		if (this.#state === State.OFF || this.#state === State.BROKEN) return true;
		const estimate = this.#estimator?.estimate;
		if (!estimate || this.#state === State.RESETTING) return false;
		if (estimate.heartRateBpm === undefined) return this.#withoutFinger >= NO_FINGER_YET;
		const { oxygenReason } = estimate;
		return oxygenReason !== 'settling' && oxygenReason !== 'unsteady';
	}

	get missing(): Missing {
		return this.#missing;
	}

	/** Milliamperes of each LED. */
	get currentMilliamperes(): number {
		return this.#current;
	}

	start(): void {
		if (this.#closed) throw new Fault('misuse', 'pulse: closed');
		if (this.#state !== State.OFF) return;
		this.#estimator ??= this.#options.estimator({ rateHz: RATE_HZ, fullScale: FULL_SCALE });
		this.#wait = FIRST_WAIT;
		this.#begin();
	}

	sample(): Sample | undefined {
		if (this.#fault) {
			this.#explain(this.#fault.message, this.#fault.message);
			throw this.#fault;
		}
		return this.live();
	}

	live(): Sample | undefined {
		const sample = this.#sample;
		delete sample.heartRateBpm;
		delete sample.spo2Percent;
		const estimate = this.#estimator?.estimate;
		if (this.#state !== State.MEASURING || !estimate) {
			const reason = this.#fault?.message ?? (this.#state === State.SEEKING ? 'no finger' : 'settling');
			this.#explain(reason, reason);
			return undefined;
		}
		const { heartRateBpm, spo2Percent, reason, oxygenReason } = estimate;
		if (heartRateBpm !== undefined) sample.heartRateBpm = heartRateBpm;
		if (spo2Percent !== undefined) sample.spo2Percent = spo2Percent;
		this.#explain(
			heartRateBpm === undefined ? (reason ?? 'settling') : undefined,
			spo2Percent === undefined ? (oxygenReason ?? 'settling') : undefined,
		);
		return sample;
	}

	/** Dark, until the next start. */
	stop(): void {
		this.#alarm.clear();
		this.#drop();
		this.#fault = undefined;
		this.#state = State.OFF;
	}

	close(): void {
		if (this.#closed) return;
		this.stop();
		this.#closed = true;
	}

	#begin(): void {
		this.#estimator?.reset();
		this.#withoutFinger = 0;
		this.#steady = 0;
		this.#state = State.RESETTING;
		this.#alarm.set(0);
	}

	/** Nothing leaves this callback. */
	onAlarm(): void {
		try {
			if (this.#state === State.BROKEN) this.#begin();
			else if (this.#state === State.RESETTING) this.#setUp();
			else if (this.#state !== State.OFF) this.#listen();
		} catch (thrown) {
			this.#break(Fault.from(thrown, 'sensor'));
		}
	}

	#setUp(): void {
		if (!this.#oximeter) {
			this.#oximeter = this.#options.make(() => this.onAlarm());
			this.#alarm.set(RESET);
			return;
		}
		this.#configure(State.MEASURING);
	}

	#configure(state: typeof State.MEASURING | typeof State.SEEKING): void {
		const current = { redMilliamperes: this.#current, infraredMilliamperes: this.#current };
		this.#oximeter!.configure({
			...CONFIGURATION,
			...current,
			...(state === State.SEEKING && { proximity: PROXIMITY }),
		});
		this.#heardAt = this.#options.clock.ticks;
		this.#state = state;
		this.#alarm.set(LOOK);
	}

	#listen(): void {
		const { clock, hasAlert } = this.#options;
		const oximeter = this.#oximeter!;
		this.#alarm.set(hasAlert && this.#state === State.MEASURING ? LOOK_BESIDE_ALERT : LOOK);
		let light: OximeterLight | undefined;
		try {
			light = oximeter.sample();
		} catch (thrown) {
			const fault = Fault.from(thrown, 'sensor');
			// A word that broke off is made good by the next; not so for ever.
			if (fault.code === 'closed' || clock.ticks - this.#heardAt > SILENCE) throw fault;
			return;
		}
		if (this.#state === State.SEEKING) {
			this.#heardAt = clock.ticks;
			// Of a part that knows nothing of proximity there are samples anyway.
			if (oximeter.isNear || light) this.#found();
			return;
		}
		if (light) this.#push(light);
		else if (clock.ticks - this.#heardAt > SILENCE) throw new Fault('timeout', 'it gives no samples');
	}

	#found(): void {
		this.#estimator!.reset();
		this.#withoutFinger = 0;
		this.#configure(State.MEASURING);
	}

	#push({ count, red, infrared, lost }: OximeterLight): void {
		const estimator = this.#estimator!;
		this.#heardAt = this.#options.clock.ticks;
		this.#wait = FIRST_WAIT;
		this.#fault = undefined;
		// What comes after a gap does not go on with what was before it.
		if (lost > 0) estimator.reset();
		let isNew = false;
		for (let at = 0; at < count; at++) if (estimator.push(red[at]!, infrared[at]!)) isNew = true;
		if (isNew) this.#second();
	}

	#second(): void {
		const { reason, ledAdvice } = this.#estimator!.estimate;
		this.#withoutFinger = reason === 'no finger' ? this.#withoutFinger + 1 : 0;
		if (this.#withoutFinger >= PATIENCE_FOR_FINGER) {
			this.#current = FIRST_CURRENT;
			this.#configure(State.SEEKING);
			return;
		}
		if (++this.#steady < CURRENT_PATIENCE || ledAdvice === 'hold') return;
		const wanted = ledAdvice === 'up' ? this.#current * CURRENT_FACTOR : this.#current / CURRENT_FACTOR;
		const current = Math.min(HIGHEST_CURRENT, Math.max(LOWEST_CURRENT, wanted));
		if (current === this.#current) return;
		this.#current = current;
		this.#steady = 0;
		this.#oximeter!.setCurrents(current, current);
		// Its light is another now.
		this.#estimator!.reset();
	}

	#break(fault: Fault): void {
		this.#drop();
		this.#fault = fault;
		this.#state = State.BROKEN;
		this.#alarm.set(this.#wait);
		this.#wait = Math.min(LONGEST_WAIT, 2 * this.#wait);
	}

	#drop(): void {
		const oximeter = this.#oximeter;
		this.#oximeter = undefined;
		try {
			oximeter?.close();
		} catch {
			// A last word to a part that answers no more; the fault that led here is kept.
		}
	}

	#explain(heartRate: string | undefined, spo2: string | undefined): void {
		const missing: { heartRateBpm?: string; spo2Percent?: string } = {};
		if (heartRate !== undefined) missing.heartRateBpm = heartRate;
		if (spo2 !== undefined) missing.spo2Percent = spo2;
		this.#missing = missing;
	}
}
