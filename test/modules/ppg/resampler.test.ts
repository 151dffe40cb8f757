import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Resampler } from '../../../modules/ppg/resampler';

/** All outputs for these samples, the red channel the negative of the main one. */
function resample(samples: readonly number[], outputPerInput: number): { main: number[]; red: number[] } {
	const resampler = new Resampler(outputPerInput);
	const main: number[] = [];
	const red: number[] = [];
	for (const sample of samples) {
		let left = resampler.push(sample, -sample);
		while (left >= 0) {
			main.push(resampler.main);
			red.push(resampler.red);
			left = left > 0 ? resampler.drain(sample, -sample, left) : -1;
		}
	}
	return { main, red };
}

test('at equal rates it changes nothing', () => {
	expect(resample([3, 1, 4, 1, 5], 1).main).toEqual([3, 1, 4, 1, 5]);
});

test('four samples of 100 Hz are one of 25 Hz: their mean', () => {
	expect(resample([1, 2, 3, 6, 0, 0, 0, 8], 0.25).main).toEqual([3, 2]);
});

test('slower samples are held', () => {
	expect(resample([1, 2, 3, 4], 1.25).main.map((value) => Number(value.toFixed(6)))).toEqual([1, 1.75, 2.5, 3.25, 4]);
});

test('a law: light is neither made nor lost, and both channels go the same way', () => {
	fc.assert(
		fc.property(
			fc.array(fc.integer({ min: 0, max: 262_143 }), { minLength: 1, maxLength: 400 }),
			fc.double({ min: 20, max: 400, noNaN: true }),
			(samples, rateHz) => {
				const { main, red } = resample(samples, 25 / rateHz);
				expect(red).toEqual(main.map((value) => -value));
				expect(Math.abs(main.length - (samples.length * 25) / rateHz)).toBeLessThan(1.001);
				const out = main.reduce((sum, value) => sum + value, 0);
				const into = (samples.reduce((sum, value) => sum + value, 0) * 25) / rateHz;
				expect(into - out).toBeGreaterThan(-1);
				expect(into - out).toBeLessThan(262_143 * (1 + 25 / rateHz));
			},
		),
		{ seed: 21 },
	);
});
