import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { VirtualBus } from '../../../../hosts/simulator/bus/i2c';
import { Max3010xModel } from '../../../../hosts/simulator/bus/max3010x';
import { seededRandom32 } from '../../../../hosts/simulator/random';
import { Pulse } from '../../../../hosts/simulator/sensors/pulse';
import { readLight } from '../../../../hosts/simulator/sensors/recorded-light';
import { VirtualTime } from '../../../../hosts/simulator/time';
import { Max3010x } from '../../../../modules/max3010x/max3010x';
import { PpgEstimator } from '../../../../modules/ppg/estimator';
import { VitalSigns } from '../../../../src/sensing/vital-signs';
import { clockOf } from '../../../modules/wifi/fake-air';

const folder = mkdtempSync(join(tmpdir(), 'light-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A minute of a finger, 25 a second, as one or two columns. */
function record(name: string, scale: number, columns: 1 | 2): string {
	const pulse = new Pulse({ random32: seededRandom32(3), heartRateBpm: () => 66, spo2Percent: () => 95 });
	const rows = Array.from({ length: 1_500 }, (_, index) => {
		const { red, infrared } = pulse.look(index / 25, 7, 7, 0);
		const cells = columns === 2 ? [red * 64 * scale, infrared * 64 * scale] : [infrared * 64 * scale];
		return cells.join();
	});
	const file = join(folder, name);
	writeFileSync(file, [columns === 2 ? 'red,infrared' : 'red', ...rows].join('\n'));
	return file;
}

async function measure(file: string): Promise<VitalSigns> {
	const time = new VirtualTime();
	const bus = new VirtualBus([new Max3010xModel({ scheduler: time, light: await readLight(file, 25) })]);
	const sensor = new VitalSigns({
		clock: clockOf(time),
		make: () => new Max3010x({ sensor: { io: bus.SMBus as never } }),
		estimator: (options) => new PpgEstimator(options),
	});
	sensor.start();
	time.advance(25_000);
	return sensor;
}

describe('recorded light', () => {
	test('counts of a MAX30102 are seen as they are', async () => {
		const { heartRateBpm, spo2Percent } = (await measure(record('counts.csv', 1, 2))).live()!;
		expect(Math.abs(heartRateBpm! - 66)).toBeLessThanOrEqual(2);
		expect(Math.abs(spo2Percent! - 95)).toBeLessThanOrEqual(1);
	});

	test('one channel of any scale: a heart rate, and no oxygen', async () => {
		const sensor = await measure(record('camera.csv', 0.001, 1));
		const { heartRateBpm, spo2Percent } = sensor.live()!;
		expect(Math.abs(heartRateBpm! - 66)).toBeLessThanOrEqual(2);
		expect([spo2Percent, sensor.missing.spo2Percent]).toEqual([undefined, 'out of range']);
	});

	test('a file that is none is named', async () => {
		await expect(readLight(join(folder, 'none.csv'), 25)).rejects.toThrow('none.csv');
	});
});
