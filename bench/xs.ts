import { type XsEngine, type XsStatistics, xsEngine } from '../hosts/xs/engine';
import { makeWorld } from '../test/support/world';
import type { Table } from './table';

const HOUR = 3_600_000;
const CUTS = 1_000;

const number = new Intl.NumberFormat('en');
const bytes = (count: number): string => `${number.format(count)} B`;

const QUICK = Object.freeze({ dataIntervalSeconds: 1, backoffMinimumSeconds: 0.1, backoffMaximumSeconds: 1 });

/** A day at the default of one reading in 30 s. */
function day() {
	const engine = xsEngine();
	const world = makeWorld({ engine });
	const { board, powerOn } = world.addBoard('ESP32_001', { blocks: 64 });
	powerOn();
	const [machine] = engine.machines;
	const boot = machine!.statistics!;
	world.time.advance(HOUR);
	const before = machine!.live();
	const started = performance.now();
	world.time.advance(23 * HOUR);
	const seconds = (performance.now() - started) / 1000;
	const after = machine!.live();
	const { sampled, released } = board.device.report();
	engine.close();
	world.close();
	const readings = 23 * 120;
	return {
		boot,
		after,
		wakings: (after.events - before.events) / readings,
		computrons: (after.totalComputrons - before.totalComputrons) / readings,
		rate: (after.events - before.events) / seconds,
		lost: sampled - released,
	};
}

/** A thousand readings that wait for Wi-Fi. */
function backlog(): { peak: XsStatistics; computrons: number } {
	const engine = xsEngine();
	const world = makeWorld({ engine });
	const { board, powerOn } = world.addBoard('ESP32_001', { settings: QUICK });
	powerOn();
	board.link.reachable = false;
	world.time.advance(1_000_000);
	board.device.stopSampling();
	const before = engine.machines[0]!.statistics!.totalComputrons;
	board.link.reachable = true;
	world.time.advance(60_000);
	const peak = engine.machines[0]!.statistics!;
	engine.close();
	world.close();
	return { peak, computrons: (peak.totalComputrons - before) / 1_001 };
}

/** The power goes at seeded flash operations of a device that lives; what was kept must be at the server in the end. */
function cuts(): { cuts: number; readings: number; lost: number; seconds: number } {
	const started = performance.now();
	const total = { cuts: 0, readings: 0, lost: 0, seconds: 0 };
	for (let seed = 1; total.cuts < CUTS; seed++) {
		const engine: XsEngine = xsEngine();
		const world = makeWorld({ seed, engine });
		const resident = world.addBoard('ESP32_001', { blocks: 6, settings: QUICK });
		resident.powerOn();
		for (let round = 0; round < 50; round++) {
			resident.flash.cutAt(1 + ((seed * 7 + round * 13) % 60));
			if (world.time.advanceUntil(() => !resident.board.isOn, 120_000)) total.cuts++;
			resident.powerOn();
			world.time.advance(3_000);
		}
		resident.flash.cutAt(Number.POSITIVE_INFINITY);
		if (!resident.board.isOn) resident.powerOn();
		world.time.advance(60_000);
		resident.board.device.stopSampling();
		world.time.advance(10_000);
		total.readings += resident.taken();
		total.lost += Math.max(0, resident.taken() - world.rows()) + resident.board.device.report().backlog;
		engine.close();
		world.close();
	}
	total.seconds = (performance.now() - started) / 1000;
	return total;
}

/** The firmware with the MQTT route on XS, in the heap of a board. */
export async function xsBench(): Promise<Table> {
	const { boot, after, wakings, computrons, rate, lost } = day();
	const { peak, computrons: each } = backlog();
	const cut = cuts();
	return {
		title: `The firmware on XS 13.3, slots of ${after.slotSize} bytes, arena of ${bytes(after.arena)}`,
		rows: [
			['arena taken at most, in a day', bytes(after.arenaPeak), 'slots, chunks and the whole stack'],
			['arena taken at most, with a backlog of 1,000', bytes(peak.arenaPeak), 'aim: 48 KB with all routes'],
			['slots, peak', bytes(peak.slotsPeak), `alive: ${bytes(after.slots)}`],
			['chunks, peak', bytes(peak.chunksPeak), `alive: ${bytes(after.chunks)}`],
			['stack, peak', bytes(peak.stackPeak), `of ${bytes(peak.stackSize)}`],
			['names made up at run time', number.format(after.keys)],
			['pointers to what is in flash and not frozen', bytes(4 * after.aliases), 'outside of the arena, on the board'],
			['what is in flash', bytes(after.romSlots + after.romChunks), 'built-ins and preloaded modules'],
			['computrons of the boot', number.format(boot.totalComputrons), 'with the format of a journal of 64 blocks'],
			['computrons a reading, one at a time', number.format(Math.round(computrons)), `${wakings.toFixed(1)} wakings`],
			['computrons a reading, out of a backlog', number.format(Math.round(each))],
			['readings of a day that were not delivered', number.format(lost), 'the one that is under way'],
			[
				'power cuts in the middle of flash operations',
				number.format(cut.cuts),
				`${number.format(cut.readings)} readings`,
			],
			['readings lost by them', number.format(cut.lost), 'aim: 0'],
			[
				'events a second',
				number.format(Math.round(rate)),
				`${Math.round((1000 * cut.seconds) / cut.cuts)} ms a power cut`,
			],
		],
	};
}
