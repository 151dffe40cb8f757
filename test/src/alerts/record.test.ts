import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../modules/fault';
import { alertType, Kind } from '../../../src/alerts/kinds';
import { quantities } from '../../../src/alerts/quantities';
import { ALERT_BYTE_LENGTH, type Alert, packAlert, unpackAlert } from '../../../src/alerts/record';
import { alertText } from '../../../src/alerts/words';

const format = readFileSync(resolve(import.meta.dirname, '../../../src/alerts/FORMAT.md'), 'utf8');
const vectors = [...format.matchAll(/^\| `(\{.*\})` \| `([0-9a-f ]+)` \|$/gm)].map((match) => ({
	alert: JSON.parse(match[1]!) as Alert,
	hex: match[2]!.replaceAll(' ', ''),
}));

const kinds = Array.from({ length: 256 }, (_, kind) => kind).filter((kind) => alertType(kind) !== undefined);
const number = fc.option(fc.integer({ min: -(2 ** 23), max: 2 ** 23 - 2 }), { nil: undefined });
const alerts: fc.Arbitrary<Alert> = fc.record({
	stamp: fc.oneof(
		fc.record({ epochMilliseconds: fc.integer({ min: 0, max: 2 ** 42 - 1 }) }),
		fc.record({
			boot: fc.integer({ min: 0, max: 4095 }),
			uptimeMilliseconds: fc.integer({ min: 0, max: 2 ** 30 - 1 }).map((units) => units * 10),
		}),
	),
	kind: fc.constantFrom(...kinds),
	value: number,
	threshold: number,
});

describe('a packed alert', () => {
	test.each(vectors)('is, byte for byte, vector $hex', ({ alert, hex }) => {
		const bytes = new Uint8Array(ALERT_BYTE_LENGTH);
		packAlert(alert, bytes);
		expect(Buffer.from(bytes).toString('hex')).toBe(hex);
		expect(JSON.parse(JSON.stringify(unpackAlert(Buffer.from(hex, 'hex'))))).toEqual(alert);
	});

	test('has vectors of dated and undated ones, with and without numbers', () => {
		expect(vectors.length).toBeGreaterThanOrEqual(6);
	});

	test('comes back as it went in, whatever the bytes held before', () => {
		fc.assert(
			fc.property(alerts, fc.uint8Array({ minLength: 13, maxLength: 13 }), (alert, bytes) => {
				packAlert(alert, bytes);
				expect(unpackAlert(bytes)).toEqual(alert);
			}),
			{ numRuns: 3_000 },
		);
	});

	test('of any 13 bytes gives a known kind or a Fault, and packs again to the same bytes', () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 13, maxLength: 13 }), fc.boolean(), (bytes, likely) => {
				if (likely) bytes[0] = 0x10 | (bytes[0]! & 0xf);
				let alert: Alert;
				try {
					alert = unpackAlert(bytes);
				} catch (thrown) {
					expect((thrown as Fault).code).toBe('malformed');
					return;
				}
				expect(alertType(alert.kind)).toBeTypeOf('string');
				const again = new Uint8Array(13);
				packAlert(alert, again);
				expect(again).toEqual(bytes);
			}),
			{ numRuns: 5_000 },
		);
	});

	test('keeps of a number without room the nearest that has', () => {
		const bytes = new Uint8Array(13);
		packAlert({ stamp: { epochMilliseconds: 0 }, kind: 65, value: 4e9, threshold: -4e9 }, bytes);
		expect(unpackAlert(bytes)).toMatchObject({ value: 8_388_606, threshold: -8_388_608 });
	});

	test('of no kind is not written', () => {
		const bytes = new Uint8Array(13);
		expect(() => packAlert({ stamp: { epochMilliseconds: 0 }, kind: 66, value: 1, threshold: 1 }, bytes)).toThrow(
			Fault,
		);
		expect(bytes).toEqual(new Uint8Array(13));
	});
});

describe('an alert in words', () => {
	test('of every kind has a type of its own and a sentence in both languages', () => {
		expect(kinds).toHaveLength(quantities.length * 5 + 2);
		expect(new Set(kinds.map(alertType)).size).toBe(kinds.length);
		for (const kind of kinds) {
			const [en, fr] = (['en', 'fr'] as const).map((language) => alertText(language, kind, 12.5, 40));
			expect(en).not.toMatch(/undefined|\?/);
			expect(fr).not.toMatch(/undefined|\?/);
			expect(en).not.toBe(fr);
		}
	});

	test.each([
		[1, 39.6, 39.1, 'Temperature 39.6 °C, at or above 39.1 °C', 'Température 39,6 °C, supérieure ou égale à 39,1 °C'],
		[
			24,
			90.5,
			91,
			'Oxygen saturation 90.5 %, at or below 91 %',
			'Saturation en oxygène 90,5 %, inférieure ou égale à 91 %',
		],
		[
			18,
			-42,
			-40,
			'Heart rate falls by 42 bpm a minute; threshold 40 bpm',
			'Fréquence cardiaque baisse de 42 bpm par minute ; seuil 40 bpm',
		],
		[
			20,
			undefined,
			5,
			'Heart rate: no value any more, for readings in a row: 5',
			'Fréquence cardiaque : plus aucune valeur, mesures de suite : 5',
		],
		[32, 12, 15, 'Battery 12 %, at or below 15 %', 'Batterie 12 %, inférieure ou égale à 15 %'],
		[Kind.STORAGE_NEARLY_FULL, 81, 80, 'Journal nearly full: 81 %', 'Journal presque plein : 81 %'],
	] as const)('kind %i', (kind, value, threshold, en, fr) => {
		expect(alertText('en', kind, value, threshold)).toBe(en);
		expect(alertText('fr', kind, value, threshold)).toBe(fr);
	});
});
