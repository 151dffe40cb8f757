import fc from 'fast-check';
import { generate, type Packet } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { Flight } from '../../../modules/mqtt/flight';
import { Frame } from '../../../modules/mqtt/frame';
import { publishLength } from '../../../modules/mqtt/packet';

const packet: fc.Arbitrary<Packet> = fc.oneof(
	fc.record({
		cmd: fc.constant('publish' as const),
		topic: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' }).filter((topic) => !/[+#]/.test(topic)),
		payload: fc.string({ maxLength: 40_000 }),
		qos: fc.constantFrom(0 as const, 1 as const),
		retain: fc.boolean(),
		dup: fc.constant(false),
		messageId: fc.integer({ min: 1, max: 65_535 }),
	}),
	fc.record({ cmd: fc.constant('puback' as const), messageId: fc.integer({ min: 1, max: 65_535 }) }),
	fc.record({ cmd: fc.constant('pingresp' as const) }),
);

test('a frame follows packets, however their bytes are cut', () => {
	fc.assert(
		fc.property(fc.array(packet, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 5000 }), (packets, cut) => {
			const frame = new Frame();
			for (const one of packets) {
				const bytes = generate(one);
				for (let at = 0; at < bytes.byteLength; at += cut) frame.pushAll(bytes.subarray(at, at + cut));
				expect(frame.type).toBe(bytes[0]! >> 4);
				expect(frame.retained).toBe(one.cmd === 'publish' && one.retain);
				expect(bytes.byteLength - frame.length).toBeLessThanOrEqual(4);
			}
		}),
		{ numRuns: 200, seed: 1 },
	);
});

test('a frame keeps the code of a CONNACK', () => {
	const frame = new Frame();
	expect(frame.returnCode).toBeUndefined();
	for (const byte of generate({ cmd: 'connack', returnCode: 5, sessionPresent: false })) frame.push(byte);
	expect(frame.returnCode).toBe(5);
});

test('publishLength is the length that a codec makes', () => {
	for (const qos of [0, 1] as const)
		for (const length of [0, 1, 100, 109, 110, 111, 112, 127, 128, 5000, 16_365, 16_366, 16_367, 16_384, 2_097_152]) {
			const bytes = generate({
				cmd: 'publish',
				topic: 'fajma/esp32/data',
				payload: Buffer.alloc(length),
				qos,
				retain: false,
				dup: false,
				messageId: 1,
			});
			expect(publishLength(16, length, qos)).toBe(bytes.byteLength);
		}
});

test('a flight gives back in any order what it was given, and knows the oldest', () => {
	const order = fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 64 });
	fc.assert(
		fc.property(order, fc.infiniteStream(fc.nat()), (ids, picks) => {
			const flight = new Flight(64);
			for (const [index, id] of ids.entries()) flight.add(id, id + 2 ** 40, index);
			const left = [...ids];
			while (left.length > 0) {
				expect(flight.oldest).toBe(ids.indexOf(left[0]!));
				expect(flight.count).toBe(left.length);
				const [id] = left.splice(picks.next().value! % left.length, 1);
				expect([flight.holder(id!), flight.release(id!), flight.release(id!)]).toEqual([
					id! + 2 ** 40,
					id! + 2 ** 40,
					undefined,
				]);
			}
			expect(flight.oldest).toBeUndefined();
		}),
		{ numRuns: 200, seed: 2 },
	);
});
