import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonError, parseJson } from '../../../hosts/server/json';

const hasProto = (text: string): boolean => text.includes('__proto__') || text.includes('\\u');

describe('strict JSON', () => {
	test.each([
		['{"heart_rate":NaN}', 'heart_rate: NaN is not JSON'],
		['{"spo2":-Infinity}', 'spo2: -Infinity is not JSON'],
		['{"data":{"temperature":nan}}', 'data.temperature: nan is not JSON'],
		['{"temperature":36.6,"temperature":20}', 'temperature: given twice'],
		['{"temperature":36.6,"temper\\u0061ture":20}', 'temperature: given twice'],
		['{"__proto__":{"admin":true}}', '__proto__: not a name that is taken'],
		['{"a":{"__proto__":1}}', 'a.__proto__: not a name that is taken'],
		['{"temperature":1e999}', 'temperature: a number too large'],
		['{"temperature":01}', 'temperature: "," or "}" is missing'],
		['{"temperature":+1}', 'temperature: +1 is not JSON'],
		['{"temperature":', 'temperature: ends too early'],
		['{"temperature":36', 'temperature: ends too early'],
		['{"a":"b\nc"}', 'a: a string that does not end, or holds what JSON forbids'],
		['{"a" 1}', 'a: ":" is missing'],
		['{a:1}', 'body: a name in double quotes must stand here'],
		['[1,]', '1: this is not JSON'],
		['{} {}', 'body: something follows the JSON'],
		['', 'body: ends too early'],
		['[[[[[[[[[1]]]]]]]]]', '0.0.0.0.0.0.0.0.0: nested deeper than 8'],
		[`{"${'x'.repeat(100)}\\u0007":NaN}`, `${'x'.repeat(40)}: NaN is not JSON`],
		['{"a\\nb":NaN}', 'a?b: NaN is not JSON'],
	])('refuses %s', (text, message) => {
		expect(() => parseJson(text)).toThrow(new JsonError(message));
	});

	test('reads what JSON.parse reads, and the same', () => {
		fc.assert(
			fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(undefined, ' ', '\t'), (text, space) => {
				fc.pre(!hasProto(text));
				const value = JSON.parse(text);
				expect(parseJson(JSON.stringify(value, undefined, space))).toEqual(value);
			}),
			{ numRuns: 3_000 },
		);
	});

	test('reads every decimal number to the same double as JSON.parse', () => {
		const digits = fc.stringMatching(/^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?$/);
		fc.assert(
			fc.property(digits, (text) => {
				if (!Object.is(parseJson(text), JSON.parse(text))) throw new Error(text);
			}),
			{ numRuns: 20_000 },
		);
	});

	test('refuses what JSON.parse refuses', () => {
		const broken = fc
			.tuple(
				fc.json({ maxDepth: 3 }),
				fc.nat(),
				fc.constantFrom('', '"', '\\', '{', ']', ',', ':', '-', '0', 'e', '\0'),
			)
			.map(([text, at, put]) => text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + 1));
		fc.assert(
			fc.property(broken, (text) => {
				let expected: unknown;
				try {
					expected = JSON.parse(text);
				} catch {
					expect(() => parseJson(text)).toThrow();
					return;
				}
				// A key may have become one that is there already, or the document deep: those we refuse, and only those.
				try {
					expect(parseJson(text)).toEqual(expected);
				} catch (error) {
					expect((error as Error).message).toMatch(/given twice|not a name that is taken|a number too large/);
				}
			}),
			{ numRuns: 5_000 },
		);
	});
});
