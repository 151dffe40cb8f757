import { describe, expect, test } from 'vitest';
import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { VirtualFlash } from '../../../hosts/simulator/board/flash';
import { VirtualStore } from '../../../hosts/simulator/board/store';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { VirtualTime } from '../../../hosts/simulator/time';
import { Fault } from '../../../modules/fault';
import { Journal } from '../../../modules/journal/journal';
import type { Sample, Sensor } from '../../../modules/ports';
import { Dating } from '../../../src/sensing/dating';
import { READING_BYTE_LENGTH, unpackReading } from '../../../src/sensing/reading';
import { Sampler, type SamplerOwner } from '../../../src/sensing/sampler';

const NOON = 1_767_268_800_000;

function sensor(name: string, sample: () => Sample | undefined): Sensor {
	return { name, sample, close() {} };
}

function setUp(sensors: Sensor[], interval = 30_000, patience = 0) {
	const world = new VirtualTime();
	const random32 = seededRandom32(3);
	const flash = new VirtualFlash({ blocks: 4, random32 });
	const journal = new Journal({ flash, payloadByteLength: READING_BYTE_LENGTH, random32 });
	const clock = new BoardClock(world, { epoch: NOON });
	const log: string[] = [];
	const kept: number[] = [];
	const owner: SamplerOwner = { onReading: (sequence) => kept.push(sequence) };
	const sampler = new Sampler({
		clock,
		log: (level, source, message) => log.push(`${level} ${source}: ${message}`),
		sensors,
		journal,
		dating: new Dating({ clock, store: new VirtualStore() }),
		interval,
		patience,
		owner,
	});
	const readings = () => {
		const bytes = new Uint8Array(READING_BYTE_LENGTH);
		const all = [];
		for (let at = journal.next(0, bytes); at !== undefined; at = journal.next(at, bytes))
			all.push(unpackReading(bytes));
		return all;
	};
	return { world, flash, journal, clock, sampler, owner, log, kept, readings };
}

describe('the sampler', () => {
	test('takes a reading at once, then one each interval, in time with its start', () => {
		const { world, sampler, readings, kept } = setUp([sensor('thermometer', () => ({ temperatureCelsius: 36.6 }))]);
		sampler.start();
		world.advance(90_000);
		expect(readings().map(({ stamp }) => stamp)).toEqual(
			[0, 30_000, 60_000, 90_000].map((at) => ({ epochMilliseconds: NOON + at })),
		);
		expect(kept).toEqual([1, 2, 3, 4]);
		sampler.stop();
		world.advance(90_000);
		expect(sampler.sampled).toBe(4);
	});

	test('puts what all its sensors gave into one reading', () => {
		const { world, sampler, readings } = setUp([
			sensor('thermometer', () => ({ temperatureCelsius: 36.6 })),
			sensor('oximeter', () => ({ heartRateBpm: 70, spo2Percent: 98 })),
			sensor('gps', () => undefined),
		]);
		sampler.start();
		world.advance(1);
		expect(readings()[0]).toMatchObject({ centiCelsius: 3660, heartRateBpm: 70, spo2PerMille: 980 });
		expect(readings()[0]!.latitudeTenMicrodegrees).toBeUndefined();
	});

	test('goes on without a sensor that fails, logs it once, and says when it is back', () => {
		let broken = true;
		const { world, sampler, log, readings } = setUp([
			sensor('oximeter', () => {
				if (broken) throw new Fault('sensor', 'no answer on the bus');
				return { heartRateBpm: 70 };
			}),
			sensor('thermometer', () => ({ temperatureCelsius: 36.6 })),
		]);
		sampler.start();
		world.advance(90_000);
		broken = false;
		world.advance(30_000);
		expect(log).toEqual(['warning sampler: oximeter: no answer on the bus', 'info sampler: oximeter answers again']);
		expect(readings().map(({ heartRateBpm }) => heartRateBpm)).toEqual([
			undefined,
			undefined,
			undefined,
			undefined,
			70,
		]);
		expect(readings().every(({ centiCelsius }) => centiCelsius === 3660)).toBe(true);
	});

	test('leaves out nonsense and says what it was', () => {
		const { world, sampler, log, readings } = setUp([
			sensor('oximeter', () => ({ heartRateBpm: 9_999, spo2Percent: Number.NaN })),
		]);
		sampler.start();
		world.advance(1);
		expect(readings()[0]).toMatchObject({ heartRateBpm: undefined, spo2PerMille: undefined });
		expect(log).toEqual([
			'warning sampler: heartRateBpm: 9999 is out of bounds, left out',
			'warning sampler: spo2Percent: NaN is out of bounds, left out',
		]);
	});

	test('survives a sensor that throws anything at all', () => {
		for (const thrown of [undefined, null, 'text', 7, { toString: () => 'odd' }]) {
			const { world, sampler } = setUp([
				sensor('odd', () => {
					throw thrown;
				}),
			]);
			sampler.start();
			world.advance(1);
			expect(sampler.journaled).toBe(1);
		}
	});

	test('can be stopped from within a sample, and takes no other', () => {
		const { world, sampler } = setUp([
			sensor('last', () => {
				sampler.stop();
				return {};
			}),
		]);
		sampler.start();
		world.advance(300_000);
		expect(sampler.sampled).toBe(1);
	});

	test('counts and logs a reading that no flash could keep', () => {
		const { world, sampler, journal, log } = setUp([]);
		journal.close();
		sampler.start();
		world.advance(1);
		expect([sampler.sampled, sampler.journaled]).toEqual([1, 0]);
		expect(log[0]).toContain('error sampler: a reading could not be kept');
	});

	test('keeps the reading and its beat when whoever is told of it throws', () => {
		const { world, sampler, owner, log, readings } = setUp([sensor('gauge', () => ({ batteryPercent: 50 }))]);
		owner.onReading = () => {
			throw new Fault('range', 'no room');
		};
		sampler.start();
		world.advance(30_000);
		owner.onBattery = () => {
			throw new Error('nobody foresaw it');
		};
		world.advance(30_000);
		expect(readings().length).toBe(3);
		expect([sampler.journaled, log]).toEqual([
			3,
			['no room', 'no room', 'nobody foresaw it', 'no room'].map((why) => `error sampler: ${why}`),
		]);
	});

	test('tells the charge before the reading is written: on an empty battery nothing may be erased for it', () => {
		const { world, sampler, owner, journal } = setUp([sensor('gauge', () => ({ batteryPercent: 3 }))]);
		const next: number[] = [];
		owner.onBattery = () => next.push(journal.nextSequence);
		sampler.start();
		world.advance(30_000);
		expect(next).toEqual([1, 2]);
	});

	test('goes on with a beat that began before this boot, early or late', () => {
		const { world, sampler, readings } = setUp([]);
		world.advance(10_000);
		sampler.start(12_000);
		world.advance(40_000);
		sampler.stop();
		expect(readings().map(({ stamp }) => stamp)).toEqual(
			[12_000, 42_000].map((at) => ({ epochMilliseconds: NOON + at })),
		);
		sampler.start(12_000);
		world.advance(0);
		expect(sampler.sampled).toBe(3);
		expect(sampler.next).toBe(72_000);
	});

	test('leaves out beats when it is stretched', () => {
		const { world, sampler } = setUp([]);
		sampler.stretch = 4;
		sampler.start();
		world.advance(240_000);
		expect(sampler.sampled).toBe(3);
	});
});

/** Needs `warmUp` ms, and notes when it is told what. */
class Slow implements Sensor {
	readonly name = 'slow';
	readonly warmUp: number;
	readonly said: string[] = [];
	missing = {};
	#world: VirtualTime;
	#readyAt: number | undefined;

	constructor(world: VirtualTime, warmUp: number) {
		this.#world = world;
		this.warmUp = warmUp;
	}

	get ready(): boolean {
		return this.#readyAt === undefined || this.#world.now >= this.#readyAt;
	}

	start(): void {
		this.said.push(`start ${this.#world.now}`);
		this.#readyAt = this.#world.now + this.warmUp;
	}

	stop(): void {
		this.said.push(`stop ${this.#world.now}`);
	}

	sample(): Sample | undefined {
		const isReady = this.#readyAt !== undefined && this.ready;
		this.missing = isReady ? {} : { heartRateBpm: 'settling' };
		return isReady ? { heartRateBpm: 60 } : undefined;
	}

	close(): void {}
}

describe('slow sensors', () => {
	/** A sampler whose one sensor lives in its own world. */
	function scene(warmUp: number, patience: number, interval = 30_000, live = false) {
		const holder: { sensor?: Slow } = {};
		const proxy: Sensor = {
			name: 'slow',
			warmUp,
			start: () => holder.sensor!.start(),
			stop: () => holder.sensor!.stop(),
			get ready() {
				return holder.sensor!.ready;
			},
			get missing() {
				return holder.sensor!.missing;
			},
			sample: () => holder.sensor!.sample(),
			...(live && { live: () => holder.sensor!.sample() }),
			close() {},
		};
		const made = setUp([proxy], interval, patience);
		holder.sensor = new Slow(made.world, warmUp);
		const times = (): (readonly [number, number | undefined])[] =>
			made
				.readings()
				.map(({ stamp, heartRateBpm }) => [
					'epochMilliseconds' in stamp ? stamp.epochMilliseconds - NOON : -1,
					heartRateBpm,
				]);
		return { ...made, slow: holder.sensor, times };
	}

	test('are started ahead of the beat, and rest after it', () => {
		const { world, sampler, slow, times, log } = scene(8_000, 0);
		sampler.start();
		world.advance(70_000);
		expect(times()).toEqual([
			[0, undefined],
			[30_000, 60],
			[60_000, 60],
		]);
		expect(slow.said).toEqual(['start 0', 'stop 0', 'start 22000', 'stop 30000', 'start 52000', 'stop 60000']);
		expect(log).toEqual(['info sampler: no heartRateBpm: settling']);
		expect(sampler.missing).toEqual({});
	});

	test('the first reading waits for those that are ready within its patience, and the beat does not shift', () => {
		const { world, sampler, times } = scene(400, 1_000);
		sampler.start();
		world.advance(1);
		expect(sampler.isWaiting).toBe(true);
		world.advance(60_000);
		expect(sampler.isWaiting).toBe(false);
		expect(times()).toEqual([
			[400, 60],
			[30_000, 60],
			[60_000, 60],
		]);
	});

	test('one that is not ready when it should be is waited for as long as there is patience', () => {
		const { world, sampler, slow, times } = scene(400, 1_000);
		Object.defineProperty(slow, 'ready', { get: () => false });
		sampler.start();
		world.advance(30_000);
		expect(times()).toEqual([[1_000, undefined]]);
		expect(sampler.missing).toEqual({ heartRateBpm: 'settling' });
	});

	test('an interval shorter than they need: each reading has what there is', () => {
		const { world, sampler, times } = scene(400, 0, 200);
		sampler.start();
		world.advance(600);
		expect(times().map(([at]) => at)).toEqual([0, 200, 400, 600]);
	});

	test('those that are watched all the time are started once, and stopped in the end', () => {
		const { world, sampler, slow, times } = scene(8_000, 0, 30_000, true);
		sampler.start();
		world.advance(60_000);
		expect(slow.said).toEqual(['start 0']);
		expect(times().map(([, rate]) => rate)).toEqual([undefined, 60, 60]);
		sampler.stop();
		expect(slow.said).toEqual(['start 0', 'stop 60000']);
		sampler.stop();
		world.advance(60_000);
		expect(slow.said.length).toBe(2);
	});

	test('a reading beside the beat waits too, and takes no beat’s place', () => {
		const { world, sampler, times } = scene(400, 1_000);
		sampler.start(20_000);
		sampler.take();
		expect(sampler.isWaiting).toBe(true);
		world.advance(60_000);
		expect(times()).toEqual([
			[400, 60],
			[20_000, 60],
			[50_000, 60],
		]);
	});

	test('one that throws at its start is a sensor that failed', () => {
		const bad: Sensor = {
			name: 'bad',
			warmUp: 10,
			start() {
				throw new Fault('sensor', 'no bus');
			},
			sample: () => undefined,
			close() {},
		};
		const { world, sampler, log } = setUp([bad]);
		sampler.start();
		world.advance(1);
		expect([sampler.journaled, log[0]]).toEqual([1, 'warning sampler: bad: no bus']);
	});

	test('one that throws when it is let rest has failed, and the beat goes on', () => {
		const { world, sampler, slow, times, log } = scene(400, 1_000);
		slow.stop = () => {
			throw new Fault('sensor', 'no bus');
		};
		sampler.start();
		world.advance(30_000);
		expect(times().map(([at]) => at)).toEqual([400, 30_000]);
		expect(log).toContain('warning sampler: slow: no bus');
		sampler.stop();
	});
});
