import { afterEach, describe, expect, test } from 'vitest';
import { PowerCut } from '../../../hosts/simulator/board/flash';
import { Abort, type XsEngine, type XsOptions, xsEngine } from '../../../hosts/xs/engine';
import { makeWorld } from '../../support/world';

const engines: XsEngine[] = [];

function make(options?: XsOptions): XsEngine {
	const engine = xsEngine(options);
	engines.push(engine);
	return engine;
}

afterEach(() => {
	for (const engine of engines.splice(0)) engine.close();
});

/** An eventful quarter of an hour; what the firmware said, and what it came to. */
function quarter(engine?: XsEngine) {
	const world = makeWorld({ seed: 3, ...(engine && { engine }) });
	const resident = world.addBoard('ESP32_001', {
		link: { latency: 30, jitter: 20, loss: 0.05 },
		settings: { dataIntervalSeconds: 2, backoffMaximumSeconds: 8 },
	});
	resident.powerOn();
	for (let minute = 0; minute < 12; minute++) {
		world.time.advance(60_000);
		if (minute % 4 === 1) world.crashServer();
		if (minute % 4 === 2) world.broker.restart();
		if (minute === 6) {
			resident.cutPower();
			resident.powerOn();
		}
		resident.board.link.reachable = minute % 5 !== 4;
	}
	// Each engine has a heap of its own.
	const report = { ...resident.board.device.report(), freeHeapBytes: undefined };
	const image = resident.flash.image();
	const rows = world.rows();
	world.close();
	return { log: resident.log, report, rows, image };
}

describe('the engine', () => {
	test('the same story on Node and on XS: the same words, the same flash, the same rows', () => {
		const onNode = quarter();
		const onXs = quarter(make());
		expect(onXs.log).toEqual(onNode.log);
		// Node's heap has no bound worth telling.
		expect({ ...onXs.report, freeHeapBytes: undefined }).toEqual(onNode.report);
		expect(onXs.rows).toBe(onNode.rows);
		expect(Buffer.compare(onXs.image, onNode.image)).toBe(0);
	});

	test('computes exactly the same from run to run', () => {
		const [first, second] = [make(), make()];
		quarter(first);
		quarter(second);
		const counts = (engine: XsEngine) => engine.machines.map(({ statistics }) => statistics);
		expect(counts(first)).toEqual(counts(second));
		expect(counts(first)[0]!.totalComputrons).toBeGreaterThan(100_000);
	});

	test('an arena too small for the firmware ends it, and says which memory it was', () => {
		const { addBoard } = makeWorld({ engine: make({ arena: 24_000 }) });
		expect(() => addBoard('ESP32_001').powerOn()).toThrow(expect.objectContaining({ status: Abort.MEMORY_FULL }));
	});

	test('a stack too small, and too few names', () => {
		const small = makeWorld({ engine: make({ stack: 150 }) }).addBoard('ESP32_001');
		expect(() => small.powerOn()).toThrow(expect.objectContaining({ status: Abort.STACK_OVERFLOW }));
		const nameless = makeWorld({ engine: make({ keys: 0 }) }).addBoard('ESP32_001');
		expect(() => nameless.powerOn()).toThrow(expect.objectContaining({ status: Abort.NO_MORE_KEYS }));
	});

	test('an end is said again at the next call: whoever brought the event may have swallowed it', () => {
		const engine = make({ arena: 30_000 });
		const world = makeWorld({ engine });
		const full = expect.objectContaining({ status: Abort.MEMORY_FULL });
		expect(() => {
			world.addBoard('ESP32_001').powerOn();
			world.time.advance(60_000);
			engine.machines[0]!.report();
		}).toThrow(full);
		expect(() => engine.machines[0]!.report()).toThrow(full);
	});

	test('a power cut at each of the first flash operations of a boot comes out of powerOn, and the next boot is whole', () => {
		const engine = make();
		for (let at = 1; at <= 6; at++) {
			const world = makeWorld({ seed: at, engine });
			const { board, flash, powerOn } = world.addBoard('ESP32_001', { blocks: 4 });
			flash.cutAt(at);
			expect(() => board.powerOn()).toThrow(PowerCut);
			expect(board.isOn).toBe(false);
			powerOn();
			world.time.advance(62_000);
			expect(world.rows()).toBe(3);
			world.close();
		}
	});

	test('a boot ends the machine of the boot before', () => {
		const engine = make();
		const { board, powerOn, cutPower } = makeWorld({ engine }).addBoard('ESP32_001');
		powerOn();
		const before = board.device;
		cutPower();
		powerOn();
		expect(() => before.report()).toThrow('the machine is off');
		expect(engine.machines.length).toBe(2);
	});
});
