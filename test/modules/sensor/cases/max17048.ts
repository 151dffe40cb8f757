import { VirtualBus } from '../../../../hosts/simulator/bus/i2c';
import { Max17048Model } from '../../../../hosts/simulator/bus/max17048';
import { Max17048 } from '../../../../modules/max17048/max17048';
import { OneShot } from '../../../../modules/sensor/one-shot';
import { Bench, breakEach, type Case, equal, faults, near, type Rig, readOnce } from './bench';

function parts(millivolts = 3_912, version = 0x0012) {
	const bench = new Bench();
	const cell = { millivolts, percent: 61.5 };
	const model = new Max17048Model({
		now: () => bench.now,
		millivolts: () => cell.millivolts,
		percent: () => cell.percent,
		version,
	});
	const bus = new VirtualBus([model]);
	const make = (): Max17048 => new Max17048({ sensor: { io: bus.SMBus as never } });
	return { bench, bus, make, cell };
}

function rig(): Rig {
	const { bench, bus, make } = parts();
	const sensor = new OneShot({ name: 'max17048', clock: bench, make, gives: ['batteryPercent'], warmUp: 1_100 });
	return { bench, bus, sensor, check: (sample) => near(sample?.batteryPercent, 61.5, 0.004, 'charge') };
}

export const cases: readonly Case[] = [
	{
		name: 'max17048: the first reading waits until it has looked at the cell, the next does not',
		run() {
			const { bench, sensor, check, bus } = rig();
			const first = readOnce(bench, sensor, sensor.warmUp!);
			check(first.sample);
			equal(first.took >= 1_000, true, 'it waits');
			const second = readOnce(bench, sensor, 1);
			check(second.sample);
			equal(bus.violations, [], 'violations');
		},
	},
	{
		name: 'max17048: each fault at each transaction',
		run: () =>
			breakEach(rig, ['nak', 'broken', 'timeout', 'unsaid', 'ones'], 4_500, ['nak', 'broken', 'timeout', 'unsaid']),
	},
	{
		name: 'max17048: one bit that is misheard is heard again',
		run() {
			const whole = rig();
			readOnce(whole.bench, whole.sensor, 4_500);
			for (let bit = 0; bit < 16; bit++)
				for (let at = 0; at < whole.bus.transactions; at++) {
					const { bench, bus, sensor, check } = rig();
					bus.flipped = bit;
					bus.fault = (transaction) => (transaction === at ? 'flip' : undefined);
					check(readOnce(bench, sensor, 4_500).sample);
				}
		},
	},
	{
		name: 'max17048: its power goes between two readings',
		run() {
			for (let at = 0; at < 10; at++) {
				const { bench, bus, sensor, check } = rig();
				readOnce(bench, sensor, 1_600);
				const before = bus.transactions;
				bus.fault = (transaction) => (transaction === before + at ? 'power' : undefined);
				const { sample, fault } = readOnce(bench, sensor, 4_000);
				if (sample?.batteryPercent !== undefined) check(sample);
				else equal(fault !== undefined || sensor.missing?.batteryPercent !== undefined, true, 'a reason');
			}
		},
	},
	{
		name: 'max17048: another chip is refused',
		run: () => faults(() => parts(3_900, 0x0003).make(), 'sensor', 'not a MAX17048'),
	},
	{
		name: 'max17048: settings are read back; bounds are held',
		run() {
			const { make } = parts();
			const part = make();
			part.configure({ compensation: 0x80, alertPercent: 10 });
			faults(() => part.configure({ compensation: 256 }), 'range', 'compensation');
			faults(() => part.configure({ alertPercent: 0 }), 'range', 'alertPercent');
			part.close();
			faults(() => part.measure(), 'misuse', 'closed');
		},
	},
	{
		name: 'max17048: no cell, no charge',
		run() {
			const { bench, make, cell } = parts();
			const part = make();
			bench.advance(part.measure());
			cell.millivolts = 800;
			equal(part.sample().batteryPercent, undefined);
			equal(part.missing.batteryPercent, 'no cell');
			cell.millivolts = 4_190;
			cell.percent = 101.5;
			equal(part.sample().batteryPercent, 100);
		},
	},
];
