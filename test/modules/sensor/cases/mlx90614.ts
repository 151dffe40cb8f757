import { VirtualBus } from '../../../../hosts/simulator/bus/i2c';
import { Mlx90614Model } from '../../../../hosts/simulator/bus/mlx90614';
import { Mlx90614 } from '../../../../modules/mlx90614/mlx90614';
import { OneShot } from '../../../../modules/sensor/one-shot';
import { Bench, breakEach, type Case, equal, faults, near, type Rig, readOnce } from './bench';

function parts(object = 36.68, checks = true) {
	const bench = new Bench();
	const seen = { object };
	const model = new Mlx90614Model({ now: () => bench.now, ambient: () => 27.5, object: () => seen.object, checks });
	const bus = new VirtualBus([model]);
	const make = (): Mlx90614 => new Mlx90614({ sensor: { io: bus.SMBus as never } });
	return { bench, bus, model, make, seen };
}

function rig(): Rig {
	const { bench, bus, make } = parts();
	const sensor = new OneShot({
		name: 'mlx90614',
		clock: bench,
		make,
		gives: ['temperatureCelsius'],
		warmUp: 300,
	});
	return { bench, bus, sensor, check: (sample) => near(sample?.temperatureCelsius, 36.68, 0.011, 'temperature') };
}

export const cases: readonly Case[] = [
	{
		name: 'mlx90614: a reading',
		run() {
			const { bench, sensor, check, bus } = rig();
			check(readOnce(bench, sensor, 1).sample);
			equal(bus.violations, [], 'violations');
		},
	},
	{
		name: 'mlx90614: each fault at each transaction',
		run: () => breakEach(rig, ['nak', 'broken', 'timeout', 'unsaid', 'flip', 'ones'], 400),
	},
	{
		name: 'mlx90614: its power goes before any transaction',
		run() {
			for (let at = 0; at < 6; at++) {
				const { bench, bus, sensor, check } = rig();
				bus.fault = (transaction) => (transaction === at ? 'power' : undefined);
				const { sample, fault } = readOnce(bench, sensor, 400);
				// In the middle of a sample there is nothing to see it by but a temperature that nobody has.
				if (sample?.temperatureCelsius !== undefined) check(sample);
				else equal(fault !== undefined || sensor.missing?.temperatureCelsius !== undefined, true, 'a reason');
			}
		},
	},
	{
		name: 'mlx90614: after power it waits for the first value',
		run() {
			const { bench, model, make } = parts();
			model.powerCycle();
			const part = make();
			const wait = part.measure();
			equal(wait, 250);
			faults(() => part.sample(), 'sensor', 'not measured yet');
			bench.advance(wait);
			equal(part.measure(), 0);
			near(part.sample().temperatureCelsius, 36.68, 0.011);
		},
	},
	{
		name: 'mlx90614: a part that does not check is refused',
		run: () => faults(() => parts(36.6, false).make(), 'sensor', 'PEC'),
	},
	{
		name: 'mlx90614: walls, stoves and the sky are nobody’s temperature',
		run() {
			const { make, seen } = parts();
			const part = make();
			for (const [object, temperature, missing] of [
				[29.9, undefined, 'nobody in front of it'],
				[30.1, 30.1, undefined],
				[44.9, 44.9, undefined],
				[45.1, undefined, 'nobody in front of it'],
				[-60, undefined, 'nobody in front of it'],
				[500, undefined, 'it could not measure'],
			] as const) {
				seen.object = object;
				part.measure();
				const sample = part.sample();
				equal(part.missing.temperatureCelsius, missing, 'missing');
				if (temperature === undefined) equal(sample.temperatureCelsius, undefined);
				else near(sample.temperatureCelsius, temperature, 0.011);
				near(sample.ambientCelsius, 27.5, 0.011, 'ambient');
			}
			faults(() => part.configure({ lowestCelsius: 50 }), 'range', 'is no range');
			part.configure({ lowestCelsius: -70, highestCelsius: 382 });
			seen.object = -60;
			near(part.sample().temperatureCelsius, -60, 0.011);
			part.close();
			part.close();
			faults(() => part.sample(), 'misuse', 'closed');
		},
	},
];
