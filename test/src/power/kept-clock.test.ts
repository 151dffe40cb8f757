import { expect, test } from 'vitest';
import type { Clock } from '../../../modules/ports';
import { KeptClock } from '../../../src/power/kept-clock';
import { type Retained, unremembered } from '../../../src/power/retained';

const NOON = 1_767_268_800_000;
const HOUR = 3_600_000;

/** A clock that woke after an hour, of a device that was told noon at its age 0. */
function woken(time: number | undefined, isTold?: boolean) {
	const state: Retained = { ...unremembered(), age: HOUR, born: NOON, told: 0, driftPpm: 2_000 };
	const chip = { ticks: 0, time, ...(isTold !== undefined && { isTold }), alarm: () => ({ set() {}, clear() {} }) };
	return { state, clock: new KeptClock(chip satisfies Clock, state) };
}

test('what the chip kept over the sleep, and nobody told, gives way to what is reckoned, and teaches no drift', () => {
	const { state, clock } = woken(NOON + HOUR - 7_200, false);
	expect(clock.time).toBe(NOON + HOUR);
	clock.compare();
	expect([state.driftPpm, state.born, state.told]).toEqual([2_000, NOON, 0]);
});

test('what was told is the time, and teaches the drift', () => {
	for (const isTold of [true, undefined]) {
		const { state, clock } = woken(NOON + HOUR + 3_600, isTold);
		expect(clock.time).toBe(NOON + HOUR + 3_600);
		clock.compare();
		expect([state.driftPpm, state.born, state.told]).toEqual([3_000, NOON + 3_600, HOUR]);
	}
});

test('a device that reckons nothing takes what the chip kept', () => {
	const { state, clock } = woken(NOON + 5, false);
	state.born = undefined;
	expect(clock.time).toBe(NOON + 5);
});
