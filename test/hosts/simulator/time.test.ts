import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { PacedTime, VirtualTime } from '../../../hosts/simulator/time';

describe('virtual time', () => {
	test('runs what was asked for in the order of its time, and of its asking where that is equal', () => {
		fc.assert(
			fc.property(fc.array(fc.nat({ max: 20 }), { maxLength: 60 }), (delays) => {
				const world = new VirtualTime();
				const ran: [number, number][] = [];
				delays.forEach((delay, order) => {
					world.schedule(delay, () => ran.push([world.now, order]));
				});
				world.advance(20);
				expect(ran).toEqual(delays.map((delay, order) => [delay, order]).sort(([a, i], [b, j]) => a! - b! || i! - j!));
			}),
		);
	});

	test('runs what is asked for meanwhile, and nothing that was cancelled', () => {
		const world = new VirtualTime();
		const ran: string[] = [];
		const never = world.schedule(7, () => ran.push('never'));
		world.schedule(5, () => {
			never.cancel();
			world.schedule(2, () => ran.push('later'));
			world.schedule(0, () => ran.push('now'));
		});
		world.advance(10);
		expect(ran).toEqual(['now', 'later']);
		expect(world.now).toBe(10);
	});
});

test('paced time does everything at its own moment, however late it is', async () => {
	const time = new PacedTime(1e9);
	const moments: number[] = [];
	const beat = (): void => {
		moments.push(time.now);
		if (moments.length < 1_000) time.schedule(1_000, beat);
	};
	time.schedule(1_000, beat);
	while (moments.length < 1_000) await new Promise((done) => setTimeout(done, 1));
	time.close();
	expect(moments).toEqual(Array.from({ length: 1_000 }, (_, index) => (index + 1) * 1_000));
});

describe('a board’s clock', () => {
	test('counts from its own start, with its own error, and tells the time once it was told', () => {
		const world = new VirtualTime();
		world.advance(1_000);
		const clock = new BoardClock(world, { driftPpm: 100_000 });
		world.advance(500);
		expect(clock.ticks).toBe(550);
		expect(clock.time).toBeUndefined();
		clock.time = 1_000_000;
		world.advance(100);
		expect(clock.time).toBe(1_000_110);
	});

	test('re-arms an alarm, forgets what was armed before, and fires none after its death', () => {
		const world = new VirtualTime();
		const clock = new BoardClock(world);
		const fired: number[] = [];
		const alarm = clock.alarm({ onAlarm: () => fired.push(world.now) });
		alarm.set(10);
		alarm.set(20);
		world.advance(30);
		alarm.set(5);
		world.advance(30);
		alarm.set(5);
		alarm.clear();
		world.advance(30);
		alarm.set(5);
		clock.kill();
		alarm.set(6);
		world.advance(30);
		expect(fired).toEqual([20, 35]);
	});
});
