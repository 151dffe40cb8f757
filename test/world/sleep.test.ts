/** Whole stories of a device that sleeps from reading to reading. */
import { describe, expect, test } from 'vitest';
import type { Sensor } from '../../modules/ports';
import { dealBlows, MINUTE, messages, SLEEPY, timestamps, untilDelivered, untilDelivery } from '../support/sleep';
import { type BoardSetUp, makeWorld, NOON, type Resident, type WorldOptions } from '../support/world';

interface Scene {
	readonly world: ReturnType<typeof makeWorld>;
	readonly resident: Resident;
	readonly said: (words: string) => number;
}

/** Tells a story; whatever it was, the flash's rules were kept. */
function story(name: string, setUp: BoardSetUp & { world?: WorldOptions }, tell: (scene: Scene) => void): void {
	test(name, () => {
		const world = makeWorld(setUp.world);
		const resident = world.addBoard('ESP32_001', { ...setUp, settings: { ...SLEEPY, ...setUp.settings } });
		tell({ world, resident, said: (words) => resident.log.filter((line) => line.includes(words)).length });
		expect(resident.flash.violations).toBe(0);
		expect(resident.log.filter((line) => line.startsWith('error'))).toEqual([]);
		world.close();
	});
}

const beats = (count: number, from = NOON, interval = MINUTE): number[] =>
	Array.from({ length: count }, (_, index) => from + index * interval);

describe('a good night', () => {
	story(
		'a reading each minute, the radio each twelfth, and every reading is one row',
		{},
		({ world, resident, said }) => {
			resident.powerOn();
			world.time.advance(8 * 60 * MINUTE + 30_000);
			expect(resident.taken()).toBe(481);
			expect(resident.board.boots).toBe(481);
			expect(said('link: up')).toBe(41);
			expect(world.rows()).toBe(481);
			expect(timestamps(world)).toEqual(beats(481));
			expect(resident.store.writes).toBe(0);
		},
	);

	story('a waking that only takes a reading never opens the link', {}, ({ world, resident, said }) => {
		resident.powerOn();
		world.time.advance(11 * MINUTE + 30_000);
		expect(resident.board.boots).toBe(12);
		expect(said('link: up')).toBe(1);
		expect(said('connecting')).toBe(1);
		expect(world.rows()).toBe(1);
	});

	story('the server hears when it sleeps and when it wakes, and no will', {}, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(30 * MINUTE);
		const heard = messages(world, 'heartbeat');
		expect(heard.map(({ status }) => status)).toEqual(['sleeping', 'sleeping', 'sleeping']);
		expect(heard.map(({ next_wake }) => next_wake)).toEqual([1, 13, 25].map((minute) => NOON + minute * MINUTE));
		expect(heard.map(({ uptime }) => uptime)).toEqual([0, 720, 1440]);
	});

	story('it sleeps on the receipts, not on a delay', { link: { latency: 5 } }, ({ world, resident }) => {
		resident.powerOn();
		untilDelivered(world, resident);
		world.time.advance(5 * MINUTE);
		untilDelivery(world, resident);
		const began = world.time.now;
		world.time.advanceUntil(() => resident.board.isAsleep, MINUTE, 1);
		// 800 ms to join, then a handful of round trips of 10 ms, and 20 ms for the good-bye.
		expect(world.time.now - began).toBeLessThan(900);
	});

	const joinTimes = { first: 1_500, again: 300 };
	story('it joins where it was last time, without a search', { joinTimes }, ({ world, resident }) => {
		const joined = (): number => {
			untilDelivery(world, resident);
			const began = world.time.now;
			world.time.advanceUntil(() => resident.board.link.state === 'up', MINUTE, 1);
			return world.time.now - began;
		};
		resident.powerOn();
		expect(joined()).toBeGreaterThan(1_400);
		untilDelivered(world, resident);
		expect(joined()).toBeLessThan(310);
		untilDelivered(world, resident);
		// What RTC memory loses costs a search, and no more.
		resident.board.retained.fill(0x5a);
		expect(joined()).toBeGreaterThan(1_400);
		untilDelivered(world, resident);
		expect(joined()).toBeLessThan(310);
	});

	story('each reading at once, when asked for', { settings: { deliverEvery: 1 } }, ({ world, resident, said }) => {
		resident.powerOn();
		world.time.advance(10 * MINUTE + 30_000);
		expect(world.rows()).toBe(11);
		expect(said('link: up')).toBe(11);
	});

	const slow = { settings: { dataIntervalSeconds: 5 }, link: { latency: 1_500 } };
	story('beats that fall into a delivery are kept', slow, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(10 * MINUTE);
		untilDelivered(world, resident);
		expect(resident.board.boots).toBeLessThan(world.rows() - 10);
		expect(timestamps(world)).toEqual(beats(world.rows(), NOON, 5_000));
	});

	story('a button wakes it: a reading beside the beat, delivered at once', {}, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(2 * MINUTE + 20_000);
		resident.board.wake();
		world.time.advance(5_000);
		expect(timestamps(world)).toEqual([...beats(3), NOON + 2 * MINUTE + 20_000]);
		world.time.advance(2 * MINUTE);
		resident.board.wake();
		world.time.advance(5_000);
		expect(timestamps(world).slice(4)).toEqual([NOON + 3 * MINUTE, NOON + 4 * MINUTE, NOON + 4 * MINUTE + 25_000]);
	});
});

describe('a bad night', () => {
	story('an outage over wakings: readings go on, tries get rarer, all arrive', {}, ({ world, resident, said }) => {
		resident.powerOn();
		world.time.advance(5 * MINUTE);
		world.broker.crash();
		world.time.advance(6 * 60 * MINUTE);
		expect(resident.taken()).toBe(366);
		expect(world.rows()).toBe(1);
		expect(said('not delivered: no route')).toBeGreaterThan(5);
		expect(said('not delivered: no route')).toBeLessThan(60);
		world.broker.restart();
		untilDelivered(world, resident, 49 * MINUTE);
		expect(timestamps(world)).toEqual(beats(world.rows()));
	});

	story('no Wi-Fi: a waking gives up in time, and the tries get rarer', {}, ({ world, resident, said }) => {
		resident.powerOn();
		world.time.advance(5 * MINUTE);
		for (const end = world.time.now + 3 * 60 * MINUTE; world.time.now < end; world.time.advance(100))
			if (resident.board.isOn) resident.board.link.reachable = false;
		expect(said('not delivered: no link')).toBeGreaterThan(3);
		expect(said('not delivered: no link')).toBeLessThan(40);
		untilDelivered(world, resident, 60 * MINUTE);
		expect(timestamps(world)).toEqual(beats(world.rows()));
	});

	story('the broker crashes in the middle of a delivery', {}, ({ world, resident }) => {
		resident.powerOn();
		untilDelivered(world, resident);
		for (let round = 0; round < 20; round++) {
			untilDelivery(world, resident);
			world.time.advance(800 + 8 * round);
			world.crashServer();
			world.time.advance(1_000);
			world.broker.restart();
			untilDelivered(world, resident);
		}
		expect(timestamps(world)).toEqual(beats(world.rows()));
	});

	story('a half-open peer: asleep at the cap, and everything later', {}, ({ world, resident, said }) => {
		resident.powerOn();
		untilDelivered(world, resident);
		untilDelivery(world, resident);
		world.time.advance(890);
		resident.line.down();
		const began = world.time.now - 890;
		world.time.advanceUntil(() => resident.board.isAsleep, 2 * MINUTE, 10);
		expect(world.time.now - began).toBeGreaterThan(15_000);
		expect(world.time.now - began).toBeLessThan(30_200);
		world.time.advance(60 * MINUTE);
		expect(said('awake for too long') + said('no route')).toBeGreaterThan(1);
		resident.line.up();
		untilDelivered(world, resident);
		expect(timestamps(world)).toEqual(beats(world.rows()));
	});

	story('nobody waits beyond the cap', { settings: { awakeCapSeconds: 5 } }, ({ world, resident, said }) => {
		resident.line.down();
		resident.powerOn();
		world.time.advanceUntil(() => resident.board.isAsleep, MINUTE, 10);
		expect(world.time.now).toBeLessThan(5_100);
		expect(said('awake for too long')).toBe(1);
	});

	story('receipts that get lost: repeats, and one row of each', {}, ({ world, resident }) => {
		world.server.receiptLoss = 0.2;
		resident.powerOn();
		world.time.advance(3 * 60 * MINUTE);
		world.server.receiptLoss = 0;
		untilDelivered(world, resident);
		expect(world.server.ingest().counts().duplicates).toBeGreaterThan(3);
		expect(timestamps(world)).toEqual(beats(world.rows()));
	});

	story('a backlog that one waking cannot carry', { link: { bandwidth: 300 } }, ({ world, resident, said }) => {
		world.broker.crash();
		resident.powerOn();
		world.time.advance(3 * 60 * MINUTE);
		world.broker.restart();
		untilDelivered(world, resident);
		expect(said('awake for too long')).toBeGreaterThan(1);
		expect(timestamps(world)).toEqual(beats(world.rows()));
	});
});

describe('time', () => {
	story(
		'nobody tells it for an hour: readings are kept, and dated to the beat',
		{ clockless: true },
		({ world, resident }) => {
			resident.powerOn();
			world.time.advance(60 * MINUTE);
			expect(world.rows()).toBe(0);
			// One boot's number for all these boots: the age goes on.
			expect(resident.store.writes).toBe(1);
			untilDelivery(world, resident);
			resident.board.clock.time = NOON + world.time.now;
			untilDelivered(world, resident);
			expect(timestamps(world)).toEqual(beats(world.rows()));
		},
	);

	story('told once, it is kept over sleep', { clockless: true }, ({ world, resident }) => {
		resident.powerOn();
		resident.board.clock.time = NOON;
		world.time.advance(5 * 60 * MINUTE + 30_000);
		expect(timestamps(world)).toEqual(beats(301));
	});

	story('an oscillator that is 3 % slow is found out', { sleepDriftPpm: 30_000 }, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(12 * 60 * MINUTE);
		untilDelivered(world, resident);
		const found = timestamps(world);
		const last = found.at(-1)! - found.at(-61)!;
		// At first 1.8 s a beat; in the end, a second in an hour.
		expect(found[1]! - found[0]!).toBeGreaterThan(61_500);
		expect(Math.abs(last - 60 * MINUTE)).toBeLessThan(1_000);
	});
});

describe('a low battery', () => {
	let charge = 100;
	const battery: Sensor = {
		name: 'battery',
		sample: () => ({ temperatureCelsius: 36.6, batteryPercent: charge }),
		close() {},
	};
	const low = { sensors: [battery], settings: { batteryLowPercent: 15 }, blocks: 6 };

	story('lengthens the interval, until it is charged', low, ({ world, resident, said }) => {
		charge = 14;
		resident.powerOn();
		world.time.advance(60 * MINUTE - 1);
		expect(resident.taken()).toBe(15);
		charge = 15;
		world.time.advance(60 * MINUTE);
		expect(resident.taken()).toBe(75);
		expect(said('the battery is low: 14 %')).toBe(1);
		expect(said('the battery is good: 15 %')).toBe(1);
	});

	story('erases nothing while there is room, and then one block at a time', low, ({ world, resident }) => {
		charge = 14;
		resident.powerOn();
		const { erases } = resident.flash;
		world.time.advance(4 * 330 * MINUTE);
		expect(resident.flash.erases).toBe(erases);
		world.time.advance(4 * 170 * MINUTE);
		expect(resident.flash.erases).toBe(erases + 1);
		untilDelivered(world, resident);
		expect(world.rows()).toBe(resident.taken());
	});
});

describe('what RTC memory cannot keep', () => {
	story('garbage of any kind costs a delivery, and no reading', {}, ({ world, resident }) => {
		resident.powerOn();
		for (let round = 0; round < 200; round++) {
			world.time.advanceUntil(() => resident.board.isAsleep, MINUTE, 100);
			const { retained } = resident.board;
			if (round % 4 === 0) retained.fill(round & 0xff);
			else retained[(round * 7) % 110]! ^= 1 << (round % 8);
			world.time.advance(MINUTE);
		}
		untilDelivered(world, resident);
		expect(world.rows()).toBe(resident.taken());
		expect(resident.taken()).toBeGreaterThan(190);
	});

	story('a brown-out tries no radio at once: no boot loop', {}, ({ world, resident, said }) => {
		resident.powerOn();
		untilDelivered(world, resident);
		const { boots } = resident.board;
		// The battery is so weak that each try to join Wi-Fi ends the waking.
		for (const end = world.time.now + 6 * 60 * MINUTE; world.time.now < end; world.time.advance(50))
			if (resident.board.isOn) resident.board.reset('brownout');
		const dips = said('starts (brownout)');
		expect(dips).toBeGreaterThan(3);
		expect(dips).toBeLessThan(40);
		expect(resident.board.boots - boots).toBeLessThan(6 * 60 + 2 * dips + 2);
		untilDelivered(world, resident);
		expect(world.rows()).toBe(resident.taken());
	});

	test('a thousand blows in the middle of wakings lose nothing', () => {
		const total = { cuts: 0, resets: 0, readings: 0, lost: 0, boots: 0 };
		for (let seed = 1; seed <= 40; seed++) {
			const world = makeWorld({ seed });
			const resident = world.addBoard('ESP32_001', { blocks: 6, settings: { ...SLEEPY, deliverEvery: 2 } });
			const blows = dealBlows(world, resident, 25, seed);
			for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += blows[key];
			world.close();
		}
		console.log('blows in the middle of wakings', total);
		expect(total.cuts + total.resets).toBe(1_000);
		expect(total.lost).toBe(0);
	});
});
