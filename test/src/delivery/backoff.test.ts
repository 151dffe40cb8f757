import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { Backoff } from '../../../src/delivery/backoff';

const limits = { minimum: 1_000, maximum: 300_000 };

describe('back-off', () => {
	test('never waits longer than its ceiling, which doubles up to the maximum', () => {
		const backoff = new Backoff(limits, () => 2 ** 32 - 1);
		expect(Array.from({ length: 10 }, () => backoff.failed(0))).toEqual([
			1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000,
		]);
	});

	test('uses all of the time from nothing to the ceiling (full jitter)', () => {
		const random32 = seededRandom32(7);
		const draws = Array.from({ length: 4_000 }, () => {
			const backoff = new Backoff(limits, random32);
			backoff.failed(0);
			backoff.failed(0);
			return backoff.failed(0);
		});
		const quarters = [0, 0, 0, 0];
		for (const draw of draws) quarters[Math.min(3, Math.floor(draw / 1_000))]!++;
		for (const count of quarters) expect(count).toBeGreaterThan(900);
	});

	test('spreads the tries after a loss evenly over a window, whoever fails within it', () => {
		const random32 = seededRandom32(11);
		const tries: number[] = [];
		for (let device = 0; device < 2_000; device++) {
			const backoff = new Backoff({ ...limits, spread: 30_000 }, random32);
			let now = backoff.lost(0, 600_000);
			// The server is back after five seconds.
			for (tries.push(now); now < 5_000; tries.push(now)) now += backoff.failed(now);
		}
		const seconds = Array.from({ length: 30 }, () => 0);
		for (const at of tries) seconds[Math.min(29, Math.floor(at / 1_000))]!++;
		const mean = tries.length / 30;
		expect(Math.max(...tries)).toBeLessThanOrEqual(30_000);
		expect(Math.max(...seconds)).toBeLessThan(2 * mean);
		expect(Math.min(...seconds)).toBeGreaterThan(mean / 2);
	});

	test('doubles the window when it is over, and a success closes it', () => {
		const backoff = new Backoff({ ...limits, spread: 30_000 }, () => 2 ** 32 - 1);
		expect(backoff.lost(0, 600_000)).toBe(30_000);
		expect(backoff.failed(30_000)).toBe(60_000);
		expect(backoff.failed(50_000)).toBe(40_000);
		expect(backoff.failed(90_000)).toBe(120_000);
		backoff.succeeded();
		expect(backoff.failed(100_000)).toBe(1_000);
	});

	test('takes a connection that broke after a moment for a bad way, not for a restart', () => {
		const backoff = new Backoff({ ...limits, spread: 30_000 }, () => 2 ** 32 - 1);
		expect(backoff.lost(0, 2_000)).toBe(1_000);
		expect(backoff.lost(0, 20_000)).toBe(5_000);
		expect(backoff.lost(0, 120_000)).toBe(30_000);
	});

	test('begins again after a success', () => {
		const backoff = new Backoff(limits, () => 2 ** 32 - 1);
		backoff.failed(0);
		backoff.failed(0);
		backoff.succeeded();
		expect(backoff.failures).toBe(0);
		expect(backoff.failed(0)).toBe(1_000);
	});

	test('stays a whole number of milliseconds within its bounds after any number of failures', () => {
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 2_000 }), (random, failures) => {
				const backoff = new Backoff(limits, () => random);
				for (let count = 0; count < failures; count++) {
					const wait = backoff.failed(0);
					expect(Number.isInteger(wait) && wait >= 0 && wait <= limits.maximum).toBe(true);
				}
			}),
			{ numRuns: 50 },
		);
	});
});
