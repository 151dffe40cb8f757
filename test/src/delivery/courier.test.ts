import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { VirtualFlash } from '../../../hosts/simulator/board/flash';
import { VirtualStore } from '../../../hosts/simulator/board/store';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { VirtualTime } from '../../../hosts/simulator/time';
import { Fault } from '../../../modules/fault';
import { Journal } from '../../../modules/journal/journal';
import { Courier } from '../../../src/delivery/courier';
import type { Health } from '../../../src/delivery/lane';
import { Dating } from '../../../src/sensing/dating';
import { packReading, quantise, READING_BYTE_LENGTH } from '../../../src/sensing/reading';
import { FakeRoute } from '../../support/fake-route';

const NOON = 1_767_268_800_000;
const gone = new Fault('closed', 'the peer is gone');

function setUp(options: { before?: Health[]; routes?: FakeRoute[]; patience?: number } = {}) {
	const world = new VirtualTime();
	const random32 = seededRandom32(1);
	const flash = new VirtualFlash({ blocks: 8, random32 });
	const journal = new Journal({ flash, payloadByteLength: READING_BYTE_LENGTH, random32 });
	const clock = new BoardClock(world, { epoch: NOON });
	const dating = new Dating({ clock, store: new VirtualStore() });
	const route = new FakeRoute();
	const log: string[] = [];
	const courier = new Courier({
		deviceId: 'ESP32_001',
		clock,
		log: (level, source, message) => log.push(`${level} ${source}: ${message}`),
		random32: () => 2 ** 31,
		journal,
		dating,
		routes: options.routes ?? [route],
		backoff: { minimum: 1_000, maximum: 60_000 },
		patience: options.patience ?? 5_000,
		...(options.before && { before: options.before }),
		owner: { routeOpened() {}, deliveryChanged() {}, takeMessage() {} },
	});
	const bytes = new Uint8Array(READING_BYTE_LENGTH);
	const take = (heartRateBpm = 60): number => {
		packReading(quantise({ heartRateBpm }, dating.stamp()), bytes);
		const sequence = journal.append(bytes);
		courier.wake();
		return sequence;
	};
	return { world, flash, journal, clock, dating, route, courier, take, log };
}

describe('the courier', () => {
	test('sends what is in the journal when a route opens, and releases it only on the receipt', () => {
		const { world, journal, route, courier, take } = setUp();
		take(71);
		courier.start();
		world.advance(10);
		expect(route.opens).toBe(1);
		route.accept();
		world.advance(10);
		expect(route.sent).toMatchObject([{ channel: 'data', sequence: 1, again: false }]);
		expect(route.sent[0]!.message).toMatchObject({
			device_id: 'ESP32_001',
			timestamp: NOON,
			heart_rate: 71,
			reading_id: `${journal.epoch.toString(16).padStart(8, '0')}-1`,
		});
		expect(journal.backlog).toBe(1);
		route.acknowledge(1);
		world.advance(10);
		expect(journal.backlog).toBe(0);
		expect(courier.released).toBe(1);
		expect(courier.lanes[0]!.delivered).toBe(1);
	});

	test('fills the window, and goes on as room is made', () => {
		const { world, route, courier, take } = setUp();
		route.window = 4;
		for (let count = 0; count < 10; count++) take();
		courier.start();
		world.advance(10);
		route.accept();
		world.advance(10);
		expect(route.sequences).toEqual([1, 2, 3, 4]);
		route.acknowledge(1, 2);
		world.advance(10);
		expect(route.sequences).toEqual([1, 2, 3, 4, 5, 6]);
	});

	test('sends again, and says so, what had no receipt when the route ended', () => {
		const { world, journal, route, courier, take } = setUp();
		for (let count = 0; count < 3; count++) take();
		courier.start();
		world.advance(10);
		route.accept();
		world.advance(10);
		route.acknowledge(2);
		route.fail(gone);
		world.advance(5_000);
		expect(courier.lanes[0]!.failed).toBe(2);
		take();
		route.accept();
		world.advance(10);
		expect(route.sent.slice(3).map(({ sequence, again }) => [sequence, again])).toEqual([
			[1, true],
			[3, true],
			[4, false],
		]);
		route.acknowledge(1, 3, 4);
		world.advance(10);
		expect(journal.backlog).toBe(0);
	});

	test('releases the receipts of neighbours with one write to flash', () => {
		const { world, flash, route, courier, take } = setUp();
		for (let count = 0; count < 16; count++) take();
		courier.start();
		world.advance(10);
		route.accept();
		world.advance(10);
		const before = flash.writes;
		route.acknowledge(...Array.from({ length: 16 }, (_, index) => index + 1));
		world.advance(10);
		expect(flash.writes - before).toBe(1);
	});

	test('waits longer after each failure, and only a receipt makes it start anew', () => {
		const { world, route, courier, take } = setUp();
		take();
		courier.start();
		const opened: number[] = [];
		for (let count = 0; count < 5; count++) {
			const at = world.now;
			expect(world.advanceUntil(() => route.state === 'opening', 60_000, 1)).toBe(true);
			opened.push(world.now - at);
			route.accept();
			world.advance(10);
			route.fail(gone);
		}
		// The random source gives the middle: half of 1, 2, 4 and 8 s.
		expect(opened.map((wait) => Math.round(wait / 100) * 100)).toEqual([0, 500, 1_000, 2_000, 4_000]);
		world.advanceUntil(() => route.state === 'opening', 60_000, 1);
		route.accept();
		world.advance(10);
		route.acknowledge(1);
		route.fail(gone);
		const at = world.now;
		world.advanceUntil(() => route.state === 'opening', 60_000, 1);
		expect(Math.round((world.now - at) / 100) * 100).toBe(500);
	});

	test('keeps readings without a time until somebody tells it', () => {
		const { world, clock, route, courier, take } = setUp();
		clock.time = undefined;
		take();
		courier.start();
		world.advance(10);
		route.accept();
		world.advance(20_000);
		expect(route.sent).toEqual([]);
		clock.time = NOON;
		world.advance(2_000);
		expect(route.sent).toHaveLength(1);
		expect(route.sent[0]!.message.timestamp).toBe(NOON - 20_010);
	});

	test('delivers all, though the journal dropped readings that were set aside', () => {
		const { world, journal, route, courier, take } = setUp();
		take();
		take();
		courier.start();
		world.advance(10);
		route.accept();
		world.advance(10);
		for (const sequence of [1, 2]) route.refuse(sequence, new Fault('refused', 'no such temperature'));
		route.fail(gone);
		while (journal.dropped === 0) take();
		// The rest was delivered by another way, but for the last two.
		journal.releaseThrough(journal.nextSequence - 3);
		route.batchLimit = 8;
		world.advance(5_000);
		expect(courier.pending).toBe(2);
		route.accept();
		world.advance(10);
		route.acknowledge(...route.sent.at(-1)!.batch!);
		world.advance(10);
		expect(journal.backlog).toBe(0);
	});

	test('sets aside a record that is no reading, and says so, and the next goes out', () => {
		const { world, journal, route, courier, take, log } = setUp();
		journal.append(new Uint8Array(READING_BYTE_LENGTH).fill(0xff));
		take();
		courier.start();
		world.advance(10);
		route.accept();
		world.advance(10);
		expect(route.sequences).toEqual([2]);
		expect(courier.setAside).toBe(1);
		expect(journal.backlog).toBe(1);
		expect(log.join()).toContain('record 1 set aside: reading: kind 15 is not known');
	});

	test('ends politely: the last receipts are in flash, nothing is sent after', () => {
		const { world, journal, route, courier, take } = setUp();
		take();
		courier.start();
		world.advance(10);
		route.accept();
		world.advance(10);
		route.acknowledge(1);
		courier.close();
		courier.close();
		expect(journal.backlog).toBe(0);
		expect(route.closes).toBe(1);
		courier.wake();
		world.advance(60_000);
		expect(route.sent).toHaveLength(1);
		expect(route.opens).toBe(1);
	});

	test('whatever happens in whatever order, every reading is released once and none without its receipt', () => {
		const step = fc.oneof(
			{ weight: 4, arbitrary: fc.constant('take' as const) },
			{ weight: 4, arbitrary: fc.constant('acknowledge' as const) },
			{ weight: 1, arbitrary: fc.constant('fail' as const) },
			{ weight: 2, arbitrary: fc.constant('accept' as const) },
			{ weight: 1, arbitrary: fc.constant('pause' as const) },
			{ weight: 2, arbitrary: fc.constant('wait' as const) },
		);
		fc.assert(
			fc.property(fc.array(fc.tuple(step, fc.nat()), { maxLength: 120 }), (steps) => {
				const { world, journal, route, courier, take } = setUp();
				route.window = 5;
				courier.start();
				const receipts = new Set<number>();
				let taken = 0;
				let open: number[] = [];
				const receive = (at: number): void => {
					const unanswered = route.sent
						.flatMap(({ sequence }) => sequence ?? [])
						.filter((s) => open.includes(s) && !receipts.has(s));
					const sequence = unanswered[at % Math.max(1, unanswered.length)];
					if (sequence === undefined) return;
					receipts.add(sequence);
					route.acknowledge(sequence);
				};
				const act: Record<string, (at: number) => void> = {
					take: () => taken++ < 1_000 && take(),
					acknowledge: receive,
					fail: () => route.state !== 'closed' && route.fail(gone),
					accept: () => route.state === 'opening' && route.accept(),
					pause: () => {
						courier.pause();
						courier.start();
					},
					wait: (at) => world.advance(at % 3_000),
				};
				for (const [name, at] of steps) {
					const before = route.sent.length;
					act[name]!(at);
					world.advance(1);
					if (route.state !== 'open') open = [];
					open.push(...route.sent.slice(before).flatMap(({ sequence }) => sequence ?? []));
					expect(journal.backlog).toBe(taken - receipts.size);
				}
				// In the end the way is free: all arrives.
				expect(
					world.advanceUntil(() => {
						if (route.state === 'opening') route.accept();
						for (const sequence of route.sequences) if (!receipts.has(sequence)) receipts.add(sequence);
						route.acknowledge(...route.sequences);
						return journal.backlog === 0;
					}, 600_000),
				).toBe(true);
				expect(receipts.size).toBe(taken);
			}),
			{ numRuns: 150 },
		);
	});

	test('goes on with a route’s wait and counts from before a deep sleep', () => {
		const before = { name: 'fake', failures: 3, retryAt: 5_000, delivered: 40, failed: 2 };
		const { world, route, courier } = setUp({ before: [before] });
		expect(courier.retryAt).toBe(5_000);
		courier.start();
		world.advance(4_999);
		expect(route.opens).toBe(0);
		expect(courier.isTrying).toBe(false);
		world.advance(1);
		expect(route.opens).toBe(1);
		route.fail(gone);
		// 2^31 of 2^32: half of 1 s × 2^3.
		expect(courier.lanes[0]!.health).toMatchObject({ failures: 4, retryAt: 9_000, delivered: 40 });
		expect(courier.isTrying).toBe(false);
	});

	test('gives up what is at work as failed, and says good-bye all the same', () => {
		const { world, route, courier, take } = setUp();
		take();
		courier.start();
		world.advance(10);
		route.accept();
		world.advance(10);
		courier.giveUp();
		expect(route.state).toBe('closed');
		expect(courier.lanes[0]!.health).toMatchObject({ failures: 1, failed: 1 });
	});
});
