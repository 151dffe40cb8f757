import { VirtualBus } from '../../../../hosts/simulator/bus/i2c';
import { type Air, ShtModel } from '../../../../hosts/simulator/bus/sht';
import { OneShot } from '../../../../modules/sensor/one-shot';
import { Sht } from '../../../../modules/sht/sht';
import { Bench, breakEach, type Case, equal, faults, near, type Rig, readOnce } from './bench';

type Family = 'sht3x' | 'sht4x';
const AIR: Air = Object.freeze({ temperatureCelsius: 31.25, humidityPercent: 62.5 });

function parts(family: Family, air = AIR) {
	const bench = new Bench();
	const model = new ShtModel({ now: () => bench.now, air: () => air, family });
	const bus = new VirtualBus([model]);
	const make = (part: Family = family): Sht => new Sht({ sensor: { io: bus.I2C as never }, part });
	return { bench, bus, model, make };
}

function rig(family: Family): Rig {
	const { bench, bus, make } = parts(family);
	const sensor = new OneShot({
		name: family,
		clock: bench,
		make: () => make(),
		gives: ['temperatureCelsius', 'humidityPercent'],
		warmUp: 20,
	});
	return {
		bench,
		bus,
		sensor,
		check(sample) {
			near(sample?.temperatureCelsius, AIR.temperatureCelsius, 0.003, 'temperature');
			near(sample?.humidityPercent, AIR.humidityPercent, 0.003, 'humidity');
		},
	};
}

const families: readonly Family[] = ['sht3x', 'sht4x'];

export const cases: readonly Case[] = families.flatMap((family) => [
	{
		name: `${family}: a reading, within the time it states`,
		run() {
			const { bench, sensor, check, bus } = rig(family);
			const { sample, took, fault } = readOnce(bench, sensor, sensor.warmUp!);
			if (fault) throw fault;
			check(sample);
			equal(took <= sensor.warmUp!, true, 'in time');
			equal(bus.violations, [], 'violations');
		},
	},
	{
		name: `${family}: each fault at each transaction`,
		run: () => breakEach(() => rig(family), ['nak', 'broken', 'timeout', 'unsaid', 'flip', 'ones'], 300),
	},
	{
		name: `${family}: its power goes before any transaction`,
		run() {
			const count = 3;
			for (let at = 0; at < count; at++) {
				const { bench, bus, sensor, check } = rig(family);
				bus.fault = (transaction) => (transaction === at ? 'power' : undefined);
				check(readOnce(bench, sensor, 300).sample);
			}
		},
	},
	{
		name: `${family}: a part of the other family is refused, and so is an empty bus`,
		run() {
			const { make } = parts(family);
			faults(() => make(family === 'sht3x' ? 'sht4x' : 'sht3x'), 'sensor', 'failed');
			const empty = new VirtualBus([]);
			faults(() => new Sht({ sensor: { io: empty.I2C as never }, part: family }), 'sensor', 'failed');
		},
	},
	{
		name: `${family}: each repeatability; what is asked for too early is not there`,
		run() {
			const { bench, bus, make } = parts(family);
			const sht = make();
			equal(sht.identification.serial, 0x12ab34cd, 'serial');
			for (const repeatability of ['low', 'medium', 'high'] as const) {
				sht.configure({ repeatability });
				const wait = sht.measure();
				faults(() => sht.sample(), 'sensor', 'failed');
				bench.advance(wait);
				near(sht.sample().humidityPercent, AIR.humidityPercent, 0.003);
				// Each is given once.
				faults(() => sht.sample(), 'sensor', 'failed');
			}
			sht.close();
			sht.close();
			faults(() => sht.measure(), 'misuse', 'closed');
			equal(bus.violations, [], 'violations');
		},
	},
	{
		name: `${family}: what is measured with the heater on is not given`,
		run() {
			const { bench, bus, model, make } = parts(family);
			const sht = make();
			sht.configure({ heater: true });
			bench.advance(sht.measure());
			const sample = sht.sample();
			equal(
				[sample.temperatureCelsius, sample.humidityPercent],
				[null, null].map(() => undefined),
			);
			equal(sht.missing.temperatureCelsius, 'heater');
			sht.configure({});
			equal(model.isHeating, false, 'heating');
			bench.advance(sht.measure());
			near(sht.sample().temperatureCelsius, AIR.temperatureCelsius, 0.003);
			sht.configure({ heater: true });
			sht.close();
			equal(model.isHeating, false, 'heating');
			equal(bus.violations, [], 'violations');
		},
	},
	{
		name: `${family}: humidity stays within 0 to 100`,
		run() {
			for (const humidityPercent of [-5, 0, 100, 110]) {
				const { bench, make } = parts(family, { temperatureCelsius: -20, humidityPercent });
				const sht = make();
				bench.advance(sht.measure());
				near(sht.sample().humidityPercent, Math.min(100, Math.max(0, humidityPercent)), 0.003);
			}
		},
	},
]);
