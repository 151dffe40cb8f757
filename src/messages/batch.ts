import type { Reading } from '../sensing/reading';
import { scaled } from './reading';

/**
 * Several readings in one POST (guide section 2.1, wire.md). A measurement has the fields of the guide's model only, and its
 * time as text, since the guide's view hands each one to its model as it is. What that model lacks stands beside, in the same
 * order: the ids and, if any reading has one, the places.
 */
export class Batch {
	readonly #head: string;
	readonly #measurements: string[] = [];
	readonly #ids: string[] = [];
	readonly #places: (readonly [latitude: number, longitude: number] | null)[] = [];
	#placed = false;
	#length: number;

	/** @param now epoch milliseconds */
	constructor(deviceId: string, now: number | undefined) {
		this.#head = JSON.stringify({ device_id: deviceId, batch_timestamp: now }).slice(0, -1);
		this.#length = this.#head.length + FRAME;
	}

	get count(): number {
		return this.#ids.length;
	}

	/** How long the message is at most, in characters, all ASCII but for the device id. */
	get length(): number {
		return this.#length;
	}

	/** @param timestamp epoch milliseconds */
	add(timestamp: number, reading: Reading, id: string): void {
		const measurement = JSON.stringify({
			timestamp: new Date(timestamp).toISOString(),
			temperature: scaled(reading.centiCelsius, 100),
			humidity: scaled(reading.humidityBasisPoints, 100),
			heart_rate: reading.heartRateBpm,
			spo2: scaled(reading.spo2PerMille, 10),
			battery_level: reading.batteryPercent,
		});
		const latitude = scaled(reading.latitudeTenMicrodegrees, 1e5);
		const longitude = scaled(reading.longitudeTenMicrodegrees, 1e5);
		const isPlaced = latitude !== undefined && longitude !== undefined;
		this.#measurements.push(measurement);
		this.#ids.push(id);
		this.#places.push(isPlaced ? [latitude, longitude] : null);
		this.#placed ||= isPlaced;
		this.#length += measurement.length + id.length + PLACE;
	}

	/** first..last */
	get name(): string {
		return `${this.#ids[0]}..${this.#ids.at(-1)}`;
	}

	message(): string {
		const places = this.#placed ? `,"locations":${JSON.stringify(this.#places)}` : '';
		const ids = JSON.stringify(this.#ids);
		return `${this.#head},"measurements":[${this.#measurements.join(',')}],"reading_ids":${ids}${places}}`;
	}
}

/** Of the keys and brackets around the lists. */
const FRAME = 64;
/** Of a place with its brackets, and the commas and quotes of the other two lists. */
const PLACE = 32;
