import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../modules/fault';
import { formatJson, JsonObject, type JsonValue, parseJson } from '../../../modules/text/json';

const WIDE = { depth: 64, values: 100_000 };

/** As JSON.parse has it. */
function plain(value: JsonValue): unknown {
	if (value instanceof JsonObject) {
		const result = Object.create(null) as Record<string, unknown>;
		value.names.forEach((name, at) => {
			result[name] = plain(value.values[at]!);
		});
		return result;
	}
	return Array.isArray(value) ? value.map(plain) : value;
}

const wellFormed = (text: string): boolean => !/[\ud800-\udfff]/u.test(text);

function refusal(text: string, bounds = WIDE): string {
	try {
		parseJson(text, bounds);
	} catch (thrown) {
		expect(thrown).toBeInstanceOf(Fault);
		return (thrown as Fault).message;
	}
	throw new Error(`taken: ${text}`);
}

describe('JSON', () => {
	test('of any value is what JSON.parse makes of it', () => {
		fc.assert(
			fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(undefined, '\t', ' '), (value, space) => {
				const text = JSON.stringify(value, undefined, space);
				fc.pre(wellFormed(JSON.stringify(value)) && !text.includes('\\ud'));
				const parsed = parseJson(text, WIDE);
				expect(JSON.stringify(plain(parsed))).toBe(JSON.stringify(JSON.parse(text)));
				expect(JSON.stringify(JSON.parse(formatJson(parsed)))).toBe(JSON.stringify(JSON.parse(text)));
			}),
			{ numRuns: 2_000, seed: 5 },
		);
	});

	test('that JSON.parse refuses is refused, and what is taken is taken alike, whatever the characters', () => {
		const seeds = [
			'{"a":[1,-2.5e+3,"x\\u00e9\\n"],"b":{"c":null}}',
			'[true,false,"\\ud83d\\ude00"]',
			'-0.1E-7',
			'"\\/"',
		];
		const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...'{}[]":,\\u0e+-. \u0001x\ud800'), fc.nat(2)), {
			minLength: 1,
			maxLength: 4,
		});
		fc.assert(
			fc.property(fc.constantFrom(...seeds), changes, (seed, list) => {
				let text = seed;
				for (const [at, letter, kind] of list) {
					const place = at % (text.length + 1);
					text = text.slice(0, place) + (kind === 0 ? '' : letter) + text.slice(kind === 2 ? place : place + 1);
				}
				let standard: unknown;
				let isGood = true;
				try {
					standard = JSON.parse(text);
				} catch {
					isGood = false;
				}
				let mine: unknown;
				try {
					mine = plain(parseJson(text, WIDE));
				} catch (thrown) {
					expect(thrown).toBeInstanceOf(Fault);
					// Stricter: these alone.
					if (isGood) expect((thrown as Fault).message).toMatch(/given twice|lone surrogate|too large/);
					return;
				}
				expect(isGood, text).toBe(true);
				expect(JSON.stringify(mine)).toBe(JSON.stringify(standard));
			}),
			{ numRuns: 10_000, seed: 6 },
		);
	});

	test.each([
		['{"a":1,"\\u0061":2}', 'JSON: a name given twice at character 15'],
		['"\\ud800"', 'JSON: a lone surrogate at character 8'],
		['1e999', 'JSON: a number too large at character 5'],
		['{"a"', 'JSON: no ":" at character 4'],
		['', 'JSON: no value at character 0'],
		['1 2', 'JSON: more than one value at character 2'],
		['"a', 'JSON: an open string at character 2'],
		['01', 'JSON: more than one value at character 1'],
	])('%s is refused: %s', (text, message) => {
		expect(refusal(text)).toBe(message);
	});

	test('deeper, or of more values, than allowed is refused before it is read', () => {
		expect(refusal('['.repeat(1_000_000), { depth: 4, values: 100 })).toBe('JSON: deeper than 4');
		expect(refusal(`[${'1,'.repeat(1_000_000)}1]`, { depth: 4, values: 100 })).toBe('JSON: too many values');
		expect(parseJson('[[[[]]]]', { depth: 4, values: 4 })).toEqual([[[[]]]]);
	});

	test('names of objects are no properties', () => {
		const value = parseJson('{"__proto__":{"x":1},"constructor":2}', WIDE) as JsonObject;
		expect((value.get('__proto__') as JsonObject).get('x')).toBe(1);
		expect(value.get('constructor')).toBe(2);
		expect(value.get('toString')).toBeUndefined();
	});
});
