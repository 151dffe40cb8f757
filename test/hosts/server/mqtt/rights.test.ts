import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { connectAsync, type ISubscriptionGrant, type MqttClient } from 'mqtt';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { serverCertificates } from '../../../../hosts/server/certificates';
import { Credentials } from '../../../../hosts/server/credentials';
import { enrol, enrolAll } from '../../../../hosts/server/enrol';
import { Authenticator } from '../../../../hosts/server/mqtt/authenticator';
import { Broker, type BrokerOptions } from '../../../../hosts/server/mqtt/broker';
import { Topics } from '../../../../hosts/server/mqtt/topics';
import type { Log } from '../../../../modules/ports';
import { reading, rig, scratch, until } from '../support';

const topic = (name: string): string => `fajma/esp32/${name}`;
const closed = (client: MqttClient): Promise<void> => new Promise((resolve) => client.once('close', () => resolve()));

async function openBroker(more: Partial<BrokerOptions> = {}) {
	const state = scratch();
	const device = enrol(state, 'ESP32_001');
	const tls = await serverCertificates(state, Date.now());
	const broker = await Broker.open({
		ingest: { submit: (_, done) => done('stored') },
		topics: new Topics('fajma/esp32'),
		credentials: new Credentials(state),
		tls,
		host: '127.0.0.1',
		port: 0,
		now: Date.now,
		log: () => {},
		...more,
	});
	onTestFinished(() => broker.close());
	return { broker, tls, device };
}

describe('rights', () => {
	test.each([
		'fajma/esp32/commands',
		'fajma/esp32/commands/ESP32_001',
		'fajma/esp32',
		'other/data',
		'$SYS/x',
		'fajma/esp32/data/x',
	])('nobody may publish to %s: disconnected, logged', async (name) => {
		const server = await rig();
		const client = await server.connect('ESP32_001');
		const gone = closed(client);
		client.publish(name, reading('ESP32_001', 1), { qos: 1 }, () => {});
		await gone;
		expect(server.counts().rows).toBe(0);
		const warnings = server.lines.filter(({ level }) => level === 'warning').map(({ message }) => message);
		expect(warnings).toEqual([`ESP32_001 may not publish to ${name}: disconnected`]);
	});

	test('a device reads commands to all and to itself, and nothing else', async () => {
		const server = await rig();
		const client = await server.connect('ESP32_001', { protocolVersion: 4 });
		const granted = async (name: string): Promise<number> => {
			const grants = await client
				.subscribeAsync(topic(name), { qos: 1 })
				.catch(() => [{ qos: 128 }] as ISubscriptionGrant[]);
			return grants[0]!.qos;
		};
		expect(await granted('commands')).toBe(1);
		expect(await granted('commands/ESP32_001')).toBe(1);
		for (const name of ['commands/ESP32_002', 'commands/+', 'commands/#', 'data', 'replies', '#', '+'])
			expect(await granted(name), name).toBe(128);
		expect(client.connected).toBe(true);
	});

	test('nothing is forwarded from device to device, also not out of a kept session with a denied filter', async () => {
		const server = await rig();
		const listen = async () => {
			const client = await server.connect('spy', { clean: false });
			client.on('message', (name) => received.push(name));
			return client;
		};
		const received: string[] = [];
		const spy = await listen();
		await spy.subscribeAsync([topic('commands/spy'), topic('data'), 'fajma/#'], { qos: 1 }).catch(() => {});
		await spy.endAsync();
		const client = await server.connect('ESP32_001');
		for (let sequence = 0; sequence < 5; sequence += 1)
			await client.publishAsync(topic('data'), reading('ESP32_001', sequence), { qos: 1, retain: true });
		const again = await listen();
		await client.publishAsync(topic('data'), reading('ESP32_001', 9), { qos: 1 });
		await again.publishAsync(topic('data'), reading('spy', 1), { qos: 1 });
		expect(received).toEqual([]);
		expect(server.counts().rows).toBe(7);
	});

	test('a last will is taken like any other message, when its device vanishes', async () => {
		const server = await rig();
		const payload = Buffer.from('{"device_id":"ESP32_001","status":"offline"}');
		const client = await server.connect('ESP32_001', {
			will: { topic: topic('heartbeat'), payload, qos: 1, retain: true },
		});
		client.stream.destroy();
		await until(() => server.counts().messages === 1, 'the will');
		expect(server.store.database.prepare('SELECT kind, body FROM messages').get()).toEqual({
			kind: 'heartbeat',
			body: payload.toString(),
		});
	});

	test('a last will cannot speak for another device or on another topic', async () => {
		const server = await rig();
		const wills = [
			{
				topic: topic('heartbeat'),
				payload: Buffer.from('{"device_id":"ESP32_002","status":"offline"}'),
				qos: 1 as const,
			},
			{ topic: topic('commands'), payload: Buffer.from('{}'), qos: 1 as const },
		];
		for (const will of wills) (await server.connect('ESP32_001', { will })).stream.destroy();
		await until(() => server.lines.filter(({ message }) => message === 'ESP32_001 left').length === 2, 'both to leave');
		await until(() => server.counts().rejected === 1, 'the refusal');
		expect(server.counts()).toMatchObject({ messages: 0, rejected: 1 });
	});
});

describe('who comes in', () => {
	const code = (error: unknown): unknown => (error as { code?: unknown }).code;

	test('nobody without the right password; whoever fails too often waits, others do not', async () => {
		let now = Date.now();
		const server = await rig({ now: () => now });
		for (let attempt = 0; attempt < 5; attempt += 1)
			expect(code(await server.connect('ESP32_001', { password: 'wrong' }).catch((error) => error))).toBe(4);
		expect(code(await server.connect('ESP32_001').catch((error) => error))).toBe(4);
		expect(server.lines.at(-1)!.message).toBe('ESP32_001 from 127.0.0.1 refused: failed too often, has to wait 1 s');
		await server.connect('ESP32_002');
		now += 1_000;
		await server.connect('ESP32_001');
		const text = server.lines.map(({ message }) => message).join('\n');
		expect(text).not.toContain(server.device('ESP32_001').password);
	});

	test('one device with a wrong password shuts out no neighbour; whoever tries many names shuts out new ones only', async () => {
		const state = scratch();
		const [known, fresh] = enrolAll(state, ['known', 'fresh', 'broken']);
		const options = { credentials: new Credentials(state), log: () => {}, holder: () => undefined };
		let now = 0;
		const authenticator = new Authenticator({ ...options, now: () => now });
		const admit = (user: string, password: string) =>
			authenticator.admit('192.0.2.1', user, user, Buffer.from(password));
		expect(await admit('known', known!.password)).toEqual({ deviceId: 'known' });
		for (let attempt = 0; attempt < 110; attempt += 1) {
			now += 60_000;
			await admit('broken', 'wrong');
		}
		expect(await admit('fresh', fresh!.password)).toEqual({ deviceId: 'fresh' });
		await Promise.all(Array.from({ length: 120 }, (_, index) => admit(`nobody-${index}`, 'wrong')));
		expect(await admit('nobody', 'wrong')).toMatchObject({ waits: true });
		expect(await admit('known', known!.password)).toEqual({ deviceId: 'known' });
	});

	test('a device that fails for ever, and one that makes up names, each log one line a minute', async () => {
		const server = await rig();
		for (let attempt = 0; attempt < 8; attempt += 1) {
			await server.connect('ESP32_001', { password: 'wrong' }).catch(() => {});
			await server.connect('ESP32_001', { username: `made-up-${attempt}` }).catch(() => {});
		}
		const refused = server.lines.filter(({ message }) => message.includes(' refused: '));
		expect(refused.map(({ message }) => message)).toEqual([
			'ESP32_001 from 127.0.0.1 refused: wrong user or password',
			'made-up-0 from 127.0.0.1 refused: wrong user or password',
			'ESP32_001 from 127.0.0.1 refused: failed too often, has to wait 1 s',
		]);
	});

	test('nobody while the credentials are garbage; the server lives, and says so once', async () => {
		const server = await rig();
		const device = server.device('ESP32_001');
		const good = readFileSync(server.paths.credentials);
		writeFileSync(server.paths.credentials, 'garbage');
		for (let attempt = 0; attempt < 2; attempt += 1) {
			const options = { ca: readFileSync(server.caFile), username: device.user, password: device.password };
			const url = `mqtts://localhost:${server.mqttsPort}`;
			expect(code(await connectAsync(url, { ...options, reconnectPeriod: 0 }, false).catch((error) => error))).toBe(3);
		}
		expect(server.lines.filter(({ level }) => level === 'error').length).toBe(1);
		writeFileSync(server.paths.credentials, good);
		await server.connect('ESP32_001');
	});

	test('nobody fills the log with a long client id', async () => {
		const server = await rig();
		const clientId = 'x'.repeat(1_000);
		await server.connect('ESP32_002', { clientId });
		await server.connect('ESP32_001', { clientId }).catch(() => {});
		expect(Math.max(...server.lines.map(({ message }) => message.length))).toBeLessThan(200);
	});

	test('nobody unknown, nobody without a password', async () => {
		const server = await rig();
		const who = [{ username: 'nobody' }, { username: '__proto__' }, { username: '' }, { password: '' }];
		for (const options of who)
			expect(code(await server.connect('ESP32_001', options).catch((error) => error)), JSON.stringify(options)).toBe(4);
	});

	test('nobody under the client id of another device, or one that another device uses now', async () => {
		const server = await rig();
		server.device('ESP32_002');
		expect(code(await server.connect('ESP32_001', { clientId: 'ESP32_002' }).catch((error) => error))).toBe(2);
		const first = await server.connect('ESP32_002', { clientId: 'ESP32Client-7' });
		expect(code(await server.connect('ESP32_001', { clientId: 'ESP32Client-7' }).catch((error) => error))).toBe(2);
		expect(first.connected).toBe(true);
		const gone = closed(first);
		await server.connect('ESP32_002', { clientId: 'ESP32Client-7' });
		await gone;
	});

	test('a session is kept under the own id only', async () => {
		const server = await rig();
		const presentOnReturn = async (clientId: string): Promise<boolean> => {
			const first = await server.connect('ESP32_001', { clientId, clean: false });
			await first.subscribeAsync(topic('commands'), { qos: 1 });
			await first.endAsync();
			const second = server.prepare('ESP32_001', { clientId, clean: false });
			return new Promise((resolve) => second.once('connect', ({ sessionPresent }) => resolve(sessionPresent)));
		};
		expect(await presentOnReturn('ESP32_001')).toBe(true);
		expect(await presentOnReturn('ESP32Client-1a2b')).toBe(false);
	});

	test('a device that is enrolled while the server runs comes in at once', async () => {
		const server = await rig();
		await server.connect('ESP32_001');
		const client = await server.connect('new.device-1');
		await client.publishAsync(topic('data'), reading('new.device-1', 1), { qos: 1 });
		expect(server.counts().rows).toBe(1);
	});
});

describe('the line', () => {
	test('speaks TLS 1.2 or newer, and nothing else', async () => {
		const server = await rig();
		const ca = readFileSync(server.caFile);
		const handshake = (options: object): Promise<string> =>
			new Promise((resolve) => {
				const socket = connectTls({ host: 'localhost', port: server.mqttsPort!, ca, ...options }, () => {
					resolve(socket.getProtocol()!);
					socket.destroy();
				});
				socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code!));
			});
		expect(await handshake({})).toBe('TLSv1.3');
		expect(await handshake({ maxVersion: 'TLSv1.2' })).toBe('TLSv1.2');
		expect(await handshake({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })).toMatch(/^ERR_SSL/);
	});

	test('refuses a client that wants to renegotiate', async () => {
		const server = await rig();
		const ca = readFileSync(server.caFile);
		const error = await new Promise((resolve) => {
			const socket = connectTls({ host: 'localhost', port: server.mqttsPort!, ca, maxVersion: 'TLSv1.2' }, () => {
				socket.renegotiate({}, (refused) => resolve(refused));
			});
			socket.on('error', resolve);
			socket.on('close', () => resolve(new Error('closed')));
		});
		expect(error).toBeInstanceOf(Error);
	});

	test('refuses it also under a renewed certificate', async () => {
		const { broker, tls } = await openBroker();
		broker.useCertificate(tls);
		const error = await new Promise((resolve) => {
			const socket = connectTls({ host: 'localhost', port: broker.port, ca: tls.ca, maxVersion: 'TLSv1.2' }, () => {
				socket.renegotiate({}, (refused) => resolve(refused));
			});
			socket.on('error', resolve);
			socket.on('close', () => resolve(new Error('closed')));
		});
		expect(error).toBeInstanceOf(Error);
	});

	test('survives a renewal that left a key beside a certificate of another: the old one stays, the log says so', async () => {
		vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
		onTestFinished(() => void vi.useRealTimers());
		const server = await rig();
		const other = await serverCertificates(scratch(), Date.now());
		writeFileSync(join(server.paths.tls, 'server-key.pem'), other.key);
		// Without it, nobody here issues a new one.
		rmSync(join(server.paths.tls, 'ca-key.pem'));
		vi.advanceTimersByTime(12 * 3_600_000);
		vi.useRealTimers();
		const said = () => server.lines.some(({ message }) => message.startsWith('the certificate could not be renewed: '));
		await until(said, 'the log line');
		await server.connect('ESP32_001');
	});

	test('has room for so many strangers of one address, and those who know their password are none', async () => {
		const lines: string[] = [];
		const log: Log = (_, __, message) => lines.push(message);
		const { broker, tls, device } = await openBroker({ strangers: 2, log });
		const { user: username, password } = device;
		const options = { ca: tls.ca, username, password, reconnectPeriod: 0 };
		const url = `mqtts://localhost:${broker.port}`;
		for (let index = 0; index < 3; index += 1) {
			const client = await connectAsync(url, { ...options, clientId: `ESP32Client-${index}` });
			onTestFinished(() => void client.end(true));
		}
		const silent = Array.from({ length: 5 }, () => connectPlain(broker.port, '127.0.0.1'));
		let gone = 0;
		for (const socket of silent) socket.on('error', () => {}).once('close', () => (gone += 1));
		await until(() => gone === 3, 'three to be turned away');
		expect(lines.filter((line) => /turned away/.test(line))).toEqual([
			'127.0.0.1 was turned away: 2 connections that have not logged in',
		]);
		silent[0]!.destroy();
		silent[1]!.destroy();
		await until(() => broker.connections === 3, 'room');
		const again = await connectAsync(url, { ...options, clientId: 'ESP32Client-9' });
		await again.endAsync(true);
	});

	test('ends a connection that has not sent CONNECT within 5 s, also one that trickles its handshake', async () => {
		const { broker, tls } = await openBroker();
		const ended = (socket: Socket) =>
			new Promise<void>((resolve) => void socket.on('error', () => {}).once('close', resolve));
		const begin = performance.now();
		const plain = connectPlain(broker.port, '127.0.0.1');
		const handshaken = connectTls({ host: 'localhost', port: broker.port, ca: tls.ca });
		await Promise.all([ended(plain), ended(handshaken)]);
		expect(performance.now() - begin).toBeLessThan(7_500);
	}, 15_000);

	test('survives garbage, before and after the handshake', async () => {
		const server = await rig();
		const ended = (socket: {
			once(event: 'close', listener: () => void): unknown;
			on(event: 'error', listener: () => void): unknown;
		}) =>
			new Promise<void>((resolve) => {
				socket.on('error', () => {});
				socket.once('close', resolve);
			});
		const plain = connectPlain(server.mqttsPort!, '127.0.0.1');
		plain.write('GET / HTTP/1.1\r\n\r\n');
		await ended(plain);
		const ca = readFileSync(server.caFile);
		for (const bytes of [
			[0x10, 0xff, 0xff, 0xff, 0xff],
			[0xc0, 0x00],
			[0x00, 0x00],
			[0x30, 0x02, 0x00, 0x00],
			[0x10, 0x04, 0, 0, 0, 0],
		]) {
			const socket = connectTls({ host: 'localhost', port: server.mqttsPort!, ca }, () =>
				socket.write(Buffer.from(bytes)),
			);
			await ended(socket);
		}
		await server.connect('ESP32_001');
	});

	test('ends at once when the server closes, also for those that never finished a handshake', async () => {
		const server = await rig();
		const client = await server.connect('ESP32_001');
		const silent = connectPlain(server.mqttsPort!, '127.0.0.1');
		silent.on('error', () => {});
		await new Promise((resolve) => silent.once('connect', resolve));
		const gone = closed(client);
		const begin = performance.now();
		await server.close();
		await server.close();
		await gone;
		expect(performance.now() - begin).toBeLessThan(2_000);
	});
});
