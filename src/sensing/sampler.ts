import { Fault } from '../../modules/fault';
import type { Journal } from '../../modules/journal/journal';
import type { Alarm, Clock, Log, Missing, Quantity, Sample, Sensor } from '../../modules/ports';
import type { Dating } from './dating';
import { packReading, quantise, READING_BYTE_LENGTH, type Reading } from './reading';

export interface SamplerOptions {
	readonly clock: Clock;
	readonly log: Log;
	readonly sensors: readonly Sensor[];
	readonly journal: Journal;
	readonly dating: Dating;
	/** Milliseconds from one reading to the next, at first. */
	readonly interval: number;
	/**
	 * Milliseconds that a reading may wait at most for sensors that are not ready, though they were started in time: for the first
	 * reading there was none. It does not wait for one whose `warmUp` is longer than this. Default: 0.
	 */
	readonly patience?: number;
	readonly owner: SamplerOwner;
}

/** What the sampler tells. */
export interface SamplerOwner {
	/** Called before a reading goes into the journal, if its charge is known. */
	onBattery?(percent: number): void;
	/** Called after a reading is safe in the journal. */
	onReading(sequence: number, reading: Reading): void;
	/** Called at the end of each beat, whatever became of its reading. */
	onBeat?(): void;
}

/** While a reading waits, its sensors are looked at this often: milliseconds. */
const LOOK = 20;

/**
 * Takes a reading every interval and puts it into the journal. The beat is kept from the start, so a late alarm does
 * not shift the ones behind it; beats that were missed are skipped, not made up.
 *
 * Slow sensors are started ahead of the beat. Those that are watched all the time (`live`) are started once, and never stopped.
 */
export class Sampler {
	readonly #options: SamplerOptions;
	readonly #alarm: Alarm;
	readonly #bytes = new Uint8Array(READING_BYTE_LENGTH);
	readonly #slow: readonly Sensor[];
	readonly #started = new Set<Sensor>();
	/** Sensors that failed last time: a sensor that stays broken is logged once, not every interval. */
	readonly #failing = new Map<string, string>();
	#missing: { [Name in Quantity]?: string } = {};
	/** How many intervals it is from one reading to the next: more when the battery is spared. */
	stretch = 1;
	#interval: number;
	#running = false;
	/** A reading beside the beat is wanted. */
	#wanted = false;
	/** How long the reading at hand may wait, in ticks. */
	#deadline: number | undefined;
	#next = 0;
	#sampled = 0;
	#journaled = 0;

	constructor(options: SamplerOptions) {
		this.#options = options;
		this.#interval = options.interval;
		this.#slow = options.sensors.filter(({ start }) => start !== undefined);
		this.#alarm = options.clock.alarm(this);
	}

	/** Readings taken. */
	get sampled(): number {
		return this.#sampled;
	}

	/** Readings that reached the journal. */
	get journaled(): number {
		return this.#journaled;
	}

	/** When the next reading is due, in ticks. */
	get next(): number {
		return this.#next;
	}

	/** A reading waits for its sensors. */
	get isWaiting(): boolean {
		return this.#deadline !== undefined;
	}

	/** Why the last reading lacks what it lacks. */
	get missing(): Missing {
		return this.#missing;
	}

	/** Sensors that do not answer as they must, and why. */
	get failing(): ReadonlyMap<string, string> {
		return this.#failing;
	}

	get interval(): number {
		return this.#interval;
	}

	/** Milliseconds from one reading to the next, from now on; the next comes no later than that. */
	set interval(interval: number) {
		this.#interval = interval;
		if (!this.#running) return;
		const { clock } = this.#options;
		this.#next = Math.min(this.#next, clock.ticks + interval * this.stretch);
		if (!this.isWaiting) this.#arm();
	}

	/** Takes the first reading at the moment `first` (default: now), or now if that is past; then one each interval. */
	start(first: number = this.#options.clock.ticks): void {
		this.#running = true;
		this.#next = first;
		for (const sensor of this.#slow) if (sensor.live) this.#begin(sensor);
		this.#arm();
	}

	stop(): void {
		this.#running = false;
		this.#wanted = false;
		this.#deadline = undefined;
		this.#alarm.clear();
		this.#rest(true);
	}

	/**
	 * Takes a reading beside the beat: now, or as soon as its sensors are ready. Never throws: what goes wrong is logged and counted.
	 */
	take(): void {
		this.#wanted = true;
		for (const sensor of this.#slow) this.#begin(sensor);
		if (this.#isEarly()) this.#alarm.set(LOOK);
		else this.#read();
	}

	/** To the next moment at which there is something to do. */
	#arm(): void {
		const now = this.#options.clock.ticks;
		let at = this.#next;
		for (const sensor of this.#slow)
			if (!this.#started.has(sensor)) at = Math.min(at, this.#next - (sensor.warmUp ?? 0));
		// Never early: a beat that is not yet due would be armed again and again.
		this.#alarm.set(Math.max(0, Math.ceil(at - now)));
	}

	onAlarm(): void {
		const { clock, owner } = this.#options;
		const now = clock.ticks;
		for (const sensor of this.#slow) if (this.#wanted || this.#next - (sensor.warmUp ?? 0) <= now) this.#begin(sensor);
		const isDue = this.#running && this.#next <= now;
		if (!isDue && !this.#wanted) {
			this.#arm();
			return;
		}
		if (this.#isEarly()) {
			this.#alarm.set(LOOK);
			return;
		}
		this.#read();
		if (!this.#running) return;
		if (isDue) {
			const interval = this.#interval * this.stretch;
			const late = clock.ticks - this.#next;
			this.#next += interval * (1 + Math.max(0, Math.floor(late / interval)));
		}
		this.#arm();
		owner.onBeat?.();
	}

	/** Is there a sensor that it is worth waiting for? */
	#isEarly(): boolean {
		const { clock, patience = 0 } = this.#options;
		this.#deadline ??= clock.ticks + patience;
		if (clock.ticks >= this.#deadline) return false;
		return this.#slow.some(({ ready = true, warmUp = 0 }) => !ready && warmUp <= patience);
	}

	#read(): void {
		const { log, sensors, journal, dating, owner } = this.#options;
		this.#wanted = false;
		this.#deadline = undefined;
		const sample: Sample = {};
		for (const sensor of sensors) this.#ask(sensor, sample);
		this.#explain(sample);
		this.#rest(false);
		this.#sampled++;
		let sequence: number;
		let reading: Reading;
		try {
			reading = quantise(sample, dating.stamp(), (name, value) =>
				log('warning', 'sampler', `${name}: ${value} is out of bounds, left out`),
			);
			// How low it is says whether a block may be erased for this reading.
			if (reading.batteryPercent !== undefined) this.#tellBattery(reading.batteryPercent);
			packReading(reading, this.#bytes);
			sequence = journal.append(this.#bytes);
		} catch (thrown) {
			log('error', 'sampler', `a reading could not be kept: ${Fault.from(thrown, 'flash').message}`);
			return;
		}
		this.#journaled++;
		try {
			owner.onReading(sequence, reading);
		} catch (thrown) {
			// Nobody foresaw it. The reading is kept, and the beat goes on.
			log('error', 'sampler', Fault.from(thrown, 'misuse').message);
		}
	}

	/** What its owner throws costs no reading. */
	#tellBattery(percent: number): void {
		const { log, owner } = this.#options;
		try {
			owner.onBattery?.(percent);
		} catch (thrown) {
			log('error', 'sampler', Fault.from(thrown, 'misuse').message);
		}
	}

	#begin(sensor: Sensor): void {
		if (this.#started.has(sensor)) return;
		this.#started.add(sensor);
		try {
			sensor.start?.();
		} catch (thrown) {
			this.#fail(sensor, thrown);
		}
	}

	/** @param all those too that are watched all the time */
	#rest(all: boolean): void {
		for (const sensor of this.#started) {
			if (sensor.live && !all) continue;
			this.#started.delete(sensor);
			try {
				sensor.stop?.();
			} catch (thrown) {
				this.#fail(sensor, thrown);
			}
		}
	}

	#ask(sensor: Sensor, into: Sample): void {
		try {
			Object.assign(into, sensor.sample());
			if (this.#failing.delete(sensor.name)) this.#options.log('info', 'sampler', `${sensor.name} answers again`);
		} catch (thrown) {
			this.#fail(sensor, thrown);
		}
	}

	#fail({ name }: Sensor, thrown: unknown): void {
		if (this.#failing.has(name)) return;
		const { message } = Fault.from(thrown, 'sensor');
		this.#failing.set(name, message);
		this.#options.log('warning', 'sampler', `${name}: ${message}`);
	}

	/** Each reason is logged when it is another than that of the reading before. */
	#explain(sample: Sample): void {
		const before = this.#missing;
		const now: typeof before = {};
		for (const { missing } of this.#options.sensors)
			for (const name in missing) {
				const quantity = name as Quantity;
				if (sample[quantity] !== undefined) continue;
				const reason = missing[quantity]!;
				now[quantity] = reason;
				if (before[quantity] !== reason) this.#options.log('info', 'sampler', `no ${quantity}: ${reason}`);
			}
		this.#missing = now;
	}
}
