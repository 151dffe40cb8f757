import { describe, expect, test } from 'vitest';
import { makeWorld, NOON } from '../support/world';

describe('the road from a sensor to one row', () => {
	test('brings the first reading within seconds of power, and each one after it', () => {
		const world = makeWorld();
		const { board, powerOn } = world.addBoard('ESP32_001');
		powerOn();
		expect(world.time.advanceUntil(() => world.rows() === 1, 5_000)).toBe(true);
		world.time.advance(10 * 60_000);
		expect(world.rows()).toBe(21);
		expect(board.device.report()).toMatchObject({ sampled: 21, released: 21, backlog: 0, dropped: 0, damaged: 0 });
	});

	test('a heartbeat goes out on connecting and every five minutes', () => {
		const world = makeWorld();
		world.addBoard('ESP32_001').powerOn();
		world.time.advance(15 * 60_000 + 1_000);
		const beats = world
			.query("SELECT body FROM messages WHERE kind = 'heartbeat' ORDER BY id")
			.map(({ body }) => JSON.parse(String(body)));
		expect(beats.map(({ status }) => status)).toEqual(['online', 'online', 'online', 'online']);
		expect(beats.map(({ uptime }) => uptime)).toEqual([0, 300, 600, 900]);
	});

	test('readings taken without Wi-Fi arrive when it comes, oldest first, with their own times', () => {
		const world = makeWorld();
		const { board, powerOn } = world.addBoard('ESP32_001');
		powerOn();
		board.link.reachable = false;
		world.time.advance(60 * 60_000);
		expect(world.rows()).toBe(0);
		expect(board.device.report().backlog).toBe(121);
		board.link.reachable = true;
		world.time.advance(10_000);
		expect(world.rows()).toBe(121);
		const times = world.query('SELECT timestamp FROM readings ORDER BY id').map(({ timestamp }) => timestamp);
		expect(times).toEqual(Array.from({ length: 121 }, (_, index) => NOON + index * 30_000));
	});

	test('readings taken before the time was known are dated when somebody tells it', () => {
		const world = makeWorld();
		const { board, powerOn } = world.addBoard('ESP32_001', { clockless: true });
		powerOn();
		world.time.advance(5 * 60_000);
		expect(world.rows()).toBe(0);
		board.clock.time = NOON + 5 * 60_000;
		world.time.advance(2_000);
		const times = world.query('SELECT timestamp FROM readings ORDER BY id').map(({ timestamp }) => timestamp);
		expect(times).toEqual(Array.from({ length: 11 }, (_, index) => NOON + index * 30_000));
	});

	test('a server that loses one receipt in five gets repeats and keeps one row of each', () => {
		const world = makeWorld({ seed: 5 });
		world.server.receiptLoss = 0.2;
		const { board, powerOn } = world.addBoard('ESP32_001', {
			settings: { dataIntervalSeconds: 5, backoffMaximumSeconds: 5 },
		});
		powerOn();
		world.time.advance(30 * 60_000);
		world.server.receiptLoss = 0;
		board.device.stopSampling();
		world.time.advance(5 * 60_000);
		const { sampled, backlog } = board.device.report();
		expect(backlog).toBe(0);
		expect(world.rows()).toBe(sampled);
		expect(world.server.ingest().counts().duplicates).toBeGreaterThan(10);
	});

	test('five per cent loss, server crashes, broker outages, a dead minute and resets: every reading, each once', () => {
		for (const seed of [1, 2, 3]) {
			const world = makeWorld({ seed });
			const residents = ['ESP32_001', 'ESP32_002'].map((name) =>
				world.addBoard(name, {
					link: { latency: 40, jitter: 30, loss: 0.05 },
					settings: { dataIntervalSeconds: 1, backoffMaximumSeconds: 30 },
				}),
			);
			for (const { powerOn } of residents) powerOn();
			for (let round = 0; round < 10; round++) {
				world.time.advance(60_000);
				world.crashServer();
				world.time.advance(5_000 * round);
				world.broker.restart();
				world.time.advance(60_000);
				for (const { line } of residents) line.down();
				world.time.advance(60_000);
				for (const { line } of residents) line.up();
				world.time.advance(30_000);
				residents[0]!.line.reset();
			}
			for (const { board } of residents) board.device.stopSampling();
			world.time.advance(180_000);
			const taken = residents.reduce((sum, resident) => sum + resident.taken(), 0);
			expect(taken).toBeGreaterThan(4_000);
			expect(residents.map(({ board }) => board.device.report().backlog)).toEqual([0, 0]);
			expect(world.rows()).toBe(taken);
			world.close();
		}
	});

	test('a slow and narrow way is slow, and no more', () => {
		const world = makeWorld();
		const { board, powerOn } = world.addBoard('ESP32_001', { link: { latency: 300, bandwidth: 2_000 } });
		powerOn();
		world.time.advance(10 * 60_000 + 5_000);
		expect(world.rows()).toBe(21);
		expect(board.device.report().routes[0]).toMatchObject({ delivered: 21, failed: 0 });
	});

	test('the last will tells the server that a device vanished, and a polite end does not', () => {
		const world = makeWorld();
		const polite = world.addBoard('ESP32_001', { settings: { mqttKeepAliveSeconds: 20 } });
		const sudden = world.addBoard('ESP32_002', { settings: { mqttKeepAliveSeconds: 20 } });
		polite.powerOn();
		sudden.powerOn();
		world.time.advance(10_000);
		polite.board.shutDown();
		sudden.cutPower();
		world.time.advance(60_000);
		const offline = world
			.query("SELECT device_id, body FROM messages WHERE kind = 'heartbeat'")
			.filter(({ body }) => JSON.parse(String(body)).status === 'offline');
		expect(offline.map(({ device_id }) => device_id)).toEqual(['ESP32_002']);
	});
});

describe('power cuts', () => {
	test('at any flash operation of a living device lose nothing that was kept, and repeat no row', () => {
		let cuts = 0;
		for (let seed = 1; seed <= 40; seed++) {
			const world = makeWorld({ seed });
			const resident = world.addBoard('ESP32_001', {
				blocks: 6,
				settings: { dataIntervalSeconds: 2, backoffMinimumSeconds: 0.1, backoffMaximumSeconds: 1 },
			});
			resident.powerOn();
			for (let round = 0; round < 15; round++) {
				resident.flash.cutAt(1 + ((seed * 7 + round * 13) % 60));
				if (world.time.advanceUntil(() => !resident.board.isOn, 120_000)) cuts++;
				resident.powerOn();
				world.time.advance(3_000);
			}
			resident.flash.cutAt(Number.POSITIVE_INFINITY);
			if (!resident.board.isOn) resident.powerOn();
			world.time.advance(60_000);
			resident.board.device.stopSampling();
			world.time.advance(10_000);
			const { backlog, dropped } = resident.board.device.report();
			expect(backlog + dropped).toBe(0);
			// A reading whose append was cut may have been kept or not: the row count says which, never less than was kept.
			expect(world.rows()).toBeGreaterThanOrEqual(resident.taken());
			expect(resident.flash.violations).toBe(0);
			world.close();
		}
		console.log(`power cuts in a living device: ${cuts}`);
		expect(cuts).toBeGreaterThan(300);
	});
});
