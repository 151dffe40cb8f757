import { readFileSync } from 'node:fs';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Web } from '../../../../hosts/server/doors/web';
import { reading, until } from '../support';
import { type WebRig, webRig } from './support';

const id = 'ESP32_001';

/** Bytes as they stand, over TLS; what comes back, and whether the server ended it. */
function raw(server: WebRig): { socket: TLSSocket; text: () => string; ended: () => boolean } {
	const socket = connectTls({ host: '127.0.0.1', port: server.httpsPort, ca: readFileSync(server.caFile) });
	let text = '';
	let ended = false;
	socket.setEncoding('utf8').on('data', (chunk) => {
		text += chunk;
	});
	socket.on('error', () => {});
	socket.on('close', () => {
		ended = true;
	});
	onTestFinished(() => void socket.destroy());
	return { socket, text: () => text, ended: () => ended };
}

/** Writes until the other side ends it, or `limit` bytes are gone. @returns bytes that were taken */
async function flood(socket: TLSSocket, chunk: Buffer, limit: number): Promise<number> {
	let sent = 0;
	while (sent < limit && !socket.destroyed && socket.writable) {
		sent += chunk.length;
		if (!socket.write(chunk))
			await new Promise<void>((resolve) => {
				socket.once('drain', resolve);
				socket.once('close', () => resolve());
			});
	}
	return sent;
}

describe('a body of 100 MB', () => {
	const head = (token: string, length: string) =>
		`POST /api/iot/data HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n${length}\r\n\r\n`;

	test.each([
		['announced', 'Content-Length: 104857600', (data: Buffer) => data],
		[
			'in pieces without end',
			'Transfer-Encoding: chunked',
			(data: Buffer) => Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')]),
		],
	])('%s ends the connection with 413, and is not read', async (_, length, framed) => {
		const server = await webRig();
		const { socket, text, ended } = raw(server);
		socket.write(head(await server.token(id), length));
		const sent = await flood(socket, framed(Buffer.alloc(65_536, 0x20)), 104_857_600);
		await until(ended, 'the end');
		expect(text()).toMatch(/^HTTP\/1\.1 413 /);
		expect(text()).toContain('body: over 16384 bytes');
		// What lay in the buffers of both kernels.
		expect(sent).toBeLessThan(30_000_000);
		expect((await server.post(id, '/api/iot/data', reading(id, 1))).status).toBe(201);
	});

	test('of a stranger ends with 401', async () => {
		const server = await webRig();
		const { socket, text, ended } = raw(server);
		socket.write(head('x', 'Content-Length: 104857600'));
		await flood(socket, Buffer.alloc(65_536), 104_857_600);
		await until(ended, 'the end');
		expect(text()).toMatch(/^HTTP\/1\.1 401 /);
	});
});

test('a head without end is ended with 431', async () => {
	const server = await webRig();
	const { socket, text, ended } = raw(server);
	socket.write('POST /api/iot/data HTTP/1.1\r\n');
	await flood(socket, Buffer.from(`X-${'a'.repeat(1_000)}: ${'b'.repeat(1_000)}\r\n`), 10_000_000);
	await until(ended, 'the end');
	expect(text()).toMatch(/^HTTP\/1\.1 431 /);
});

test('what is no HTTP is ended with 400, whatever it is', async () => {
	const server = await webRig();
	await fc.assert(
		fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
			const { socket, text, ended } = raw(server);
			socket.end(Buffer.from(bytes));
			await until(ended, 'the end');
			if (!/^(HTTP\/1\.1 4\d\d )?/.test(text()) || /^HTTP\/1\.1 [235]/.test(text())) throw new Error(text());
		}),
		{ numRuns: 50 },
	);
	expect((await server.post(id, '/api/iot/data', reading(id, 1))).status).toBe(201);
});

test.each([
	['/api/iot/data', 1_000],
	['/api/iot/batch', 1_000],
	['/api/iot/alert', 300],
	['/api/iot/replies', 300],
])(
	'%s answers any body with a success or an error that names the field',
	async (path, runs) => {
		const server = await webRig({ perSecond: 100_000 });
		const value = fc.oneof(
			fc.json({ maxDepth: 3 }),
			fc.constantFrom('1e999', 'NaN', '"\\u0000"', '-1', `"${id}"`, '[]'),
		);
		const name = fc.constantFrom(
			...['device_id', 'timestamp', 'measurements', 'reading_ids', 'reading_id', 'heart_rate', 'data', '__proto__'],
			...['alert_id', 'command_id', 'status', 'message', 'alert_type'],
		);
		const fields = fc
			.array(fc.tuple(name, value), { maxLength: 6 })
			.map((all) => `{"device_id":"${id}",${all.map(([key, json]) => `"${key}":${json}`).join(',')}}`);
		const item = fc.array(fc.oneof(fields, value), { maxLength: 5 });
		const batch = item.map((all) => `{"device_id":"${id}","measurements":[${all.join(',')}]}`);
		await fc.assert(
			fc.asyncProperty(
				fc.oneof(fields, batch, value, fc.uint8Array({ maxLength: 100 }).map(Buffer.from)),
				async (body) => {
					const { status, json } = await server.post(id, path, body);
					const good = status < 300 && json.status === 'success';
					const clear = [400, 403, 413, 422].includes(status) && /^[ -~]{1,160}: .{1,200}$/.test(json.error);
					if (!good && !clear) throw new Error(`${status} ${JSON.stringify(json)}`);
				},
			),
			{ numRuns: runs },
		);
		expect(server.lines.filter(({ level }) => level === 'error')).toEqual([]);
		expect(({} as { a?: unknown }).a).toBeUndefined();
	},
	100_000,
);

describe('who is slow', () => {
	async function impatient(options: object): Promise<Web> {
		const web = await Web.open({
			tls: undefined,
			host: '127.0.0.1',
			port: 0,
			now: Date.now,
			log: () => {},
			register: (app: FastifyInstance, own: Web) => {
				app.post('/', async (request) => {
					own.entered(request.raw.socket);
					return {};
				});
			},
			...options,
		});
		onTestFinished(() => web.close());
		return web;
	}

	async function answerTo(web: Web, ...pieces: string[]): Promise<string> {
		const { connect } = await import('node:net');
		const socket = connect(web.port, '127.0.0.1');
		onTestFinished(() => void socket.destroy());
		let text = '';
		socket.setEncoding('utf8').on('data', (chunk) => {
			text += chunk;
		});
		socket.on('error', () => {});
		const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
		for (const piece of pieces) socket.write(piece);
		const drip = setInterval(() => socket.writable && socket.write('x'), 20);
		await ended;
		clearInterval(drip);
		return text;
	}

	test('with its head is ended', async () => {
		const web = await impatient({ headersTimeout: 200, requestTimeout: 400 });
		expect(await answerTo(web, 'POST / HTTP/1.1\r\nX-Slow: ')).toMatch(/^(HTTP\/1\.1 408 |$)/);
	});

	test('with its body is ended', async () => {
		const web = await impatient({ headersTimeout: 200, requestTimeout: 400 });
		expect(await answerTo(web, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n')).toMatch(
			/^(HTTP\/1\.1 408 |$)/,
		);
	});

	test('to say who it is is turned away, and of one address only so many may be', async () => {
		const web = await impatient({ headersTimeout: 10_000, strangers: 3 });
		const { connect } = await import('node:net');
		const ends: number[] = [];
		for (let index = 0; index < 5; index += 1) {
			const socket = connect(web.port, '127.0.0.1');
			onTestFinished(() => void socket.destroy());
			socket.on('error', () => {});
			socket.on('close', () => ends.push(index));
			await new Promise((resolve) => socket.once('connect', resolve));
		}
		await until(() => ends.length === 2, 'two turned away');
		expect(web.connections).toBe(3);
	});
});
