import fc from 'fast-check';
import { expect, test } from 'vitest';
import { offerOfDate, parseDate } from '../../../modules/time/date-header';

const EXAMPLE = 'Sun, 06 Nov 1994 08:49:37 GMT';

test('the example of RFC 9110 is what it says', () => {
	expect(parseDate(EXAMPLE)).toBe(784_111_777_000);
});

test('whatever moment a library writes, it is read as that moment', () => {
	fc.assert(
		fc.property(fc.integer({ min: Date.UTC(1900, 0), max: Date.UTC(9999, 11, 31) }), (time) => {
			expect(parseDate(new Date(time).toUTCString())).toBe(Math.floor(time / 1000) * 1000);
		}),
		{ seed: 1, numRuns: 2000 },
	);
});

test('a leap second is the first of the next minute', () => {
	expect(parseDate('Sat, 31 Dec 2016 23:59:60 GMT')).toBe(Date.UTC(2017, 0, 1));
});

test.each([
	['empty', ''],
	['the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'],
	['the form of asctime', 'Sun Nov  6 08:49:37 1994'],
	['a zone', 'Sun, 06 Nov 1994 08:49:37 UTC'],
	['an offset', 'Sun, 06 Nov 1994 08:49:37 +00'],
	['lower case', 'sun, 06 nov 1994 08:49:37 gmt'],
	['a weekday that it was not', 'Mon, 06 Nov 1994 08:49:37 GMT'],
	['a day that there is not', 'Wed, 30 Feb 1994 08:49:37 GMT'],
	['a leap day in a year without', 'Sat, 29 Feb 2025 08:49:37 GMT'],
	['day 0', 'Mon, 00 Nov 1994 08:49:37 GMT'],
	['hour 24', 'Sun, 06 Nov 1994 24:00:00 GMT'],
	['minute 60', 'Sun, 06 Nov 1994 08:60:37 GMT'],
	['second 61', 'Sun, 06 Nov 1994 08:49:61 GMT'],
	['a sign', 'Sun, +6 Nov 1994 08:49:37 GMT'],
	['a space for a zero', 'Sun,  6 Nov 1994 08:49:37 GMT'],
	['a month across two', 'Sun, 06 anF 1994 08:49:37 GMT'],
	['year 0000', 'Sun, 06 Nov 0000 08:49:37 GMT'],
	['digits of another script', 'Sun, ٠٦ Nov 1994 08:49:37 GMT'],
	['more behind', `${EXAMPLE} `],
	['more before', ` ${EXAMPLE}`],
	['no separator', 'Sun, 06 Nov 1994 08.49.37 GMT'],
])('refused: %s', (_, text) => {
	expect(parseDate(text)).toBeUndefined();
});

test('20,000 hostile dates: what is read is what a library writes for that moment', () => {
	const spoilt = fc
		.tuple(fc.nat(28), fc.string({ unit: 'binary', maxLength: 2 }), fc.nat(28), fc.constantFrom(...EXAMPLE))
		.map(([at, put, where, letter]) => {
			const text = EXAMPLE.slice(0, at) + put + EXAMPLE.slice(at + put.length);
			return text.slice(0, where) + letter + text.slice(where + 1);
		});
	let read = 0;
	fc.assert(
		fc.property(fc.oneof(spoilt, fc.string({ unit: 'binary', maxLength: 40 })), (text) => {
			const time = parseDate(text);
			if (time === undefined) return true;
			read++;
			return new Date(time).toUTCString() === text || text.slice(23, 25) === '60';
		}),
		{ seed: 2, numRuns: 20_000 },
	);
	expect(read).toBeGreaterThan(50);
});

test('a Date says the time in the middle of its exchange, to a second and half the way', () => {
	expect(offerOfDate(EXAMPLE, 1_000, 1_400)).toEqual({
		source: 'date',
		time: 784_111_777_500,
		at: 1_200,
		uncertainty: 1_200,
		weight: 3,
	});
});

test.each([
	['backwards', 1_000, 999],
	['too long', 0, 10_001],
	['no numbers', Number.NaN, 0],
])('an exchange that was %s says nothing', (_, asked, answered) => {
	expect(offerOfDate(EXAMPLE, asked, answered)).toBeUndefined();
});
