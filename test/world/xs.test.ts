/** Whole stories of a device whose firmware runs on XS, in an arena as large as a board has to spare. Bad boards: hosts/xs. */
import { describe, expect } from 'vitest';
import { BUDGET, budget, MINUTE, QUICK, story } from '../hosts/xs/story';
import { NOON } from '../support/world';

describe('the road, on XS', () => {
	story('the first reading arrives within seconds of power, then each', {}, ({ world, resident }) => {
		resident.powerOn();
		expect(world.time.advanceUntil(() => world.rows() === 1, 5_000)).toBe(true);
		world.time.advance(10 * MINUTE);
		expect(world.rows()).toBe(21);
		expect(resident.board.device.report()).toMatchObject({ sampled: 21, released: 21, dropped: 0, damaged: 0 });
	});

	story('a heartbeat goes out on connecting and every five minutes', {}, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(15 * MINUTE + 1_000);
		const beats = world
			.query("SELECT body FROM messages WHERE kind = 'heartbeat' ORDER BY id")
			.map(({ body }) => JSON.parse(String(body)));
		expect(beats.map(({ uptime }) => uptime)).toEqual([0, 300, 600, 900]);
	});

	story(
		'a thousand readings taken without Wi-Fi arrive, and new ones do not wait behind them',
		{ settings: QUICK },
		({ world, resident }) => {
			resident.powerOn();
			resident.board.link.reachable = false;
			world.time.advance(1_000_000);
			expect(resident.board.device.report().backlog).toBe(1_001);
			resident.board.link.reachable = true;
			world.time.advance(MINUTE);
			const times = world.query('SELECT timestamp FROM readings ORDER BY id').map(({ timestamp }) => Number(timestamp));
			const isNew = (time: number): boolean => time > NOON + 1_000_000;
			expect(times.filter((time) => !isNew(time))).toEqual(
				Array.from({ length: 1_001 }, (_, index) => NOON + index * 1_000),
			);
			expect(times.findIndex(isNew)).toBeLessThan(1_000);
		},
	);

	story('readings from before the time was known are dated once it is', { clockless: true }, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(5 * MINUTE);
		expect(world.rows()).toBe(0);
		resident.board.clock.time = NOON + 5 * MINUTE;
		world.time.advance(2_000);
		const times = world.query('SELECT timestamp FROM readings ORDER BY id').map(({ timestamp }) => timestamp);
		expect(times).toEqual(Array.from({ length: 11 }, (_, index) => NOON + index * 30_000));
	});

	story(
		'a slow road that loses one segment in ten',
		{ settings: QUICK, link: { latency: 300, jitter: 200, loss: 0.1 } },
		({ world, resident }) => {
			resident.powerOn();
			world.time.advance(5 * MINUTE);
		},
	);

	story('a virtual day leaves the heap as the first hour did', { blocks: 64 }, ({ world, resident, device }) => {
		resident.powerOn();
		world.time.advance(60 * MINUTE);
		const first = device().live();
		world.time.advance(23 * 60 * MINUTE + 2_000);
		const later = device().live();
		expect(world.rows()).toBe(2_881);
		expect(later.slots).toBeLessThanOrEqual(first.slots);
		expect(later.chunks).toBeLessThanOrEqual(first.chunks + 64);
		expect(later.keys).toBe(first.keys);
		const computrons = Math.round((later.totalComputrons - first.totalComputrons) / (23 * 120));
		console.log(`alive: ${later.slots} B of slots, ${later.chunks} B of chunks; ${computrons} computrons a reading`);
		expect(computrons).toBeLessThanOrEqual(BUDGET.computronsPerReading);
	});
});

describe('a bad road, on XS', () => {
	story(
		'the network is gone for ten minutes, half-open at both ends',
		{ settings: QUICK },
		({ world, resident, said }) => {
			resident.powerOn();
			world.time.advance(MINUTE);
			resident.line.down();
			world.time.advance(10 * MINUTE);
			expect(resident.board.device.report().backlog).toBeGreaterThan(500);
			resident.line.up();
			world.time.advance(MINUTE);
			expect(said('timeout')).toBeGreaterThan(0);
		},
	);

	story('a silent death of the broker’s machine', { settings: QUICK }, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(MINUTE);
		world.broker.crash({ silent: true });
		world.time.advance(2 * MINUTE);
		world.broker.restart();
		world.time.advance(MINUTE);
	});

	story('the server crashes and comes back, ten times', { settings: QUICK }, ({ world, resident }) => {
		resident.powerOn();
		for (let round = 0; round < 10; round++) {
			world.time.advance(20_000 + 137 * round);
			world.crashServer();
			world.time.advance(5_000);
			world.broker.restart();
		}
		world.time.advance(MINUTE);
	});

	story('the broker forgets every session', { settings: QUICK }, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(MINUTE);
		world.broker.crash({ forget: true });
		world.broker.restart();
		world.time.advance(MINUTE);
	});

	story('connections are reset every few seconds', { settings: QUICK }, ({ world, resident }) => {
		resident.powerOn();
		for (let round = 0; round < 20; round++) {
			world.time.advance(3_000 + 211 * round);
			resident.line.reset();
		}
	});

	let admitted = 4;
	story(
		'a wrong password, put right later',
		{ settings: QUICK, world: { broker: { authenticate: () => admitted } } },
		({ world, resident, said }) => {
			resident.powerOn();
			world.time.advance(2 * MINUTE);
			expect(world.rows()).toBe(0);
			expect(said('wrong user or password')).toBeGreaterThan(3);
			admitted = 0;
			world.time.advance(MINUTE);
		},
	);

	story('a name that does not resolve for a while', { settings: QUICK }, ({ world, resident, said }) => {
		world.network.setResolvable('broker.example', false);
		resident.powerOn();
		world.time.advance(2 * MINUTE);
		expect(said('mqtt: dns: ')).toBeGreaterThan(3);
		world.network.setResolvable('broker.example', true);
		world.time.advance(MINUTE);
	});

	story('Wi-Fi comes and goes', { settings: QUICK }, ({ world, resident }) => {
		resident.powerOn();
		for (let round = 0; round < 10; round++) {
			world.time.advance(7_000 + 333 * round);
			resident.board.link.reachable = round % 2 === 1;
		}
		world.time.advance(10_000);
	});

	story(
		'a line that dies while nothing is sent is noticed by keep-alive',
		{ settings: { dataIntervalSeconds: 3_600, mqttKeepAliveSeconds: 10, backoffMaximumSeconds: 4 } },
		({ world, resident, said }) => {
			resident.powerOn();
			world.time.advance(MINUTE);
			resident.line.down();
			world.time.advance(2 * MINUTE);
			expect(said('timeout')).toBeGreaterThan(0);
			resident.line.up();
			world.time.advance(MINUTE);
			expect(world.broker.connected).toEqual(['ESP32_001']);
		},
	);
});

describe('a bad server, on XS', () => {
	story('one receipt in five is lost', { settings: { ...QUICK, receiptTimeoutSeconds: 5 } }, ({ world, resident }) => {
		world.server.receiptLoss = 0.2;
		resident.powerOn();
		world.time.advance(5 * MINUTE);
		world.server.receiptLoss = 0;
		expect(world.server.ingest().counts().duplicates).toBeGreaterThan(10);
	});

	story('every receipt comes twice', { settings: QUICK }, ({ world, resident }) => {
		const { onPublish } = world.broker.options;
		Object.assign(world.broker.options, {
			onPublish: ((message, acknowledge) =>
				onPublish!(message, () => {
					acknowledge();
					acknowledge();
				})) as typeof onPublish,
		});
		resident.powerOn();
		world.time.advance(2 * MINUTE + 900);
		expect(resident.board.device.report()).toMatchObject({ sampled: 121, released: 121 });
	});

	story(
		'the subscription is refused, and readings flow',
		{ world: { broker: { maySubscribe: () => false } } },
		({ world, resident, said }) => {
			resident.powerOn();
			world.time.advance(5 * MINUTE + 2_000);
			expect(said('refuses a subscription')).toBe(2);
			expect(world.rows()).toBe(11);
		},
	);

	story(
		'messages too large, retained, not JSON, and a hundred small ones',
		{ settings: QUICK },
		({ world, resident, said }) => {
			resident.powerOn();
			world.broker.publish('fajma/esp32/commands', '{}', { retain: true });
			world.time.advance(10_000);
			world.broker.publish('fajma/esp32/commands', 'x'.repeat(40_000));
			world.broker.publish('fajma/esp32/commands/ESP32_001', Buffer.alloc(2_000, 0xfe));
			for (let count = 0; count < 100; count++) world.broker.publish('fajma/esp32/commands', `{"n":${count}}`);
			world.time.advance(10_000);
			expect(said('40000 bytes, more than')).toBe(1);
		},
	);
});

budget(19);
