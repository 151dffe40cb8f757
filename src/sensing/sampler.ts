import { Fault } from '../../modules/fault';
import type { Journal } from '../../modules/journal/journal';
import type { Alarm, Clock, Log, Sample, Sensor } from '../../modules/ports';
import type { Dating } from './dating';
import { packReading, quantise, READING_BYTE_LENGTH } from './reading';

export interface SamplerOptions {
	readonly clock: Clock;
	readonly log: Log;
	readonly sensors: readonly Sensor[];
	readonly journal: Journal;
	readonly dating: Dating;
	/** Milliseconds from one reading to the next. */
	readonly interval: number;
	/** Called before a reading goes into the journal, if its charge is known. */
	readonly onBattery?: (percent: number) => void;
	/** Called after a reading is safe in the journal. */
	readonly onReading: (sequence: number) => void;
	/** Called at the end of each beat, whatever became of its reading. */
	readonly onBeat?: () => void;
}

/**
 * Takes a reading every interval and puts it into the journal. The beat is kept from the start, so a late alarm does
 * not shift the ones behind it; beats that were missed are skipped, not made up.
 */
export class Sampler {
	readonly #options: SamplerOptions;
	readonly #alarm: Alarm;
	readonly #bytes = new Uint8Array(READING_BYTE_LENGTH);
	/** Sensors that failed last time: a sensor that stays broken is logged once, not every interval. */
	readonly #failing = new Set<string>();
	/** How many intervals it is from one reading to the next: more when the battery is spared. */
	stretch = 1;
	#running = false;
	#next = 0;
	#sampled = 0;
	#journaled = 0;

	constructor(options: SamplerOptions) {
		this.#options = options;
		this.#alarm = options.clock.alarm(() => this.#beat());
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

	/** Takes the first reading at the moment `first` (default: now), or now if that is past; then one each interval. */
	start(first: number = this.#options.clock.ticks): void {
		this.#running = true;
		this.#next = first;
		this.#alarm.set(Math.max(0, Math.round(first - this.#options.clock.ticks)));
	}

	stop(): void {
		this.#running = false;
		this.#alarm.clear();
	}

	#beat(): void {
		const { clock, onBeat } = this.#options;
		this.take();
		if (!this.#running) return;
		const interval = this.#options.interval * this.stretch;
		const late = clock.ticks - this.#next;
		this.#next += interval * (1 + Math.max(0, Math.floor(late / interval)));
		this.#alarm.set(Math.max(0, Math.round(this.#next - clock.ticks)));
		onBeat?.();
	}

	/** Takes one reading now. Never throws: what goes wrong is logged and counted. */
	take(): void {
		const { log, sensors, journal, dating, onBattery, onReading } = this.#options;
		const sample: Sample = {};
		for (const sensor of sensors) this.#ask(sensor, sample);
		this.#sampled++;
		let sequence: number;
		try {
			const reading = quantise(sample, dating.stamp(), (name, value) =>
				log('warning', 'sampler', `${name}: ${value} is out of bounds, left out`),
			);
			if (reading.batteryPercent !== undefined) onBattery?.(reading.batteryPercent);
			packReading(reading, this.#bytes);
			sequence = journal.append(this.#bytes);
		} catch (thrown) {
			log('error', 'sampler', `a reading could not be kept: ${Fault.from(thrown, 'flash').message}`);
			return;
		}
		this.#journaled++;
		onReading(sequence);
	}

	#ask(sensor: Sensor, into: Sample): void {
		const { log } = this.#options;
		try {
			Object.assign(into, sensor.sample());
			if (this.#failing.delete(sensor.name)) log('info', 'sampler', `${sensor.name} answers again`);
		} catch (thrown) {
			if (this.#failing.has(sensor.name)) return;
			this.#failing.add(sensor.name);
			log('warning', 'sampler', `${sensor.name}: ${Fault.from(thrown, 'sensor').message}`);
		}
	}
}
