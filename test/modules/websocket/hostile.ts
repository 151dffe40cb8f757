/** A server that means no good, on the virtual network. */
import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { virtualWebSocket } from '../../../hosts/simulator/net/parts';
import { VirtualNetwork } from '../../../hosts/simulator/net/virtual';
import { closePayload, frame } from '../../../hosts/simulator/net/ws-frames';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { VirtualTime } from '../../../hosts/simulator/time';
import type { Fault } from '../../../modules/fault';
import { Opcode } from '../../../modules/websocket/client';
import { WebSocketRoute } from '../../../modules/websocket/route';
import { acceptFor } from '../../../modules/websocket/sha1';
import { ear } from '../../support/ear';
import { FakeTokens, reading } from './world';

/** The answer to a request with this key. */
export type Answer = (key: string) => Uint8Array;

export const upgraded = (key: string, more = ''): string =>
	`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n${more}\r\n`;
export const opened =
	(bytes: Uint8Array): Answer =>
	(key) =>
		Buffer.concat([Buffer.from(upgraded(key)), bytes]);

/** A route at a server that says this, in pieces of `cut` bytes. What leaves a callback leaves the clock: `advance` would throw. */
export function meet(answer: Answer, cut = 1000) {
	const scheduler = new VirtualTime();
	const network = new VirtualNetwork({ scheduler, random32: seededRandom32(1) });
	const back: Buffer[] = [];
	network.listen('server', 443, (peer) => {
		let request = '';
		peer.onData = (bytes) => {
			request += Buffer.from(bytes).toString('latin1');
			if (!request.endsWith('\r\n\r\n')) return;
			peer.onData = (said) => back.push(Buffer.from(said));
			const said = answer(/Sec-WebSocket-Key: (.*)\r\n/.exec(request)![1]!);
			for (let at = 0; at < said.byteLength; at += cut) peer.write(said.subarray(at, at + cut));
		};
	});
	const ends: Fault[] = [];
	let largest = 0;
	const route = new WebSocketRoute({
		webSocket: virtualWebSocket(network.link({ latency: 1 })),
		clock: new BoardClock(scheduler),
		log: () => {},
		host: 'server',
		port: 443,
		deviceId: 'ESP32_001',
		tokens: new FakeTokens(),
	});
	ear(route).onOpen = () => {
		route.send(reading(1));
	};
	ear(route).onMessage = (body) => {
		largest = Math.max(largest, body.byteLength);
	};
	ear(route).onClosed = (fault) => ends.push(fault);
	route.open();
	scheduler.advance(120_000);
	return { route, ends, largest, back: Buffer.concat(back) };
}

/** What a good server says, one after the other. */
export const conversation = Buffer.concat([
	frame(Opcode.TEXT, Buffer.from('{"type":"ack","reading_id":"5f1c09aa-1"}')),
	frame(Opcode.PING, Buffer.from('?')),
	frame(Opcode.TEXT, Buffer.from('{"type":"comm'), { fin: false }),
	frame(Opcode.CONTINUATION, Buffer.from('and","command_id":"c1"}')),
	frame(Opcode.TEXT, Buffer.alloc(300, 'x')),
	frame(Opcode.BINARY, Buffer.alloc(10)),
	frame(Opcode.CLOSE, closePayload(1001, 'bye')),
]);
