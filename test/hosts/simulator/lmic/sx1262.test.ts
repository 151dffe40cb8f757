import { describe, expect, test } from 'vitest';
import type { Emission, Reception, Tuning } from '../../../../hosts/simulator/lmic/chip';
import { Sx1262 } from '../../../../hosts/simulator/lmic/sx1262';
import { VirtualTime } from '../../../../hosts/simulator/time';

function made(answer?: (tuning: Tuning) => Partial<Reception> | undefined) {
	const time = new VirtualTime();
	const sent: Emission[] = [];
	const lines: number[] = [];
	const radio = new Sx1262({
		air: {
			transmit: (emission) => void sent.push(emission),
			hear(tuning, from) {
				const heard = answer?.(tuning);
				if (!heard) return undefined;
				return { tuning, bytes: Uint8Array.of(9), start: from, end: from, rssiDbm: -100, snrDecibels: 0, ...heard };
			},
		},
		random32: () => 5,
		at: (micros, run) => time.schedule(micros / 1000 - time.now, run),
		onLine: (_line, micros) => lines.push(micros),
	});
	/** Waits until it is not busy, as the HAL does. */
	const ready = (): number => {
		radio.select(time.now * 1000);
		time.advanceUntil(() => !radio.isBusy(time.now * 1000), 1_000, 0.01);
		return time.now * 1000;
	};
	const order = (command: number, ...bytes: readonly number[]): void =>
		radio.spiWrite(command, Uint8Array.from(bytes), ready());
	const ask = (command: number, length: number, ...address: readonly number[]): number[] => [
		...radio.spiRead(command, Uint8Array.from(address), length, ready()),
	];
	return { time, sent, lines, radio, order, ask, ready };
}

type Rig = ReturnType<typeof made>;
/** 868.1 MHz. */
const FREQUENCY = [0x36, 0x41, 0x99, 0x9a];

/** Sections 14.2 and 14.3, with the workarounds of chapter 15. @param skip a step that is left out */
function prepare({ order }: Rig, isInverted: boolean, skip = ''): void {
	const steps: readonly (readonly [name: string, command: number, ...bytes: readonly number[]])[] = [
		['standby', 0x80, 0],
		['switch', 0x9d, 1],
		['clamp', 0x0d, 0x08, 0xd8, 0xde],
		['oscillator', 0x97, 2, 0, 1, 0x40],
		['calibration', 0x89, 0x7f],
		['image', 0x98, 0xd7, 0xdb],
		['crystal', 0x80, 1],
		['type', 0x8a, 1],
		['frequency', 0x86, ...FREQUENCY],
		['base', 0x8f, 0, 0],
		['modulation register', 0x0d, 0x08, 0x89, 0x05],
		['modulation', 0x8b, 7, 4, 1, 0],
		['packet', 0x8c, 0, 8, 0, isInverted ? 255 : 3, 1, isInverted ? 1 : 0],
		['polarity', 0x0d, 0x07, 0x36, isInverted ? 0x09 : 0x0d],
		['interrupts', 0x08, 0x02, 0x03, 0x02, 0x03, 0, 0, 0, 0],
		['sync word', 0x0d, 0x07, 0x40, 0x34, 0x44],
		['symbols', 0xa0, 10],
	];
	for (const [name, command, ...bytes] of steps) if (name !== skip) order(command, ...bytes);
}

describe('an SX1262', () => {
	test('sends what is in its buffer from the base on, says so on DIO1, and stands by', () => {
		const rig = made();
		prepare(rig, false);
		rig.order(0x0e, 0, 1, 2, 3);
		rig.order(0x83, 0x09, 0xc4, 0);
		rig.time.advance(100);
		const [{ tuning, bytes, start, end }] = rig.sent as [Emission];
		expect([...bytes]).toEqual([1, 2, 3]);
		expect(tuning).toMatchObject({ spreadingFactor: 7, bandwidthHz: 125_000, isInverted: false, syncWord: 0x34 });
		expect(Math.abs(tuning.frequencyHz - 868_100_000)).toBeLessThan(2);
		// 8 + 4.25 + 8 + 3 × 5 symbols.
		expect((end - start) / 1024).toBeCloseTo(30.25, 6);
		expect(rig.lines).toEqual([end]);
		expect(rig.ask(0x12, 2, 0)).toEqual([0, 1]);
		expect(rig.ask(0xc0, 1)[0]! >> 4).toBe(2);
		rig.order(0x02, 0x03, 0xff);
		expect(rig.ask(0x12, 2, 0)).toEqual([0, 0]);
	});

	test('a window without a frame ends by its symbols; one with a frame gives its bytes and what it was heard like', () => {
		const deaf = made();
		prepare(deaf, true);
		deaf.order(0x82, 0, 0, 0);
		const began = deaf.time.now;
		deaf.time.advance(20);
		expect(deaf.ask(0x12, 2, 0)).toEqual([2, 0]);
		expect(deaf.lines[0]! / 1000 - began).toBeGreaterThan(10);
		const bytes = Uint8Array.of(7, 8, 9);
		const rig = made((tuning) => (tuning.isInverted ? { bytes, rssiDbm: -110, snrDecibels: -5 } : undefined));
		prepare(rig, true);
		rig.order(0x82, 0, 0, 0);
		rig.time.advance(50);
		expect(rig.ask(0x12, 2, 0)).toEqual([0, 2]);
		expect(rig.ask(0x13, 2, 0)).toEqual([3, 0]);
		expect(rig.ask(0x1e, 3, 0, 0)).toEqual([7, 8, 9]);
		expect(rig.ask(0x14, 3, 0)).toEqual([220, 256 - 20, 220]);
	});

	test('sleep forgets all, wakes by its select pin, and is busy for a while then', () => {
		const rig = made();
		prepare(rig, false);
		rig.order(0x84, 0);
		const micros = rig.time.now * 1000 + 1_000;
		expect(rig.radio.isBusy(micros)).toBe(true);
		expect(() => rig.radio.spiRead(0xc0, new Uint8Array(0), 1, micros)).toThrow('8.3.1: command 192 while it is busy');
		expect(rig.ready() - micros).toBeGreaterThan(2_000);
		expect(rig.ask(0x11, 1, 0)).toEqual([0]);
		expect(rig.ask(0x1d, 2, 0x07, 0x40, 0)).toEqual([0x14, 0x24]);
	});

	test.each([
		['switch', '13.3.5'],
		['clamp', '15.2'],
		['oscillator', '13.3.6'],
		['calibration', '13.3.6'],
		['type', '13.4.5'],
		['frequency', '14.2'],
		['modulation register', '15.1'],
		['modulation', '13.4.6'],
		['packet', '14.2'],
	])('whoever forgets the %s is told of section %s', (skip, section) => {
		const rig = made();
		expect(() => {
			prepare(rig, false, skip);
			rig.order(0x83, 0, 0, 0);
		}).toThrow(`SX1262: ${section}`);
	});

	test('other rules that a driver can break', () => {
		const rig = made();
		prepare(rig, true);
		rig.order(0x0d, 0x07, 0x36, 0x0d);
		expect(() => rig.order(0x82, 0, 0, 0)).toThrow('15.4');
		const other = made();
		prepare(other, true);
		expect(() => other.order(0x97, 2, 0, 1, 0x40)).toThrow('13.3.6');
		expect(() => other.order(0x8b, 12, 4, 1, 0)).toThrow('6.1.1.4');
		expect(() => other.order(0x08, 0, 1, 0, 1, 0, 1, 0, 0)).toThrow('13.3.1');
		expect(() => other.order(0x8f, 0)).toThrow('1 bytes');
		expect(() => other.order(0x44)).toThrow('no command 68');
		other.order(0xa0, 0);
		expect(() => other.order(0x82, 0, 0, 0)).toThrow('13.4.9');
	});
});
