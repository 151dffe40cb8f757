import { VirtualBus } from '../hosts/simulator/bus/i2c';
import { Max3010xModel } from '../hosts/simulator/bus/max3010x';
import { seededRandom32 } from '../hosts/simulator/random';
import { Pulse } from '../hosts/simulator/sensors/pulse';
import { VirtualTime } from '../hosts/simulator/time';
import { Max3010x } from '../modules/max3010x/max3010x';
import { PpgEstimator } from '../modules/ppg/estimator';
import { VitalSigns } from '../src/sensing/vital-signs';
import { clockOf } from '../test/modules/wifi/fake-air';
import type { Table } from './table';

/** mA, and shares of a second. */
const PULSE = Object.freeze({
	/** The processor with its radio off, waiting at full clock (data sheet: 20 to 68 mA; the model's idle too), and asleep lightly. */
	waiting: 40,
	lightly: 0.8,
	/** How much of a second it works: the estimator (4.4 % of 240 MHz, see its table) and four looks into the FIFO, 2 ms each. */
	working: 0.052,
	/** MAX30102: 0.6 mA without its LEDs (data sheet); two LEDs of 7.2 mA for 411 µs, 100 times a second. */
	sensor: 0.6,
	leds: 2 * 7.2 * 411e-6 * 100,
});
const PERSONS = 60;

const fixed = (value: number, digits = 1): string => value.toFixed(digits);

/** Seconds from the start to the heart rate, and to both values, of one person. */
function wait(seed: number): { heart: number; both: number } {
	const time = new VirtualTime();
	const light = new Pulse({
		random32: seededRandom32(seed),
		heartRateBpm: () => 55 + (seed % 10) * 5,
		spo2Percent: () => 92 + (seed % 7),
	});
	const bus = new VirtualBus([new Max3010xModel({ scheduler: time, light })]);
	const sensor = new VitalSigns({
		clock: clockOf(time),
		make: () => new Max3010x({ sensor: { io: bus.SMBus as never } }),
		estimator: (options) => new PpgEstimator(options),
	});
	sensor.start();
	time.advanceUntil(() => sensor.live()?.heartRateBpm !== undefined, 60_000, 20);
	const heart = time.now / 1000;
	time.advanceUntil(() => sensor.ready, 60_000, 20);
	const both = time.now / 1000;
	sensor.close();
	return { heart, both };
}

/** What a pulse in each reading takes beside `charge`, in mC: the charge of a reading without it. */
export function pulseCharge(charge: number): Table['rows'] {
	const waits = Array.from({ length: PERSONS }, (_, seed) => wait(seed));
	const mean = (of: (each: { heart: number; both: number }) => number): number =>
		waits.reduce((sum, each) => sum + of(each), 0) / PERSONS;
	const { waiting, lightly, working, sensor, leds } = PULSE;
	const both = mean((each) => each.both);
	const heart = mean((each) => each.heart);
	const light = working * waiting + (1 - working) * lightly;
	const total = (seconds: number, processor: number, lit = leds): string =>
		`${fixed(charge + seconds * (processor + sensor + lit))} mC`;
	return [
		[
			'seconds until the pulse is known, a finger of the model',
			`${fixed(heart)} heart rate, ${fixed(both)} saturation too`,
			`mean of ${PERSONS} persons, 55 to 100 a minute; a reading waits for both`,
		],
		[
			'charge a reading with a pulse, awake',
			total(both, waiting),
			`${waiting} mA of the processor; the part ${sensor} mA, its LEDs ${fixed(leds, 2)} mA (${fixed(both * leds)} mC)`,
		],
		['the same, if it went to sleep at the heart rate', total(heart, waiting), 'saturation would be missing'],
		['the same, LEDs at half the current', total(both, waiting, leds / 2), 'what they take is the least of it'],
		[
			'the same, asleep lightly between its looks',
			total(both, light),
			`${lightly} mA and ${fixed(100 * working, 0)} % of the time at work, data sheet; not built: a board must show it`,
		],
	];
}
