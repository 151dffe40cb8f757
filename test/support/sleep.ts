/** What stories of a device that sleeps have in common. */
import assert from 'node:assert/strict';
import { seededRandom32 } from '../../hosts/simulator/random';
import type { makeWorld, Resident } from './world';

export const MINUTE = 60_000;

/** One reading a minute, a delivery each twelve, and a battery that is never low. */
export const SLEEPY = Object.freeze({ mode: 'sleep', dataIntervalSeconds: 60, batteryLowPercent: 0 });

type World = ReturnType<typeof makeWorld>;

/** Lets time pass until the device is awake for longer than a reading takes: in the middle of a delivery. */
export function untilDelivery(world: World, { board }: Resident): void {
	assert(
		world.time.advanceUntil(() => board.isOn, 24 * 60 * MINUTE, 10),
		'no delivery in a day',
	);
}

/** Lets time pass until the device sleeps, and the server has all that was taken. */
export function untilDelivered(world: World, resident: Resident, within = 6 * 60 * MINUTE): void {
	const { board, taken } = resident;
	const done = (): boolean => board.isAsleep && world.rows() >= taken();
	assert(world.time.advanceUntil(done, within, 1_000), `${taken()} readings, ${world.rows()} rows`);
}

/** What the server heard of `kind`, oldest first. */
export function messages(world: World, kind: string): Record<string, unknown>[] {
	return world
		.query('SELECT body FROM messages WHERE kind = ? ORDER BY id', kind)
		.map(({ body }) => JSON.parse(String(body)));
}

export function timestamps(world: World): number[] {
	return world.query('SELECT timestamp FROM readings ORDER BY sequence').map(({ timestamp }) => timestamp as number);
}

export interface Blows {
	readonly cuts: number;
	readonly resets: number;
	readonly readings: number;
	readonly lost: number;
	readonly boots: number;
}

/**
 * Deals a device one blow after another, each in the middle of a waking: the power goes in a flash operation, or while a
 * delivery is under way, or it dips, or the watchdog bites, or RTC memory is spoilt in a sleep. In the end it is left alone, and
 * the server must have all that was taken. Throws when a rule was broken.
 */
export function dealBlows(world: World, resident: Resident, count: number, seed: number): Blows {
	const { board, flash, time } = { ...resident, ...world };
	const random32 = seededRandom32(seed);
	const below = (bound: number): number => random32() % bound;
	const done = { cuts: 0, resets: 0 };
	resident.powerOn();
	while (done.cuts + done.resets < count) {
		const kind = below(4);
		if (below(3) === 0 && board.isAsleep) spoil(board.retained, below);
		if (kind === 0) {
			flash.cutAt(1 + below(90));
			assert(
				time.advanceUntil(() => !board.isOn && !board.isAsleep, 24 * 60 * MINUTE, 500),
				'no cut in a day',
			);
			done.cuts++;
		} else {
			untilDelivery(world, resident);
			time.advance(below(1_000));
			if (kind === 1) {
				resident.cutPower();
				done.cuts++;
			} else {
				board.reset(kind === 2 ? 'brownout' : 'crash');
				done.resets++;
			}
		}
		if (!board.isOn && !board.isAsleep) {
			time.advance(below(5_000));
			resident.powerOn(below(3) === 0 ? 'brownout' : 'power');
		}
	}
	untilDelivered(world, resident, 24 * 60 * MINUTE);
	untilDelivery(world, resident);
	const { dropped, damaged, refused } = board.device.report();
	assert.deepEqual([dropped, damaged, refused], [0, 0, 0]);
	untilDelivered(world, resident, 24 * 60 * MINUTE);
	const blows = done.cuts + done.resets;
	const readings = resident.taken();
	assert.equal(flash.violations, 0);
	// A reading whose append was cut may have been kept, though the firmware never knew: at most one a blow.
	assert(world.rows() <= readings + blows);
	// No boot loop: each boot is a blow's, or a beat's.
	assert(board.boots <= 2 * blows + 2 + time.now / 30_000, `${board.boots} boots`);
	return { ...done, readings, lost: Math.max(0, readings - world.rows()), boots: board.boots };
}

function spoil(memory: Uint8Array, below: (bound: number) => number): void {
	for (let flips = 1 + below(8); flips > 0; flips--) memory[below(120)]! ^= 1 << below(8);
}
