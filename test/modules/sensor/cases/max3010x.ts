import { BUS_FAULTS, type BusFault, VirtualBus } from '../../../../hosts/simulator/bus/i2c';
import { type Illumination, Max3010xModel } from '../../../../hosts/simulator/bus/max3010x';
import { Fault } from '../../../../modules/fault';
import { Max3010x } from '../../../../modules/max3010x/max3010x';
import type { Configuration } from '../../../../modules/max3010x/options';
import { Bench, type Case, equal, faults, holds, near } from './bench';

const RATE = 50;
const PERIOD = 1000 / RATE;
const STEPS_A_NANOAMPERE = 64;

/** Each sample is one more than the one before: what is lost, doubled or shifted is seen. */
const counting: Illumination = {
	look(seconds) {
		const count = Math.round((seconds * 1000) / PERIOD);
		return {
			red: (count + 0.5) / STEPS_A_NANOAMPERE,
			infrared: (100_000 + count + 0.5) / STEPS_A_NANOAMPERE,
			green: (200_000 + count + 0.5) / STEPS_A_NANOAMPERE,
		};
	},
	celsius: () => -3.25,
};

const PLAIN: Configuration = Object.freeze({
	redMilliamperes: 6,
	infraredMilliamperes: 6,
	sampleRate: RATE,
	average: 1,
	pulseWidth: 411,
	range: 4096,
});

function parts(light: Illumination = counting, part = 0x15) {
	const bench = new Bench();
	const pin = { onReadable: undefined as (() => void) | undefined, closed: 0 };
	class Pin {
		constructor(options: { onReadable: () => void }) {
			pin.onReadable = options.onReadable;
		}
		read(): number {
			return 0;
		}
		close(): void {
			pin.closed++;
		}
	}
	const model = new Max3010xModel({ scheduler: bench, light, part, onInterrupt: () => pin.onReadable?.() });
	const bus = new VirtualBus([model]);
	const make = (onAlert?: () => void): Max3010x =>
		new Max3010x({
			sensor: { io: bus.SMBus as never },
			...(onAlert && { alert: { io: Pin as never }, onAlert }),
		});
	const begin = (configuration = PLAIN): Max3010x => {
		const driver = make();
		bench.advance(2);
		driver.configure(configuration);
		return driver;
	};
	return { bench, bus, model, pin, make, begin };
}

interface Heard {
	/** Runs of samples without a gap that the driver did not tell of. */
	readonly reds: number[];
	readonly infrareds: number[];
	restarts: number;
	lost: number;
}

/** Keeps a part going as its owner should: a 'closed' one is made anew, all else is asked again at the next turn. */
function listen(scene: ReturnType<typeof parts>, milliseconds: number, every = 200): Heard {
	const heard: Heard = { reds: [], infrareds: [], restarts: 0, lost: 0 };
	let driver: Max3010x | undefined;
	let configured = false;
	for (let passed = 0; passed < milliseconds; passed += every) {
		try {
			if (!driver) driver = scene.make();
			else if (!configured) {
				driver.configure(PLAIN);
				configured = true;
			} else {
				const light = driver.sample();
				if (light) {
					heard.lost += light.lost;
					for (let at = 0; at < light.count; at++) {
						heard.reds.push(light.red[at]!);
						heard.infrareds.push(light.infrared[at]!);
					}
				}
			}
		} catch (thrown) {
			holds(thrown instanceof Fault, `not a Fault: ${String(thrown)}`);
			if (!configured || (thrown as Fault).code === 'closed') {
				driver?.close();
				driver = undefined;
				configured = false;
				heard.restarts++;
			}
		}
		scene.bench.advance(every);
	}
	driver?.close();
	return heard;
}

const isNext = (values: readonly number[]) =>
	values.every((value, at) => at === 0 || value === values[at - 1]! + 1 || values[at - 1] === undefined);

function breakAt(at: number, kind: BusFault): void {
	const scene = parts();
	scene.bus.fault = (transaction) => (transaction === at ? kind : undefined);
	const heard = listen(scene, 2_600);
	const where = `${kind} at ${at}`;
	holds(heard.reds.length > 60, `${where}: ${heard.reds.length} samples`);
	if (kind === 'nak' || kind === 'broken' || kind === 'timeout' || kind === 'unsaid') {
		// Set-up is begun again; a running stream is not even interrupted.
		if (heard.restarts === 0)
			equal(isNext(heard.reds) && isNext(heard.infrareds), true, `${where}: all, once, in order`);
		equal(scene.bus.violations, [], where);
	}
	// Whatever was misheard, it is behind us by now.
	const tail = heard.reds.slice(-30);
	equal(isNext(tail), true, `${where}: goes on`);
	equal(
		heard.infrareds.slice(-30).map((value) => value - 100_000),
		tail,
		`${where}: both LEDs of one sample`,
	);
}

export const cases: readonly Case[] = [
	{
		name: 'max3010x: every sample, once and in order, however late it is asked',
		run() {
			for (const every of [20, 100, 333, 600]) {
				const scene = parts();
				const heard = listen(scene, 10_000, every);
				equal(isNext(heard.reds) && isNext(heard.infrareds), true, `every ${every} ms`);
				holds(heard.reds.length >= 10_000 / PERIOD - (2 * every) / PERIOD - 35, `${heard.reds.length} samples`);
				equal([heard.lost, heard.restarts], [0, 0]);
				equal(scene.bus.violations, [], 'violations');
				equal(scene.model.isDark, true, 'dark in the end');
			}
		},
	},
	{
		name: 'max3010x: a full FIFO, exactly and beyond: what is lost is told',
		run() {
			for (const [samples, lost] of [
				[31, 0],
				[32, 0],
				[33, 1],
				[40, 8],
				[500, 31],
			] as const) {
				const scene = parts();
				const driver = scene.begin();
				scene.bench.advance(samples * PERIOD + 1);
				const light = driver.sample();
				equal([light?.count, light?.lost], [Math.min(32, samples), 0], `${samples} samples`);
				equal(isNext([...light!.red.slice(0, light!.count)]), true);
				scene.bench.advance(2 * PERIOD);
				const next = driver.sample();
				equal([next?.count, next?.lost], [2, lost], 'the oldest are kept, what came behind them is lost');
				equal(driver.sample(), undefined);
				equal(scene.bus.violations, [], 'violations');
			}
		},
	},
	{
		name: 'max3010x: each fault at each transaction of a second',
		run() {
			const whole = parts();
			listen(whole, 1_200);
			for (const kind of BUS_FAULTS) for (let at = 0; at < whole.bus.transactions; at++) breakAt(at, kind);
		},
	},
	{
		name: 'max3010x: a stuck bus is a Fault each time, and the samples of then are lost, and told',
		run() {
			const { bench, bus, begin } = parts();
			const driver = begin();
			bench.advance(200);
			const last = driver.sample()!;
			const before = last.red[last.count - 1]!;
			bus.stuck = true;
			for (let times = 0; times < 10; times++) {
				faults(() => driver.sample(), 'sensor', 'failed');
				bench.advance(100);
			}
			bus.stuck = false;
			const light = driver.sample()!;
			equal([light.count, light.lost, light.red[0]], [32, 0, before + 1]);
			bench.advance(PERIOD);
			const next = driver.sample()!;
			equal([next.count, next.lost, next.red[0]], [1, 18, before + 51]);
			driver.close();
		},
	},
	{
		name: 'max3010x: a MAX30100 is refused, and so is an empty bus',
		run() {
			faults(() => parts(counting, 0x11).make(), 'sensor', 'not a MAX30101 or MAX30102: part 0x11');
			const empty = new VirtualBus([]);
			faults(() => new Max3010x({ sensor: { io: empty.SMBus as never } }), 'sensor', 'failed');
			equal(parts().make().identification, { model: 'MAX3010x', revision: 3 });
		},
	},
	{
		name: 'max3010x: one, two and three LEDs',
		run() {
			const { redMilliamperes, sampleRate, average, pulseWidth, range } = PLAIN;
			const one = { redMilliamperes, sampleRate, average, pulseWidth, range };
			for (const configuration of [one, PLAIN, { ...PLAIN, greenMilliamperes: 10 }]) {
				const { bench, bus, begin } = parts();
				const driver = begin(configuration);
				bench.advance(5 * PERIOD + 1);
				const { red, infrared, green } = driver.sample()!;
				equal(red[4]! - red[0]!, 4);
				if ('infraredMilliamperes' in configuration) equal(infrared[4]! - red[4]!, 100_000);
				if ('greenMilliamperes' in configuration) equal(green[4]! - red[4]!, 200_000);
				equal(bus.violations, [], 'violations');
			}
		},
	},
	{
		name: 'max3010x: averaging and pulse width do what they say',
		run() {
			const { bench, bus, begin } = parts({ look: () => ({ red: 1_000, infrared: 9_000, green: 0 }) });
			const driver = begin({ ...PLAIN, sampleRate: 400, average: 8, pulseWidth: 69 });
			bench.advance(1_000);
			const light = driver.sample()!;
			equal(light.count, 32, 'a full FIFO');
			bench.advance(1_000 - 360);
			equal(driver.sample()?.count, 32, '50 a second');
			equal(light.red[0], Math.floor((1_000 / 4096) * 2 ** 15) << 3, '15 bits');
			equal(light.infrared[0], (2 ** 15 - 1) << 3, 'saturated');
			equal(bus.violations, [], 'violations');
		},
	},
	{
		name: 'max3010x: settings that it does not have are refused before any is taken',
		run() {
			const { bus, begin } = parts();
			const driver = begin();
			const before = bus.transactions;
			for (const [wrong, words] of [
				[{ sampleRate: 60 }, 'sampleRate: 60 is none of'],
				[{ sampleRate: 800 }, 'pulseWidth: 411 µs have no room at 800'],
				[{ sampleRate: 3200, pulseWidth: 69 }, 'pulseWidth: 69'],
				[{ average: 3 }, 'average'],
				[{ range: 1000 }, 'range'],
				[{ redMilliamperes: 52 }, 'redMilliamperes: 52 is not within 0 to 51'],
				[{ infraredMilliamperes: Number.NaN }, 'infraredMilliamperes'],
				[{ waiting: 16 }, 'waiting'],
				[{ proximity: { milliamperes: 60, threshold: 0 } }, 'proximity.milliamperes'],
				[{ proximity: { milliamperes: 6, threshold: 262_144 } }, 'proximity.threshold'],
			] as const)
				faults(() => driver.configure({ ...PLAIN, ...wrong } as Configuration), 'range', words);
			equal(bus.transactions, before);
		},
	},
	{
		name: 'max3010x: other currents while it runs; the light follows',
		run() {
			const { bench, bus, begin } = parts({
				look: (_, red, infrared) => ({ red: red * 10, infrared: infrared * 10, green: 0 }),
			});
			const driver = begin();
			bench.advance(5 * PERIOD);
			const before = driver.sample()!.red[0]!;
			driver.setCurrents(12, 3);
			bench.advance(3 * PERIOD);
			const light = driver.sample()!;
			near(light.red[light.count - 1], 2 * before, 2);
			near(light.infrared[light.count - 1], before / 2, 2);
			faults(() => driver.setCurrents(-1, 0), 'range', 'redMilliamperes');
			equal(bus.violations, [], 'violations');
		},
	},
	{
		name: 'max3010x: the interrupt comes before the FIFO is full, again and again',
		run() {
			const { bench, bus, make, pin } = parts();
			const reds: number[] = [];
			let alerts = 0;
			const driver = make(() => {
				alerts++;
				const light = driver.sample()!;
				equal(light.lost, 0);
				reds.push(...light.red.slice(0, light.count));
			});
			bench.advance(2);
			driver.configure({ ...PLAIN, waiting: 20 });
			bench.advance(10_000);
			equal(isNext(reds), true);
			holds(alerts >= 10_000 / PERIOD / 20 - 1 && alerts <= 10_000 / PERIOD / 20 + 1, `${alerts} alerts`);
			driver.close();
			const { length } = reds;
			pin.onReadable?.();
			bench.advance(1_000);
			equal([reds.length, pin.closed], [length, 1], 'none after close');
			equal(bus.violations, [], 'violations');
		},
	},
	{
		name: 'max3010x: it looks for something near with its pilot, and keeps no samples until then',
		run() {
			let near = false;
			const { bench, bus, begin } = parts({
				look: (_, __, infrared) => ({ red: 100, infrared: near ? infrared * 300 : 1, green: 0 }),
			});
			const driver = begin({ ...PLAIN, proximity: { milliamperes: 2, threshold: 10_000 } });
			bench.advance(2_000);
			equal([driver.sample(), driver.isNear], [undefined, false]);
			near = true;
			bench.advance(200);
			driver.sample();
			equal(driver.isNear, true);
			bench.advance(200);
			holds(driver.sample() !== undefined, 'samples');
			equal(bus.violations, [], 'violations');
		},
	},
	{
		name: 'max3010x: the temperature of the die',
		run() {
			const { bench, bus, begin } = parts();
			const driver = begin();
			driver.measureTemperature();
			equal(driver.temperatureCelsius, undefined);
			bench.advance(30);
			equal(driver.temperatureCelsius, -3.25);
			equal(bus.violations, [], 'violations');
		},
	},
	{
		name: 'max3010x: power that went is told once, and the part made anew goes on',
		run() {
			const { bench, model, begin } = parts();
			const driver = begin();
			bench.advance(100);
			model.powerCycle();
			faults(() => driver.sample(), 'closed', 'lost its power');
			faults(() => driver.sample(), 'misuse', 'not configured');
			driver.close();
			const again = begin();
			bench.advance(100);
			holds(again.sample() !== undefined, 'it goes on');
		},
	},
	{
		name: 'max3010x: standby is dark; misuse is refused; close twice is fine',
		run() {
			const { bench, bus, model, make } = parts();
			const driver = make();
			faults(() => driver.sample(), 'misuse', 'not configured');
			faults(() => driver.configure(PLAIN), 'sensor', 'reset takes too long');
			bench.advance(2);
			driver.configure(PLAIN);
			equal(model.isDark, false);
			driver.standby();
			equal(model.isDark, true);
			faults(() => driver.sample(), 'misuse', 'not configured');
			driver.configure(PLAIN);
			bench.advance(50);
			holds(driver.sample() !== undefined, 'it measures again');
			driver.close();
			driver.close();
			faults(() => driver.configure(PLAIN), 'misuse', 'closed');
			equal([model.isDark, bus.violations], [true, []]);
		},
	},
];
