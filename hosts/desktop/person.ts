import type { Sample, Sensor } from '../../modules/ports';

/** A quantity that swings around its middle with two periods that do not fit each other, and trembles. */
interface Swing {
	readonly middle: number;
	readonly width: number;
	/** Seconds. */
	readonly period: number;
}

const swing = (middle: number, width: number, period: number): Swing => Object.freeze({ middle, width, period });

const TEMPERATURE = swing(36.7, 0.3, 5_400);
const HUMIDITY = swing(48, 5, 1_900);
const HEART_RATE = swing(68, 8, 95);
const SPO2 = swing(97.4, 0.8, 240);
const LATITUDE = swing(14.6937, 0.0004, 700);
const LONGITUDE = swing(-17.4441, 0.0004, 830);

/** From full to empty and full again: a day. */
const BATTERY_SECONDS = 86_400;

/** A healthy adult at rest in Dakar: the same for the same seed and the same time, so that a restart makes no jump. */
export class PersonSensor implements Sensor {
	readonly name = 'person';
	readonly #seed: number;
	readonly #time: () => number;

	/** @param time epoch milliseconds */
	constructor(seed: number, time: () => number) {
		this.#seed = seed >>> 0;
		this.#time = time;
	}

	sample(): Sample {
		const seconds = this.#time() / 1000;
		return {
			temperatureCelsius: this.#at(TEMPERATURE, seconds, 1),
			humidityPercent: this.#at(HUMIDITY, seconds, 2),
			...this.#pulse(seconds),
			batteryPercent: 100 - (100 * (seconds % BATTERY_SECONDS)) / BATTERY_SECONDS,
			latitudeDegrees: this.#at(LATITUDE, seconds, 5),
			longitudeDegrees: this.#at(LONGITUDE, seconds, 6),
		};
	}

	/** A finger that never slips: there is always somebody for the WebSocket to show. */
	live(): Sample {
		return this.#pulse(this.#time() / 1000);
	}

	close(): void {}

	#pulse(seconds: number): Sample {
		return {
			heartRateBpm: Math.round(this.#at(HEART_RATE, seconds, 3)),
			spo2Percent: this.#at(SPO2, seconds, 4),
		};
	}

	#at({ middle, width, period }: Swing, seconds: number, salt: number): number {
		const phase = hash(this.#seed, salt) / 2 ** 32;
		const slow = Math.sin(2 * Math.PI * (seconds / period + phase));
		const fast = Math.sin(2 * Math.PI * ((seconds * 1.618) / period + 3 * phase));
		const tremble = hash(this.#seed ^ salt, Math.floor(seconds * 1000)) / 2 ** 31 - 1;
		return middle + width * (0.6 * slow + 0.3 * fast + 0.1 * tremble);
	}
}

/** 32 bits that look like chance (Wellons's lowbias32). */
function hash(seed: number, value: number): number {
	let x = seed ^ Math.imul(value | 0, 0x9e37_79b1);
	x = Math.imul(x ^ (x >>> 16), 0x7feb_352d);
	x = Math.imul(x ^ (x >>> 15), 0x846c_a68b);
	return (x ^ (x >>> 16)) >>> 0;
}
