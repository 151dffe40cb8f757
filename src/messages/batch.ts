import { Fault } from '../../modules/fault';
import type { Reading } from '../sensing/reading';
import { scaled } from './reading';

/**
 * Several readings in one POST (guide section 2.1, wire.md). A measurement has the fields of the guide's model only, and its
 * time as text, since the guide's view hands each one to its model as it is. What that model lacks stands beside, in the same
 * order: the ids and, if any reading has one, the places.
 *
 * It is written straight into bytes: as text it would be in RAM three times.
 */
export class Batch {
	readonly #bytes: Uint8Array<ArrayBuffer>;
	#length = 0;
	readonly #epoch: string;
	readonly #sequences: number[] = [];
	/** Two for each reading, in 0.00001°; NOWHERE where it has none. Undefined: none of them has one. */
	#places: Int32Array | undefined;

	/**
	 * @param deviceId ASCII
	 * @param now epoch milliseconds
	 * @param epoch of the journal, as in a reading id
	 * @param capacity bytes
	 */
	constructor(deviceId: string, now: number | undefined, epoch: string, capacity: number) {
		this.#bytes = new Uint8Array(capacity);
		this.#epoch = epoch;
		const head = JSON.stringify({ device_id: deviceId, batch_timestamp: now });
		this.#write(head.slice(0, -1));
		this.#write(',"measurements":[');
	}

	/** Bytes that so many readings take at most. */
	static bytesFor(count: number): number {
		return HEAD + FRAME + count * (MEASUREMENT + BESIDE);
	}

	get sequences(): readonly number[] {
		return this.#sequences;
	}

	/**
	 * False when there is no room for it.
	 * @param timestamp epoch milliseconds
	 */
	add(sequence: number, timestamp: number, reading: Reading): boolean {
		const measurement = JSON.stringify({
			timestamp: new Date(timestamp).toISOString(),
			temperature: scaled(reading.centiCelsius, 100),
			humidity: scaled(reading.humidityBasisPoints, 100),
			heart_rate: reading.heartRateBpm,
			spo2: scaled(reading.spo2PerMille, 10),
			battery_level: reading.batteryPercent,
		});
		const beside = FRAME + (this.#sequences.length + 1) * BESIDE;
		if (this.#length + 1 + measurement.length + beside > this.#bytes.length) return false;
		if (this.#sequences.length > 0) this.#write(',');
		this.#write(measurement);
		const at = 2 * this.#sequences.length;
		this.#sequences.push(sequence);
		const { latitudeTenMicrodegrees: latitude, longitudeTenMicrodegrees: longitude } = reading;
		if (latitude === undefined || longitude === undefined) return true;
		this.#places ??= new Int32Array(2 * Math.ceil(this.#bytes.length / LEAST)).fill(NOWHERE);
		this.#places[at] = latitude;
		this.#places[at + 1] = longitude;
		return true;
	}

	/** first..last */
	get name(): string {
		return `${this.#epoch}-${this.#sequences[0]}..${this.#epoch}-${this.#sequences.at(-1)}`;
	}

	/** The message, without a copy of it; nothing may be added after it. */
	finish(): Uint8Array {
		this.#write('],"reading_ids":[');
		this.#sequences.forEach((sequence, index) => {
			this.#write(`${index > 0 ? ',' : ''}"${this.#epoch}-${sequence}"`);
		});
		const places = this.#places;
		if (places) {
			this.#write('],"locations":[');
			for (let index = 0; index < this.#sequences.length; index++) {
				const latitude = places[2 * index]!;
				const place = latitude === NOWHERE ? 'null' : `[${latitude / 1e5},${places[2 * index + 1]! / 1e5}]`;
				this.#write(index > 0 ? `,${place}` : place);
			}
		}
		this.#write(']}');
		return this.#bytes.subarray(0, this.#length);
	}

	#write(text: string): void {
		if (this.#length + text.length > this.#bytes.length) throw new Fault('misuse', 'batch: no room was left');
		for (let at = 0; at < text.length; at++) this.#bytes[this.#length++] = text.charCodeAt(at);
	}
}

/** No latitude is this. */
const NOWHERE = 0x7fff_ffff;

/** Of what stands before the lists, with a device id of 64 characters. */
const HEAD = 128;
/** Of a measurement with all its fields, and a comma. */
const MEASUREMENT = 128;
/** Of the keys and brackets around the lists. */
const FRAME = 48;
/** Of a reading beside its measurement: its id, 8 + 1 + 10 in quotes, and its place, each with a comma. */
const BESIDE = 22 + 24;
/** Of a reading that has nothing but its time: no batch holds more of them. */
const LEAST = 40 + BESIDE;
