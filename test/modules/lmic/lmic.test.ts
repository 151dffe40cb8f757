import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { VirtualTime } from '../../../hosts/simulator/time';
import { Fault } from '../../../modules/fault';
import { Lmic } from '../../../modules/lmic/lmic';
import { Order } from '../../../modules/lmic/message';
import { FakeEngine, sessionOf, tail } from './fake-engine';

const EPOCH = 1_800_000_000_000;
const keys = { joinEui: '0000000000000001', devEui: '70B3D57ED0001234', appKey: '000102030405060708090a0b0c0d0e0f' };

function made(options: { keep?: (session: Uint8Array) => void; time?: VirtualTime; known?: boolean } = {}) {
	const time = options.time ?? new VirtualTime();
	const clock = new BoardClock(time, { epoch: options.known === false ? undefined : EPOCH });
	const engine = new FakeEngine();
	const lmic = new Lmic({ engine, clock, ...keys });
	const kept: { up: number; nonce: number; length: number }[] = [];
	const seen: string[] = [];
	lmic.onSession = (session) => {
		options.keep?.(session);
		const view = new DataView(session.buffer);
		kept.push({ up: view.getUint32(0, true), nonce: view.getUint16(8, true), length: session.byteLength });
	};
	lmic.onJoined = () => seen.push('joined');
	lmic.onFailed = ({ code }) => seen.push(`failed ${code}`);
	lmic.onSent = ({ acknowledged }) => seen.push(`sent ${acknowledged}`);
	lmic.onDownlink = (port, payload) => seen.push(`down ${port} ${new Uint8Array(payload).join(' ')}`);
	return { time, clock, engine, lmic, kept, seen };
}

function joined(options: Parameters<typeof made>[0] = {}) {
	const world = made(options);
	world.lmic.open(sessionOf(40, 7));
	world.time.advance(1);
	world.engine.status({ up: 40, nonce: 7 });
	world.engine.orders();
	world.seen.length = 0;
	world.kept.length = 0;
	return world;
}

function codeOf(step: () => void): string | undefined {
	try {
		step();
	} catch (thrown) {
		return Fault.from(thrown, 'misuse').code;
	}
	return undefined;
}

describe('LMIC by messages', () => {
	test('a device that never joined asks to, when the DevNonces that it may use are kept', () => {
		const { lmic, time, engine, kept } = made();
		lmic.open();
		expect(engine.orders()).toEqual([]);
		time.advance(1);
		expect(kept).toEqual([{ up: 0, nonce: 2, length: 16 }]);
		expect(engine.orders()).toEqual([Order.GRANT, Order.BEGIN, Order.GRANT, Order.JOIN]);
		expect(lmic.state).toBe('joining');
	});

	test('keys go in the order of the air: EUIs from their last byte, the AppKey from its first', () => {
		const { lmic, time, engine } = made();
		lmic.open();
		time.advance(1);
		const begin = engine.told.find((message) => message[0] === Order.BEGIN)!;
		expect([...begin.subarray(1, 9)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
		expect([...begin.subarray(9, 17)]).toEqual([0x34, 0x12, 0x00, 0xd0, 0x7e, 0xd5, 0xb3, 0x70]);
		expect([...begin.subarray(17, 33)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
	});

	test('it is granted more DevNonces before it has used what it has', () => {
		const { lmic, time, engine, kept } = made();
		lmic.open();
		time.advance(1);
		engine.orders();
		engine.status({ joined: false, wait: undefined, nonce: 1 });
		expect(engine.orders()).toEqual([]);
		engine.status({ joined: false, wait: undefined, nonce: 2 });
		expect(kept.at(-1)).toMatchObject({ nonce: 4 });
		expect(engine.orders()).toEqual([Order.GRANT]);
	});

	test('the session of a join is kept whole, and then it is joined', () => {
		const { lmic, time, engine, kept, seen } = made();
		lmic.open();
		time.advance(1);
		engine.say(2, ...tail());
		engine.status({ nonce: 1 });
		expect(seen).toEqual(['joined']);
		expect(kept.at(-1)).toEqual({ up: 0, nonce: 1, length: 106 });
		expect(lmic.state).toBe('joined');
	});

	test('a kept session goes on without a join', () => {
		const { lmic, time, engine, seen } = made();
		lmic.open(sessionOf(40, 7));
		time.advance(1);
		expect(engine.orders()).toEqual([Order.BEGIN, Order.RESUME]);
		engine.status({ up: 40, nonce: 7 });
		expect(seen).toEqual(['joined']);
	});

	test('an uplink goes when a counter above its own is kept, and no earlier', () => {
		const { lmic, time, engine, kept } = joined();
		lmic.send(1, new Uint8Array(8), true);
		expect([engine.orders(), kept]).toEqual([[], []]);
		expect(lmic.readyAt).toBe(Number.POSITIVE_INFINITY);
		time.advance(1);
		expect(kept).toEqual([{ up: 44, nonce: 9, length: 106 }]);
		expect(engine.orders()).toEqual([Order.GRANT, Order.SEND]);
	});

	test('when LMIC has nothing left to say, what was granted and not used is given back', () => {
		const { lmic, time, engine, kept, seen } = joined();
		lmic.send(1, new Uint8Array(8), true);
		time.advance(1);
		engine.status({ up: 41, nonce: 7, wait: undefined });
		engine.status({ up: 41, nonce: 7, wait: 5000 });
		engine.say(4, 1, 1);
		expect(kept.at(-1)).toMatchObject({ up: 41, nonce: 7 });
		expect(seen).toEqual(['sent true']);
		expect(lmic.readyAt).toBe(time.now + 5000);
	});

	test('a session that cannot be kept sends nothing and fails', () => {
		const world = joined();
		world.lmic.onSession = () => {
			throw new Fault('flash', 'full');
		};
		world.lmic.send(1, new Uint8Array(8), true);
		world.time.advance(1);
		expect(world.engine.orders()).toEqual([Order.END]);
		expect(world.seen).toEqual(['failed flash']);
		expect(world.lmic.state).toBe('closed');
	});

	test.each([
		['begins', made, ({ lmic }: ReturnType<typeof made>) => lmic.open(sessionOf(40, 7))],
		['sends', joined, ({ lmic }: ReturnType<typeof made>) => lmic.send(1, new Uint8Array(8), true)],
	])('an engine that takes no message when it %s fails: nothing leaves the alarm, and it is let go', (_, make, act) => {
		const world = make();
		act(world);
		world.engine.tell = () => {
			throw new Fault('timeout', 'no room');
		};
		world.time.advance(1);
		expect([world.seen, world.lmic.state, world.engine.isOpen]).toEqual([['failed timeout'], 'closed', false]);
	});

	test('no counter is granted that was not kept first, whatever the engine says', () => {
		fc.assert(
			fc.property(
				fc.array(fc.record({ up: fc.nat(100), nonce: fc.nat(100), busy: fc.boolean(), send: fc.boolean() })),
				(steps) => {
					const { lmic, time, engine } = made();
					let [up, nonce] = [0, 0];
					lmic.onSession = (session) => {
						const view = new DataView(session.buffer);
						[up, nonce] = [view.getUint32(0, true), view.getUint16(8, true)];
					};
					lmic.open(sessionOf(0, 0));
					const tell = engine.tell.bind(engine);
					engine.tell = (message) => {
						tell(message);
						if (message[0] !== Order.GRANT) return;
						const view = new DataView(message.buffer);
						expect(view.getUint32(1, true)).toBeLessThanOrEqual(up);
						expect(view.getUint16(5, true)).toBeLessThanOrEqual(nonce);
					};
					for (const step of steps) {
						time.advance(1);
						engine.status({ up: step.up, nonce: step.nonce, wait: step.busy ? undefined : 0 });
						if (step.send && lmic.state === 'joined' && lmic.readyAt <= time.now) lmic.send(1, new Uint8Array(1), true);
					}
				},
			),
		);
	});

	test('refuses what may not go, by name', () => {
		const { lmic, engine } = joined();
		expect(codeOf(() => lmic.send(0, new Uint8Array(1), false))).toBe('range');
		expect(codeOf(() => lmic.send(224, new Uint8Array(1), false))).toBe('range');
		expect(codeOf(() => lmic.send(1, new Uint8Array(52), false))).toBe('range');
		engine.status({ up: 40, nonce: 7, wait: 10 });
		expect(codeOf(() => lmic.send(1, new Uint8Array(1), false))).toBe('misuse');
		expect(codeOf(() => lmic.open())).toBe('misuse');
		expect(codeOf(() => made().lmic.send(1, new Uint8Array(1), false))).toBe('misuse');
	});

	test('keys that are none are refused and never shown', () => {
		const { clock, engine } = made();
		const secret = '0123456789abcdef0123456789abcdeg';
		expect(() => new Lmic({ engine, clock, ...keys, appKey: secret })).toThrow(/^lorawan: appKey is not 32 hex/);
		expect(() => new Lmic({ engine, clock, ...keys, devEui: '12' })).toThrow(/devEui/);
	});

	test.each([-1, 1.5, 9, Number.NaN])('a sub-band of %d is refused', (subBand) => {
		const { clock, engine } = made();
		expect(codeOf(() => new Lmic({ engine, clock, ...keys, subBand }))).toBe('range');
	});

	test('bytes that are no session are refused, and it can be opened without them', () => {
		const { lmic } = made();
		const spoiled = sessionOf(1, 1);
		spoiled[40]! ^= 1;
		for (const bytes of [
			new Uint8Array(15),
			new Uint8Array(17),
			new Uint8Array(400),
			spoiled,
			sessionOf(1, 1, tail(2)),
		])
			expect(codeOf(() => lmic.open(bytes))).toBe('malformed');
		lmic.open();
		expect(lmic.state).toBe('joining');
	});

	test('every byte of a session counts', () => {
		fc.assert(
			fc.property(fc.integer({ min: 16, max: 105 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
				const session = sessionOf(1, 1);
				session[at]! ^= change;
				expect(codeOf(() => made().lmic.open(session))).toBe('malformed');
			}),
		);
	});

	test('a downlink comes with its port, and how well it was heard', () => {
		const { lmic, engine, seen } = joined();
		engine.say(5, 10, 0xa3, 0xff, 29, 1, 2, 3);
		expect(seen).toEqual(['down 10 1 2 3']);
		expect([lmic.rssiDbm, lmic.snrDecibels]).toEqual([-93, 7.25]);
		engine.say(8, 0x9c, 0xff, 0xf6);
		expect([lmic.rssiDbm, lmic.snrDecibels]).toEqual([-100, -2.5]);
	});

	test('asks for the time while nobody told it, and tells it in Unix milliseconds', () => {
		const { lmic, engine, time } = joined({ known: false });
		const times: number[] = [];
		lmic.onTime = (each) => times.push(each);
		lmic.send(1, new Uint8Array(8), false);
		time.advance(1);
		expect(engine.told.at(-1)![2]).toBe(2);
		// 1,000,000,000 s of GPS time are 2011-09-14T01:46:22Z with today's 18 leap seconds.
		engine.say(6, 0x00, 0xca, 0x9a, 0x3b, 0xd0, 0x07, 0, 0);
		expect(times).toEqual([(1_000_000_000 + 315_964_800 - 18) * 1000 + 2000]);
		const told = joined();
		told.lmic.send(1, new Uint8Array(8), true);
		told.time.advance(1);
		expect(told.engine.told.at(-1)![2]).toBe(1);
	});

	test.each([
		[1, 'protocol'],
		[2, 'connect'],
		[3, 'timeout'],
		[4, 'malformed'],
		[5, 'protocol'],
		[99, 'protocol'],
	])("the engine's failure %i is a Fault '%s', and the end", (failure, code) => {
		const { lmic, engine, seen } = joined();
		engine.say(7, failure, 0x39, 0x05, 0x61, 0x2e, 0x63);
		expect(seen).toEqual([`failed ${code}`]);
		expect([lmic.state, engine.isOpen]).toEqual(['closed', false]);
	});

	test('a network that is silent for long ends the session, which is kept without its keys', () => {
		const { engine, kept, seen } = joined();
		engine.status({ joined: false, wait: undefined, nonce: 7 });
		expect(kept.at(-1)).toEqual({ up: 0, nonce: 7, length: 16 });
		expect(seen).toEqual(['failed closed']);
	});

	test('the last DevNonce ends it for good', () => {
		const { lmic, time, seen, engine } = made();
		lmic.open(sessionOf(0, 0xffff, new Uint8Array(0)));
		time.advance(1);
		expect(seen).toEqual(['failed refused']);
		expect(engine.orders()).toEqual([Order.END]);
	});

	test('nothing is called back from inside a call, or after close, and close may be called twice', () => {
		const { lmic, time, engine, seen, kept } = joined();
		const say = engine.onMessage!;
		lmic.send(1, new Uint8Array(8), true);
		lmic.close();
		lmic.close();
		time.advance(10);
		say(new Uint8Array([4, 1, 1]).buffer);
		expect(kept).toEqual([]);
		expect(engine.orders()).toEqual([Order.END]);
		expect(seen).toEqual([]);
	});

	test('what the bands have to rest goes on over deep sleep, by the wall clock', () => {
		const { lmic, engine, time } = joined();
		engine.status({ up: 40, nonce: 7, waits: [60_000, 5000] });
		time.advance(1000);
		const kept = lmic.keep()!;
		time.advance(9000);
		const next = made({ time });
		next.lmic.recall(kept);
		next.lmic.open(sessionOf(40, 7));
		time.advance(1);
		const resume = next.engine.told.find((message) => message[0] === Order.RESUME)!;
		const view = new DataView(resume.buffer);
		expect(view.getUint8(17)).toBe(2);
		expect([view.getUint32(18, true), view.getUint32(22, true)]).toEqual([50_000, 0]);
	});

	test('after a power cut nobody knows them: the engine presumes the worst', () => {
		const { lmic, engine, time } = made();
		lmic.open(sessionOf(40, 7));
		time.advance(1);
		expect(engine.told.find((message) => message[0] === Order.RESUME)![17]).toBe(255);
	});

	test('a keepsake of chance is taken, or is as if there were none', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
				const { lmic, time, engine } = made();
				lmic.recall(bytes);
				lmic.open(sessionOf(1, 1));
				time.advance(1);
				const resume = engine.told.find((message) => message[0] === Order.RESUME)!;
				const count = resume[17]!;
				expect(count === 255 || count <= 8).toBe(true);
			}),
		);
	});

	test('messages of chance never throw out of it', () => {
		fc.assert(
			fc.property(fc.nat(9), fc.uint8Array({ maxLength: 80 }), (kind, bytes) => {
				const { engine } = joined();
				engine.say(kind, ...bytes);
			}),
		);
	});
});
