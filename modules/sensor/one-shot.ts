import { Fault } from '../fault';
import type { Alarm, Clock, Missing, Quantity, Sample, Sensor } from '../ports';

/** A part that measures when it is told to. Each method throws a Fault when the part does not answer as it must. */
export interface Driver {
	/** Starts a measurement: after so many milliseconds `sample` has it. */
	measure(): number;
	/** What was measured; a quantity that cannot be trusted is absent. */
	sample(): Sample | undefined;
	/** Why a quantity is absent from the last sample. */
	readonly missing?: Missing;
	close(): void;
}

export interface OneShotOptions {
	readonly name: string;
	readonly clock: Clock;
	/** Makes the driver, which finds its part and sets it up. Throws a Fault when it is not there, or is another. */
	readonly make: () => Driver;
	/** What the firmware shall have of it. */
	readonly gives: readonly Quantity[];
	/** Milliseconds that it takes at most when all is well: from the first word to the part until its values are there. */
	readonly warmUp: number;
	/** How often it is tried for one reading. Default: 4. */
	readonly tries?: number;
}

/**
 *   RESTING ── start ──▶ TRYING ── measuring ──▶ WAITING ── time ──▶ DONE
 *      ▲                   ▲ └── fault ─▶ BACKING_OFF   │ fault        │
 *      │                   └──── time ──────┘ ◀─────────┘              │
 *      │                                    │ the last try             │
 *      │                                    ▼                          │
 *      └──────────── stop ─────────────── FAILED ◀── stop, start ──────┘
 *
 * After a fault the part is made anew: identified and set up again, since nobody knows what it took of the last words.
 */
const State = Object.freeze({
	RESTING: 'resting',
	TRYING: 'trying',
	WAITING: 'waiting',
	BACKING_OFF: 'backing off',
	DONE: 'done',
	FAILED: 'failed',
} as const);
type State = (typeof State)[keyof typeof State];

/** The first wait after a fault, in milliseconds; each next is twice as long. */
const FIRST_WAIT = 10;
const TRIES = 4;

/** A slow or unreliable part as a sensor of the firmware: it measures ahead of the reading, and again when that failed. */
export class OneShot implements Sensor {
	readonly name: string;
	readonly warmUp: number;
	readonly #options: OneShotOptions;
	readonly #alarm: Alarm;
	readonly #tries: number;
	#driver: Driver | undefined;
	#state: State = State.RESTING;
	#failures = 0;
	#sample: Sample | undefined;
	#missing: Missing = {};
	#fault: Fault | undefined;
	#closed = false;

	constructor(options: OneShotOptions) {
		this.#options = options;
		this.name = options.name;
		this.#tries = options.tries ?? TRIES;
		this.warmUp = options.warmUp;
		this.#alarm = options.clock.alarm(this);
	}

	get ready(): boolean {
		return this.#state !== State.TRYING && this.#state !== State.WAITING && this.#state !== State.BACKING_OFF;
	}

	get missing(): Missing {
		return this.#missing;
	}

	start(): void {
		if (this.#closed) throw new Fault('misuse', `${this.name}: closed`);
		this.#failures = 0;
		this.#sample = undefined;
		this.#fault = undefined;
		this.#state = State.TRYING;
		this.#alarm.set(0);
	}

	sample(): Sample | undefined {
		if (this.#state === State.DONE) return this.#sample;
		const fault = this.#state === State.RESTING ? undefined : (this.#fault ?? new Fault('timeout', 'still measuring'));
		this.#missing = this.#all(fault ? fault.message : 'not measured');
		if (fault) throw fault;
		return undefined;
	}

	/** Lets go of the part and of its buffers: between two readings others need the memory, and the next finds the part anew. */
	stop(): void {
		this.#alarm.clear();
		this.#drop();
		this.#state = State.RESTING;
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.stop();
	}

	onAlarm(): void {
		try {
			if (this.#state !== State.WAITING) {
				this.#driver ??= this.#options.make();
				const wait = this.#driver.measure();
				this.#state = State.WAITING;
				this.#alarm.set(wait);
			} else this.#take(this.#driver!);
		} catch (thrown) {
			this.#fail(Fault.from(thrown, 'sensor'));
		}
	}

	#take(driver: Driver): void {
		const measured = driver.sample();
		if (measured === undefined) throw new Fault('timeout', 'nothing was measured');
		const sample: Sample = {};
		const missing: { [Name in Quantity]?: string } = {};
		for (const quantity of this.#options.gives) {
			const value = measured[quantity];
			if (value !== undefined) sample[quantity] = value;
			else missing[quantity] = driver.missing?.[quantity] ?? 'not measured';
		}
		this.#sample = sample;
		this.#missing = missing;
		this.#state = State.DONE;
	}

	#fail(fault: Fault): void {
		this.#fault = fault;
		this.#drop();
		this.#failures++;
		if (this.#failures >= this.#tries) {
			this.#state = State.FAILED;
			return;
		}
		this.#state = State.BACKING_OFF;
		this.#alarm.set(FIRST_WAIT * 2 ** (this.#failures - 1));
	}

	#drop(): void {
		const driver = this.#driver;
		this.#driver = undefined;
		try {
			driver?.close();
		} catch {
			// A last word to a part that answers no more; the fault that led here is kept.
		}
	}

	#all(reason: string): Missing {
		const missing: { [Name in Quantity]?: string } = {};
		for (const quantity of this.#options.gives) missing[quantity] = reason;
		return missing;
	}
}
