import type { Random32, Sample, Sensor } from '../../../modules/ports';
import { normal } from '../random';

/** A quantity that wanders around its mean and is drawn back to it (Ornstein and Uhlenbeck). */
class Wander {
	readonly #mean: number;
	readonly #spread: number;
	readonly #relaxation: number;
	readonly #random32: Random32;
	#offset: number;

	/** @param relaxation seconds in which an offset shrinks to 1/e */
	constructor(mean: number, spread: number, relaxation: number, random32: Random32) {
		this.#mean = mean;
		this.#spread = spread;
		this.#relaxation = relaxation;
		this.#random32 = random32;
		this.#offset = spread * normal(random32);
	}

	after(seconds: number): number {
		const kept = Math.exp(-seconds / this.#relaxation);
		this.#offset = kept * this.#offset + this.#spread * Math.sqrt(1 - kept * kept) * normal(this.#random32);
		return this.#mean + this.#offset;
	}
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** From full to empty in this many seconds: a day. */
const BATTERY_SECONDS = 86_400;

/**
 * A healthy adult at rest in Dakar, as each sensor would see them: values that move as a person's do, the same for
 * the same seed and the same times of asking.
 */
export class Person {
	readonly #seconds: () => number;
	readonly #wanders: Readonly<Record<string, Wander>>;
	#asked = 0;
	#last: Required<Sample> | undefined;
	/** On the sensor: else no sensor sees a heart rate or an SpO2. */
	finger = true;
	/** Instead of a healthy temperature. */
	feverCelsius: number | undefined;

	/** @param seconds the person's own time; it only grows */
	constructor(random32: Random32, seconds: () => number) {
		this.#seconds = seconds;
		this.#asked = seconds();
		this.#wanders = {
			temperature: new Wander(36.7, 0.2, 3_600, random32),
			humidity: new Wander(48, 4, 1_800, random32),
			// At rest it takes minutes: an estimate over ten seconds can follow it.
			heartRate: new Wander(68, 5, 900, random32),
			spo2: new Wander(97.4, 0.6, 900, random32),
			latitude: new Wander(14.6937, 0.0003, 600, random32),
			longitude: new Wander(-17.4441, 0.0003, 600, random32),
		};
	}

	/** Everything at once, so that the order in which sensors are asked does not matter; new once a second. */
	measure(): Required<Sample> {
		const now = this.#seconds();
		const passed = now - this.#asked;
		if (this.#last && passed < 1) return this.#felt(this.#last);
		this.#asked = now;
		const after = (name: string): number => this.#wanders[name]!.after(passed);
		this.#last = {
			temperatureCelsius: clamp(after('temperature'), 35, 42),
			humidityPercent: clamp(after('humidity'), 5, 95),
			heartRateBpm: Math.round(clamp(after('heartRate'), 45, 130)),
			spo2Percent: clamp(after('spo2'), 90, 100),
			batteryPercent: clamp(100 - (100 * now) / BATTERY_SECONDS, 0, 100),
			latitudeDegrees: after('latitude'),
			longitudeDegrees: after('longitude'),
		};
		return this.#felt(this.#last);
	}

	#felt(last: Required<Sample>): Required<Sample> {
		return this.feverCelsius === undefined ? last : { ...last, temperatureCelsius: this.feverCelsius };
	}
}

/** All that is worn by a person, as one sensor. */
export function personSensor(person: Person): Sensor {
	return {
		name: 'person',
		sample() {
			const { heartRateBpm, spo2Percent, ...rest } = person.measure();
			return person.finger ? { ...rest, heartRateBpm, spo2Percent } : rest;
		},
		close() {},
	};
}

/** The same, with a heart that is watched all the time. */
export function livePersonSensor(person: Person): Sensor {
	return {
		...personSensor(person),
		live() {
			const { heartRateBpm, spo2Percent } = person.measure();
			return person.finger ? { heartRateBpm, spo2Percent } : undefined;
		},
	};
}
