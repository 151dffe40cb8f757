import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { regions } from '../../../../hosts/simulator/radio/regions';
import { busiestHour, devEui, NOON, radioWorld } from './world';

describe('the virtual radio and the network server', () => {
	test.each(Object.values(regions))(
		'$name: join, confirmed uplinks, downlinks in both windows, the time',
		async (region) => {
			const world = radioWorld({ region });
			const { radio, keeper, clock, uplink } = world.boot();
			const said: unknown[] = [];
			radio.onJoined = () => said.push('joined');
			radio.onDownlink = (port, payload) => said.push([port, Buffer.from(payload).toString('hex')]);
			radio.onTime = (time) => said.push(['off by', Math.abs(time - NOON - world.time.now) < 1_000]);
			radio.open(keeper.session);
			expect([radio.state, radio.readyAt]).toEqual(['joining', Number.POSITIVE_INFINITY]);
			world.time.advance(60_000);
			expect([radio.state, said]).toEqual(['joined', ['joined']]);
			world.network.push(devEui, { port: 10, payload: Buffer.from('50026131', 'hex') });
			expect(await uplink(27)).toBe(true);
			expect(said.slice(1)).toEqual([
				['off by', true],
				[10, '50026131'],
			]);
			expect(await uplink(8, false)).toBe(false);
			expect(
				world.uplinks.map(({ port, payload, counter, isConfirmed }) => [port, payload.length, counter, isConfirmed]),
			).toEqual([
				[2, 27, 0, true],
				[2, 8, 1, false],
			]);
			expect(radio.rssiDbm).toBeLessThan(-80);
			expect(radio.room).toBeGreaterThan(51);
			expect(() => radio.send(2, new Uint8Array(radio.room + 1), true)).toThrow(
				clock.ticks < radio.readyAt ? 'not before' : 'at most',
			);
			expect(world.network.counts).toMatchObject({ joins: 1, uplinks: 2, repeatedNonces: 0, repeatedCounters: 0 });
		},
	);

	test('far away it falls back to slower data rates, and ADR brings it back when it comes near', async () => {
		const world = radioWorld({ distance: 4, fading: 0 });
		const { radio, keeper, uplink } = world.boot();
		radio.open(keeper.session);
		world.time.advanceUntil(() => radio.state === 'joined', 86_400_000, 1_000);
		expect(radio.room).toBeLessThanOrEqual(115);
		expect(await uplink(27)).toBe(true);
		expect(world.sent.at(-1)!.spreadingFactor).toBeGreaterThan(8);
		const near = radioWorld({ distance: 0.05, fading: 0 });
		const other = near.boot();
		other.radio.open(other.keeper.session);
		near.time.advance(30_000);
		near.air.isOn = false;
		for (let at = 0; at < 5; at++) expect(await other.uplink(27)).toBe(false);
		expect(near.sent.at(-1)!.spreadingFactor).toBe(12);
		near.air.isOn = true;
		for (let at = 0; at < 8; at++) expect(await other.uplink(27)).toBe(true);
		expect(near.sent.at(-1)!.spreadingFactor).toBe(7);
	});

	test('a frame that is lost goes again with its counter, and is handed on once', async () => {
		const world = radioWorld({ loss: 0.3, seed: 3 });
		const { radio, keeper, uplink } = world.boot();
		radio.open(keeper.session);
		world.time.advanceUntil(() => radio.state === 'joined', 86_400_000, 1_000);
		let acknowledged = 0;
		for (let at = 0; at < 40; at++) if (await uplink(27)) acknowledged++;
		expect(acknowledged).toBeGreaterThan(25);
		expect(world.sent.filter(({ isJoin }) => !isJoin).length).toBeGreaterThan(50);
		const counters = world.uplinks.map(({ counter }) => counter);
		expect(new Set(counters).size).toBe(counters.length);
		expect(counters.length).toBeGreaterThanOrEqual(acknowledged);
		expect(world.network.counts).toMatchObject({ repeatedCounters: 0, repeatedNonces: 0 });
	});

	test.each(Object.values(regions))(
		'$name: no counter or nonce is used twice over power cuts and sleep at any moment',
		(region) => {
			const moments = fc.array(fc.record({ after: fc.nat(40_000), sleeps: fc.boolean() }), {
				minLength: 1,
				maxLength: 12,
			});
			fc.assert(
				fc.property(moments, fc.nat(1_000), (moments, seed) => {
					const world = radioWorld({ region, seed, loss: 0.1 });
					let board = world.boot();
					const run = (): void => {
						const { radio, keeper, clock } = board;
						radio.open(keeper.session);
						const turn = clock.alarm({
							onAlarm: () => {
								if (radio.readyAt <= clock.ticks) radio.send(1, new Uint8Array(8), true);
								turn.set(500);
							},
						});
						turn.set(0);
					};
					run();
					for (const { after, sleeps } of moments) {
						world.time.advance(after);
						const kept = board.end();
						world.time.advance(5_000);
						board = world.boot(sleeps ? kept : undefined);
						run();
					}
					world.time.advance(60_000);
					const { repeatedCounters, repeatedNonces } = world.network.counts;
					expect([repeatedCounters, repeatedNonces]).toEqual([0, 0]);
				}),
				{ numRuns: 40 },
			);
		},
	);

	test('over a virtual month with deep sleep no band has more than its share of any hour', async () => {
		const world = radioWorld({ distance: 6, fading: 1 });
		let kept: ReturnType<ReturnType<typeof world.boot>['end']> | undefined;
		const end = 30 * 86_400_000;
		let acknowledged = 0;
		while (world.time.now < end) {
			const { radio, keeper, uplink, end: sleep } = world.boot(kept);
			radio.open(keeper.session);
			// Half a minute awake, and as much as it may send in it.
			const until = world.time.now + 30_000;
			while (world.time.now < until && radio.state !== 'closed')
				if (await uplink(27, true, Math.max(100, until - world.time.now))) acknowledged++;
			kept = sleep();
			world.time.advance(240_000 + (world.time.now % 977) * 100);
		}
		expect(acknowledged).toBeGreaterThan(2_000);
		const busiest = busiestHour(world.sent, world.region);
		busiest.forEach((milliseconds, at) => {
			expect(milliseconds, `band ${at}`).toBeLessThanOrEqual(world.region.bands[at]!.duty * 3_600_000);
		});
		// It is no test of a radio that is silent.
		expect(Math.max(...busiest)).toBeGreaterThan(10_000);
		expect(world.network.counts).toMatchObject({ repeatedCounters: 0, repeatedNonces: 0 });
	});

	test('awake all the time, and with always something to send, it keeps to its share too', async () => {
		const world = radioWorld({ distance: 3.5, fading: 0 });
		const { radio, keeper, uplink } = world.boot();
		radio.open(keeper.session);
		world.time.advanceUntil(() => radio.state === 'joined', 86_400_000, 1_000);
		const end = world.time.now + 6 * 3_600_000;
		while (world.time.now < end) await uplink(Math.min(51, radio.room));
		const busiest = busiestHour(world.sent, world.region);
		expect(Math.max(...busiest)).toBeLessThanOrEqual(36_000);
		expect(Math.max(...busiest)).toBeGreaterThan(30_000);
	});

	test('joins that nobody answers become ever more seldom, and not at the same moments for all', () => {
		const starts = [1, 2].map((seed) => {
			const world = radioWorld({ seed });
			world.air.isOn = false;
			const { radio, keeper } = world.boot();
			radio.open(keeper.session);
			world.time.advance(3 * 86_400_000);
			const airtime = (from: number, to: number): number =>
				world.sent.reduce((sum, { from: at, to: end }) => sum + (at >= from && at < to ? end - at : 0), 0);
			const hour = 3_600_000;
			expect(airtime(0, hour)).toBeLessThanOrEqual(36_000);
			expect(airtime(0, hour)).toBeGreaterThan(5_000);
			expect(airtime(hour, 11 * hour)).toBeLessThanOrEqual(36_000);
			expect(airtime(11 * hour, 35 * hour)).toBeLessThanOrEqual(8_700);
			expect(world.sent.every(({ isJoin }) => isJoin)).toBe(true);
			return world.sent.map(({ from }) => Math.round(from));
		});
		const others = new Set(starts[1]!.slice(1));
		expect(starts[0]!.slice(1).filter((from) => others.has(from)).length).toBeLessThan(3);
	});
});
