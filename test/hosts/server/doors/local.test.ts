import { request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { interpret } from '../../../../hosts/server/message';
import { noon, type Rig, reading, rig } from '../support';

interface Answer {
	readonly status: number;
	readonly headers: Record<string, unknown>;
	readonly text: string;
	// biome-ignore lint/suspicious/noExplicitAny: a test looks into any answer
	readonly json: any;
}

function get(server: Rig, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const call = request({ host: '127.0.0.1', port: server.httpPort, path, headers, method }, (response) => {
			let text = '';
			response.setEncoding('utf8').on('data', (chunk) => {
				text += chunk;
			});
			response.on('end', () => {
				const isJson = String(response.headers['content-type']).includes('json');
				resolve({
					status: response.statusCode!,
					headers: response.headers,
					text,
					json: isJson ? JSON.parse(text) : undefined,
				});
			});
		});
		call.on('error', reject).end();
	});
}

function put(server: Rig, ...bodies: string[]): void {
	const arrivals = bodies.map((body) => ({
		door: 'mqtt' as const,
		deviceId: undefined,
		channel: 'data' as const,
		body: Buffer.from(body),
		receivedAt: noon,
	}));
	server.store.write(arrivals.map((arrival) => interpret(arrival, noon)));
}

const readings = '/api/iot/readings';

describe('GET /api/iot/readings', () => {
	test('gives what arrived, newest first, with the sequences that are missing', async () => {
		const server = await rig();
		put(server, reading('d', 1), reading('d', 5), reading('d', 2, { heart_rate: undefined }), reading('other', 3));
		const { status, json, headers } = await get(server, `${readings}?device_id=d&limit=2`);
		expect(status).toBe(200);
		expect(headers['cache-control']).toBe('no-store');
		expect(json).toEqual({
			device_id: 'd',
			count: 2,
			readings: [
				{
					reading_id: '5f1c09aa-5',
					timestamp: 1_767_225_605_000,
					iso: '2026-01-01T00:00:05.000Z',
					temperature: 36.61,
					humidity: 41.2,
					heart_rate: 72,
					spo2: 97.5,
					battery_level: 88,
					latitude: 14.6937,
					longitude: -17.4441,
					received_at: noon,
					door: 'mqtt',
				},
				expect.not.objectContaining({ heart_rate: expect.anything() }),
			],
			missing: [{ epoch: '5f1c09aa', ranges: [[3, 4]], count: 2 }],
		});
	});

	test.each([
		['from=1767225602000&to=1767225605000', [5, 2]],
		['from=2026-01-01T00:00:02Z&to=2026-01-01T00:00:04.999Z', [2]],
		['from=2026-01-01T01:00:02+01:00&to=2026-01-01T00:00:02.000Z', [2]],
		['from=2026-01-01T01:00:02%2B01:00&limit=1', [5]],
		['to=2026-01-01', []],
		['', [5, 2, 1]],
	])('takes %s', async (query, sequences) => {
		const server = await rig();
		put(server, reading('d', 1), reading('d', 2), reading('d', 5));
		const { json } = await get(server, `${readings}?device_id=d&${query}`);
		expect(json.readings.map(({ reading_id }: { reading_id: string }) => reading_id)).toEqual(
			sequences.map((sequence) => `5f1c09aa-${sequence}`),
		);
	});

	test.each([
		['', 'device_id: missing'],
		['device_id=', 'device_id: must be 1 to 64 letters, digits, "_", "-" or, not first, "."'],
		['device_id=a%00', 'device_id: must be 1 to 64 letters, digits, "_", "-" or, not first, "."'],
		["device_id=x'%20OR%201=1", 'device_id: must be 1 to 64 letters, digits, "_", "-" or, not first, "."'],
		['device_id=a&device_id=b', 'device_id: given twice'],
		['device_id=a&limit=0', 'limit: 0 is below 1'],
		['device_id=a&limit=10001', 'limit: 10001 is above 10000'],
		['device_id=a&limit=-1', 'limit: must be a whole number, 1 to 10000'],
		['device_id=a&limit=1e3', 'limit: must be a whole number, 1 to 10000'],
		['device_id=a&from=yesterday', 'from: must be epoch milliseconds or ISO 8601 with its zone (2026-01-31T12:00:00Z)'],
		[
			'device_id=a&to=2026-01-01T12:00',
			'to: must be epoch milliseconds or ISO 8601 with its zone (2026-01-31T12:00:00Z)',
		],
		[
			'device_id=a&from=2026-13-01',
			'from: must be epoch milliseconds or ISO 8601 with its zone (2026-01-31T12:00:00Z)',
		],
		['device_id=a&from=2&to=1', 'from: is after to'],
	])('refuses %s', async (query, error) => {
		const { status, json } = await get(await rig(), `${readings}?${query}`);
		expect([status, json]).toEqual([400, { error }]);
	});
});

describe('GET /healthz', () => {
	test('says how the server is', async () => {
		const server = await rig();
		put(server, reading('d', 1));
		const { status, json } = await get(server, '/healthz');
		expect(status).toBe(200);
		expect(json).toEqual({
			status: 'ok',
			rows: 1,
			broker: `listening on ${server.mqttsPort}, connections: 0`,
			store: 'writable',
			duplicates: 0,
			rejected: 0,
			undated: 0,
			trimmed: 0,
		});
	});
});

describe('the page for people', () => {
	test('shows devices and readings, and loads nothing', async () => {
		expect((await get(await rig(), '/')).text).toContain('Nothing has arrived yet');
		const server = await rig();
		put(server, reading('d', 1), reading('e-2', 4));
		const { text, headers } = await get(server, '/');
		expect(text).toContain('<h2>d</h2>');
		expect(text).toContain('5f1c09aa-4');
		expect(headers['content-security-policy']).toMatch(/^default-src 'none'/);
		expect(text).not.toMatch(/<script|https?:\/\/|src=/);
	});

	test('draws what was measured, and shows alerts with their words', async () => {
		const server = await rig({ now: () => noon + 90_000 });
		put(server, reading('d', 1), reading('d', 2));
		server.store.database
			.prepare(
				"INSERT INTO messages (device_id, kind, timestamp, received_at, door, body) VALUES ('d', 'alert', ?, ?, 'mqtt', ?)",
			)
			.run(noon, noon, JSON.stringify({ alert_type: 'spo2_low', message: 'SpO2 < 90 %', priority: 'high' }));
		const { text } = await get(server, '/');
		expect(text).toContain('aria-label="Heart rate: 72 bpm');
		expect(text).toContain('SpO2 &lt; 90 % (high)');
		expect(text).toMatch(/last [0-9]+ (s|min) ago by/);
	});

	test('is made anew every few seconds, not for everyone who asks', async () => {
		const server = await rig();
		put(server, reading('d', 1));
		const first = (await get(server, '/')).text;
		put(server, reading('d', 2));
		expect((await get(server, '/')).text).toBe(first);
	});

	test('escapes what a database may hold', async () => {
		const server = await rig();
		const evil = '<img src=x onerror=alert(1)>';
		server.store.database
			.prepare('INSERT INTO readings (device_id, timestamp, received_at, door) VALUES (?, 1, 1, ?)')
			.run(evil, evil);
		const { text } = await get(server, '/');
		expect(text).not.toContain('<img');
		expect(text).toContain('&lt;img');
	});
});

describe('the door for people', () => {
	test.each([
		['evil.example', 421],
		['evil.example:8080', 421],
		['127.0.0.1.evil.example', 421],
		['localhost@evil.example', 421],
		['localhost', 200],
		['LOCALHOST:8080', 200],
		['127.0.0.1:1', 200],
		['[::1]:8080', 200],
	])('asked for host %j answers %i', async (host, status) => {
		expect((await get(await rig(), '/healthz', { host })).status).toBe(status);
	});

	test.each([
		['cross-site', 403],
		['same-origin', 200],
		['none', 200],
	])('asked by a page that is %s answers %i', async (site, status) => {
		expect((await get(await rig(), '/healthz', { 'sec-fetch-site': site })).status).toBe(status);
	});

	test('knows nothing else, and takes nothing', async () => {
		const server = await rig();
		expect((await get(server, '/api/iot/data')).json).toEqual({ error: 'no such page' });
		expect((await get(server, '/../../etc/passwd')).status).toBe(404);
		expect((await get(server, readings, {}, 'POST')).status).toBe(404);
		expect((await get(server, '/%')).status).toBe(400);
	});

	test('is open on this machine only', async () => {
		const server = await rig();
		const outside = Object.values(networkInterfaces())
			.flatMap((addresses) => addresses ?? [])
			.find(({ internal, family }) => !internal && family === 'IPv4');
		if (!outside) return;
		const code = await new Promise((resolve) => {
			const socket = connect(server.httpPort, outside.address, () => resolve('connected'));
			socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
		});
		expect(code).toBe('ECONNREFUSED');
	});
});
