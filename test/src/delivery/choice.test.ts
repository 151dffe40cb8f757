import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { VirtualFlash } from '../../../hosts/simulator/board/flash';
import { VirtualStore } from '../../../hosts/simulator/board/store';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { VirtualTime } from '../../../hosts/simulator/time';
import { Fault } from '../../../modules/fault';
import { Journal } from '../../../modules/journal/journal';
import { encode } from '../../../modules/text/utf8';
import { Courier } from '../../../src/delivery/courier';
import { type Letter, MAIL_BASE, type Mail } from '../../../src/delivery/mail';
import { Dating } from '../../../src/sensing/dating';
import { packReading, quantise, READING_BYTE_LENGTH } from '../../../src/sensing/reading';
import { FakeRoute } from '../../support/fake-route';

const NOON = 1_767_268_800_000;
const gone = new Fault('closed', 'the peer is gone');
const poisoned = new Fault('refused', 'temperature: 99 is above 45');

/** Alerts of a test, held until they are let go. */
class Letters implements Mail {
	readonly channel = 'alert';
	readonly base = MAIL_BASE;
	readonly held = new Map<number, Letter>();
	readonly refused: number[] = [];

	constructor(readonly everywhere: boolean) {}

	add(sequence: number): void {
		this.held.set(sequence, { sequence, id: `alert-${sequence}`, body: encode(`{"alert_id":"alert-${sequence}"}`) });
	}

	next(after: number): Letter | undefined {
		return [...this.held.values()].find(({ sequence }) => sequence > after);
	}

	release(sequence: number): void {
		this.held.delete(sequence);
	}

	refuse(sequence: number): void {
		this.refused.push(sequence);
		this.held.delete(sequence);
	}
}

function setUp(options: { everywhere?: boolean } = {}) {
	const world = new VirtualTime();
	const random32 = seededRandom32(1);
	const flash = new VirtualFlash({ blocks: 8, random32 });
	const journal = new Journal({ flash, payloadByteLength: READING_BYTE_LENGTH, random32 });
	const clock = new BoardClock(world, { epoch: NOON });
	const dating = new Dating({ clock, store: new VirtualStore() });
	const live = new FakeRoute('websocket');
	live.isLive = true;
	const mqtt = new FakeRoute('mqtt');
	const http = new FakeRoute('http');
	http.batchLimit = 30;
	const mail = new Letters(options.everywhere ?? true);
	const log: string[] = [];
	const courier = new Courier({
		deviceId: 'ESP32_001',
		clock,
		log: (level, source, message) => log.push(`${level} ${source}: ${message}`),
		random32: () => 2 ** 31,
		journal,
		dating,
		mails: [mail],
		routes: [live, mqtt, http],
		backoff: { minimum: 1_000, maximum: 60_000 },
		patience: 5_000,
		owner: { routeOpened() {}, deliveryChanged() {}, takeMessage() {} },
	});
	const bytes = new Uint8Array(READING_BYTE_LENGTH);
	const take = (count = 1): number => {
		let sequence = 0;
		while (count-- > 0) {
			packReading(quantise({ heartRateBpm: 60 }, dating.stamp()), bytes);
			sequence = journal.append(bytes);
		}
		courier.wake();
		world.advance(1);
		return sequence;
	};
	const step = (milliseconds = 1): void => {
		world.advance(milliseconds);
	};
	const alert = (sequence: number): void => {
		mail.add(sequence);
		courier.wake();
		step();
	};
	return { world, journal, live, mqtt, http, mail, courier, take, step, alert, log };
}

/** MQTT and HTTP open, MQTT has proved itself. */
function setUpTrusted(options: Parameters<typeof setUp>[0] = {}) {
	const world = setUp(options);
	world.courier.start();
	world.step();
	world.mqtt.accept();
	world.http.accept();
	world.take();
	world.mqtt.acknowledge(1);
	world.step();
	return world;
}

describe('the choice of a route', () => {
	test('waits a while for a better route that is opening, and not for one that failed', () => {
		const { mqtt, http, courier, take, step } = setUp();
		take();
		courier.start();
		step();
		http.accept();
		step(4_000);
		expect(http.sequences).toEqual([]);
		mqtt.fail(gone);
		step();
		expect(http.sequences).toEqual([1]);
	});

	test('does not wait for ever for a better route that is opening', () => {
		const { http, courier, take, step } = setUp();
		take();
		courier.start();
		step();
		http.accept();
		step(5_001);
		expect(http.sequences).toEqual([1]);
	});

	test('falls to the next route when receipts are late, and comes back with one record as a proof', () => {
		const { mqtt, http, journal, courier, take, step } = setUpTrusted();
		take(3);
		expect(mqtt.sequences).toEqual([1, 2, 3, 4]);
		step(5_001);
		expect(courier.lanes.map(({ state }) => state)).toEqual(['idle', 'overdue', 'proving']);
		expect(http.sequences).toEqual([2, 3, 4]);
		http.acknowledge(2, 3, 4);
		step();
		expect(journal.backlog).toBe(0);
		mqtt.fail(gone);
		step(600);
		mqtt.accept();
		take(2);
		// HTTP carries; MQTT has one to prove itself.
		expect(mqtt.sequences.slice(4)).toEqual([5]);
		expect(http.sequences.slice(3)).toEqual([6]);
		mqtt.acknowledge(5);
		take(2);
		expect(mqtt.sequences.slice(5)).toEqual([7, 8]);
	});

	test('trusts a slow route again at its late receipt', () => {
		const { mqtt, http, courier, take, step } = setUpTrusted();
		take();
		step(5_001);
		expect(courier.lanes[1]!.state).toBe('overdue');
		mqtt.acknowledge(2);
		http.acknowledge(2);
		take();
		expect(courier.lanes[1]!.state).toBe('trusted');
		expect(mqtt.sequences).toEqual([1, 2, 3]);
	});

	test('gives readings to a live route only while somebody is measured, and only on receipts', () => {
		const { live, mqtt, courier, take, step } = setUpTrusted();
		expect(live.opens).toBe(0);
		courier.isLive = true;
		step();
		live.accept();
		take(2);
		expect(live.sequences).toEqual([2]);
		expect(mqtt.sequences).toEqual([1, 3]);
		live.acknowledge(2);
		take();
		expect(live.sequences).toEqual([2, 4]);
		courier.isLive = false;
		step();
		expect(live.state).toBe('closed');
		expect(mqtt.sequences).toEqual([1, 3, 4]);
	});

	test('a live server that never gives a receipt gets live data, and the readings go another way', () => {
		const { live, mqtt, courier, take, step } = setUpTrusted();
		courier.isLive = true;
		step();
		live.accept();
		take();
		expect(live.sequences).toEqual([2]);
		step(5_001);
		expect(mqtt.sequences).toEqual([1, 2]);
		take(3);
		expect(mqtt.sequences).toEqual([1, 2, 3, 4, 5]);
		courier.postLive('{"type":"realtime_data"}');
		expect(live.sent.at(-1)).toMatchObject({ channel: 'live', sequence: undefined });
		expect(live.state).toBe('open');
	});

	test('a route that throws has failed, and the next one carries', () => {
		const { mqtt, http, courier, take, log } = setUpTrusted();
		mqtt.send = () => {
			throw new Fault('range', 'a body of 5000 bytes');
		};
		take();
		expect(courier.lanes[1]!.state).toBe('waiting');
		expect(http.sequences).toEqual([2]);
		courier.post('heartbeat', '{}');
		courier.postLive('{}');
		expect(log.join('\n')).toContain('error mqtt: range: a body of 5000 bytes');
	});

	test('a route that cannot even begin to open is tried again later', () => {
		const { mqtt, courier, step } = setUp();
		const open = mqtt.open.bind(mqtt);
		mqtt.open = () => {
			throw new Fault('misuse', 'no client');
		};
		courier.start();
		step();
		expect(courier.lanes[1]!.state).toBe('waiting');
		mqtt.open = open;
		step(1_000);
		expect(mqtt.state).toBe('opening');
	});

	test('a wait that the server asked for is kept, with the jitter on top', () => {
		const { world, mqtt, courier } = setUpTrusted();
		mqtt.fail(gone, 30_000);
		expect(courier.lanes[1]!.health.retryAt - world.now).toBe(30_500);
	});
});

describe('a backlog', () => {
	test('goes in batches by a route that takes them, and a single reading goes as itself', () => {
		const { mqtt, http, journal, courier, take, step } = setUp();
		take(71);
		courier.start();
		step();
		mqtt.fail(gone);
		http.accept();
		http.window = 1;
		step();
		for (let turn = 0; turn < 4 && journal.backlog > 0; turn++) {
			const { batch, sequence } = http.sent.at(-1)!;
			http.acknowledge(...(batch ?? [sequence!]));
			step();
		}
		expect(journal.backlog).toBe(0);
		const counts = http.sent.map(({ batch }) => batch?.length ?? 1);
		expect(counts.reduce((sum, each) => sum + each)).toBe(71);
		expect(Math.max(...counts)).toBeLessThanOrEqual(30);
		const [first] = http.sent;
		expect(first!.channel).toBe('batch');
		expect(JSON.stringify(first!.message).length).toBeLessThanOrEqual(4096);
		expect(first!.message).toMatchObject({ device_id: 'ESP32_001', batch_timestamp: expect.any(Number) });
		expect(first!.message.measurements).toHaveLength(first!.batch!.length);
		expect((first!.message.measurements as object[])[0]).toEqual({
			timestamp: '2026-01-01T12:00:00.000Z',
			heart_rate: 60,
		});
		expect(first!.message.reading_ids).toEqual(
			first!.batch!.map((sequence) => `${journal.epoch.toString(16).padStart(8, '0')}-${sequence}`),
		);
	});

	test('that is long goes beside what is new: neither waits for the other', () => {
		const { mqtt, http, courier, take, step } = setUp();
		take(400);
		courier.start();
		step();
		mqtt.window = 4;
		http.window = 1;
		mqtt.accept();
		http.accept();
		step();
		expect(http.sent[0]!.channel).toBe('batch');
		expect(http.sequences[0]).toBe(1);
		const fresh = take();
		expect(mqtt.sequences).toEqual([fresh]);
	});

	test('behind a poisoned reading goes on, and the poisoned one stays in the journal', () => {
		const { http, mqtt, journal, courier, take, step, log } = setUp();
		take(3);
		courier.start();
		step();
		mqtt.fail(gone);
		http.accept();
		step();
		expect(http.sequences).toEqual([1, 2, 3]);
		http.acknowledge(1, 3);
		http.refuse(2, poisoned);
		step();
		expect(courier.pending).toBe(0);
		expect(courier.setAside).toBe(1);
		expect(journal.backlog).toBe(1);
		expect(log.join('\n')).toContain('-2 is refused, set aside: temperature: 99 is above 45');
		take();
		expect(http.sequences).toEqual([1, 2, 3, 4]);
	});

	test('is not set aside by a server that refuses everything', () => {
		const { http, mqtt, journal, courier, take, step, log } = setUp();
		take(40);
		courier.start();
		step();
		mqtt.fail(gone);
		http.batchLimit = 1;
		http.accept();
		step();
		for (let sequence = 1; sequence <= 17; sequence++) http.refuse(sequence, poisoned);
		expect(courier.lanes[2]!.state).toBe('waiting');
		expect(courier.setAside).toBe(16);
		expect(journal.backlog).toBe(40);
		expect(log.join('\n')).toContain('http refuses everything');
	});
});

describe('a mail', () => {
	test('that is urgent overtakes the readings and goes by every route until one gives a receipt', () => {
		const { live, mqtt, http, mail, courier, take, step, alert } = setUpTrusted();
		mqtt.window = 0;
		take(5);
		mqtt.window = Number.POSITIVE_INFINITY;
		alert(1);
		expect(live.state).toBe('opening');
		mqtt.listener?.onWritable();
		step();
		live.accept();
		step();
		for (const route of [live, mqtt, http])
			expect(route.sent.filter(({ channel }) => channel === 'alert')).toMatchObject([
				{ sequence: MAIL_BASE + 1, message: { alert_id: 'alert-1' } },
			]);
		expect(courier.pending).toBeGreaterThan(5);
		http.acknowledge(MAIL_BASE + 1);
		step();
		expect(mail.held.size).toBe(0);
		// What was opened for it is closed again.
		expect(live.state).toBe('closed');
	});

	test('that is urgent shortens a long wait, once', () => {
		const { mqtt, courier, step, alert } = setUpTrusted();
		mqtt.fail(gone, 40_000);
		step(100);
		alert(1);
		step(1_000);
		expect(mqtt.state).toBe('opening');
		mqtt.fail(gone, 40_000);
		const { opens } = mqtt;
		courier.wake();
		step(10_000);
		expect(mqtt.opens).toBe(opens);
	});

	test('that is not urgent goes by the route that carries, and again after it failed', () => {
		const { mqtt, http, mail, alert, step } = setUpTrusted({ everywhere: false });
		alert(1);
		alert(2);
		expect(mqtt.sequences).toEqual([1, MAIL_BASE + 1, MAIL_BASE + 2]);
		expect(http.sequences).toEqual([]);
		mqtt.acknowledge(MAIL_BASE + 1);
		mqtt.fail(gone);
		step();
		expect(http.sequences).toEqual([MAIL_BASE + 2]);
		http.refuse(MAIL_BASE + 2, poisoned);
		expect(mail.refused).toEqual([2]);
	});

	test('is not flagged as sent again because readings were, nor they because of it', () => {
		const { mqtt, alert, take } = setUpTrusted();
		alert(1);
		take();
		expect(mqtt.sent.map(({ again }) => again)).toEqual([false, false, false]);
	});
});

describe('whatever happens in whatever order', () => {
	test('every reading and every alert is released once, by a receipt, and nothing is forgotten', () => {
		const act = fc.constantFrom('take', 'alert', 'receipt', 'fail', 'accept', 'wait', 'pause', 'watch', 'refuse');
		fc.assert(
			fc.property(fc.array(fc.tuple(act, fc.nat(), fc.nat(2)), { maxLength: 150 }), (steps) => {
				const { live, mqtt, http, mail, journal, courier, take, step, alert } = setUp();
				const routes = [live, mqtt, http];
				mqtt.window = 5;
				live.window = 3;
				http.window = 1;
				courier.start();
				const receipts = new Set<number>();
				const refused = new Set<number>();
				/** What each route's peer has got on its newest connection and not answered. */
				const open = routes.map(() => [] as number[]);
				const seen = routes.map(() => 0);
				let taken = 0;
				let alerts = 0;
				const collect = (): void =>
					routes.forEach((route, index) => {
						if (route.state !== 'open') open[index] = [];
						for (const { sequence, batch } of route.sent.slice(seen[index]))
							open[index]!.push(...(batch ?? (sequence === undefined ? [] : [sequence])));
						seen[index] = route.sent.length;
					});
				const answer = (index: number, at: number, good: boolean): void => {
					const sequence = open[index]![at % Math.max(1, open[index]!.length)];
					if (sequence === undefined) return;
					open[index] = open[index]!.filter((each) => each !== sequence);
					if (!good && (sequence >= MAIL_BASE || refused.size >= 10 || receipts.has(sequence))) return;
					(good ? receipts : refused).add(sequence);
					if (good) routes[index]!.acknowledge(sequence);
					else routes[index]!.refuse(sequence, poisoned);
				};
				const acts: Record<string, (at: number, which: number) => void> = {
					take: (at) => {
						const count = Math.min(1 + (at % 4), 900 - taken);
						take(count);
						taken += count;
					},
					alert: () => alert(++alerts),
					receipt: (at, which) => answer(which, at, true),
					refuse: (at, which) => answer(which, at, false),
					fail: (_, which) => routes[which]!.state !== 'closed' && routes[which]!.fail(gone),
					accept: (_, which) => routes[which]!.state === 'opening' && routes[which]!.accept(),
					wait: (at) => step(at % 9_000),
					pause: () => {
						courier.pause();
						courier.start();
					},
					watch: (at) => {
						courier.isLive = at % 2 === 0;
					},
				};
				for (const [name, at, which] of steps) {
					collect();
					acts[name]!(at, which);
					step();
					collect();
					const released = [...receipts].filter((sequence) => sequence < MAIL_BASE).length;
					expect(journal.backlog).toBe(taken - released);
				}
				for (let turn = 0; turn < 600 && courier.pending > 0; turn++) {
					for (const [index, route] of routes.entries()) {
						if (route.state === 'opening') route.accept();
						collect();
						while (open[index]!.length > 0) answer(index, 0, true);
					}
					step(1_000);
				}
				expect(courier.pending).toBe(0);
				expect(mail.held.size).toBe(0);
				const kept = [...refused].filter((sequence) => !receipts.has(sequence)).length;
				expect(journal.backlog).toBe(kept);
			}),
			{ numRuns: 150, seed: 7 },
		);
	});
});
