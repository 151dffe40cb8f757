import { type AnalogFault, VirtualConverter } from '../../../../hosts/simulator/bus/analog';
import { Battery } from '../../../../modules/battery/battery';
import { chargeOf } from '../../../../modules/battery/curve';
import { OneShot } from '../../../../modules/sensor/one-shot';
import { Bench, type Case, equal, faults, near, readOnce } from './bench';

const PIN = 35;

function parts(millivolts = 3_830, ratio = 2) {
	const cell = { millivolts };
	const converter = new VirtualConverter({ [PIN]: () => cell.millivolts / ratio });
	const make = (): Battery => new Battery({ sensor: { io: converter.Analog as never, pin: PIN }, ratio });
	return { cell, converter, make };
}

function sensorOf(bench: Bench, make: () => Battery): OneShot {
	return new OneShot({ name: 'battery', clock: bench, make, gives: ['batteryPercent'], warmUp: 1 });
}

export const cases: readonly Case[] = [
	{
		name: 'battery: the curve rises from 0 to 100',
		run() {
			for (const [millivolts, percent] of [
				[0, 0],
				[3_200, 0],
				[3_555, 7.5],
				[3_830, 50],
				[4_180, 100],
				[5_000, 100],
			] as const)
				near(chargeOf(millivolts), percent, 1e-9, `${millivolts} mV`);
			for (let millivolts = 3_200; millivolts < 4_180; millivolts++)
				equal(chargeOf(millivolts + 1) > chargeOf(millivolts), true, `${millivolts} mV`);
		},
	},
	{
		name: 'battery: its charge, by the divider',
		run() {
			const { make, cell } = parts();
			const battery = make();
			near(battery.sample().millivolts, 3_830, 2);
			near(battery.sample().batteryPercent, 50, 0.5);
			cell.millivolts = 4_150;
			near(battery.sample().batteryPercent, chargeOf(4_150), 0.5);
		},
	},
	{
		name: 'battery: each fault at each conversion',
		run() {
			for (const kind of ['throw', 'nothing', 'dip'] as readonly AnalogFault[])
				for (let at = 0; at < 9; at++) {
					const bench = new Bench();
					const { make, converter } = parts();
					const sensor = sensorOf(bench, make);
					converter.fault = (conversion) => (conversion === at ? kind : undefined);
					near(readOnce(bench, sensor, 100).sample?.batteryPercent, 50, 0.5);
					converter.fault = (conversion) => (conversion % 9 >= at ? kind : undefined);
					const { fault, sample } = readOnce(bench, sensor, 100);
					// A pin that is low most of the time is low.
					if (kind !== 'dip') equal(fault !== undefined, true, `${kind} from ${at} on`);
					else if (at > 6) near(sample?.batteryPercent, 50, 0.5);
					converter.fault = undefined;
					near(readOnce(bench, sensor, 100).sample?.batteryPercent, 50, 0.5);
				}
		},
	},
	{
		name: 'battery: radio bursts that pull two of nine down do not matter, four are a fault',
		run() {
			const { make, converter } = parts();
			const battery = make();
			converter.fault = (conversion) => (conversion % 9 < 2 ? 'dip' : undefined);
			near(battery.sample().batteryPercent, 50, 0.5);
			converter.fault = (conversion) => (conversion % 9 < 4 ? 'dip' : undefined);
			faults(() => battery.sample(), 'sensor', 'jumps about');
		},
	},
	{
		name: 'battery: no cell, or more than the converter sees, is no charge',
		run() {
			const { make, cell } = parts();
			const battery = make();
			for (const millivolts of [0, 2_400, 4_410, 4_900, 6_000]) {
				cell.millivolts = millivolts;
				equal(battery.sample().batteryPercent, undefined, `${millivolts} mV`);
				equal(battery.missing.batteryPercent, 'no cell');
			}
			const other = parts(4_000, 1.5);
			equal(other.make().sample().batteryPercent, undefined, 'at the end of the scale');
		},
	},
	{
		name: 'battery: what cannot be is refused',
		run() {
			const { converter, make } = parts();
			const io = converter.Analog as never;
			faults(() => new Battery({ sensor: { io, pin: PIN }, ratio: 0 }), 'range', 'ratio');
			faults(() => new Battery({ sensor: { io, pin: PIN }, ratio: 2, fullScaleMillivolts: 0 }), 'range', 'fullScale');
			faults(() => new Battery({ sensor: { io, pin: 3 }, ratio: 2 }), 'sensor', 'not analog pin');
			const battery = make();
			faults(make, 'sensor', 'in use');
			battery.close();
			battery.close();
			make().close();
			faults(() => battery.sample(), 'misuse', 'closed');
		},
	},
];
