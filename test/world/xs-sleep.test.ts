/** Stories of a device that sleeps, with its firmware on XS: each waking is a boot of a machine of its own, in a board's heap. */
import { afterAll, describe, expect, test } from 'vitest';
import { type XsStatistics, xsEngine } from '../../hosts/xs/engine';
import { dealBlows, MINUTE, messages, SLEEPY, timestamps, untilDelivered, untilDelivery } from '../support/sleep';
import { type BoardSetUp, makeWorld, NOON, type Resident } from '../support/world';

/** Bytes of the arena's 65,536: the aim for a device with all its routes. */
const ARENA_PEAK = 41_200;

interface Scene {
	readonly world: ReturnType<typeof makeWorld>;
	readonly resident: Resident;
}

const peaks: (readonly [name: string, wakings: number, most: (key: keyof XsStatistics) => number])[] = [];

function story(name: string, setUp: BoardSetUp, tell: (scene: Scene) => void): void {
	test(name, () => {
		const engine = xsEngine();
		const world = makeWorld({ engine });
		try {
			const resident = world.addBoard('ESP32_001', { ...setUp, settings: { ...SLEEPY, ...setUp.settings } });
			tell({ world, resident });
			expect(resident.flash.violations).toBe(0);
			expect(resident.log.filter((line) => line.startsWith('error'))).toEqual([]);
			const all = engine.machines.flatMap(({ statistics }) => statistics ?? []);
			peaks.push([name, all.length, (key) => Math.max(0, ...all.map((each) => each[key]))]);
		} finally {
			engine.close();
			world.close();
		}
	});
}

const beats = (count: number): number[] => Array.from({ length: count }, (_, index) => NOON + index * MINUTE);

describe('sleep, on XS', () => {
	story('an hour: a reading each minute, a delivery each twelve', {}, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(60 * MINUTE + 30_000);
		expect(resident.board.boots).toBe(61);
		expect(timestamps(world)).toEqual(beats(61));
		expect(messages(world, 'heartbeat').map(({ status }) => status)).toEqual(Array(6).fill('sleeping'));
	});

	story('an outage over wakings', {}, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(5 * MINUTE);
		world.broker.crash();
		world.time.advance(60 * MINUTE);
		world.broker.restart();
		untilDelivered(world, resident);
		expect(timestamps(world)).toEqual(beats(world.rows()));
	});

	story('a half-open peer, and the broker’s crash in the middle of a delivery', {}, ({ world, resident }) => {
		resident.powerOn();
		untilDelivered(world, resident);
		untilDelivery(world, resident);
		world.time.advance(890);
		resident.line.down();
		expect(world.time.advanceUntil(() => resident.board.isAsleep, 31_000)).toBe(true);
		resident.line.up();
		untilDelivery(world, resident);
		world.time.advance(880);
		world.crashServer();
		world.broker.restart();
		untilDelivered(world, resident);
		expect(timestamps(world)).toEqual(beats(world.rows()));
	});

	story('the time is told late, and kept over sleep', { clockless: true }, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(20 * MINUTE);
		untilDelivery(world, resident);
		resident.board.clock.time = NOON + world.time.now;
		world.time.advance(30 * MINUTE);
		untilDelivered(world, resident);
		expect(timestamps(world)).toEqual(beats(world.rows()));
	});

	for (const seed of [101, 102])
		story(
			`twenty-five blows in the middle of wakings (${seed})`,
			{ blocks: 6, settings: { deliverEvery: 2 } },
			({ world, resident }) => {
				expect(dealBlows(world, resident, 25, seed).lost).toBe(0);
			},
		);
});

afterAll(() => {
	const line = (cells: readonly (string | number)[]): string =>
		cells.map((cell, at) => (at === 0 ? String(cell).padEnd(74) : String(cell).padStart(9))).join('');
	const keys = ['arenaPeak', 'slotsPeak', 'chunksPeak', 'stackPeak', 'keys', 'totalComputrons'] as const;
	const head = ['XS, arena of 65,536 bytes', 'wakings', 'arena', 'slots', 'chunks', 'stack', 'keys', 'computr.'];
	const rows = peaks.map(([name, wakings, most]) => [name, wakings, ...keys.map(most)]);
	console.log([head, ...rows].map(line).join('\n'));
	for (const [name, , most] of peaks)
		expect(most('arenaPeak'), name).toBeLessThanOrEqual((ARENA_PEAK * most('slotSize')) / 16);
});
