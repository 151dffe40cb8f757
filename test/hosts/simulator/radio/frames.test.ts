import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { airtime, FRAME_OVERHEAD } from '../../../../hosts/simulator/radio/airtime';
import {
	addressOf,
	dataFrame,
	joinAccept,
	joinRequest,
	openData,
	openJoinAccept,
	openJoinRequest,
	sessionKeys,
} from '../../../../hosts/simulator/radio/frames';

const key = Buffer.alloc(16, 7);
const keys = { nwkSKey: Buffer.alloc(16, 1), appSKey: Buffer.alloc(16, 2) };

describe('frames', () => {
	test('come back as they went in, with 32 bits of counter, and not under another key, counter or byte', () => {
		fc.assert(
			fc.property(
				fc.nat(0xffff_fffe),
				fc.nat(40_000),
				fc.option(fc.integer({ min: 1, max: 223 }), { nil: undefined }),
				fc.uint8Array({ maxLength: 51 }),
				fc.boolean(),
				fc.boolean(),
				(counter, behind, port, bytes, isUp, ack) => {
					const data = {
						isUp,
						isConfirmed: !ack,
						devAddr: Buffer.from('26011bda', 'hex'),
						counter,
						adr: ack,
						ack,
						options: Buffer.from(ack ? '0307' : '', 'hex'),
						port,
						payload: port === undefined ? Buffer.alloc(0) : Buffer.from(bytes),
					};
					const frame = dataFrame(data, keys);
					expect(frame.length).toBe(12 + data.options.length + (port === undefined ? 0 : 1 + bytes.length));
					expect([addressOf(frame, isUp), addressOf(frame, !isUp)]).toEqual(['26011bda', undefined]);
					expect(openData(frame, keys, Math.max(0, counter - behind))).toEqual(data);
					expect(openData(frame, keys, counter + 1)).toBeUndefined();
					expect(openData(frame, { ...keys, nwkSKey: key }, counter)).toBeUndefined();
					const bent = Buffer.from(frame);
					bent[frame.length - 1]! ^= 1;
					expect(openData(bent, keys, counter)).toBeUndefined();
				},
			),
			{ numRuns: 200 },
		);
	});

	test('join, and give both sides the same keys', () => {
		const request = { joinEui: Buffer.alloc(8, 3), devEui: Buffer.alloc(8, 4), devNonce: 515 };
		const frame = joinRequest(request, key);
		expect(frame.length).toBe(23);
		expect(openJoinRequest(frame, () => key)).toEqual(request);
		expect(openJoinRequest(frame, () => Buffer.alloc(16))).toBeUndefined();
		for (const channels of [Buffer.alloc(0), Buffer.alloc(16, 5)]) {
			const accept = {
				appNonce: Buffer.from('010203', 'hex'),
				netId: Buffer.from('000013', 'hex'),
				devAddr: Buffer.from('26011bda', 'hex'),
				channels,
			};
			const answer = joinAccept(accept, key);
			expect(openJoinAccept(answer, key)).toEqual(accept);
			expect(openJoinAccept(answer, Buffer.alloc(16))).toBeUndefined();
			expect(sessionKeys(key, openJoinAccept(answer, key)!, 515)).toEqual(sessionKeys(key, accept, 515));
		}
	});
});

// Semtech's calculator, and the figures of the project's platform page.
test.each([
	[8, 7, 56.6],
	[8, 10, 370.7],
	[8, 12, 1_482.8],
	[24, 7, 82.2],
	[24, 10, 493.6],
	[24, 12, 1_974.3],
])('%i bytes at SF%i are %f ms in the air', (payload, spreadingFactor, milliseconds) => {
	const took = airtime({ spreadingFactor, bandwidth: 125_000 }, FRAME_OVERHEAD + payload);
	expect(took).toBeCloseTo(milliseconds, 1);
});
