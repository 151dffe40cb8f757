import { describe, expect, test } from 'vitest';
import { chart } from '../../../../hosts/server/doors/chart';

const noon = 1_767_268_800_000;
const pulse = { label: 'Heart rate', unit: 'bpm', digits: 0, span: 20, marks: [] };
const points = (...values: (number | undefined)[]) =>
	values.map((value, index) => ({ time: noon + index * 30_000, value }));
const line = (svg: string): string => /class="line" d="([^"]*)"/.exec(svg)![1]!;
const heights = (svg: string): number[] => [...line(svg).matchAll(/[ML][0-9.]+ ([0-9.-]+)/g)].map(([, y]) => Number(y));

describe('a chart', () => {
	test('draws higher what is more, and says the newest and the bounds in words', () => {
		const svg = chart({ ...pulse, points: points(60, 80, 70) });
		expect(heights(svg)).toEqual([58, 6, 32]);
		expect(svg).toContain('aria-label="Heart rate: 70 bpm; 60 to 80"');
	});

	test('shows as steady what is steady', () => {
		expect(heights(chart({ ...pulse, points: points(70, 71, 70) }))).toEqual([33.3, 30.7, 33.3]);
	});

	test('joins nothing over what was not measured, nor over a long silence', () => {
		const holed = chart({ ...pulse, points: points(60, 61, undefined, 62) });
		expect(line(holed).match(/[ML]/g)).toEqual(['M', 'L', 'M']);
		const silent = [...points(60, 61, 62, 63, 64, 65), { time: noon + 3_600_000, value: 66 }];
		expect(line(chart({ ...pulse, points: silent })).match(/M/g)!.length).toBe(2);
	});

	test('gives no value for now when the newest reading has none, and nothing at all when none has', () => {
		expect(chart({ ...pulse, points: points(60, undefined) })).toContain('<b>–</b>');
		expect(chart({ ...pulse, points: points(undefined, undefined) })).toBe('');
		expect(chart({ ...pulse, points: [] })).toBe('');
	});

	test('draws one reading, and readings of one moment, without dividing by nothing', () => {
		expect(line(chart({ ...pulse, points: points(60) }))).toBe('M6.0 32.0h0');
		const same = [1, 2].map(() => ({ time: noon, value: 60 }));
		expect(chart({ ...pulse, points: same })).not.toMatch(/NaN|Infinity/);
	});

	test('marks moments within its time alone', () => {
		const svg = chart({ ...pulse, points: points(60, 61), marks: [noon - 1, noon + 15_000, noon + 30_001] });
		expect(svg.match(/class="mark" d="([^"]*)"/g)).toEqual(['class="mark" d="M160.0 0v64"']);
	});
});
