import { expect, test } from 'vitest';
import type { Emission, Reception, Tuning } from '../../../../hosts/simulator/lmic/chip';
import { Sx1276 } from '../../../../hosts/simulator/lmic/sx1276';
import { VirtualTime } from '../../../../hosts/simulator/time';

const RegOpMode = 0x01;
const RegFifo = 0x00;
const RegIrqFlags = 0x12;

function made(answer?: (tuning: Tuning, from: number, to: number) => Reception | undefined) {
	const time = new VirtualTime();
	const sent: Emission[] = [];
	const lines: [number, number][] = [];
	let asked: [number, number] | undefined;
	const radio = new Sx1276({
		air: {
			transmit: (emission) => sent.push(emission),
			hear(tuning, from, to) {
				asked = [from, to];
				return answer?.(tuning, from, to);
			},
		},
		random32: () => 5,
		at: (micros, run) => time.schedule(micros / 1000 - time.now, run),
		onLine: (line, micros) => lines.push([line, micros]),
	});
	const write = (...pairs: readonly [number, number][]): void => {
		for (const [register, value] of pairs) radio.write(register, value, time.now * 1000);
	};
	return { time, sent, lines, radio, write, window: () => asked };
}

/** LoRa, asleep, then in standby at 868.1 MHz, SF7, 125 kHz, explicit header, CRC. */
const standby: readonly [number, number][] = [
	[RegOpMode, 0x00],
	[RegOpMode, 0x80],
	[RegOpMode, 0x81],
	[0x06, 0xd9],
	[0x07, 0x06],
	[0x08, 0x66],
	[0x1d, 0x72],
	[0x1e, 0x74],
	[0x39, 0x34],
];

test('says that it is an SX1276, and cannot be told otherwise', () => {
	const { radio, write } = made();
	write([0x42, 0x22]);
	expect(radio.read(0x42)).toBe(0x12);
});

test('takes the LoRa modem only while it sleeps', () => {
	const { radio, write } = made();
	write([RegOpMode, 0x81]);
	expect(radio.read(RegOpMode) & 0x80).toBe(0);
	write([RegOpMode, 0x00], [RegOpMode, 0x80]);
	expect(radio.read(RegOpMode)).toBe(0x80);
});

test('keeps its FIFO out of reach while it sleeps', () => {
	const { radio, write } = made();
	write([RegOpMode, 0x00], [RegOpMode, 0x80], [RegFifo, 7], [0x0d, 0]);
	write([RegOpMode, 0x81]);
	expect(radio.read(RegFifo)).toBe(0);
});

test('transmits what is in the FIFO, for as long as the datasheet says, and then says so', () => {
	const { radio, write, sent, lines, time } = made();
	write(...standby, [0x0e, 0], [0x0d, 0], [0x22, 21], [0x40, 0x40], [0x11, 0xf7]);
	for (let at = 0; at < 21; at++) write([RegFifo, at]);
	write([RegOpMode, 0x83]);
	expect(sent[0]!.tuning).toMatchObject({ frequencyHz: 868_099_976, spreadingFactor: 7, bandwidthHz: 125_000 });
	expect([...sent[0]!.bytes]).toEqual(Array.from({ length: 21 }, (_, at) => at));
	// 8 bytes of payload in a LoRaWAN frame at SF7: 56.6 ms.
	expect(sent[0]!.end - sent[0]!.start).toBeCloseTo(56_576, 6);
	time.advance(56);
	expect(lines).toEqual([]);
	time.advance(1);
	expect(lines).toEqual([[0, 56_576]]);
	expect(radio.read(RegIrqFlags)).toBe(0x08);
	expect(radio.read(RegOpMode)).toBe(0x81);
	write([RegIrqFlags, 0x08]);
	expect(radio.read(RegIrqFlags)).toBe(0);
});

test('a window in which nothing begins ends after its symbols', () => {
	const { write, lines, time, window } = made();
	write(...standby, [0x1f, 10], [0x40, 0x00], [0x11, 0x3f], [RegOpMode, 0x86]);
	time.advance(11);
	expect(lines).toEqual([[1, 10_240]]);
	// Four symbols of preamble must be in it.
	expect(window()).toEqual([-4096, 6144]);
});

test('a frame that begins in a window is received to its end, with what it was heard like', () => {
	const bytes = Uint8Array.of(1, 2, 3);
	const { radio, write, lines, time } = made((tuning) =>
		tuning.isInverted ? { tuning, bytes, start: 100, end: 40_000, rssiDbm: -110, snrDecibels: -5 } : undefined,
	);
	write(...standby, [0x1f, 10], [0x33, 0x67], [0x40, 0x00], [0x11, 0x3f], [RegOpMode, 0x86]);
	time.advance(41);
	expect(lines).toEqual([[0, 40_000]]);
	expect(radio.read(0x13)).toBe(3);
	write([0x0d, radio.read(0x10)]);
	expect([radio.read(RegFifo), radio.read(RegFifo), radio.read(RegFifo)]).toEqual([1, 2, 3]);
	expect(radio.read(0x19) - 256).toBe(-20);
	expect(radio.read(0x1a) - 157 + (radio.read(0x19) - 256) / 4).toBe(-110);
});

test('an interrupt that is masked is not there', () => {
	const { radio, write, lines, time } = made();
	write(...standby, [0x1f, 10], [0x11, 0xff], [RegOpMode, 0x86]);
	time.advance(20);
	expect(lines).toEqual([]);
	expect(radio.read(RegIrqFlags)).toBe(0);
});

test('an order or a reset ends what was under way', () => {
	const { radio, write, lines, time } = made();
	write(...standby, [0x1f, 10], [0x40, 0x00], [0x11, 0x3f], [RegOpMode, 0x86], [RegOpMode, 0x80]);
	time.advance(20);
	write([RegOpMode, 0x86]);
	radio.reset();
	time.advance(20);
	expect(lines).toEqual([]);
});
