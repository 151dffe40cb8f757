import { describe, expect, test } from 'vitest';
import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { VirtualTime } from '../../../hosts/simulator/time';
import { DiagnosticsSchedule } from '../../../src/diagnostics/schedule';

const HOUR = 3_600_000;

function setUp(interval = HOUR) {
	const world = new VirtualTime();
	const clock = new BoardClock(world, {});
	const sent: number[] = [];
	const state = { isOpen: true };
	const send = (): boolean => {
		if (state.isOpen) sent.push(world.now);
		return state.isOpen;
	};
	const make = (): DiagnosticsSchedule => new DiagnosticsSchedule({ interval, owner: { tell: send } });
	/** Time passes, and a reading is taken each minute. */
	const pass = (schedule: DiagnosticsSchedule, milliseconds: number): void => {
		for (const end = world.now + milliseconds; world.now < end; ) {
			world.advance(60_000);
			schedule.look();
		}
	};
	return { world, clock, sent, state, make, pass, schedule: make() };
}

describe('the schedule of diagnostics', () => {
	test('tells at the boot, and then each interval', () => {
		const { clock, sent, pass, schedule } = setUp();
		schedule.start(clock);
		pass(schedule, 3 * HOUR);
		expect(sent).toEqual([0, HOUR, 2 * HOUR, 3 * HOUR]);
	});

	test('tells as soon as a route is open, once', () => {
		const { clock, sent, state, pass, schedule } = setUp();
		state.isOpen = false;
		schedule.start(clock);
		pass(schedule, 2 * HOUR);
		state.isOpen = true;
		schedule.look();
		schedule.look();
		pass(schedule, HOUR);
		expect(sent).toEqual([2 * HOUR, 3 * HOUR]);
	});

	test('tells when asked, and only then where the interval is 0', () => {
		const { clock, sent, state, pass, schedule } = setUp(0);
		schedule.start(clock);
		pass(schedule, 5 * HOUR);
		expect(sent).toEqual([]);
		state.isOpen = false;
		schedule.ask();
		expect(sent).toEqual([]);
		state.isOpen = true;
		schedule.look();
		schedule.look();
		expect(sent).toHaveLength(1);
	});

	test('goes on over a sleep, and begins anew with a new age', () => {
		const { clock, sent, make, pass, schedule } = setUp();
		schedule.start(clock);
		pass(schedule, HOUR / 2);
		const woken = make();
		woken.recall(schedule.keep());
		woken.start(clock);
		expect(sent).toHaveLength(1);
		pass(woken, HOUR / 2);
		expect(sent).toEqual([0, HOUR]);
		const reborn = make();
		reborn.recall(woken.keep());
		reborn.start(new BoardClock(new VirtualTime(), {}));
		expect(sent).toHaveLength(3);
	});

	test('takes garbage for nothing', () => {
		const { clock, sent, make } = setUp();
		for (const bytes of [Uint8Array.of(), new Uint8Array(8).fill(0xff), new Uint8Array(9)]) {
			const schedule = make();
			schedule.recall(bytes);
			schedule.start(clock);
		}
		expect(sent).toHaveLength(3);
	});
});
