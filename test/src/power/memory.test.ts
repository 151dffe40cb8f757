import { describe, expect, test } from 'vitest';
import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { VirtualTime } from '../../../hosts/simulator/time';
import type { Keepsake, Power, WakeCause } from '../../../modules/ports';
import { KeptClock } from '../../../src/power/kept-clock';
import { Memory } from '../../../src/power/memory';

const NOON = 1_767_268_800_000;
const DAY = 86_400_000;

/** A board that wakes for a second and sleeps for a minute, again and again. */
function setUp(driftPpm = 0) {
	const world = new VirtualTime();
	const retained = new Uint8Array(1_024);
	const boot = (cause: WakeCause, keepsakes: readonly Keepsake[] = []) => {
		const inner = new BoardClock(world);
		const memory = new Memory({ power: { cause, retained } as unknown as Power, clock: inner, keepsakes });
		const clock = new KeptClock(inner, memory.state);
		const sleep = (asleep = 59_000): void => {
			clock.compare();
			memory.save({ age: Math.round(clock.ticks), asleep });
			world.advance(clock.toAsk(asleep) * (1 + driftPpm / 1e6));
		};
		return { inner, memory, clock, sleep };
	};
	return { world, retained, boot };
}

describe('the memory over deep sleep', () => {
	test('knows nothing after power loss, even when the bytes are good', () => {
		const { boot } = setUp();
		const first = boot('power');
		first.memory.state.readings = 7;
		first.sleep();
		expect(boot('power').memory.state).toMatchObject({ readings: 0, age: 0, wanted: true });
	});

	test('lets the age and the time go on after a sleep that its timer ended', () => {
		const { boot, world } = setUp();
		const first = boot('power');
		world.advance(1_000);
		first.inner.time = NOON + 1_000;
		first.sleep();
		const second = boot('timer');
		expect(second.clock.ticks).toBe(60_000);
		expect(second.clock.time).toBe(NOON + 60_000);
		expect(second.memory.state.wakings).toBe(2);
	});

	test.each(['crash', 'brownout', 'restart', 'pin'] as const)(
		'begins a new age after %s, and keeps counts and waits',
		(cause) => {
			const { boot, world } = setUp();
			const first = boot('power');
			first.inner.time = NOON;
			world.advance(5_000);
			first.memory.state.readings = 7;
			first.memory.state.boot = 3;
			first.memory.state.health = [{ name: 'mqtt', failures: 2, retryAt: 65_000, delivered: 9, failed: 1 }];
			first.sleep();
			const { memory, clock } = boot(cause);
			expect(memory.state).toMatchObject({ age: 0, readings: 7, born: undefined, boot: undefined });
			expect(memory.state.health).toEqual([{ name: 'mqtt', failures: 2, retryAt: 60_000, delivered: 9, failed: 1 }]);
			expect(clock.time).toBeUndefined();
		},
	);

	test('lets the age go on after a pin when the host’s own clock did', () => {
		const { boot, world, retained } = setUp();
		const first = boot('power');
		first.inner.time = NOON;
		first.clock.compare();
		first.memory.save({ age: 0, asleep: 600_000 });
		world.advance(240_000);
		const clock = new BoardClock(world);
		clock.time = NOON + 240_000;
		const memory = new Memory({ power: { cause: 'pin', retained } as unknown as Power, clock });
		expect(memory.state).toMatchObject({ age: 240_000, born: NOON });
	});

	test('begins a new age before an undated reading could no longer say its uptime', () => {
		const { boot } = setUp();
		const first = boot('power');
		first.memory.state.boot = 5;
		first.memory.save({ age: 101 * DAY });
		expect(boot('timer').memory.state).toMatchObject({ age: 0, boot: undefined });
	});

	test.each([-40_000, -500, 500, 30_000])('finds a drift of %d ppm, and asks for as much less', (driftPpm) => {
		const { boot, world } = setUp(driftPpm);
		let next = boot('power');
		for (let waking = 0; waking < 60; waking++) {
			next.inner.time = NOON + world.now;
			next.sleep();
			next = boot('timer');
		}
		const found = next.memory.state.driftPpm;
		expect(Math.abs(found - driftPpm)).toBeLessThan(200);
		const before = world.now;
		next.sleep(DAY);
		expect(Math.abs(world.now - before - DAY)).toBeLessThan(20_000);
	});

	test('takes a clock that is set anew for what it is', () => {
		const { boot, world } = setUp();
		let next = boot('power');
		next.inner.time = NOON;
		for (let waking = 0; waking < 20; waking++) {
			next.sleep();
			next = boot('timer');
		}
		next.inner.time = NOON + world.now + 3_600_000;
		next.sleep();
		next = boot('timer');
		expect(next.memory.state.driftPpm).toBe(0);
		expect(next.clock.time).toBe(NOON + world.now + 3_600_000);
	});

	test('does not believe a clock that was never set', () => {
		const { boot } = setUp();
		const { inner, clock } = boot('power');
		inner.time = 86_400_000;
		clock.compare();
		expect(clock.time).toBeUndefined();
	});

	test('keeps what the host’s parts ask for, and gives each its own', () => {
		const { boot } = setUp();
		const given: string[] = [];
		const part = (name: string, bytes: Uint8Array | undefined): Keepsake => ({
			name,
			recall: (found) => given.push(`${name} ${found.join(' ')}`),
			keep: () => bytes,
		});
		const parts = [part('wifi', Uint8Array.of(6, 7)), part('tls', Uint8Array.of(1)), part('none', undefined)];
		boot('power', parts).sleep();
		expect(given).toEqual([]);
		boot('timer', parts.reverse()).sleep();
		expect(given).toEqual(['tls 1', 'wifi 6 7']);
		boot('crash', parts);
		expect(given).toHaveLength(4);
	});

	test('is empty, not half right, when a part fails while it is written', () => {
		const { boot } = setUp();
		boot('power').sleep();
		const bad: Keepsake = {
			name: 'bad',
			recall() {},
			keep() {
				throw new Error('no');
			},
		};
		expect(() => boot('timer', [bad]).sleep()).toThrow('no');
		expect(boot('timer').memory.state.wakings).toBe(1);
	});
});
