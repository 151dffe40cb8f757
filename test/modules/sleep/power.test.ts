import { describe, expect, test } from 'vitest';
import { Reset, Wake } from '../../../modules/sleep/chip';
import { BoardPower } from '../../../modules/sleep/power';
import { Asleep, FakeChip, Restarted } from './fake-chip';

describe('why it runs', () => {
	const causes: readonly [number, string, string][] = [
		[Reset.UNKNOWN, 'power', 'unknown'],
		[Reset.POWERON, 'power', 'power on'],
		[Reset.EXTERNAL, 'power', 'reset pin'],
		[Reset.SOFTWARE, 'restart', 'restart'],
		[Reset.PANIC, 'crash', 'panic'],
		[Reset.INTERRUPT_WATCHDOG, 'crash', 'interrupt watchdog'],
		[Reset.TASK_WATCHDOG, 'crash', 'task watchdog'],
		[Reset.OTHER_WATCHDOG, 'crash', 'watchdog'],
		[Reset.BROWNOUT, 'brownout', 'brown-out'],
		[Reset.USB, 'restart', 'USB'],
		[Reset.POWER_GLITCH, 'brownout', 'power glitch'],
		[Reset.LOCKUP, 'crash', 'CPU lock-up'],
		[99, 'power', 'reset 99'],
	];

	test.each(causes)('reset reason %i is "%s" (%s)', (reset, cause, words) => {
		const chip = new FakeChip();
		chip.reset = reset;
		const power = new BoardPower({ chip });
		expect([power.cause, power.reset]).toEqual([cause, words]);
	});

	test.each([
		[1 << Wake.TIMER, 'timer'],
		[1 << Wake.EXT0, 'pin'],
		[1 << Wake.EXT1, 'pin'],
		[1 << Wake.GPIO, 'pin'],
		[(1 << Wake.GPIO) | (1 << Wake.TIMER), 'pin'],
		[0, 'timer'],
	])('a wake from deep sleep with causes %i is "%s"', (bits, cause) => {
		const chip = new FakeChip();
		chip.reset = Reset.DEEP_SLEEP;
		chip.causes = bits;
		expect(new BoardPower({ chip }).cause).toBe(cause);
	});

	test('wake causes left over from before do not count after another reset', () => {
		const chip = new FakeChip();
		chip.reset = Reset.PANIC;
		chip.causes = 1 << Wake.EXT0;
		expect(new BoardPower({ chip }).cause).toBe('crash');
	});

	test('a machine that XS ended restarted the chip: a crash; a restart by cable is none', () => {
		const chip = new FakeChip();
		chip.reset = Reset.SOFTWARE;
		expect(new BoardPower({ chip, crashed: true }).cause).toBe('crash');
		chip.reset = Reset.USB;
		expect(new BoardPower({ chip, crashed: true }).cause).toBe('restart');
	});
});

describe('sleep', () => {
	test('by timer', () => {
		const chip = new FakeChip();
		expect(() => new BoardPower({ chip }).sleep(60_000)).toThrow(Asleep);
		expect(chip.calls).toEqual(['sleep 60000']);
	});

	test('by timer and pins', () => {
		const chip = new FakeChip();
		chip.wakeable = [2, 33];
		const power = new BoardPower({
			chip,
			wakePins: [
				{ pin: 2, level: 'high' },
				{ pin: 33, level: 'high' },
			],
			source: 'ext1',
		});
		expect(() => power.sleep(1000)).toThrow(Asleep);
		expect(chip.calls).toEqual([`wake ${Wake.EXT1} ${2 ** 33 + 4} true`, 'sleep 1000']);
	});

	test('one that the chip refuses ends in a restart', () => {
		const chip = new FakeChip();
		chip.refusesSleep = true;
		expect(() => new BoardPower({ chip }).sleep(1000)).toThrow(Restarted);
		expect(chip.calls).toEqual(['sleep 1000', 'restart']);
	});

	test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e15])('not for %d ms', (ms) => {
		const chip = new FakeChip();
		expect(() => new BoardPower({ chip }).sleep(ms)).toThrow(/a sleep of/);
		expect(chip.calls).toEqual([]);
	});

	test('not when the pins cannot be armed', () => {
		const chip = new FakeChip();
		chip.wakeable = [3];
		chip.wakeResult = 262;
		const power = new BoardPower({ chip, wakePins: [{ pin: 3, level: 'low' }], source: 'gpio' });
		expect(() => power.sleep(1000)).toThrow('the wake pins cannot be armed: error 262');
	});

	test.each([
		[[{ pin: 34, level: 'low' } as const], 'ext0', 'pin 34 cannot wake this chip'],
		[[{ pin: 2, level: 'low' } as const, { pin: 3, level: 'high' } as const], 'ext1', 'wake pins of two levels'],
		[[{ pin: 2, level: 'low' } as const, { pin: 3, level: 'low' } as const], 'ext0', 'EXT0 takes one pin'],
		[[{ pin: 2, level: 'low' } as const, { pin: 2, level: 'low' } as const], 'ext1', 'a wake pin is named twice'],
	] as const)('pins that cannot be are refused at once: %j %s', (wakePins, source, words) => {
		const chip = new FakeChip();
		chip.wakeable = [2, 3];
		expect(() => new BoardPower({ chip, wakePins, source })).toThrow(words);
	});
});

test('retained memory is the chip’s own, every time', () => {
	const chip = new FakeChip();
	const power = new BoardPower({ chip });
	power.retained[7] = 42;
	expect(chip.memory[7]).toBe(42);
	expect(power.retained).toBe(power.retained);
});

test('facts', () => {
	expect(new BoardPower({ chip: new FakeChip() }).facts()).toEqual({
		model: 'ESP32',
		revision: 'v3.1',
		cores: 2,
		idf: 'v6.0',
		heapFree: 123_456,
		heapMinimum: 100_000,
		heapLargest: 65_536,
	});
});
