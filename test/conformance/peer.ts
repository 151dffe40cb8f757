/**
 * The other side of the cases: a port for each behaviour. The tests start it within themselves; for the SDK's XS it is a program of
 * its own:
 *
 *   npx tsx test/conformance/peer.ts 7400        ports 7400 and up, in the order of BEHAVIOURS
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet';
import { issue, makeAuthority } from '../support/certificates';
import { BEHAVIOURS, type Behaviour } from './cases/bench';
import { httpPeer } from './http-peer';
import { webSocketDenied, webSocketEcho, webSocketScript } from './websocket-peer';

export interface Peer {
	/** PEM of the authority of the good certificates. */
	readonly ca: string;
	port(behaviour: Behaviour): number;
	close(): void;
}

/** @param base the first port; 0: whichever are free */
export async function startPeer(base = 0): Promise<Peer> {
	const authority = await makeAuthority();
	const other = await makeAuthority();
	const good = await issue({ authority, names: ['localhost'] });
	const servers = new Map<Behaviour, Server>();
	const ports = new Map<Behaviour, number>();
	const plain = (behave: (socket: Socket) => void): Server =>
		createServer({ allowHalfOpen: true, noDelay: true }, behave);
	const secure = (issued: typeof good, behave: (socket: Socket) => void): Server =>
		createTlsServer({ key: issued.key, cert: issued.cert, noDelay: true }, behave).on('tlsClientError', () => {});
	const behaviours: Readonly<Record<Behaviour, Server>> = {
		authority: plain((socket) => socket.end(authority.cert)),
		echo: plain(echo),
		greet: plain((socket) => void socket.write('hello')),
		big: plain((socket) => void socket.write(pattern(100_000))),
		goodbye: plain((socket) => socket.end('last words')),
		reset: plain((socket) => socket.on('data', () => socket.resetAndDestroy())),
		halfClose: plain((socket) => socket.on('data', () => socket.end())),
		slow: plain(slowly),
		deaf: plain((socket) => socket.pause()),
		refuse: plain(() => {}),
		tlsEcho: secure(good, echo),
		tlsOtherAuthority: secure(await issue({ authority: other, names: ['localhost'] }), echo),
		tlsOtherName: secure(await issue({ authority, names: ['other.example'] }), echo),
		tlsGoodbye: secure(good, (socket) => socket.end('last words')),
		tlsCut: secure(good, (socket) => {
			socket.write('last words', () => setTimeout(() => socket.destroy(), 100));
		}),
		mqtt: broker({}),
		mqttRefuse: broker({ returnCode: 5 }),
		mqttUnready: plain((socket) => socket.on('data', () => socket.end())),
		mqttNoPong: broker({ pong: false }),
		mqttNonsense: broker({ greeting: Buffer.of(0, 0, 0, 0) }),
		mqttFragments: broker({ greeting: message('big', pattern(5_000)), pieces: 700 }),
		mqttEmpty: broker({ greeting: Buffer.concat([message('empty', ''), message('any', 'after')]) }),
		mqttFour: broker({ hold: 4 }),
		webSocket: webSocketEcho(),
		webSocketDenied: webSocketDenied('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'),
		webSocketNonsense: webSocketDenied('+OK POP3\r\n'),
		webSocketUnready: plain((socket) => socket.on('data', () => socket.end())),
		webSocketAccept: webSocketScript({ accept: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }),
		webSocketExtension: webSocketScript({ headers: 'Sec-WebSocket-Extensions: permessage-deflate\r\n' }),
		webSocketList: webSocketScript({ connection: 'keep-alive, Upgrade' }),
		// "ab" and "cd" in fragments, with a ping between.
		webSocketFragments: webSocketScript({ pieces: [[0x01, 2, 97, 98, 0x89, 0, 0x80, 2, 99, 100]] }),
		// A header in two pieces: there is time to write something in between.
		webSocketSplit: webSocketScript({ pieces: [[0x81, 2, 97, 98, 0x81], [], [], [], [], [], [2, 99, 100]] }),
		webSocketMasked: webSocketScript({ pieces: [[0x81, 0x82, 1, 2, 3, 4, 96, 96]] }),
		webSocketReserved: webSocketScript({ pieces: [[0xc1, 2, 97, 98]] }),
		webSocketOrphan: webSocketScript({ pieces: [[0x80, 2, 97, 98]] }),
		webSocketPingTooLong: webSocketScript({ pieces: [[0x89, 126, 0, 126, ...Array.from({ length: 126 }, () => 97)]] }),
		webSocketCloseOfOne: webSocketScript({ pieces: [[0x88, 1, 3]] }),
		webSocketNotUtf8: webSocketScript({ pieces: [[0x81, 2, 0xc3, 0x28]] }),
		webSocketGone: webSocketScript({ pieces: [[0x88, 2, 0x03, 0xe9]] }),
		http: httpPeer(),
	};
	for (const [index, behaviour] of BEHAVIOURS.entries()) {
		const server = behaviours[behaviour];
		servers.set(behaviour, server);
		server.on('connection', (socket: Socket) => socket.on('error', () => {}));
		await new Promise<void>((listening, failed) => {
			server.once('error', failed).listen(base && base + index, '127.0.0.1', listening);
		});
		ports.set(behaviour, (server.address() as { port: number }).port);
	}
	servers.get('refuse')!.close();
	return {
		ca: authority.cert,
		port: (behaviour) => ports.get(behaviour)!,
		close() {
			for (const server of servers.values()) server.close();
			for (const socket of sockets) socket.destroy();
		},
	};
}

const sockets = new Set<Socket>();

function echo(socket: Socket): void {
	socket.on('data', (chunk) => socket.write(chunk));
	socket.on('error', () => {});
	socket.on('end', () => socket.end());
}

function slowly(socket: Socket): void {
	let digit = 0;
	const timer = setInterval(() => {
		socket.write(String(digit++));
		if (digit === 10) clearInterval(timer);
	}, 30);
	socket.on('close', () => clearInterval(timer));
}

function pattern(length: number): Buffer {
	return Buffer.from(Uint8Array.from({ length }, (_, at) => at & 255));
}

function message(topic: string, payload: string | Buffer): Buffer {
	return generate({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false });
}

interface BrokerOptions {
	readonly returnCode?: number;
	/** Answers pings. Default true. */
	readonly pong?: boolean;
	/** Said after CONNACK, in pieces of so many bytes. */
	readonly greeting?: Buffer;
	readonly pieces?: number;
	/** Answers messages only when there are so many, the last first. */
	readonly hold?: number;
}

/** How a client left, by its id. */
const ends = new Map<string, string>();

/** A broker that says what it hears: see the cases for its topics. */
function broker({ returnCode = 0, pong = true, greeting, pieces, hold = 1 }: BrokerOptions): Server {
	return createServer({ noDelay: true }, (socket) => {
		const packets = parser({ protocolVersion: 4 });
		let login: IConnectPacket | undefined;
		let held: number[] = [];
		const say = (packet: Packet): void => void (socket.writable && socket.write(generate(packet)));
		const answer = (topic: string, payload: string | Buffer): void =>
			say({ cmd: 'publish', topic, payload, qos: 0, dup: false, retain: false });
		packets.on('error', () => socket.destroy());
		packets.on('packet', (packet: Packet) => {
			if (packet.cmd === 'connect') {
				login = packet;
				ends.set(packet.clientId, 'silence');
				say({ cmd: 'connack', returnCode, sessionPresent: false });
				if (greeting) void inPieces(socket, greeting, pieces ?? greeting.length);
			} else if (packet.cmd === 'pingreq' && pong) say({ cmd: 'pingresp' });
			else if (packet.cmd === 'disconnect') ends.set(login!.clientId, 'disconnect');
			else if (packet.cmd === 'subscribe') {
				const granted = packet.subscriptions.map(({ topic, qos }) => (topic === 'forbidden' ? 128 : qos));
				say({ cmd: 'suback', messageId: packet.messageId!, granted });
			} else if (packet.cmd === 'publish') {
				const { topic, payload, qos, dup, retain, messageId } = packet;
				if (topic === 'echo') say({ cmd: 'publish', topic, payload, qos, dup: false, retain: false, messageId: 3 });
				if (topic === 'ask/connect') answer('said', words(login!));
				if (topic === 'ask/flags') answer('said', `${dup} ${retain}`);
				if (topic === 'ask/end') answer('said', ends.get(String(payload)) ?? 'never here');
				if (qos === 0) return;
				held.push(messageId!);
				if (held.length < hold) return;
				for (const id of held.reverse()) say({ cmd: 'puback', messageId: id });
				held = [];
			}
		});
		socket.on('data', (chunk) => packets.parse(chunk));
		socket.on('error', () => {});
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
	});
}

function words({ clientId, username, password, clean, keepalive, will }: IConnectPacket): string {
	const last = will && `${will.topic} "${String(will.payload)}" ${will.qos} ${will.retain}`;
	return `${clientId} ${username} ${String(password)} ${clean} ${keepalive} ${last}`;
}

async function inPieces(socket: Socket, bytes: Buffer, size: number): Promise<void> {
	for (let at = 0; at < bytes.length && !socket.destroyed; at += size) {
		socket.write(bytes.subarray(at, at + size));
		await new Promise((later) => setTimeout(later, 20));
	}
}

if (import.meta.filename === process.argv[1]) {
	const base = Number(process.argv[2] ?? 7400);
	await startPeer(base);
	console.log(`ports ${base} to ${base + BEHAVIOURS.length - 1}`);
}
