import { Fault } from '../../../../modules/fault';
import type { Sample } from '../../../../modules/ports';
import { crc8 } from '../../../../modules/sensor/crc8';
import { type Driver, OneShot } from '../../../../modules/sensor/one-shot';
import { Bench, type Case, equal, faults, holds, readOnce } from './bench';

function parts() {
	const bench = new Bench();
	const part = { made: 0, closed: 0, broken: 0, wait: 10, sample: { temperatureCelsius: 36.6 } as Sample | undefined };
	const sensor = new OneShot({
		name: 'part',
		clock: bench,
		gives: ['temperatureCelsius', 'humidityPercent'],
		warmUp: 10,
		make(): Driver {
			part.made++;
			if (part.broken > 0) {
				part.broken--;
				throw new Fault('sensor', 'not there');
			}
			return {
				measure: () => part.wait,
				sample: () => part.sample,
				missing: { humidityPercent: 'dry' },
				close() {
					part.closed++;
					throw new Error('closes badly');
				},
			};
		},
	});
	return { bench, part, sensor };
}

export const cases: readonly Case[] = [
	{
		name: 'crc8: the check values of SHT3x (4.12) and of SMBus',
		run() {
			equal(crc8(new Uint8Array([0xbe, 0xef]), 0x31, 0xff), 0x92);
			equal(crc8(new Uint8Array([...'123456789'].map((digit) => digit.charCodeAt(0))), 0x07, 0), 0xf4);
			equal(crc8(new Uint8Array([9, 0xbe, 0xef, 9]), 0x31, 0xff, 1, 3), 0x92);
		},
	},
	{
		name: 'one shot: gives what it is to give, and says why a quantity is absent',
		run() {
			const { bench, part, sensor } = parts();
			equal(sensor.sample(), undefined, 'before it was started');
			equal(sensor.missing.temperatureCelsius, 'not measured');
			equal(sensor.ready, true, 'at rest');
			const { sample, took } = readOnce(bench, sensor, 10);
			equal(sample, { temperatureCelsius: 36.6 });
			equal(took, 10);
			equal(sensor.missing, { humidityPercent: 'dry' });
			equal([part.made, part.closed], [1, 1]);
			readOnce(bench, sensor, 10);
			equal([part.made, part.closed], [2, 2], 'made for a reading, and closed after it');
		},
	},
	{
		name: 'one shot: tries again, later each time, then gives up until the next reading',
		run() {
			const { bench, part, sensor } = parts();
			part.broken = 3;
			const third = readOnce(bench, sensor, 100);
			equal(third.sample, { temperatureCelsius: 36.6 });
			equal(third.took, 10 + 20 + 40 + 10);
			part.sample = undefined;
			const never = readOnce(bench, sensor, 200);
			equal(never.fault?.code, 'timeout');
			equal(sensor.missing.temperatureCelsius, 'nothing was measured');
			bench.advance(100_000);
			const { made } = part;
			bench.advance(100_000);
			equal(part.made, made, 'it rests');
			part.sample = { temperatureCelsius: 1 };
			equal(readOnce(bench, sensor, 100).sample, { temperatureCelsius: 1 });
		},
	},
	{
		name: 'one shot: asked too early it has nothing, and says so',
		run() {
			const { bench, sensor } = parts();
			sensor.start();
			bench.advance(5);
			equal(sensor.ready, false);
			faults(() => sensor.sample(), 'timeout', 'still measuring');
			sensor.stop();
			bench.advance(100);
			equal(sensor.ready, true);
			equal(sensor.sample(), undefined);
		},
	},
	{
		name: 'one shot: nothing happens after close, which may be called twice',
		run() {
			const { bench, part, sensor } = parts();
			sensor.start();
			bench.advance(5);
			sensor.close();
			sensor.close();
			bench.advance(1_000);
			equal([part.made, part.closed], [1, 1]);
			faults(() => sensor.start(), 'misuse', 'closed');
		},
	},
	{
		name: 'one shot: whatever a driver throws stays inside',
		run() {
			for (const thrown of [undefined, null, 'text', 7, new Error('odd')]) {
				const bench = new Bench();
				const sensor = new OneShot({
					name: 'odd',
					clock: bench,
					gives: ['batteryPercent'],
					warmUp: 1,
					tries: 1,
					make() {
						throw thrown;
					},
				});
				const { fault } = readOnce(bench, sensor, 1);
				holds(fault instanceof Fault, 'a Fault');
			}
		},
	},
];
