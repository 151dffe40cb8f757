import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeStamp } from '../../../hosts/simulator/net/virtual-ntp';
import { Fault } from '../../../modules/fault';
import { answers, type Reply, readReply, writeQuestion } from '../../../modules/time/ntp-packet';
import { EARLIEST_TIME, LATEST_TIME } from '../../../modules/time/window';

const NONCE = { high: 0xdeadbeef, low: 0x01020304 };

/** A good answer; `change` spoils it. */
function answer(change: (view: DataView) => void = () => {}, time = EARLIEST_TIME + 1_000): ArrayBuffer {
	const bytes = new Uint8Array(48);
	const view = new DataView(bytes.buffer);
	view.setUint8(0, 0x24);
	view.setUint8(1, 2);
	view.setUint32(24, NONCE.high);
	view.setUint32(28, NONCE.low);
	writeStamp(view, 32, time);
	writeStamp(view, 40, time);
	change(view);
	return bytes.buffer;
}

test('a question is 48 bytes: version 4, client, chance where the time would be, and nothing of ours', () => {
	const question = Buffer.from(writeQuestion(NONCE));
	expect(question.toString('hex')).toBe(`23${'00'.repeat(39)}deadbeef01020304`);
});

test('a moment that was written down by hand is read as what it is', () => {
	const bytes = answer((view) => {
		// 2026-01-01T00:00:00.5Z is 3,976,214,400.5 s after 1900.
		for (const offset of [32, 40]) {
			view.setUint32(offset, 3_976_214_400);
			view.setUint32(offset + 4, 0x8000_0000);
		}
		// Half a second of root delay, a quarter of dispersion.
		view.setUint32(4, 0x0000_8000);
		view.setUint32(8, 0x0000_4000);
	});
	const half = 1_767_225_600_500;
	expect(readReply(bytes, EARLIEST_TIME)).toEqual({ received: half, sent: half, distance: 500 });
});

test('any moment of the window goes through, on both sides of 2036-02-07', () => {
	const turn = Date.UTC(2036, 1, 7, 6, 28, 16);
	const moments = fc.oneof(
		fc.integer({ min: EARLIEST_TIME, max: LATEST_TIME - 1 }),
		fc.integer({ min: turn - 2_000, max: turn + 2_000 }),
	);
	fc.assert(
		fc.property(moments, (time) => {
			const { sent } = readReply(answer(undefined, time), EARLIEST_TIME) as Reply;
			expect(Math.abs(sent - time)).toBeLessThan(0.001);
		}),
		{ seed: 1, numRuns: 1000 },
	);
});

test('years before the window do not come back as years in it', () => {
	for (const time of [0, Date.UTC(1999, 0), Date.UTC(2025, 11, 30)])
		expect((readReply(answer(undefined, time), EARLIEST_TIME) as Reply).sent).toBeGreaterThanOrEqual(LATEST_TIME);
});

describe('an answer of no use', () => {
	test.each([
		['version 2', (view: DataView) => view.setUint8(0, 0x14)],
		['version 5', (view: DataView) => view.setUint8(0, 0x2c)],
		['it is not synchronized', (view: DataView) => view.setUint8(0, 0xe4)],
		['stratum 16', (view: DataView) => view.setUint8(1, 16)],
		['stratum 255', (view: DataView) => view.setUint8(1, 255)],
		['root distance 16000 ms', (view: DataView) => view.setUint32(8, 16 * 65_536)],
		['root distance 32768000 ms', (view: DataView) => view.setUint32(4, 0xffff_ffff)],
		['no time', (view: DataView) => view.setBigUint64(40, 0n)],
		['no time', (view: DataView) => view.setBigUint64(32, 0n)],
		['it answered before it was asked', (view: DataView) => writeStamp(view, 32, EARLIEST_TIME + 2_000)],
	])('%s', (message, change) => {
		const bytes = answer(change);
		expect(answers(bytes, NONCE)).toBe(true);
		expect(() => readReply(bytes, EARLIEST_TIME)).toThrow(expect.objectContaining({ code: 'protocol', message }));
	});

	test.each([
		['a broadcast', (view: DataView) => view.setUint8(0, 0x25)],
		['a question', (view: DataView) => view.setUint8(0, 0x23)],
		['to another question', (view: DataView) => view.setUint32(24, NONCE.high + 1)],
		['to no question', (view: DataView) => view.setBigUint64(24, 0n)],
	])('%s is not to this question', (_, change) => {
		expect(answers(answer(change), NONCE)).toBe(false);
	});

	test('too short', () => {
		expect(answers(answer().slice(0, 47), NONCE)).toBe(false);
		expect(answers(new ArrayBuffer(0), NONCE)).toBe(false);
	});
});

test('a kiss is told by its letters, whatever else it says', () => {
	const kiss = (letters: string) =>
		readReply(
			answer((view) => {
				view.setUint8(0, 0xe4);
				view.setUint8(1, 0);
				for (let at = 0; at < 4; at++) view.setUint8(12 + at, letters.charCodeAt(at));
			}),
			EARLIEST_TIME,
		);
	expect(kiss('RATE')).toEqual({ kiss: 'RATE' });
	expect(kiss('\u0000\nA\u00ff')).toEqual({ kiss: '??A?' });
});

test('20,000 hostile answers: a time, a kiss, or a Fault', () => {
	let times = 0;
	const bytes = fc.oneof(
		fc.uint8Array({ minLength: 48, maxLength: 80 }),
		fc.tuple(fc.nat(47), fc.nat(255), fc.nat(47), fc.nat(255)).map(([at, byte, where, other]) => {
			const spoilt = new Uint8Array(answer());
			spoilt[at] = byte;
			spoilt[where] = other;
			return spoilt;
		}),
	);
	fc.assert(
		fc.property(bytes, (spoilt) => {
			try {
				const reply = readReply(spoilt.slice().buffer, EARLIEST_TIME);
				if ('kiss' in reply) return /^[A-Z?]{4}$/.test(reply.kiss);
				times++;
				return reply.sent >= reply.received && reply.distance >= 0 && reply.distance <= 1_000;
			} catch (thrown) {
				return thrown instanceof Fault && thrown.code === 'protocol';
			}
		}),
		{ seed: 2, numRuns: 20_000 },
	);
	expect(times).toBeGreaterThan(1_000);
});
