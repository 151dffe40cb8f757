import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { virtualWebSocket } from '../../../hosts/simulator/net/parts';
import { VirtualNetwork } from '../../../hosts/simulator/net/virtual';
import { closePayload, frame } from '../../../hosts/simulator/net/ws-frames';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { VirtualTime } from '../../../hosts/simulator/time';
import { Fault } from '../../../modules/fault';
import { Opcode } from '../../../modules/websocket/client';
import { WebSocketRoute } from '../../../modules/websocket/route';
import { acceptFor } from '../../../modules/websocket/sha1';
import { ear } from '../../support/ear';
import { type Answer, conversation, meet, opened, upgraded } from './hostile';
import { FakeTokens } from './world';

/** The code of the close frame with which the device ended it. */
function closeCode(back: Buffer): number | undefined {
	const at = back.lastIndexOf(Buffer.of(0x88, 0x82));
	return at < 0 ? undefined : ((back[at + 6]! ^ back[at + 2]!) << 8) | (back[at + 7]! ^ back[at + 3]!);
}

const text = (length: number): Buffer => frame(Opcode.TEXT, Buffer.alloc(length, 'x'));

describe('a server that breaks RFC 6455', () => {
	test.each([
		['a masked frame', frame(Opcode.TEXT, Buffer.from('ab'), { mask: true }), 1002],
		['a reserved bit', Buffer.of(0xc1, 0), 1002],
		['opcode 3', Buffer.of(0x83, 0), 1002],
		['opcode 11', Buffer.of(0x8b, 0), 1002],
		['a fragment of nothing', Buffer.of(0x80, 0), 1002],
		['a message within a message', Buffer.of(0x01, 0, 0x81, 0), 1002],
		['a ping in fragments', Buffer.of(0x09, 0), 1002],
		['a ping of 126 bytes', frame(Opcode.PING, Buffer.alloc(126)), 1002],
		['a length that is longer than it need be', Buffer.of(0x81, 126, 0, 5), 1002],
		['a close frame of one byte', Buffer.of(0x88, 1, 3), 1002],
		['close code 1005', frame(Opcode.CLOSE, closePayload(1005)), 1002],
		['close code 2999', frame(Opcode.CLOSE, closePayload(2999)), 1002],
		['a close reason that is not UTF-8', Buffer.of(0x88, 4, 0x03, 0xe8, 0xc3, 0x28), 1002],
		['a text that is not UTF-8', Buffer.of(0x81, 2, 0xc3, 0x28), 1007],
		['a frame of 4,097 bytes', text(4097), 1009],
		['a frame of 100 MB', Buffer.of(0x81, 127, 0, 0, 0, 0, 0x05, 0xf5, 0xe1, 0x00), 1009],
		['a frame of 2^63 bytes', Buffer.of(0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0), 1009],
		[
			'65 fragments',
			Buffer.concat([Buffer.of(0x01, 0), ...Array.from({ length: 64 }, () => Buffer.of(0x00, 0))]),
			1009,
		],
		[
			'fragments of 5,000 bytes',
			Buffer.concat([
				Buffer.of(0x01, 0),
				...Array.from({ length: 50 }, () => Buffer.concat([Buffer.of(0, 100), Buffer.alloc(100, 'x')])),
			]),
			1009,
		],
	])('%s: closed as a fault of protocol, and the server is told', (_, bytes, code) => {
		for (const cut of [1, 3, 1000]) {
			const { ends, back, route } = meet(opened(bytes), cut);
			expect(ends.map((fault) => fault.code)).toEqual(['protocol']);
			expect(closeCode(back)).toBe(code);
			expect(route.state).toBe('closed');
		}
	});

	test('the largest that is allowed passes: 4,096 bytes, in one frame or in 64', () => {
		const pieces = Array.from({ length: 64 }, (_, at) =>
			Buffer.concat([Buffer.of(at === 0 ? 1 : at === 63 ? 0x80 : 0, 64), Buffer.alloc(64, 'x')]),
		);
		for (const bytes of [text(4096), Buffer.concat(pieces)]) {
			const { route, ends } = meet(opened(Buffer.concat([bytes, bytes])), 7);
			expect(route.turnedAway).toBe(2);
			expect(ends.map(({ code }) => code)).toEqual(['timeout']);
		}
	});
});

describe('a server that answers the request badly', () => {
	test.each<[string, Answer, string]>([
		['no HTTP', () => Buffer.from('SSH-2.0-OpenSSH_9.2\r\n\r\n'), 'not HTTP/1.1'],
		['HTTP/1.0', () => Buffer.from('HTTP/1.0 101 Yes\r\n\r\n'), 'not HTTP/1.1'],
		['no upgrade', () => Buffer.from('HTTP/1.1 101 Yes\r\n\r\n'), 'does not upgrade'],
		[
			'an accept for another key',
			(key) => Buffer.from(upgraded(`${key[0] === 'x' ? 'y' : 'x'}${key.slice(1)}`)),
			'has not read the request',
		],
		['two accepts', (key) => Buffer.from(upgraded(key, `Sec-WebSocket-Accept: ${acceptFor(key)}\r\n`)), 'has not read'],
		['an extension', (key) => Buffer.from(upgraded(key, 'Sec-WebSocket-Extensions: x\r\n')), 'nobody offered'],
		['a protocol', (key) => Buffer.from(upgraded(key, 'Sec-WebSocket-Protocol: x\r\n')), 'nobody offered'],
		['an endless header', () => Buffer.from(`HTTP/1.1 101 Yes\r\nX: ${'x'.repeat(1_000_000)}`), 'more than 4096 bytes'],
		['endless headers', () => Buffer.from(`HTTP/1.1 101 Yes\r\n${'X: y\r\n'.repeat(100_000)}`), 'more than 4096 bytes'],
		['a header without a colon', () => Buffer.from('HTTP/1.1 101 Yes\r\nnonsense\r\n\r\n'), 'without a colon'],
	])('%s: closed, with words that say so', (_, answer, words) => {
		const { ends } = meet(answer);
		expect(ends.map(({ code }) => code)).toEqual(['protocol']);
		expect(ends[0]!.message).toContain(words);
	});

	test('a server that speaks before it is asked', () => {
		const scheduler = new VirtualTime();
		const network = new VirtualNetwork({ scheduler, random32: seededRandom32(1) });
		network.listen('server', 443, (peer) => peer.write(Buffer.from('220 mail\r\n')));
		const ends: Fault[] = [];
		const route = new WebSocketRoute({
			webSocket: virtualWebSocket(network.link({ latency: 1 })),
			clock: new BoardClock(scheduler),
			log: () => {},
			host: 'server',
			port: 443,
			deviceId: 'ESP32_001',
			tokens: new FakeTokens(),
		});
		ear(route).onClosed = (fault) => ends.push(fault);
		route.open();
		scheduler.advance(60_000);
		expect(ends.map(({ code }) => code)).toEqual(['protocol']);
	});

	test('a byte a second: the deadline for the whole ends it', () => {
		const scheduler = new VirtualTime();
		const network = new VirtualNetwork({ scheduler, random32: seededRandom32(1) });
		network.listen('server', 443, (peer) => {
			const drip = (): void => {
				peer.write(Buffer.from('H'));
				scheduler.schedule(1_000, drip);
			};
			peer.onData = drip;
		});
		const ends: Fault[] = [];
		const route = new WebSocketRoute({
			webSocket: virtualWebSocket(network.link({ latency: 1 })),
			clock: new BoardClock(scheduler),
			log: () => {},
			host: 'server',
			port: 443,
			deviceId: 'ESP32_001',
			tokens: new FakeTokens(),
		});
		ear(route).onClosed = (fault) => ends.push(fault);
		route.open();
		scheduler.advance(20_000);
		expect(ends.map(({ message }) => message)).toEqual(['no WebSocket in 15000 ms (asking for a WebSocket)']);
	});
});

describe('any server', () => {
	const sound = ({ ends, largest, route }: ReturnType<typeof meet>): boolean =>
		ends.length === 1 && ends[0] instanceof Fault && largest <= 2048 && route.state === 'closed';

	test('that says anything at all after the handshake: one end, a Fault, and nothing is thrown', () => {
		const bytes = fc.uint8Array({ maxLength: 300 });
		fc.assert(
			fc.property(bytes, fc.integer({ min: 1, max: 50 }), (said, cut) => sound(meet(opened(said), cut))),
			{ numRuns: 1_500, seed: 1 },
		);
	});

	test('that says something good with some of it changed, cut or twice', () => {
		const change = fc.record({
			at: fc.nat(conversation.length - 1),
			value: fc.nat(255),
			end: fc.integer({ min: 1, max: conversation.length }),
			cut: fc.integer({ min: 1, max: 60 }),
		});
		fc.assert(
			fc.property(change, ({ at, value, end, cut }) => {
				const said = Buffer.from(conversation);
				said[at] = value;
				return sound(meet(opened(Buffer.concat([said.subarray(0, end), said])), cut));
			}),
			{ numRuns: 2_000, seed: 2 },
		);
	});

	test('that answers the request with something good with some of it changed', () => {
		fc.assert(
			fc.property(fc.nat(150), fc.nat(255), fc.integer({ min: 1, max: 40 }), (at, value, cut) => {
				const said = (key: string): Buffer => {
					const bytes = Buffer.from(upgraded(key));
					bytes[at % bytes.length] = value;
					return bytes;
				};
				return sound(meet(said, cut));
			}),
			{ numRuns: 1_500, seed: 3 },
		);
	});
});
