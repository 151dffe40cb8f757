import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normal, seededRandom32 } from '../../../hosts/simulator/random';
import { Periodicity } from '../../../modules/ppg/periodicity';

const of = (length: number, value: (at: number) => number): Float32Array =>
	Float32Array.from({ length }, (_, at) => value(at));

function find(window: Float32Array, expected = 0): Periodicity | undefined {
	const periodicity = new Periodicity();
	periodicity.measure(
		window,
		window.reduce((sum, value) => sum + value * value, 0),
	);
	return periodicity.find(expected) ? periodicity : undefined;
}

describe('the period of a window', () => {
	test('a law: a fundamental with any two weaker harmonics is found to 1 %, at 32 to 220 a minute', () => {
		fc.assert(
			fc.property(
				fc.double({ min: 6.9, max: 46, noNaN: true }),
				fc.double({ min: 0, max: 0.6, noNaN: true }),
				fc.double({ min: 0, max: 0.3, noNaN: true }),
				fc.double({ min: 0, max: 6.28, noNaN: true }),
				(period, second, third, phase) => {
					const window = of(200, (at) => {
						const turn = (2 * Math.PI * at) / period;
						return Math.sin(turn + phase) + second * Math.sin(2 * turn) + third * Math.sin(3 * turn + 1);
					});
					const found = find(window)!;
					expect(Math.abs(found.period - period) / period).toBeLessThan(0.01);
					expect(found.clarity).toBeGreaterThan(0.7);
				},
			),
			{ seed: 31, numRuns: 300 },
		);
	});

	test('a law: at a quarter of it a wave is upside down by its second harmonic’s share, whatever the phases', () => {
		fc.assert(
			fc.property(
				fc.double({ min: 14, max: 24, noNaN: true }),
				fc.double({ min: 0, max: 0.8, noNaN: true }),
				fc.double({ min: 0, max: 6.28, noNaN: true }),
				(period, second, phase) => {
					const found = find(
						of(200, (at) => {
							const turn = (2 * Math.PI * at) / period;
							return Math.sin(turn) + second * Math.sin(2 * turn + phase);
						}),
					)!;
					const share = second ** 2 / (1 + second ** 2);
					expect(Math.abs(found.quarter + share)).toBeLessThan(0.1);
				},
			),
			{ seed: 8, numRuns: 200 },
		);
	});

	test('of noise is none, or none that is clear', () => {
		const random = seededRandom32(9);
		for (let round = 0; round < 50; round++)
			expect(find(of(200, () => normal(random)))?.clarity ?? 0).toBeLessThan(0.45);
	});

	test('of nothing is none, and neither is that of a slope', () => {
		expect(find(of(200, () => 0))).toBeUndefined();
		expect(find(of(200, (at) => at - 100))).toBeUndefined();
	});

	test('is measured in five seconds as in eight', () => {
		expect(find(of(125, (at) => Math.sin(at / 3)))!.period).toBeCloseTo(6 * Math.PI, 0);
	});
});
