import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../modules/fault';
import { type JsonObject, parseJson } from '../../../modules/text/json';
import { quantities } from '../../../src/alerts/quantities';
import { mergeThresholds, parseThresholds } from '../../../src/alerts/thresholds';

const object = (text: string): JsonObject => parseJson(text, { depth: 4, values: 64 }) as JsonObject;

describe('thresholds', () => {
	test('that nobody set are those of NEWS2, in the units of a reading', () => {
		expect(parseThresholds('')).toEqual([
			{ low: 3_500, high: 3_910, hysteresis: 30, ratePerMinute: undefined },
			{ low: undefined, high: undefined, hysteresis: 500, ratePerMinute: undefined },
			{ low: 40, high: 131, hysteresis: 5, ratePerMinute: undefined },
			{ low: 910, high: undefined, hysteresis: 20, ratePerMinute: undefined },
			{ low: 15, high: undefined, hysteresis: 5, ratePerMinute: undefined },
		]);
	});

	test('are set one by one over the defaults; null turns one off', () => {
		const [temperature, , heartRate] = parseThresholds(
			'{"heart_rate":{"low":null,"ratePerMinute":30},"temperature":{"high":38.5}}',
		);
		expect(temperature).toEqual({ low: 3_500, high: 3_850, hysteresis: 30, ratePerMinute: undefined });
		expect(heartRate).toEqual({ low: undefined, high: 131, hysteresis: 5, ratePerMinute: 30 });
	});

	test('are merged: what is not named stays', () => {
		const first = mergeThresholds('', object('{"spo2":{"low":88},"heart_rate":{"high":120}}'));
		const second = mergeThresholds(first, object('{"heart_rate":{"hysteresis":2}}'));
		expect(JSON.parse(second)).toEqual({ spo2: { low: 88 }, heart_rate: { high: 120, hysteresis: 2 } });
	});

	test.each([
		['[]', 'not an object'],
		['{"pressure":{}}', 'no such quantity; there are temperature, humidity, heart_rate, spo2, battery_level'],
		['{"spo2":7}', 'spo2: not an object'],
		['{"spo2":{"lowest":7}}', 'spo2: no such threshold; there are low, high, hysteresis, ratePerMinute'],
		['{"spo2":{"low":"90"}}', 'spo2.low: not a number'],
		['{"spo2":{"low":101}}', 'spo2.low: 101 is above 100'],
		['{"temperature":{"high":-41}}', 'temperature.high: -41 is below -40'],
		['{"temperature":{"low":40}}', 'temperature.low: 40 is not below temperature.high (39.1)'],
		['{"temperature":{"hysteresis":5}}', 'temperature.hysteresis: 5 is above 4.1, high − low'],
		['{"temperature":{"hysteresis":null}}', 'temperature.hysteresis: not a number'],
		['{"heart_rate":{"ratePerMinute":0}}', 'heart_rate.ratePerMinute: 0 is below 1'],
		['{"heart_rate":{"low":1,"low":2}}', 'JSON: a name given twice at character 28'],
		['{"heart_rate":{"low":{"low":{}}}}', 'JSON: deeper than 2'],
	])('%s is refused: %s', (text, message) => {
		expect(() => parseThresholds(text)).toThrow(message);
	});

	test('from anywhere are within the bounds of their quantity, or refused by a Fault', () => {
		const values = fc.oneof(fc.double(), fc.integer({ min: -50, max: 310 }), fc.constant(null));
		const names = fc.constantFrom(...quantities.map(({ name }) => name));
		const words = fc.constantFrom('low', 'high', 'hysteresis', 'ratePerMinute');
		fc.assert(
			fc.property(fc.dictionary(names, fc.dictionary(words, values)), (given) => {
				try {
					parseThresholds(JSON.stringify(given)).forEach(({ low, high, hysteresis, ratePerMinute }, index) => {
						const { minimum, maximum, scale } = quantities[index]!;
						for (const bound of [low, high].filter((each) => each !== undefined)) {
							expect(Number.isInteger(bound)).toBe(true);
							expect(bound).toBeGreaterThanOrEqual(minimum * scale);
							expect(bound).toBeLessThanOrEqual(maximum * scale);
						}
						if (low !== undefined && high !== undefined) expect(low + hysteresis).toBeLessThanOrEqual(high);
						if (ratePerMinute !== undefined) expect(ratePerMinute).toBeGreaterThanOrEqual(1);
					});
				} catch (thrown) {
					if (!(thrown instanceof Fault)) throw thrown;
				}
			}),
			{ numRuns: 3_000 },
		);
	});
});
