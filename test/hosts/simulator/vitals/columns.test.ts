import { describe, expect, test } from 'vitest';
import { findColumns, type Wanted } from '../../../../hosts/simulator/vitals/columns';

const rows = (...lines: string[]): string[][] => lines.map((line) => line.split(','));
const find = (lines: string[][], wanted: Wanted = {}): [number, number | undefined] => {
	const { red, infrared } = findColumns(lines, wanted);
	return [red, infrared];
};

describe('the channels of a recording', () => {
	test.each([
		['red,green,blue', [0, undefined]],
		['time,R,G,B', [1, undefined]],
		['timestamp,ir,red', [2, 1]],
		['Time(s),PPG_Green,PPG_Red,PPG_IR', [2, 3]],
		['red_led,infrared', [0, 1]],
		['sample,Infra-Red,RED', [2, 1]],
		['t,ppg', [1, undefined]],
		['ir', [0, undefined]],
		['whatever', [0, undefined]],
	])('are found by the header %s', (header, places) => {
		expect(find(rows(header, '1,2,3,4'))).toEqual(places);
	});

	test.each([
		['one column is the channel', rows('5', '6', '7'), [0, undefined]],
		['two are red and infrared', rows('5,9', '6,8', '5,9'), [0, 1]],
		['time is passed over', rows('0,5,9', '40,6,8', '80,5,9'), [1, 2]],
		['three are a camera’s', rows('5,9,1', '6,8,1', '5,9,2'), [0, undefined]],
		['a lone column that rises is a signal all the same', rows('1', '2', '3'), [0, undefined]],
	])('without a header, %s', (_, lines, places) => {
		expect(find(lines)).toEqual(places);
	});

	test('are those that are named, by name, in any case, or by number', () => {
		const lines = rows('time,led 1,led 2,7', '1,2,3,4');
		expect(find(lines, { red: 'led 2', infrared: 'LED 1' })).toEqual([2, 1]);
		expect(find(lines, { red: '3' })).toEqual([2, undefined]);
		expect(find(lines, { red: '7' })).toEqual([3, undefined]);
		expect(find(rows('1,2', '3,4'), { infrared: '2' })).toEqual([1, undefined]);
		expect(find(rows('red,x', '3,4'), { infrared: 'x' })).toEqual([0, 1]);
	});

	test.each([
		[rows('a,b', '1,2'), {}, 'no column is known for a channel; name it with --red (there are a, b)'],
		[rows('a,b', '1,2'), { red: 'c' }, '--red c: no such column; there are a, b'],
		[rows('a,b', '1,2'), { red: '3' }, '--red 3: the file has columns 1 to 2'],
		[rows('a,b', '1,2'), { red: 'a', infrared: '1' }, '--red and --infrared: both are column 1'],
		[rows('1,2', '3,4'), { infrared: 'ir', red: '1' }, '--infrared ir: the file has no header line'],
		[rows('1,1', '2,2', '3,3'), {}, 'no column but time'],
	])('that are not there are asked for: %j %j', (lines, wanted, message) => {
		expect(() => findColumns(lines, wanted)).toThrow(message);
	});
});
