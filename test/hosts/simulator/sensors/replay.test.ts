import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { readRecording, replaySensor } from '../../../../hosts/simulator/sensors/replay';

const folder = mkdtempSync(join(tmpdir(), 'fajma-replay-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string, name = 'recording.csv'): string {
	const path = join(folder, name);
	writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
	return path;
}

const oximeters = 'second,spo2_1,spo2_2,pulse_1,pulse_2\n0,97.4,97,57,58\n1,,97,57,\n2,97.6,98,59,59\n';

describe('a recording', () => {
	test('of several oximeters gives the first to the first device, the second to the second, and begins anew', () => {
		expect(readRecording(file(oximeters)).rows).toEqual([
			{ heartRateBpm: 57, spo2Percent: 97.4 },
			{ heartRateBpm: 57 },
			{ heartRateBpm: 59, spo2Percent: 97.6 },
		]);
		expect(readRecording(file(oximeters), undefined, 1).columns).toEqual({
			heartRateBpm: 'pulse_2',
			spo2Percent: 'spo2_2',
		});
		expect(readRecording(file(oximeters), undefined, 2).columns).toEqual({
			heartRateBpm: 'pulse_1',
			spo2Percent: 'spo2_1',
		});
	});

	test('takes the columns it is told', () => {
		expect(readRecording(file(oximeters), 'temperature=spo2_1, heart_rate=pulse_2').rows[0]).toEqual({
			temperatureCelsius: 97.4,
			heartRateBpm: 58,
		});
	});

	test('may be compressed, have Windows line ends, quotes and a byte order mark', () => {
		expect(readRecording(file('\ufeff"heart_rate","temp"\r\n"72","36.6"\r\n', 'odd.csv.gz')).rows).toEqual([
			{ heartRateBpm: 72, temperatureCelsius: 36.6 },
		]);
	});

	test.each([
		['', undefined, 'no header line'],
		['pulse,spo2\n', undefined, 'no rows under its header'],
		['a,b\n1,2\n', undefined, 'no column is known (a, b)'],
		['pulse\n60\nsixty\n', undefined, 'row 2, pulse: "sixty" is not a number'],
		[oximeters, 'heart_rate=pulse_9', 'no column pulse_9; there are second, spo2_1'],
		[oximeters, 'pulse=pulse_1', '"pulse=pulse_1" is not QUANTITY=COLUMN'],
		[oximeters, '__proto__=pulse_1', 'is not QUANTITY=COLUMN'],
	])('that is not good is refused with the place: %j %j', (text, map, message) => {
		expect(() => readRecording(file(text), map)).toThrow(message);
	});

	test('gives each row once, and says with the last that it is the last', () => {
		let ended = 0;
		const sensor = replaySensor(readRecording(file(oximeters)), () => ended++);
		expect([sensor.sample(), sensor.sample()].map((sample) => sample?.heartRateBpm)).toEqual([57, 57]);
		expect(ended).toBe(0);
		expect(sensor.sample()?.heartRateBpm).toBe(59);
		expect(ended).toBe(1);
		expect(sensor.sample()).toBeUndefined();
	});
});
