import { readFileSync } from 'node:fs';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { generate } from 'mqtt-packet';
import { describe, expect, onTestFinished, test } from 'vitest';
import { setDevEui } from '../../../../hosts/server/enrol';
import { reading, until } from '../support';
import { type WebRig, webRig } from './support';
import { deviceTalk } from './talk';

const id = 'ESP32_001';
const secret = 'a shared secret of thirty-two characters';
const large = 104_857_600;
/** What may lie in the buffers of both kernels. */
const underWay = 30_000_000;

/** A connection over TLS, and when it came to its end. */
async function line(
	server: WebRig,
	port: number,
): Promise<{ socket: TLSSocket; heard: Buffer[]; ended: () => boolean }> {
	const socket = connectTls({ host: 'localhost', port, ca: readFileSync(server.caFile) });
	let closed = false;
	const heard: Buffer[] = [];
	socket.on('data', (chunk: Buffer) => heard.push(chunk));
	socket.on('error', () => {});
	socket.on('close', () => {
		closed = true;
	});
	onTestFinished(() => void socket.destroy());
	await new Promise((resolve) => socket.once('secureConnect', resolve));
	return { socket, heard, ended: () => closed };
}

/** Writes 100 MB, or until the other side ends it. @returns bytes that were taken */
async function flood(socket: TLSSocket): Promise<number> {
	const chunk = Buffer.alloc(65_536, 0x20);
	let sent = 0;
	while (sent < large && !socket.destroyed && socket.writable) {
		sent += chunk.length;
		if (!socket.write(chunk))
			await new Promise<void>((resolve) => {
				socket.once('drain', resolve);
				socket.once('close', () => resolve());
			});
	}
	return sent;
}

async function upgraded(server: WebRig) {
	const it = await line(server, server.httpsPort);
	it.socket.write(
		`GET /ws/iot/${id}/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\nAuthorization: Bearer ${await server.token(id)}\r\n\r\n`,
	);
	await until(() => Buffer.concat(it.heard).includes('\r\n\r\n'), 'the upgrade');
	expect(String(Buffer.concat(it.heard))).toMatch(/^HTTP\/1\.1 101 /);
	it.heard.length = 0;
	return it;
}

async function loggedIn(server: WebRig, keepalive = 30) {
	const it = await line(server, server.mqttsPort!);
	const { user: username, password } = server.device(id);
	const own = { clientId: id, username, password: Buffer.from(password), keepalive, clean: true };
	it.socket.write(generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, ...own }));
	await until(() => it.heard.length > 0, 'CONNACK');
	return it;
}

describe('100 MB', () => {
	test('to the door for batches end with 413', async () => {
		const server = await webRig();
		const { socket, heard, ended } = await line(server, server.httpsPort);
		const token = await server.token(id);
		socket.write(
			`POST /api/iot/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${large}\r\n\r\n`,
		);
		expect(await flood(socket)).toBeLessThan(underWay);
		await until(ended, 'the end');
		expect(String(Buffer.concat(heard))).toMatch(/^HTTP\/1\.1 413 .*body: over 65536 bytes/s);
	});

	test.each([
		['in one frame', [0x81, 0xff, 0, 0, 0, 0, 0x06, 0x40, 0, 0, 1, 2, 3, 4]],
		['in fragments of nothing', [0x01, 0x80, 1, 2, 3, 4]],
	])('of a WebSocket message %s end with 1009, or are passed over', async (_, first) => {
		const server = await webRig();
		const { socket, heard, ended } = await upgraded(server);
		socket.write(Buffer.from(first));
		// Spaces, as a frame: its first byte has reserved bits.
		expect(await flood(socket)).toBeLessThan(underWay);
		await until(ended, 'the end');
		const last = Buffer.concat(heard);
		expect(last[0]).toBe(0x88);
		expect([1002, 1009]).toContain(last.readUInt16BE(2));
	});

	test('of an MQTT message end the connection', async () => {
		const server = await webRig();
		const { socket, ended } = await loggedIn(server);
		socket.write(Buffer.from([0x32, 0x80, 0x80, 0x80, 0x32]));
		expect(await flood(socket)).toBeLessThan(underWay);
		await until(ended, 'the end');
		expect((await server.post(id, '/api/iot/data', reading(id, 1))).status).toBe(201);
	});
});

describe('a JSON bomb', () => {
	const depth = 5_000;
	const bombs = [
		`{"device_id":"${id}","a":${'['.repeat(depth)}${']'.repeat(depth)}}`,
		'{"a":'.repeat(depth / 2),
		`[${'0,'.repeat(8_000)}0]`,
		`{"device_id":"${id}",${Array.from({ length: 1_500 }, (_, at) => `"a${at}":0`).join()}}`,
	];

	test.each([
		'/api/iot/data',
		'/api/iot/batch',
		'/api/iot/alert',
		'/api/iot/heartbeat',
		'/api/iot/diagnostics',
		'/api/iot/replies',
	])('to %s is refused, and its field named', async (path) => {
		const server = await webRig();
		for (const [index, bomb] of bombs.entries()) {
			const { status, json } = await server.post(id, path, bomb);
			// Diagnostics may have any fields.
			if (index === 3 && path.endsWith('diagnostics')) {
				expect(status).toBe(201);
				continue;
			}
			expect([400, 413, 422]).toContain(status);
			expect(json.error).toMatch(/^[ -~]{1,160}: .{1,200}$/);
		}
		expect(server.lines.filter(({ level }) => level === 'error')).toEqual([]);
	});

	test.each(['/api/lorawan/tts', '/api/lorawan/chirpstack'])('to %s is refused for good', async (path) => {
		const server = await webRig({ lorawan: { secret } as never });
		server.device(id);
		setDevEui(server.state, id, '70b3d57ed0000001');
		for (const bomb of bombs.slice(0, 3)) {
			const headers = { 'x-webhook-secret': secret };
			const { status, json } = await server.ask(path, { method: 'POST', headers, body: bomb });
			// 200: the network server need not send it again.
			expect(status).toBe(200);
			expect(json).toEqual({ status: 'refused', error: expect.stringMatching(/^[ -~]{1,160}: .{1,200}$/) });
		}
	});

	test('by WebSocket has its nack', async () => {
		const server = await webRig();
		const talk = await deviceTalk(server, id);
		for (const bomb of bombs) talk.say(bomb);
		talk.say(reading(id, 1));
		await talk.hears(bombs.length + 1);
		expect(talk.heard.map(({ type }) => type)).toEqual([...bombs.map(() => 'nack'), 'ack']);
	});

	test('by MQTT lies in quarantine, and its sender goes on', async () => {
		const server = await webRig();
		const client = await server.connect(id);
		for (const bomb of [...bombs, reading(id, 1)]) await client.publishAsync('fajma/esp32/data', bomb, { qos: 1 });
		expect(server.counts()).toMatchObject({ rows: 1, rejected: bombs.length });
	});
});

describe('who is slow', () => {
	test('in the middle of a packet, for longer than its keep-alive, is ended', async () => {
		const server = await webRig();
		const { socket, ended } = await loggedIn(server, 1);
		socket.write(Buffer.from([0x32, 0x20, 0x00]));
		await until(ended, 'the end', 10_000);
	}, 15_000);
});
