import { createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BoardClock } from '../../../../hosts/simulator/board/clocks';
import { tcpMqtt, tlsMqtt } from '../../../../hosts/simulator/net/parts';
import { RealTime } from '../../../../hosts/simulator/time';
import type { Fault } from '../../../../modules/fault';
import type { ClientPart } from '../../../../modules/mqtt/client';
import type { MqttRouteOptions } from '../../../../modules/mqtt/options';
import { MqttRoute } from '../../../../modules/mqtt/route';
import { decode, encode } from '../../../../modules/text/utf8';
import { type Issued, issue, makeAuthority } from '../../../support/certificates';
import { ear } from '../../../support/ear';

const scheduler = new RealTime();
const DAY = 86_400_000;

interface Door {
	readonly port: number;
	/** Bytes that came through, after TLS. */
	readonly received: Buffer[];
	close(): Promise<void>;
}

const doors: Door[] = [];

function listen(
	server: Server,
	onSocket: 'connection' | 'secureConnection',
	serve: (socket: Socket) => void,
): Promise<Door> {
	const received: Buffer[] = [];
	const sockets = new Set<Socket>();
	server.on('connection', (socket: Socket) => {
		sockets.add(socket);
		socket.on('error', () => {});
	});
	server.on(onSocket, (socket: Socket) => {
		socket.on('data', (bytes: Buffer) => received.push(bytes));
		socket.on('error', () => {});
		serve(socket);
	});
	server.on('tlsClientError', () => {});
	return new Promise((resolve) => {
		server.listen(0, '127.0.0.1', () => {
			const door = {
				port: (server.address() as { port: number }).port,
				received,
				close: () => {
					for (const socket of sockets) socket.destroy();
					return new Promise<void>((done) => server.close(() => done()));
				},
			};
			doors.push(door);
			resolve(door);
		});
	});
}

function tlsDoor({ cert, key }: Issued, serve: (socket: Socket) => void): Promise<Door> {
	return listen(createTlsServer({ cert, key }), 'secureConnection', serve);
}

/** Opens a route and waits for what becomes of it. */
function attempt(mqtt: ClientPart, port: number, options: Partial<MqttRouteOptions> = {}): Promise<Fault | MqttRoute> {
	const log: string[] = [];
	const route = new MqttRoute({
		mqtt,
		clock: new BoardClock(scheduler),
		log: (level, source, message) => log.push(`${level} ${source} ${message}`),
		host: 'localhost',
		port,
		deviceId: 'ESP32_001',
		user: 'ESP32_001',
		password: 'right-password',
		...options,
	});
	return new Promise((resolve) => {
		ear(route).onOpen = () => resolve(route);
		ear(route).onClosed = (fault) => {
			expect(log.at(-1)).toBe(`warning mqtt ${fault.code}: ${fault.message}`);
			resolve(fault);
		};
		route.open();
	});
}

let authority: Issued;
let good: Issued;
let broker: Aedes;

beforeAll(async () => {
	authority = await makeAuthority();
	good = await issue({ authority, names: ['localhost', '127.0.0.1'] });
	broker = await Aedes.createBroker();
	broker.authenticate = (_, user, password, done) => {
		if (user === 'ESP32_001' && password?.toString() === 'right-password') done(null, true);
		else done(Object.assign(new Error('Auth error'), { returnCode: 4 }), null);
	};
});

afterAll(async () => {
	for (const door of doors) await door.close();
	await new Promise<void>((done) => broker.close(() => done()));
});

const serve = (socket: Socket) => broker.handle(socket);

describe('over TLS, with aedes', () => {
	test('records go out, receipts and commands come in, and a polite close keeps the will untold', async () => {
		const door = await tlsDoor(good, serve);
		const published: string[] = [];
		broker.on('publish', (packet, client) => {
			if (client || packet.topic.endsWith('heartbeat'))
				published.push(`${packet.topic} ${packet.qos} ${packet.payload}`);
		});
		const route = (await attempt(tlsMqtt({ scheduler, ca: authority.cert }), door.port, {
			will: () => 'gone',
		})) as MqttRoute;
		expect(route.state).toBe('open');
		const receipts: number[] = [];
		await new Promise<void>((resolve) => {
			const pump = () => {
				while (sequence <= 200 && route.send({ channel: 'data', body: encode(`${sequence}`), sequence, again: false }))
					sequence++;
			};
			let sequence = 1;
			ear(route).onWritable = pump;
			ear(route).onReceipt = (received) => {
				receipts.push(received);
				if (receipts.length === 200) resolve();
				pump();
			};
			pump();
		});
		expect(receipts).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
		expect(published.slice(-200)).toEqual(receipts.map((sequence) => `fajma/esp32/data 1 ${sequence}`));
		const command = await new Promise((resolve) => {
			ear(route).onMessage = (body) => resolve(decode(body));
			broker.publish(
				{
					cmd: 'publish',
					topic: 'fajma/esp32/commands/ESP32_001',
					payload: 'é'.repeat(900),
					qos: 1,
					retain: false,
					dup: false,
				},
				() => {},
			);
		});
		expect(command).toBe('é'.repeat(900));
		const gone = new Promise((resolve) => broker.once('clientDisconnect', resolve));
		route.close();
		await gone;
		expect(published.filter((line) => line.includes('heartbeat'))).toEqual([]);
	});

	test('a certificate for an address is checked against that address', async () => {
		const door = await tlsDoor(good, serve);
		const route = (await attempt(tlsMqtt({ scheduler, ca: authority.cert }), door.port, {
			host: '127.0.0.1',
		})) as MqttRoute;
		expect(route.state).toBe('open');
		route.close();
	});

	test('a wrong password is refused by name', async () => {
		const door = await tlsDoor(good, serve);
		const fault = await attempt(tlsMqtt({ scheduler, ca: authority.cert }), door.port, { password: 'wrong-password' });
		expect(String(fault)).toBe('Fault: wrong user or password (CONNACK 4)');
		expect((fault as Fault).code).toBe('refused');
	});
});

describe('nothing is sent to a server that is not verified, and the Fault says why', () => {
	const refusedBy = async (certificate: Issued, words: string, ca = authority.cert, host = 'localhost') => {
		const door = await tlsDoor(certificate, serve);
		const fault = (await attempt(tlsMqtt({ scheduler, ca }), door.port, { host })) as Fault;
		expect([fault.code, fault.message]).toEqual(['tls', expect.stringContaining(words)]);
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect(Buffer.concat(door.received).byteLength).toBe(0);
	};

	test('another CA', async () => refusedBy(good, 'not from the given CA', (await makeAuthority()).cert));

	test('an expired certificate', async () =>
		refusedBy(await issue({ authority, names: ['localhost'], notAfter: Date.now() - 1000 }), 'has expired'));

	test('a certificate that is not yet valid', async () =>
		refusedBy(
			await issue({ authority, names: ['localhost'], notBefore: Date.now() + DAY, notAfter: Date.now() + 2 * DAY }),
			'not yet valid',
		));

	test('another host name', async () =>
		refusedBy(await issue({ authority, names: ['broker.example'] }), 'another host name'));

	test('another address', async () =>
		refusedBy(await issue({ authority, names: ['localhost'] }), 'another host name', authority.cert, '127.0.0.1'));

	test('a certificate that a mere server of the same CA signed', async () => {
		const forged = await issue({ authority: good, names: ['localhost'] });
		await refusedBy({ cert: forged.cert + good.cert, key: forged.key }, '');
	});

	test('a self-signed authority', async () => refusedBy(await makeAuthority(), 'not for a server'));

	test.each([
		['plain text', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
		['a close_notify in answer to ClientHello', Buffer.from([21, 3, 3, 0, 2, 1, 0])],
		['a CONNACK without TLS', Buffer.from([0x20, 2, 0, 0])],
	])('%s', async (_, answer) => {
		const door = await listen(createPlainServer(), 'connection', (socket) =>
			socket.once('data', () => socket.write(answer)),
		);
		const fault = (await attempt(tlsMqtt({ scheduler, ca: authority.cert }), door.port, {
			connectTimeout: 500,
		})) as Fault;
		expect(fault.code).toMatch(/tls|timeout/);
		expect(Buffer.concat(door.received).includes('right-password')).toBe(false);
	});

	test('no CA at all', async () => {
		for (const ca of ['', [], undefined as never]) {
			const fault = (await attempt(tlsMqtt({ scheduler, ca }), 1)) as Fault;
			expect([fault.code, fault.message]).toEqual(['tls', expect.stringContaining('no CA')]);
		}
	});
});

describe('without a server', () => {
	test('nobody listens', async () => {
		const door = await listen(createPlainServer(), 'connection', () => {});
		await door.close();
		for (const part of [tcpMqtt({ scheduler }), tlsMqtt({ scheduler, ca: authority.cert })])
			expect(((await attempt(part, door.port)) as Fault).code).toBe('connect');
	});

	test('the name does not resolve', async () => {
		const fault = (await attempt(tcpMqtt({ scheduler }), 1883, { host: 'no-such-host.invalid' })) as Fault;
		expect([fault.code, fault.message]).toEqual(['dns', expect.stringContaining('no-such-host.invalid')]);
	});

	test('it hangs up at once, during the handshake, and before CONNACK', async () => {
		const early = await listen(createPlainServer(), 'connection', (socket) => socket.end());
		expect(((await attempt(tcpMqtt({ scheduler }), early.port)) as Fault).code).toBe('closed');
		expect(((await attempt(tlsMqtt({ scheduler, ca: authority.cert }), early.port)) as Fault).code).toBe('tls');
		const late = await tlsDoor(good, (socket) => socket.once('data', () => socket.destroy()));
		expect(((await attempt(tlsMqtt({ scheduler, ca: authority.cert }), late.port)) as Fault).code).toBe('closed');
	});

	test('it accepts and never answers', async () => {
		const mute = await listen(createPlainServer(), 'connection', () => {});
		for (const [part, words] of [
			[tcpMqtt({ scheduler }), 'logging in'],
			[tlsMqtt({ scheduler, ca: authority.cert }), 'connecting'],
		] as const) {
			const fault = (await attempt(part, mute.port, { connectTimeout: 200 })) as Fault;
			expect([fault.code, fault.message]).toEqual(['timeout', expect.stringContaining(words)]);
		}
	});
});
