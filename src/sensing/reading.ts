import { Fault } from '../../modules/fault';
import type { Sample } from '../../modules/ports';
import { Bits } from './bits';

/**
 * A reading as it is kept: whole numbers with their unit in the name. A quantity that no sensor gave, or that could
 * not be trusted, is undefined: never 0, never NaN.
 */
export interface Reading {
	/** When it was taken. */
	stamp: Stamp;
	/** 0.01 °C: −4,000 to 12,382. */
	centiCelsius: number | undefined;
	/** 0.01 % relative humidity: 0 to 10,000. */
	humidityBasisPoints: number | undefined;
	/** Beats a minute: 1 to 300. */
	heartRateBpm: number | undefined;
	/** 0.1 % oxygen saturation: 1 to 1,000. */
	spo2PerMille: number | undefined;
	/** % of charge: 0 to 100. */
	batteryPercent: number | undefined;
	/** 0.00001° (1.1 m) north: −9,000,000 to 9,000,000. Place is both coordinates or neither. */
	latitudeTenMicrodegrees: number | undefined;
	/** 0.00001° east: −18,000,000 to 18,000,000. */
	longitudeTenMicrodegrees: number | undefined;
}

/** Epoch milliseconds (to the year 2109), or the boot and its uptime while nobody has told the time. */
export type Stamp =
	| { readonly epochMilliseconds: number }
	| { readonly boot: number; readonly uptimeMilliseconds: number };

/** Bytes of a packed reading: 19, so that with its CRC and its mark it costs 24 in the journal. See FORMAT.md. */
export const READING_BYTE_LENGTH = 19;

/** Boots are numbered modulo this. */
export const BOOT_MODULUS = 4096;

const DATED = 1;
const UNDATED = 2;
/** Uptime of an undated reading is kept in this unit, so that 30 bits last 124 days. */
const UPTIME_UNIT_MILLISECONDS = 10;

interface Field {
	readonly name: keyof Omit<Reading, 'stamp'>;
	readonly from: keyof Sample;
	readonly scale: number;
	readonly minimum: number;
	readonly maximum: number;
	readonly bits: number;
	/** What a zero in the packed form stands for. */
	readonly base: number;
}

const field = (
	name: Field['name'],
	from: Field['from'],
	scale: number,
	minimum: number,
	maximum: number,
	bits: number,
	base = 0,
): Field => Object.freeze({ name, from, scale, minimum, maximum, bits, base });

/** In packed order. The all-ones code of a field means absent; codes between its maximum and that are reserved. */
const fields: readonly Field[] = Object.freeze([
	field('centiCelsius', 'temperatureCelsius', 100, -4_000, 12_382, 14, -4_000),
	field('humidityBasisPoints', 'humidityPercent', 100, 0, 10_000, 14),
	field('heartRateBpm', 'heartRateBpm', 1, 1, 300, 9),
	field('spo2PerMille', 'spo2Percent', 10, 1, 1_000, 10),
	field('batteryPercent', 'batteryPercent', 1, 0, 100, 7),
	field('latitudeTenMicrodegrees', 'latitudeDegrees', 1e5, -9_000_000, 9_000_000, 25, -9_000_000),
	field('longitudeTenMicrodegrees', 'longitudeDegrees', 1e5, -18_000_000, 18_000_000, 26, -18_000_000),
]);

/**
 * Rounds what the sensors gave to whole units. What is not a number or lies outside its field's bounds becomes absent,
 * and `onRefused` is told its name: a bus fault must not become a fever.
 */
export function quantise(
	sample: Sample,
	stamp: Stamp,
	onRefused?: (name: keyof Sample, value: unknown) => void,
): Reading {
	const reading = { stamp } as Reading;
	for (const { name, from, scale, minimum, maximum } of fields) {
		const value: unknown = sample[from];
		const rounded = typeof value === 'number' ? Math.round(value * scale) : Number.NaN;
		const good = rounded >= minimum && rounded <= maximum;
		// "+ 0" so that −0 never reaches a comparison or a message.
		reading[name] = good ? rounded + 0 : undefined;
		if (!good && value !== undefined) onRefused?.(from, value);
	}
	if (reading.latitudeTenMicrodegrees === undefined || reading.longitudeTenMicrodegrees === undefined) {
		reading.latitudeTenMicrodegrees = undefined;
		reading.longitudeTenMicrodegrees = undefined;
	}
	return reading;
}

/**
 * Writes a reading into `bytes` (19 of them).
 * @throws Fault 'range' when the stamp or a quantity is outside its bounds: quantise() makes none such.
 */
export function packReading(reading: Reading, bytes: Uint8Array): void {
	const bits = new Bits(bytes);
	writeStamp(reading.stamp, bits);
	for (const { name, bits: width, base, minimum, maximum } of fields) {
		const value = reading[name];
		if (value !== undefined) checkRange(name, value, minimum, maximum);
		bits.write(width, value === undefined ? 2 ** width - 1 : value - base);
	}
	bits.write(1, 0);
}

/**
 * Reads what packReading() wrote.
 * @throws Fault 'malformed' when the bytes are no reading of this format.
 */
export function unpackReading(bytes: Uint8Array): Reading {
	const bits = new Bits(bytes);
	const reading = { stamp: readStamp(bits, 'reading') } as Reading;
	for (const { name, bits: width, base, minimum, maximum } of fields) {
		const value = bits.read(width) + base;
		reading[name] = value >= minimum && value <= maximum ? value : undefined;
	}
	return reading;
}

/**
 * The first 46 bits of whatever the device keeps with its time.
 * @throws Fault 'range' when the stamp is out of its bounds
 */
export function writeStamp(stamp: Stamp, bits: Bits): void {
	if ('epochMilliseconds' in stamp) {
		checkRange('epochMilliseconds', stamp.epochMilliseconds, 0, 2 ** 42 - 1);
		bits.write(4, DATED);
		bits.write(42, stamp.epochMilliseconds);
		return;
	}
	const uptime = Math.floor(stamp.uptimeMilliseconds / UPTIME_UNIT_MILLISECONDS);
	checkRange('boot', stamp.boot, 0, BOOT_MODULUS - 1);
	checkRange('uptimeMilliseconds', uptime, 0, 2 ** 30 - 1);
	bits.write(4, UNDATED);
	bits.write(12, stamp.boot);
	bits.write(30, uptime);
}

/**
 * What writeStamp() wrote.
 * @param what it is the stamp of, for the fault
 * @throws Fault 'malformed' when it is no stamp
 */
export function readStamp(bits: Bits, what: string): Stamp {
	const kind = bits.read(4);
	if (kind === DATED) return { epochMilliseconds: bits.read(42) };
	if (kind === UNDATED) return { boot: bits.read(12), uptimeMilliseconds: bits.read(30) * UPTIME_UNIT_MILLISECONDS };
	throw new Fault('malformed', `${what}: kind ${kind} is not known`);
}

function checkRange(name: string, value: number, minimum: number, maximum: number): void {
	if (!Number.isInteger(value) || value < minimum || value > maximum)
		throw new Fault('range', `${name}: ${value} is not a whole number from ${minimum} to ${maximum}`);
}
