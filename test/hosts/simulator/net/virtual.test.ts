import { describe, expect, test } from 'vitest';
import type { Inbound } from '../../../../hosts/simulator/net/virtual-session';
import { ear } from '../../../support/ear';
import { makeWorld, reading } from './world';

/** Opens the route, and again after each end; sends 1 to `count`, each until its receipt. */
function courier(world: ReturnType<typeof makeWorld>, count: number, delay = 500): void {
	const { route, heard, scheduler } = world;
	const done = new Set<number>();
	const out = new Set<number>();
	const tried = new Set<number>();
	const pump = () => {
		for (let sequence = 1; sequence <= count; sequence++) {
			if (done.has(sequence) || out.has(sequence)) continue;
			if (route.state !== 'open' || !route.send(reading(sequence, tried.has(sequence)))) return;
			out.add(sequence);
			tried.add(sequence);
		}
	};
	ear(route).onOpen = pump;
	ear(route).onWritable = pump;
	ear(route).onReceipt = (sequence) => {
		heard.receipts.push(sequence);
		done.add(sequence);
		pump();
	};
	ear(route).onClosed = (fault) => {
		heard.closed.push(fault);
		out.clear();
		scheduler.schedule(delay, () => route.open());
	};
	route.open();
}

describe('the virtual network', () => {
	test('a route opens, sends, and hears receipts and commands', () => {
		const world = makeWorld();
		const { route, scheduler, heard, broker } = world;
		route.open();
		expect(route.state).toBe('opening');
		scheduler.advance(1000);
		expect(route.state).toBe('open');
		for (let sequence = 1; sequence <= 5; sequence++) expect(route.send(reading(sequence))).toBe(true);
		expect(heard.receipts).toEqual([]);
		scheduler.advance(1000);
		expect(heard.receipts).toEqual([1, 2, 3, 4, 5]);
		broker.publish('fajma/esp32/commands/ESP32_001', '{"command":"flush"}');
		broker.publish('fajma/esp32/commands/ESP32_002', '{"command":"restart"}');
		scheduler.advance(1000);
		expect(heard.messages).toEqual(['{"command":"flush"}']);
	});

	test('a time on the line is what latency says: one round trip for a receipt', () => {
		const { route, scheduler, heard } = makeWorld({ latency: 25 });
		route.open();
		scheduler.advance(1000);
		route.send(reading(1));
		scheduler.advance(49);
		expect(heard.receipts).toEqual([]);
		scheduler.advance(1);
		expect(heard.receipts).toEqual([1]);
	});

	test('a name that does not resolve, a port where nobody listens, and a refused login each end with their own Fault', () => {
		const nowhere = makeWorld({ route: { host: 'elsewhere' } });
		nowhere.route.open();
		nowhere.scheduler.advance(5000);
		expect(nowhere.heard.closed.map((fault) => fault.code)).toEqual(['dns']);

		const shut = makeWorld({ route: { port: 1884 } });
		shut.route.open();
		shut.scheduler.advance(5000);
		expect(shut.heard.closed.map((fault) => fault.code)).toEqual(['connect']);

		const stranger = makeWorld({ authenticate: () => 4 });
		stranger.route.open();
		stranger.scheduler.advance(5000);
		expect(stranger.heard.closed.map(String)).toEqual(['Fault: wrong user or password (CONNACK 4)']);
	});

	test('an outage is noticed by the receipt deadline, and what was in flight has no receipt', () => {
		const { route, scheduler, heard, line } = makeWorld();
		route.open();
		scheduler.advance(1000);
		line.down();
		route.send(reading(1));
		scheduler.advance(19_999);
		expect(heard.closed).toEqual([]);
		scheduler.advance(1);
		expect(heard.closed.map((fault) => fault.code)).toEqual(['timeout']);
		expect(heard.receipts).toEqual([]);
		expect(route.inFlight).toBe(0);
	});

	test('an idle device notices an outage by its keep-alive, and the broker tells the will', () => {
		const wills: Inbound[] = [];
		const { route, scheduler, heard, line } = makeWorld({
			route: { keepAlive: 10_000 },
			onWill: (will) => wills.push(will),
		});
		route.open();
		scheduler.advance(60_000);
		expect(route.state).toBe('open');
		line.down();
		scheduler.advance(30_000);
		expect(heard.closed.map((fault) => fault.code)).toEqual(['timeout']);
		expect(wills.map(({ topic, clientId }) => [topic, clientId])).toEqual([['fajma/esp32/heartbeat', 'ESP32_001']]);
	});

	test('a polite close keeps the will untold; a power cut has it told, and the firmware hears nothing', () => {
		const wills: Inbound[] = [];
		const world = makeWorld({ onWill: (will) => wills.push(will), route: { keepAlive: 10_000 } });
		const { route, scheduler, heard, lifeline, broker, clock } = world;
		route.open();
		scheduler.advance(1000);
		route.close();
		scheduler.advance(60_000);
		expect(wills).toEqual([]);
		expect(broker.connected).toEqual([]);
		route.open();
		scheduler.advance(1000);
		route.send(reading(1));
		lifeline.cut();
		clock.kill();
		scheduler.advance(60_000);
		expect(wills.length).toBe(1);
		expect([heard.receipts, heard.closed]).toEqual([[], []]);
	});

	test('with loss, resets, crashes and a blackout every record arrives, and in its own identifier each time', () => {
		for (let seed = 1; seed <= 5; seed++) {
			const seen = new Map<string, number>();
			const onPublish = ({ payload, id }: Inbound, ack: () => void) => {
				const body = payload.toString();
				expect(seen.get(body) ?? id).toBe(id);
				seen.set(body, id);
				world.scheduler.schedule(30, ack);
			};
			const world = makeWorld({ seed, loss: 0.05, jitter: 30, onPublish });
			courier(world, 300);
			const { scheduler, line, broker, heard } = world;
			scheduler.advance(700);
			line.reset();
			scheduler.advance(2500);
			broker.crash();
			scheduler.advance(2000);
			broker.restart();
			scheduler.advance(3000);
			line.down();
			scheduler.advance(60_000);
			line.up();
			broker.crash({ silent: true });
			scheduler.advance(1000);
			broker.restart();
			expect(scheduler.advanceUntil(() => new Set(heard.receipts).size === 300, 600_000)).toBe(true);
			expect(seen.size).toBe(300);
			expect(heard.receipts.length).toBe(300);
		}
	});

	test('the same seed gives the same world', () => {
		const run = (seed: number) => {
			const trace: string[] = [];
			const world = makeWorld({
				seed,
				loss: 0.2,
				jitter: 50,
				onPublish: ({ id }, ack) => {
					trace.push(`${world.scheduler.now} ${id}`);
					ack();
				},
			});
			courier(world, 50);
			world.scheduler.advance(60_000);
			return trace.join('\n');
		};
		expect(run(7)).toBe(run(7));
		expect(run(7)).not.toBe(run(8));
	});

	test('bandwidth bounds what passes', () => {
		const { route, scheduler, heard } = makeWorld({ bandwidth: 100, latency: 1 });
		route.open();
		expect(scheduler.advanceUntil(() => route.state === 'open', 10_000)).toBe(true);
		scheduler.advance(10_000);
		const began = scheduler.now;
		route.send(reading(1));
		scheduler.advanceUntil(() => heard.receipts.length === 1, 10_000, 1);
		// 54 bytes of headers, 33 of the packet, and 58 for the receipt on its way back.
		expect(scheduler.now - began).toBeGreaterThan(1300);
	});

	test('commands wait in the session while the device is away, and are not handed out twice', () => {
		const { route, scheduler, heard, broker } = makeWorld();
		route.open();
		scheduler.advance(1000);
		route.close();
		scheduler.advance(1000);
		broker.publish('fajma/esp32/commands', 'one');
		route.open();
		scheduler.advance(1000);
		route.close();
		scheduler.advance(1000);
		route.open();
		scheduler.advance(1000);
		expect(heard.messages).toEqual(['one']);
	});

	test('a retained command is refused with a line in the log', () => {
		const { route, scheduler, heard, broker, lines } = makeWorld();
		broker.publish('fajma/esp32/commands', 'old', { retain: true });
		route.open();
		scheduler.advance(1000);
		expect(heard.messages).toEqual([]);
		expect(route.turnedAway).toBe(1);
		expect(lines.join('\n')).toContain('retained');
	});

	test('a refused subscription is a warning, and no end', () => {
		const { route, scheduler, lines } = makeWorld({ maySubscribe: () => false });
		route.open();
		scheduler.advance(1000);
		expect(route.state).toBe('open');
		expect(lines.filter((line) => line.startsWith('warning')).length).toBe(2);
	});
});
