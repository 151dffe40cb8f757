import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Discipline } from '../../../modules/time/discipline';
import { DATE, DATE_WEIGHT, KEPT, SNTP_WEIGHT } from '../../../modules/time/parts';
import { EARLIEST_TIME } from '../../../modules/time/window';

const NOON = 1_767_268_800_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function make() {
	const steps: [from: number | undefined, to: number][] = [];
	const discipline = new Discipline({ earliest: EARLIEST_TIME, onStep: (from, to) => steps.push([from, to]) });
	return {
		steps,
		discipline,
		/** `off`: how wrong the source is, where ticks 0 are noon. */
		sntp: (at: number, off = 0, source = 'a', uncertainty = 20) =>
			discipline.offer({ source, time: NOON + at + off, at, uncertainty, weight: SNTP_WEIGHT }, at),
		date: (at: number, off = 0, uncertainty = 1_000) =>
			discipline.offer({ source: DATE, time: NOON + at + off, at, uncertainty, weight: DATE_WEIGHT }, at),
		/** How wrong it is. */
		off: (at: number) => discipline.time(at)! - NOON - at,
	};
}

describe('the first word', () => {
	test('is taken, and told as a step from nothing', () => {
		const { discipline, sntp, steps, off } = make();
		expect([discipline.time(0), discipline.uncertainty(0), discipline.isTold]).toEqual([undefined, undefined, false]);
		expect(sntp(1_000)).toBe('set');
		expect(steps).toEqual([[undefined, NOON + 1_000]]);
		expect([off(5_000), discipline.isTold]).toEqual([0, true]);
	});

	test.each([
		['1970', 0],
		['the last second of 2025', EARLIEST_TIME - 1],
		['2100', Date.UTC(2100, 0)],
		['no number', Number.NaN],
	])('is refused when it cannot be: %s', (_, time) => {
		const { discipline, steps } = make();
		expect(discipline.offer({ source: 'a', time, at: 0, uncertainty: 10, weight: SNTP_WEIGHT }, 0)).toBe('refused');
		expect([discipline.time(0), steps]).toEqual([undefined, []]);
	});

	test('over what a clock kept by itself: at once, forwards or back, and told', () => {
		for (const wrong of [300_000, -300_000, 400, -400, 90 * DAY]) {
			const { discipline, sntp, steps, off } = make();
			discipline.begin({ source: KEPT, time: NOON + wrong, at: 0, uncertainty: 600_000, weight: 0 }, 0);
			expect([off(0), discipline.isTold]).toEqual([wrong, false]);
			sntp(1_000);
			expect(off(1_000)).toBe(0);
			expect(steps).toEqual([[NOON + 1_000 + wrong, NOON + 1_000]]);
		}
	});
});

describe('a hostile source', () => {
	test.each([
		['into 2036', Date.UTC(2036, 1, 8) - NOON],
		['a quarter of a day back', -6 * HOUR],
		['an hour ahead', HOUR],
		['five seconds back', -5_000],
	])('alone moves nothing, however often it says so: %s', (_, lie) => {
		const { sntp, off, steps } = make();
		sntp(0);
		sntp(64_000, 0, 'b');
		for (let at = 128_000; at < 2 * HOUR; at += 64_000) expect(sntp(at, lie, 'c')).toBe('differs');
		expect(off(2 * HOUR)).toBe(0);
		expect(steps.length).toBe(1);
	});

	test('that was honest before, and is the only one there is, moves nothing either', () => {
		const { sntp, off } = make();
		sntp(0);
		for (let at = 64_000; at < 12 * HOUR; at += HOUR) expect(sntp(at, -6 * HOUR)).toBe('differs');
		expect(off(12 * HOUR)).toBe(0);
	});

	test('that spoke first is outvoted by two others, and by the server’s Date alone', () => {
		const two = make();
		two.sntp(0, DAY, 'liar');
		expect([two.sntp(64_000, 0, 'b'), two.off(64_000)]).toEqual(['differs', DAY]);
		expect([two.sntp(80_000, 5, 'c'), Math.abs(two.off(80_000)) < 10]).toEqual(['outweighs', true]);
		const date = make();
		date.sntp(0, DAY, 'liar');
		expect([date.date(64_000), date.off(64_000)]).toEqual(['outweighs', 0]);
		expect(date.steps.length).toBe(2);
	});

	test('two that lie apart do not add up', () => {
		const { sntp, off } = make();
		sntp(0, 0, 'a');
		expect(sntp(64_000, DAY, 'b')).toBe('differs');
		expect(sntp(128_000, 2 * DAY, 'c')).toBe('differs');
		expect(sntp(192_000, DAY, 'b')).toBe('differs');
		expect(off(200_000)).toBe(0);
	});

	test('a server whose Date is wrong does not move what two time servers say', () => {
		const { sntp, date, off } = make();
		sntp(0, 0, 'a');
		sntp(64_000, 0, 'b');
		expect([date(100_000, -HOUR), off(100_000)]).toEqual(['differs', 0]);
	});

	test('can pull no faster than an honest clock might be wrong', () => {
		const { sntp, off } = make();
		sntp(0);
		let at = 0;
		for (let poll = 0; poll < 100; poll++) {
			at += 64_000;
			// As much as is let pass, and no more.
			for (let pull = 400; pull >= 0; pull -= 10) if (sntp(at, off(at) + pull, 'a', 2) === 'agrees') break;
		}
		expect(off(at)).toBeGreaterThan(0);
		expect(off(at)).toBeLessThan(100 * 250);
	});
});

test('a time that nobody has agreed with for a day gives way to one word', () => {
	const { sntp, off } = make();
	sntp(0);
	sntp(64_000, 0, 'b');
	expect(sntp(23 * HOUR, HOUR, 'c')).toBe('differs');
	expect(sntp(DAY + 65_000, HOUR, 'c')).toBe('outweighs');
	expect(off(DAY + 65_000)).toBe(HOUR);
});

describe('a small correction', () => {
	test('never goes back, and is made good in minutes', () => {
		const { sntp, off, discipline, steps } = make();
		sntp(0, 120, 'a', 50);
		sntp(64_000, -60, 'b', 20);
		expect(off(64_000)).toBeCloseTo(120, 3);
		let before = 0;
		for (let at = 64_000; at < 300_000; at += 100) {
			const time = discipline.time(at)!;
			expect(time).toBeGreaterThan(before);
			before = time;
		}
		expect(Math.abs(off(300_000) + 60)).toBeLessThan(20);
		expect(steps.length).toBe(1);
	});

	test('a Date agrees with a better time and does not spoil it', () => {
		const { sntp, date, off } = make();
		sntp(0);
		for (const wrong of [900, -900, 0]) expect(date(60_000, wrong)).toBe('agrees');
		expect(Math.abs(off(700_000))).toBeLessThan(45);
	});

	test('Dates alone close in on the time, below their second', () => {
		const { date, off, discipline } = make();
		// True time and the whole seconds of a header, at all phases.
		for (let at = 0; at < HOUR; at += 61_137) {
			const second = Math.floor((NOON + at) / 1000) * 1000;
			date(at, second + 500 - (NOON + at), 1_020);
		}
		expect(Math.abs(off(HOUR))).toBeLessThan(600);
		expect(discipline.uncertainty(HOUR)).toBeLessThan(900);
	});
});

describe('drift', () => {
	test('of a crystal is learned from an hour to the next, and then foretold', () => {
		for (const ppm of [-40, 15, 120]) {
			const { sntp, off, discipline } = make();
			for (let at = 0; at <= 8 * HOUR; at += HOUR) sntp(at, (at * ppm) / 1e6, 'a', 15);
			expect(Math.abs(discipline.driftPpm - ppm)).toBeLessThan(5);
			expect(Math.abs(off(12 * HOUR) - (12 * HOUR * ppm) / 1e6)).toBeLessThan(80);
		}
	});

	test('is bounded: a clock that is set again and again has none', () => {
		const { sntp, discipline } = make();
		for (let at = 0; at < 30 * HOUR; at += HOUR) sntp(at, at * 0.0009, 'a', 10);
		expect(Math.abs(discipline.driftPpm)).toBeLessThanOrEqual(500);
	});

	test('is not learned from a coarse word', () => {
		const { date, discipline } = make();
		for (let at = 0; at < HOUR; at += 60_000) date(at, at % 7 === 0 ? 900 : -900);
		expect(discipline.driftPpm).toBe(0);
	});
});

test('whatever is said: no step without a word, a time within the window, and no way back but by a step', () => {
	const word = fc.record({
		pause: fc.integer({ min: 1, max: 5 * HOUR }),
		off: fc.oneof(
			fc.integer({ min: -300, max: 300 }),
			fc.integer({ min: -DAY, max: DAY }),
			fc.integer({ min: -60 * 365 * DAY, max: 80 * 365 * DAY }),
		),
		source: fc.constantFrom('a', 'b', 'c', 'd', 'e', DATE),
		uncertainty: fc.integer({ min: 0, max: 2_000 }),
	});
	let steps = 0;
	fc.assert(
		fc.property(fc.array(word, { maxLength: 40 }), (words) => {
			const world = make();
			const { discipline, sntp, date } = world;
			let at = 0;
			let before = 0;
			for (const { pause, off, source, uncertainty } of words) {
				at += pause;
				const held = discipline.time(at);
				expect(held ?? 0).toBeGreaterThanOrEqual(before);
				const told = world.steps.length;
				const verdict = source === DATE ? date(at, off, uncertainty) : sntp(at, off, source, uncertainty);
				const time = discipline.time(at);
				if (verdict === 'agrees') expect(world.steps.length - told).toBeLessThanOrEqual(1);
				else expect(world.steps.length - told).toBe(verdict === 'set' || verdict === 'outweighs' ? 1 : 0);
				if (world.steps.length === told && time !== undefined) expect(Math.abs(time - held!)).toBeLessThan(0.01);
				if (time !== undefined) {
					expect(time).toBeGreaterThan(EARLIEST_TIME - 10_000);
					expect(time).toBeLessThan(Date.UTC(2100, 0, 2));
				}
				before = time ?? 0;
			}
			steps += world.steps.length;
		}),
		{ seed: 7, numRuns: 500 },
	);
	expect(steps).toBeGreaterThan(500);
});
