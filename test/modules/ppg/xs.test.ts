/** The estimator on XS, in a heap as large as the board's: the same figures as on Node, and what they cost. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PpgEstimator } from '../../../modules/ppg/estimator';
import { XsProgram } from '../../support/xs-program';
import { light, type Samples } from './pulse';

/** Bytes of slots and chunks that the estimator may keep, where slots have 16 bytes as on the board: the aim. */
const BUDGET = 6_144;
/** Computrons a second of signal at 25 Hz: what was measured and a tenth more. */
const WORK = 130_000;

let xs: XsProgram;

beforeAll(() => {
	xs = new XsProgram('test/modules/ppg/xs/main', ['modules/ppg']);
});

afterAll(() => xs.close());

function interleaved({ red, infrared }: Samples, from: number, to: number): Uint8Array {
	const both = new Float64Array(2 * (to - from));
	for (let at = from; at < to; at++) {
		both[2 * (at - from)] = red[at]!;
		both[2 * (at - from) + 1] = infrared[at]!;
	}
	return new Uint8Array(both.buffer);
}

function onNode(samples: Samples, rateHz: number, infrared: boolean): string {
	const estimator = new PpgEstimator({ rateHz, infrared });
	let said = '';
	samples.red.forEach((red, at) => {
		if (!estimator.push(red, samples.infrared[at]!)) return;
		const { heartRateBpm, spo2Percent, quality, reason, oxygenReason } = estimator.estimate;
		said += `${heartRateBpm} ${spo2Percent} ${quality} ${reason} ${oxygenReason}\n`;
	});
	return said;
}

test.each([
	[25, true],
	[100, true],
	[30, false],
] as const)('at %i Hz (two channels: %s): to the last digit what Node says', (rateHz, infrared) => {
	const swing = { hertz: 2.4, percent: 3, ratio: 1.2, from: 25, to: 35 };
	const samples = light({ rateHz, seconds: 45, noise: 20, breathing: 0.3, drift: 0.02, swing });
	xs.event(rateHz, infrared);
	let said = '';
	for (let second = 0; second < 45; second++)
		said += xs.event(interleaved(samples, second * rateHz, (second + 1) * rateHz));
	expect(said).toBe(onNode(samples, rateHz, infrared));
	expect(said).toMatch(/^7\d\./m);
	expect(said).toMatch(/motion/);
});

test('keeps less than 6 KB, and does its work in a bounded number of steps', () => {
	const samples = light({ rateHz: 25, seconds: 40, noise: 20 });
	const alive = (name: string): number => {
		console.log(xs.figures(name));
		const { slots, chunks, slotSize } = xs.statistics;
		return ((slots + chunks) * 16) / slotSize;
	};
	xs.event(0);
	const without = alive('ppg, no estimator');
	xs.event(25);
	let most = 0;
	const second = (at: number): void => {
		xs.event(interleaved(samples, at * 25, (at + 1) * 25));
		most = Math.max(most, xs.statistics.computrons);
	};
	for (let at = 0; at < 10; at++) second(at);
	const first = alive('ppg, 10 s at 25 Hz');
	for (let at = 10; at < 40; at++) second(at);
	const last = alive('ppg, 40 s at 25 Hz');
	console.log(`ppg: ${first - without} bytes, ${most} computrons in the busiest second`);
	expect(first - without).toBeLessThanOrEqual(BUDGET);
	expect(last).toBeLessThanOrEqual(first + 64);
	expect(most).toBeLessThanOrEqual(WORK);
});
