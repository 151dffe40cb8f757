/** Tells whole stories of a device whose firmware runs on XS, and holds what they took of its memory. */
import { afterAll, expect, test } from 'vitest';
import { type XsFirmware, type XsStatistics, xsEngine } from '../../../hosts/xs/engine';
import { type BoardSetUp, makeWorld, type Resident, type WorldOptions } from '../../support/world';

/**
 * What the firmware with the MQTT route may take of the arena's 65,536 bytes: what was measured and a tenth more. Memory on
 * XS is exact, and so are computrons: a test may hold them.
 */
export const BUDGET = Object.freeze({
	arenaPeak: 36_100,
	slotsPeak: 20_300,
	chunksPeak: 6_900,
	stackPeak: 7_600,
	keys: 20,
	computronsPerReading: 65_600,
});

export const QUICK = Object.freeze({ dataIntervalSeconds: 1, backoffMinimumSeconds: 0.1, backoffMaximumSeconds: 4 });
export const MINUTE = 60_000;

interface Scene {
	readonly world: ReturnType<typeof makeWorld>;
	readonly resident: Resident;
	/** The firmware that runs now. */
	readonly device: () => XsFirmware;
	/** How many lines of the log, so far, hold these words. */
	readonly said: (words: string) => number;
}

interface SetUp extends BoardSetUp {
	readonly world?: Omit<WorldOptions, 'engine'>;
}

type Peak = readonly [name: string, readings: number, wakings: number, most: (name: keyof XsStatistics) => number];
const peaks: Peak[] = [];

/** A device is made, and the story told; in the end it delivers what it has, and every reading must be one row. */
export function story(name: string, setUp: SetUp, tell: (scene: Scene) => void): void {
	test(name, () => {
		const engine = xsEngine();
		const world = makeWorld({ ...setUp.world, engine });
		try {
			const resident = world.addBoard('ESP32_001', setUp);
			const { board, log } = resident;
			const device = (): XsFirmware => board.device as XsFirmware;
			tell({ world, resident, device, said: (words) => log.filter((line) => line.includes(words)).length });
			if (board.isOn) settle(world, resident);
			expect(resident.flash.violations).toBe(0);
			const all = engine.machines.flatMap(({ statistics }) => statistics ?? []);
			const wakings = all.reduce((sum, { events }) => sum + events, 0);
			peaks.push([name, resident.taken(), wakings, (key) => Math.max(0, ...all.map((each) => each[key]))]);
		} finally {
			engine.close();
			world.close();
		}
	});
}

function settle(world: Scene['world'], resident: Resident): void {
	const { device, boots } = resident.board;
	device.stopSampling();
	world.time.advanceUntil(() => device.report().backlog === 0, 5 * MINUTE, 1_000);
	const { backlog, dropped } = device.report();
	expect(backlog).toBe(0);
	const rows = world.rows();
	expect(rows).toBeGreaterThanOrEqual(resident.taken() - dropped);
	// A reading whose append was cut may have been kept, though the firmware never knew: at most one for each boot.
	expect(rows).toBeLessThanOrEqual(resident.taken() - dropped + boots - 1);
}

afterAll(() => {
	const line = (cells: readonly (string | number)[]): string =>
		cells.map((cell, at) => (at === 0 ? String(cell).slice(0, 60).padEnd(60) : String(cell).padStart(9))).join('');
	const rows = peaks.map(([name, readings, wakings, most]) => [
		name,
		readings,
		wakings,
		most('arenaPeak'),
		most('slotsPeak'),
		most('chunksPeak'),
		most('stackPeak'),
		most('peakComputrons'),
	]);
	const head = ['XS, arena of 65,536 bytes', 'readings', 'wakings', 'arena', 'slots', 'chunks', 'stack', 'computr.'];
	console.log([head, ...rows].map(line).join('\n'));
});

/** To be called last: what the stories of this file took, against the budget. */
export function budget(stories: number, limits: Readonly<Record<keyof typeof BUDGET, number>> = BUDGET): void {
	test('the memory that the stories took', () => {
		expect(peaks.length).toBeGreaterThanOrEqual(stories);
		const most = (key: keyof XsStatistics): number => Math.max(...peaks.map(([, , , of]) => of(key)));
		for (const key of ['arenaPeak', 'slotsPeak', 'chunksPeak', 'stackPeak', 'keys'] as const)
			expect(most(key), key).toBeLessThanOrEqual(limits[key] * (key === 'keys' ? 1 : most('slotSize') / 16));
	});
}
