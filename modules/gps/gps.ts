import { Fault } from '../fault';
import type { Alarm, Clock, Missing, Sample, Sensor } from '../ports';
import type { Part, Serial } from '../sensor/io';
import { SentenceReader } from './sentence';

export interface GpsOptions {
	/** Its class calls `onReadable(count)` when bytes are there. */
	readonly sensor: Part<Serial>;
	readonly clock: Clock;
	/** 9,600 bit/s unless said (NMEA 0183's 4,800 is the standard's own; receivers leave the factory with more). */
	readonly baud?: number;
	/** Milliseconds after which a place is old. Default: 10,000. */
	readonly validity?: number;
	/** Horizontal dilution of precision above which a place is none. Default: 10. */
	readonly largestDilution?: number;
	/** Milliseconds that a reading may wait for the next sentence. Default: 2,500: receivers speak once a second. */
	readonly patience?: number;
}

const BAUD = 9_600;
/** No sentence for this long: nobody is there. Receivers speak once a second, or once in ten. */
const SILENCE = 15_000;
/** Between two tries to open the port. */
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;

/** GGA field 6: 1 GPS, 2 differential, 3 PPS, 4 RTK, 5 float RTK are measured; 6 is estimated, 7 typed in, 8 simulated. */
const MEASURED_BELOW = 6;

const missing = (reason: string): Missing => Object.freeze({ latitudeDegrees: reason, longitudeDegrees: reason });
const NO_FIX = missing('no fix');
const POOR = missing('too few satellites in sight');
const SILENT = missing('no receiver');
const GARBLED = missing('nothing but garbled sentences');
const NONE: Missing = Object.freeze({});

/**
 * A receiver of GPS, or of any of its siblings, by NMEA 0183: GGA for the place and its quality, RMC which may warn of it. It speaks by
 * itself; nothing is ever sent to it.
 */
export class Gps implements Sensor {
	readonly name = 'gps';
	/** It runs all the time. */
	readonly warmUp = 0;
	readonly #options: GpsOptions;
	readonly #reader = new SentenceReader();
	readonly #bytes = new Uint8Array(64);
	readonly #retry: Alarm;
	readonly #sample: Required<Pick<Sample, 'latitudeDegrees' | 'longitudeDegrees'>>;
	#io: Serial | undefined;
	#wait = FIRST_WAIT;
	/** Ticks: of the place, of the last good sentence, of the begin. */
	#placedAt: number | undefined;
	#heardAt: number | undefined;
	#began: number;
	#asked = 0;
	/** Times of day that the last sentences gave, as numbers. */
	#ggaTime = -1;
	#rmcTime = -1;
	#warned = false;
	#poor = false;
	#missing: Missing = NO_FIX;
	#fault: Fault | undefined;
	#closed = false;

	/** Opens the port; when that fails, again and again. */
	constructor(options: GpsOptions) {
		this.#options = options;
		this.#sample = { latitudeDegrees: 0, longitudeDegrees: 0 };
		this.#began = options.clock.ticks;
		this.#retry = options.clock.alarm(this);
		this.onAlarm();
	}

	get identification(): { readonly model: string } {
		return { model: 'NMEA 0183' };
	}

	/** Sentences with a right checksum, and those without, since the start. */
	get sentences(): { readonly good: number; readonly bad: number } {
		return { good: this.#reader.good, bad: this.#reader.bad };
	}

	/** There is nothing to set. */
	configure(): void {}

	start(): void {
		if (this.#closed) throw new Fault('misuse', 'gps: closed');
		this.#asked = this.#options.clock.ticks;
	}

	get ready(): boolean {
		const { clock, patience = 2_500 } = this.#options;
		return this.#isFresh() || this.#io === undefined || clock.ticks - this.#asked > patience;
	}

	get missing(): Missing {
		return this.#missing;
	}

	sample(): Sample | undefined {
		if (this.#closed) throw new Fault('misuse', 'gps: closed');
		if (this.#isFresh()) {
			this.#missing = NONE;
			return this.#sample;
		}
		const { clock } = this.#options;
		if (!this.#io && this.#fault) {
			this.#missing = SILENT;
			throw this.#fault;
		}
		const quiet = clock.ticks - (this.#heardAt ?? this.#began);
		if (quiet > SILENCE) {
			this.#missing = this.#reader.bad > 0 && this.#heardAt === undefined ? GARBLED : SILENT;
			throw new Fault('timeout', `gps: no sentence for ${Math.round(quiet / 1000)} s`);
		}
		this.#missing = this.#poor ? POOR : NO_FIX;
		return undefined;
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#retry.clear();
		this.#io?.close();
		this.#io = undefined;
	}

	#isFresh(): boolean {
		const { clock, validity = 10_000 } = this.#options;
		return this.#placedAt !== undefined && clock.ticks - this.#placedAt <= validity;
	}

	onAlarm(): void {
		const { sensor, baud = BAUD } = this.#options;
		try {
			this.#io = new sensor.io({
				...sensor,
				baud,
				format: 'buffer',
				onReadable: () => this.#read(),
			} as never);
			this.#wait = FIRST_WAIT;
		} catch (thrown) {
			this.#broke(thrown);
		}
	}

	/** Nothing leaves this callback. */
	#read(): void {
		const io = this.#io;
		if (this.#closed || !io) return;
		try {
			for (let count = io.read(this.#bytes); count !== undefined && count > 0; count = io.read(this.#bytes))
				for (let at = 0; at < count; at++) if (this.#reader.push(this.#bytes[at]!)) this.#take();
		} catch (thrown) {
			this.#reader.reset();
			this.#broke(thrown);
			io.close();
		}
	}

	#broke(thrown: unknown): void {
		this.#fault = Fault.from(thrown, 'sensor');
		this.#io = undefined;
		this.#retry.set(this.#wait);
		this.#wait = Math.min(LONGEST_WAIT, 2 * this.#wait);
	}

	#take(): void {
		this.#heardAt = this.#options.clock.ticks;
		this.#fault = undefined;
		if (this.#reader.is('GGA')) this.#takePlace();
		else if (this.#reader.is('RMC')) this.#takeWarning();
	}

	/** $--GGA: time, latitude, N or S, longitude, E or W, quality, satellites, dilution, … */
	#takePlace(): void {
		const reader = this.#reader;
		const { largestDilution = 10 } = this.#options;
		this.#ggaTime = reader.number(1) ?? -1;
		const quality = reader.number(6);
		const dilution = reader.number(8);
		if (quality === undefined || quality < 1 || quality >= MEASURED_BELOW) {
			this.#poor = false;
			return;
		}
		this.#poor = dilution === undefined || dilution > largestDilution;
		const latitude = reader.angle(2, 2, 'N', 'S');
		const longitude = reader.angle(4, 3, 'E', 'W');
		if (this.#poor || latitude === undefined || longitude === undefined) return;
		if (this.#warned && this.#rmcTime === this.#ggaTime) return;
		this.#sample.latitudeDegrees = latitude;
		this.#sample.longitudeDegrees = longitude;
		this.#placedAt = this.#options.clock.ticks;
	}

	/** $--RMC: time, A or V (a warning), … It may come before or behind the GGA of the same moment. */
	#takeWarning(): void {
		this.#rmcTime = this.#reader.number(1) ?? -1;
		this.#warned = this.#reader.letter(2) !== 'A';
		if (this.#warned && this.#rmcTime === this.#ggaTime) this.#placedAt = undefined;
	}
}
