import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { VirtualStore } from '../../../hosts/simulator/board/store';
import { VirtualTime } from '../../../hosts/simulator/time';
import { Dating } from '../../../src/sensing/dating';

const NOON = 1_767_268_800_000;

/** A board that boots again and again over the same store; the power is off for a minute between two boots. */
function board() {
	const world = new VirtualTime();
	const store = new VirtualStore();
	return {
		world,
		store,
		boot() {
			world.advance(60_000);
			const clock = new BoardClock(world);
			return { clock, dating: new Dating({ clock, store }) };
		},
	};
}

describe('dating', () => {
	test('stamps with the time when it is known, and writes nothing down', () => {
		const { boot, store } = board();
		const { clock, dating } = boot();
		clock.time = NOON;
		expect(dating.stamp()).toEqual({ epochMilliseconds: NOON });
		expect(store.writes).toBe(0);
	});

	test('works out the time of readings taken before it was known', () => {
		const { boot, world } = board();
		const { clock, dating } = boot();
		world.advance(5_000);
		const early = dating.stamp();
		expect(early).toEqual({ boot: 0, uptimeMilliseconds: 5_000 });
		expect(dating.date(early)).toBeUndefined();
		world.advance(10_000);
		clock.time = NOON;
		expect(dating.date(early)).toBe(NOON - 10_000);
	});

	test('a time that was a lie, and is put right in the same boot, is put right for what was not dated yet', () => {
		const { boot, world, store } = board();
		const { clock, dating } = boot();
		world.advance(5_000);
		const early = dating.stamp();
		clock.time = NOON + 86_400_000;
		expect(dating.date(early)).toBe(NOON + 86_400_000);
		clock.time = NOON;
		const writes = store.writes;
		expect(dating.date(early)).toBe(NOON);
		clock.time = NOON + 900;
		expect(dating.date(early)).toBe(NOON);
		expect(store.writes).toBe(writes + 1);
	});

	test('still knows it after the power was gone', () => {
		const { boot, world } = board();
		const first = boot();
		world.advance(5_000);
		const early = first.dating.stamp();
		world.advance(10_000);
		first.clock.time = NOON;
		first.dating.date(early);
		const second = boot();
		expect(second.dating.date(early)).toBeUndefined();
		second.clock.time = NOON + 3_600_000;
		expect(second.dating.date(early)).toBe(NOON - 10_000);
	});

	test('dates readings of a boot that never knew the time at the start of the next that did', () => {
		const { boot, world } = board();
		const lost = boot().dating.stamp();
		const { clock, dating } = boot();
		world.advance(20_000);
		const known = dating.stamp();
		clock.time = NOON;
		expect(known).toEqual({ boot: 1, uptimeMilliseconds: 20_000 });
		expect(dating.date(known)).toBe(NOON);
		expect(dating.date(lost)).toBe(NOON - 20_000);
	});

	test.each([0, 86_400_000, -1, 2 ** 42, 1e15, Number.NaN, Number.POSITIVE_INFINITY])(
		'takes a clock that says %d for one that was never set',
		(time) => {
			const { clock, dating } = board().boot();
			clock.time = time;
			expect(dating.time).toBeUndefined();
			expect(dating.stamp()).toHaveProperty('boot');
		},
	);

	test('starts over when what was stored is garbage of any kind', () => {
		fc.assert(
			fc.property(fc.oneof(fc.string(), fc.json()), (garbage) => {
				const store = new VirtualStore();
				store.write('boots', garbage.slice(0, 3_000));
				const clock = new BoardClock(new VirtualTime());
				const dating = new Dating({ clock, store });
				const stamp = dating.stamp();
				clock.time = NOON;
				expect(dating.date(stamp)).toBeTypeOf('number');
			}),
		);
	});

	test('remembers a bounded number of boots', () => {
		const { boot, store } = board();
		for (let count = 0; count < 50; count++) boot().dating.stamp();
		expect(JSON.parse(store.read('boots')!)).toHaveLength(8);
	});
});
