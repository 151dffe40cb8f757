import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { PacketReader } from '../../../../hosts/simulator/net/packets';
import { Fault } from '../../../../modules/fault';
import { conversation, good, makeHostile, message, tryRoute, tryTwin } from './hostile';

/** Every end is one Fault; whoever says nonsense and then nothing is noticed in the end. */
function judge(bytes: Uint8Array, cut: number): void {
	const { ends, messages, state } = tryRoute(bytes, cut);
	expect(state).toBe('closed');
	expect(ends.length).toBe(1);
	expect(ends[0]).toBeInstanceOf(Fault);
	for (const body of messages) expect(body.byteLength).toBeLessThanOrEqual(2048);
	const reasons = tryTwin(bytes, cut);
	expect(reasons.length).toBe(1);
	expect(reasons[0]).toBeInstanceOf(Fault);
}

describe('a broker that says', () => {
	test('what is right is heard: the test itself is sound', () => {
		const { ends, messages } = tryRoute(good, 10_000);
		expect(messages.map((body) => Buffer.from(body).toString())).toEqual(['{"command":"flush"}']);
		expect(ends.map(String)).toEqual([expect.stringMatching('nothing heard')]);
	});

	test('anything at all does no harm', () => {
		fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 300 }), judge), {
			seed: 11,
			numRuns: 1500,
		});
	});

	test('anything at all after a good CONNACK does no harm', () => {
		const connack = good.subarray(0, 4);
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 300 }), (bytes, cut) =>
				judge(Buffer.concat([connack, bytes]), cut),
			),
			{ seed: 12, numRuns: 1500 },
		);
	});

	test('what is right but for some bytes does no harm', () => {
		const change = fc.record({ at: fc.nat(120), byte: fc.nat(255) });
		fc.assert(
			fc.property(
				fc.array(change, { minLength: 1, maxLength: 4 }),
				fc.integer({ min: 1, max: 4000 }),
				(changes, cut) => {
					const bytes = Buffer.from(good);
					for (const { at, byte } of changes) bytes[at % bytes.byteLength] = byte;
					judge(bytes, cut);
				},
			),
			{ seed: 13, numRuns: 1500 },
		);
	});

	test('its packets in another order, twice, or not at all does no harm', () => {
		const packets = fc.array(fc.nat(conversation.length), { maxLength: 30 });
		fc.assert(
			fc.property(packets, fc.integer({ min: 1, max: 4000 }), (order, cut) => {
				const parts = order.map((index) => generate(conversation[index] ?? message(Buffer.from('q'), 2)));
				judge(Buffer.concat([good.subarray(0, 4), ...parts]), cut);
			}),
			{ seed: 14, numRuns: 1000 },
		);
	});

	test('that a packet of 256 MiB is coming is not waited for', () => {
		for (const header of [0x30, 0x32, 0x40, 0x90, 0xd0]) {
			const { ends } = tryRoute(Buffer.concat([good.subarray(0, 4), Buffer.from([header, 0xff, 0xff, 0xff, 0x7f])]), 1);
			expect(ends.map((fault) => fault.code)).toEqual(['protocol']);
		}
	});

	test('a byte a second of what may become a CONNACK is given up when the time for connecting is over', () => {
		const { scheduler, line } = makeHostile(new Uint8Array(), 1);
		line.network.listen('dripping', 1883, (peer) => {
			let at = 0;
			const drip = (): void => {
				// Two bytes of a header, and then its length never ends to come.
				peer.write(Uint8Array.of(at++ === 0 ? 0x20 : 0x80));
				scheduler.schedule(6_000, drip);
			};
			peer.onData = () => {
				peer.onData = undefined;
				drip();
			};
		});
		const { ends } = tryRoute(new Uint8Array(), 1, { scheduler, line, host: 'dripping' });
		expect(ends.map(({ code }) => code)).toEqual(['timeout']);
	});

	test('a thousand messages too large are read to their ends, and what follows is heard', () => {
		const large = generate(message(Buffer.alloc(60_000, 'x'), 0));
		const end = generate(message(Buffer.from('end')));
		const bytes = Buffer.concat([good.subarray(0, 10), ...Array<Buffer>(1000).fill(large), end]);
		const { messages } = tryRoute(bytes, 50_000);
		expect(messages.map((body) => Buffer.from(body).toString())).toEqual(['end']);
	});

	test('a packet that never ends is kept up to 64 KiB, and refused beyond', () => {
		const reader = new PacketReader();
		const start = Buffer.from([0x30, 0xff, 0xff, 0x03]);
		reader.push(start);
		for (let at = 0; at < 45; at++) reader.push(Buffer.alloc(1456));
		expect(reader.shift()).toBeUndefined();
		expect(() =>
			reader.push(Buffer.concat([Buffer.alloc(65_535 - 45 * 1456), Buffer.from([0x30, 0x81, 0x80, 0x04])])),
		).toThrow('more than 65536');
		expect(() => reader.push(Buffer.alloc(1))).toThrow(Fault);
	});
});
