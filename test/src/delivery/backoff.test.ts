import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { Backoff } from '../../../src/delivery/backoff';

const limits = { minimum: 1_000, maximum: 300_000 };

describe('back-off', () => {
	test('never waits longer than its ceiling, which doubles up to the maximum', () => {
		const backoff = new Backoff({ ...limits, random32: () => 2 ** 32 - 1 });
		expect(Array.from({ length: 10 }, () => backoff.failed())).toEqual([
			1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000,
		]);
	});

	test('uses all of the time from nothing to the ceiling (full jitter)', () => {
		const random32 = seededRandom32(7);
		const draws = Array.from({ length: 4_000 }, () => {
			const backoff = new Backoff({ ...limits, random32 });
			backoff.failed();
			backoff.failed();
			return backoff.failed();
		});
		const quarters = [0, 0, 0, 0];
		for (const draw of draws) quarters[Math.min(3, Math.floor(draw / 1_000))]!++;
		for (const count of quarters) expect(count).toBeGreaterThan(900);
	});

	test('begins again after a success', () => {
		const backoff = new Backoff({ ...limits, random32: () => 2 ** 32 - 1 });
		backoff.failed();
		backoff.failed();
		backoff.succeeded();
		expect(backoff.failures).toBe(0);
		expect(backoff.failed()).toBe(1_000);
	});

	test('stays a whole number of milliseconds within its bounds after any number of failures', () => {
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 2_000 }), (random, failures) => {
				const backoff = new Backoff({ ...limits, random32: () => random });
				for (let count = 0; count < failures; count++) {
					const wait = backoff.failed();
					expect(Number.isInteger(wait) && wait >= 0 && wait <= limits.maximum).toBe(true);
				}
			}),
			{ numRuns: 50 },
		);
	});
});
