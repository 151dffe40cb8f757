import type { Reading } from '../sensing/reading';

/** What rules are kept for. Numbers are whole, in the unit of the reading's field: 1 ÷ `scale` of `unit`. */
export interface Quantity {
	/** As in messages and settings. */
	readonly name: 'temperature' | 'humidity' | 'heart_rate' | 'spo2' | 'battery_level';
	/** What its alerts begin with. */
	readonly stem: string;
	readonly field: Exclude<keyof Reading, 'stamp' | 'latitudeTenMicrodegrees' | 'longitudeTenMicrodegrees'>;
	readonly scale: number;
	readonly unit: string;
	/** The bounds of a threshold, in `unit`. */
	readonly minimum: number;
	readonly maximum: number;
	/** What is beyond when it is at or below this, in `unit`; undefined: nothing is. */
	readonly low: number | undefined;
	/** What is beyond when it is at or above this. */
	readonly high: number | undefined;
	/** How far back within its bounds it must come before the alert is over. */
	readonly hysteresis: number;
}

/**
 * In the order of the packed form (FORMAT.md). The thresholds that nobody set:
 *
 * - temperature, heart rate, SpO2: where the National Early Warning Score gives 3 points, its word for an urgent look, or, above
 *   in temperature, its most, 2 (Royal College of Physicians, NEWS2, 2017, chart 1; SpO2 scale 1). NEWS2 takes the core
 *   temperature of an adult: a sensor on the skin, and a child, want other ones.
 * - battery: where the guide's devices have no word on it, the percentage at which this firmware spares a battery.
 * - humidity is of the room, and no table of vital signs bounds it. Nor is a rate of change in any: none is set.
 */
export const quantities: readonly Quantity[] = Object.freeze([
	Object.freeze({
		name: 'temperature',
		stem: 'temperature',
		field: 'centiCelsius',
		scale: 100,
		unit: '°C',
		minimum: -40,
		maximum: 123,
		low: 35,
		high: 39.1,
		hysteresis: 0.3,
	} as const),
	Object.freeze({
		name: 'humidity',
		stem: 'humidity',
		field: 'humidityBasisPoints',
		scale: 100,
		unit: '%',
		minimum: 0,
		maximum: 100,
		low: undefined,
		high: undefined,
		hysteresis: 5,
	} as const),
	Object.freeze({
		name: 'heart_rate',
		stem: 'heart_rate',
		field: 'heartRateBpm',
		scale: 1,
		unit: 'bpm',
		minimum: 1,
		maximum: 300,
		low: 40,
		high: 131,
		hysteresis: 5,
	} as const),
	Object.freeze({
		name: 'spo2',
		stem: 'spo2',
		field: 'spo2PerMille',
		scale: 10,
		unit: '%',
		minimum: 1,
		maximum: 100,
		low: 91,
		high: undefined,
		hysteresis: 2,
	} as const),
	Object.freeze({
		name: 'battery_level',
		stem: 'battery',
		field: 'batteryPercent',
		scale: 1,
		unit: '%',
		minimum: 0,
		maximum: 100,
		low: 15,
		high: undefined,
		hysteresis: 5,
	} as const),
]);
