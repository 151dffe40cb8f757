import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../modules/fault';
import {
	packReading,
	quantise,
	READING_BYTE_LENGTH,
	type Reading,
	type Stamp,
	unpackReading,
} from '../../../src/sensing/reading';

const format = readFileSync(resolve(import.meta.dirname, '../../../src/sensing/FORMAT.md'), 'utf8');
const vectors = [...format.matchAll(/^\| `(\{.*\})` \| `([0-9a-f ]+)` \|$/gm)].map((match) => ({
	reading: JSON.parse(match[1]!) as Reading,
	hex: match[2]!.replaceAll(' ', ''),
}));

const optional = (minimum: number, maximum: number): fc.Arbitrary<number | undefined> =>
	fc.option(fc.integer({ min: minimum, max: maximum }), { nil: undefined });

const stamps: fc.Arbitrary<Stamp> = fc.oneof(
	fc.record({ epochMilliseconds: fc.integer({ min: 0, max: 2 ** 42 - 1 }) }),
	fc.record({
		boot: fc.integer({ min: 0, max: 4095 }),
		uptimeMilliseconds: fc.integer({ min: 0, max: 2 ** 30 - 1 }).map((units) => units * 10),
	}),
);

const readings: fc.Arbitrary<Reading> = fc.record({
	stamp: stamps,
	centiCelsius: optional(-4_000, 12_382),
	humidityBasisPoints: optional(0, 10_000),
	heartRateBpm: optional(1, 300),
	spo2PerMille: optional(1, 1_000),
	batteryPercent: optional(0, 100),
	latitudeTenMicrodegrees: optional(-9_000_000, 9_000_000),
	longitudeTenMicrodegrees: optional(-18_000_000, 18_000_000),
});

const stamp = { epochMilliseconds: 1_767_225_600_000 };

describe('a packed reading', () => {
	test('has vectors in FORMAT.md', () => {
		expect(vectors.length).toBeGreaterThanOrEqual(4);
	});

	test.each(vectors)('is, byte for byte, vector $hex', ({ reading, hex }) => {
		const bytes = new Uint8Array(READING_BYTE_LENGTH);
		packReading(reading, bytes);
		expect(Buffer.from(bytes).toString('hex')).toBe(hex);
		expect(JSON.parse(JSON.stringify(unpackReading(Buffer.from(hex, 'hex'))))).toEqual(reading);
	});

	test('comes back as it went in, whatever the bytes held before', () => {
		fc.assert(
			fc.property(readings, fc.uint8Array({ minLength: 19, maxLength: 19 }), (reading, bytes) => {
				packReading(reading, bytes);
				expect(unpackReading(bytes)).toEqual(reading);
			}),
			{ numRuns: 5_000 },
		);
	});

	test('of any 19 bytes gives values within their bounds or a Fault, and packs again to what it said', () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 19, maxLength: 19 }), (bytes) => {
				let reading: Reading;
				try {
					reading = unpackReading(bytes);
				} catch (thrown) {
					expect((thrown as Fault).code).toBe('malformed');
					return;
				}
				const again = new Uint8Array(19);
				packReading(reading, again);
				expect(unpackReading(again)).toEqual(reading);
			}),
			{ numRuns: 5_000 },
		);
	});

	test('is refused when a quantity is out of bounds', () => {
		const reading = quantise({}, stamp);
		for (const [name, value] of [
			['centiCelsius', 12_383],
			['heartRateBpm', 0],
			['spo2PerMille', 97.5],
		] as const)
			expect(() => packReading({ ...reading, [name]: value }, new Uint8Array(19))).toThrow(`${name}: ${value}`);
		expect(() => packReading({ ...reading, stamp: { epochMilliseconds: 2 ** 42 } }, new Uint8Array(19))).toThrow(Fault);
	});
});

describe('quantising', () => {
	test('rounds to the unit of each quantity', () => {
		expect(
			quantise(
				{
					temperatureCelsius: 36.614,
					humidityPercent: 41.2,
					heartRateBpm: 72,
					spo2Percent: 97.46,
					batteryPercent: 87.6,
				},
				stamp,
			),
		).toMatchObject({
			centiCelsius: 3661,
			humidityBasisPoints: 4120,
			heartRateBpm: 72,
			spo2PerMille: 975,
			batteryPercent: 88,
		});
	});

	test('makes what is not a number, or no value a body or a room can have, absent and says so', () => {
		const refused: string[] = [];
		const reading = quantise(
			{ temperatureCelsius: Number.NaN, heartRateBpm: 0, spo2Percent: 101, humidityPercent: Number.POSITIVE_INFINITY },
			stamp,
			(name, value) => refused.push(`${name} ${value}`),
		);
		expect(reading).toEqual(quantise({}, stamp));
		expect(refused).toEqual([
			'temperatureCelsius NaN',
			'humidityPercent Infinity',
			'heartRateBpm 0',
			'spo2Percent 101',
		]);
	});

	test('keeps a place only when it has both coordinates', () => {
		expect(quantise({ latitudeDegrees: 14.6937 }, stamp).latitudeTenMicrodegrees).toBeUndefined();
		expect(quantise({ latitudeDegrees: 14.6937, longitudeDegrees: -17.4441 }, stamp)).toMatchObject({
			latitudeTenMicrodegrees: 1_469_370,
			longitudeTenMicrodegrees: -1_744_410,
		});
	});

	test('always gives something that can be packed', () => {
		const anything = fc.oneof(fc.double(), fc.constant(undefined), fc.constant('72'), fc.constant(null));
		fc.assert(
			fc.property(
				fc.record({
					temperatureCelsius: anything,
					heartRateBpm: anything,
					latitudeDegrees: anything,
					longitudeDegrees: anything,
				}),
				(sample) => {
					packReading(quantise(sample as never, stamp), new Uint8Array(19));
				},
			),
		);
	});
});
