import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PpgEstimator } from '../../../modules/ppg/estimator';
import { saturationOf } from '../../../modules/ppg/oxygen';
import { type Finger, light } from './pulse';

/** Every saturation told, and the last word on why there is none. */
function saturations(finger: Finger, swapped = false) {
	const { red, infrared } = light(finger);
	const estimator = new PpgEstimator({ rateHz: finger.rateHz });
	const told: number[] = [];
	red.forEach((value, at) => {
		const light = infrared[at]!;
		if (!(swapped ? estimator.push(light, value) : estimator.push(value, light))) return;
		if (estimator.estimate.spo2Percent !== undefined) told.push(estimator.estimate.spo2Percent);
	});
	return { told, reason: estimator.estimate.oxygenReason, swapped: estimator.estimate.swapped };
}

/** The ratio that the published curve gives this saturation. */
const ratioOf = (percent: number): number =>
	(30.354 + Math.sqrt(30.354 ** 2 + 4 * 45.06 * (94.845 - percent))) / (2 * 45.06);

describe('the calibration', () => {
	test.each([
		[0.34, 99.96],
		[0.5, 98.76],
		[0.75, 92.26],
		[1, 80.14],
		[1.15, 70.16],
	])('a ratio of %f is %f %', (ratio, percent) => {
		expect(saturationOf(ratio)).toBeCloseTo(percent, 2);
	});

	test('ends where the curve was calibrated: 70 %, and at its top', () => {
		expect(saturationOf(ratioOf(70) + 0.001)).toBeUndefined();
		expect(saturationOf(0.19)).toBeUndefined();
		expect(saturationOf(0.25)).toBe(saturationOf(0.3));
		expect(saturationOf(Number.NaN)).toBeUndefined();
	});

	test('falls as the ratio rises', () => {
		const ratio = fc.double({ min: 0.2, max: 1.152, noNaN: true });
		fc.assert(
			fc.property(ratio, ratio, (one, other) => {
				expect(saturationOf(Math.max(one, other))!).toBeLessThanOrEqual(saturationOf(Math.min(one, other))!);
			}),
			{ seed: 3 },
		);
	});
});

const finger = fc.record({
	rateHz: fc.constantFrom(25, 50, 100),
	seconds: fc.constant(30),
	seed: fc.integer({ min: 1, max: 1e6 }),
	bpm: fc.integer({ min: 50, max: 140 }),
	perfusion: fc.double({ min: Math.log(0.2), max: Math.log(10), noNaN: true }).map(Math.exp),
	ratio: fc.double({ min: 70.2, max: 99.9, noNaN: true }).map(ratioOf),
	noise: fc.double({ min: 0, max: 60, noNaN: true }),
	breathing: fc.double({ min: 0, max: 1, noNaN: true }),
	drift: fc.double({ min: 0, max: 0.1, noNaN: true }),
	infrared: fc.integer({ min: 60_000, max: 180_000 }),
	red: fc.integer({ min: 40_000, max: 60_000 }),
});

describe('a finger of known ratio', () => {
	test('a law: whatever is told is within 1 % of the curve', () => {
		let told = 0;
		fc.assert(
			fc.property(finger, (one) => {
				const expected = saturationOf(one.ratio)!;
				const { told: each } = saturations(one);
				for (const percent of each) expect(Math.abs(percent - expected)).toBeLessThanOrEqual(1);
				told += each.length;
			}),
			{ seed: 11, numRuns: 120 },
		);
		expect(told).toBeGreaterThan(1000);
	});

	test('a law: with red and infrared swapped none is told', () => {
		fc.assert(
			fc.property(finger, (one) => {
				expect(saturations(one, true).told).toEqual([]);
			}),
			{ seed: 12, numRuns: 60 },
		);
	});

	test('swapped channels are called so, until they are right again', () => {
		const base: Finger = { rateHz: 50, seconds: 25, noise: 10, ratio: 0.5 };
		expect(saturations(base, true)).toEqual({ told: [], reason: 'swapped', swapped: true });
		expect(saturations(base)).toMatchObject({ reason: undefined, swapped: false });
		const { red, infrared } = light(base);
		const estimator = new PpgEstimator({ rateHz: 50 });
		red.forEach((value, at) => void estimator.push(infrared[at]!, value));
		expect(estimator.estimate).toMatchObject({ swapped: true, spo2Percent: undefined });
		expect(estimator.estimate.heartRateBpm).toBeCloseTo(72, 0);
		for (let round = 0; round < 2; round++) red.forEach((value, at) => void estimator.push(value, infrared[at]!));
		expect(estimator.estimate.swapped).toBe(false);
		expect(estimator.estimate.spo2Percent).toBeCloseTo(98.8, 0);
	});

	test('a saturation that falls by a percent in two seconds is followed', () => {
		const parts = [98, 95, 92, 89, 86].map((percent) => ratioOf(percent));
		const estimator = new PpgEstimator({ rateHz: 50 });
		const last = parts.map((ratio, at) => {
			// One seed, one rhythm: the next part begins where the last ended, near enough.
			const { red, infrared } = light({ rateHz: 50, seconds: 20, ratio, noise: 10, seed: 4, bpm: 90 });
			red.forEach((value, sample) => void estimator.push(value, infrared[sample]!));
			return [estimator.estimate.spo2Percent, saturationOf(parts[at]!)!] as const;
		});
		for (const [percent, expected] of last) expect(Math.abs(percent! - expected)).toBeLessThan(1);
	});

	test('one channel has no saturation, and says so', () => {
		const { red } = light({ rateHz: 25, seconds: 20 });
		const estimator = new PpgEstimator({ rateHz: 25, infrared: false });
		red.forEach((value) => void estimator.push(value));
		expect(estimator.estimate).toMatchObject({ spo2Percent: undefined, oxygenReason: 'one channel' });
		expect(estimator.estimate.heartRateBpm).toBeDefined();
	});
});
