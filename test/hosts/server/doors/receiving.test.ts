import { describe, expect, onTestFinished, test } from 'vitest';
import { registerReceiving } from '../../../../hosts/server/doors/receiving';
import { Web } from '../../../../hosts/server/doors/web';
import type { Receipts } from '../../../../hosts/server/ingest';
import { noon, reading, until } from '../support';
import { webRig } from './support';

const id = 'ESP32_001';
const data = '/api/iot/data';
const batch = '/api/iot/batch';
const flat = (sequence: number, more: object = {}) => ({ ...JSON.parse(reading(id, sequence)), ...more });
/** wire.md: the guide's model fields only, and an ISO timestamp. */
const measurement = (sequence: number, more: object = {}) => ({
	timestamp: new Date(1_767_225_600_000 + sequence * 1000).toISOString(),
	temperature: 36.5,
	heart_rate: 70 + sequence,
	...more,
});
const refused = (error: string) => ({ status: 'error', error });

describe('POST /api/iot/data', () => {
	test('takes a reading, and answers when its row is there', async () => {
		const server = await webRig();
		const { status, json, headers } = await server.post(id, data, flat(1));
		expect(server.rows('readings')).toMatchObject([
			{ id: 1, device_id: id, reading_id: '5f1c09aa-1', heart_rate: 72, temperature: 36.61, door: 'http' },
		]);
		expect([status, json]).toEqual([
			201,
			{ status: 'success', reading_id: '5f1c09aa-1', id: 1, result: 'stored', commands: [] },
		]);
		expect(Math.abs(Date.parse(String(headers.date)) - Date.now())).toBeLessThan(10_000);
		expect(headers['cache-control']).toBe('no-store');
		// Above the 30 s from one reading to the next.
		expect(headers['keep-alive']).toBe('timeout=75');
	});

	test('gives no receipt before the commit', async () => {
		const server = await webRig();
		const rowsAtReceipt: number[] = [];
		const all = Array.from({ length: 20 }, async (_, index) => {
			await server.post(id, data, flat(index));
			rowsAtReceipt.push(
				server.store.database.prepare('SELECT count(*) FROM readings WHERE sequence = ?').pluck().get(index) as number,
			);
		});
		await Promise.all(all);
		expect(rowsAtReceipt).toEqual(new Array(20).fill(1));
	});

	test('keeps one row of a reading that comes twice, also over two doors, and says so', async () => {
		const server = await webRig();
		const client = await server.connect(id);
		await client.publishAsync('fajma/esp32/data', reading(id, 7), { qos: 1 });
		const { json } = await server.post(id, data, reading(id, 7));
		expect(json).toMatchObject({ status: 'success', id: 1, result: 'duplicate' });
		expect((await server.post(id, batch, { device_id: id, measurements: [flat(7)] })).json.results).toEqual([
			{ status: 'duplicate' },
		]);
		expect(server.rows('readings').length).toBe(1);
	});

	test('says of an id with other values that they lie in quarantine', async () => {
		const server = await webRig();
		await server.post(id, data, flat(1));
		const { status, json } = await server.post(id, data, flat(1, { heart_rate: 99 }));
		expect([status, json.result]).toEqual([201, 'quarantined']);
		expect(server.rows('readings')).toMatchObject([{ heart_rate: 72 }]);
	});

	test.each([
		['what is cut', '{"device_id"', 400, 'device_id: ":" is missing'],
		['nothing', '', 400, 'body: ends too early'],
		['what is no UTF-8', Buffer.from([0xff, 0xfe]), 400, 'body: not UTF-8'],
		['what is too deep', '['.repeat(10) + ']'.repeat(10), 400, '0.0.0.0.0.0.0.0.0: nested deeper than 8'],
		['no device_id', { timestamp: noon }, 400, 'device_id: missing'],
		['another device', flat(1, { device_id: 'two' }), 403, 'device_id: two is not ESP32_001, who sent it'],
		['a bound', flat(1, { heart_rate: 900 }), 422, 'heart_rate: 900 is above 300'],
		['an id', flat(1, { reading_id: 'x' }), 422, 'reading_id: must be 8 hexadecimal digits, "-", a sequence number'],
		['an array', [], 422, 'body: must be an object, not an array'],
		['what is too long', ' '.repeat(16_385), 413, 'body: over 16384 bytes'],
	])('refuses %s', async (_, body, status, error) => {
		const server = await webRig();
		const answer = await server.post(id, data, body);
		expect([answer.status, answer.json]).toEqual([status, refused(error)]);
		expect(server.rows('readings')).toEqual([]);
	});

	test.each([
		['takes nothing', () => {}],
		['has no room', (done: Receipts) => done(['busy'], [])],
	])('answers 503 with Retry-After while the disk %s', async (_, submitAll) => {
		const web = await Web.open({
			...{ tls: undefined, host: '127.0.0.1', port: 0, now: Date.now, log: () => {} },
			register: (app, own) =>
				registerReceiving(app, own, {
					doorkeeper: { device: async () => ({ deviceId: id }), rate: () => 0 },
					ingest: { submitAll: (_arrivals, _bytes, done) => submitAll(done), refuse: () => {} },
					now: Date.now,
					rowId: () => undefined,
					commands: () => [],
					patience: 20,
				}),
		});
		onTestFinished(() => web.close());
		const answer = await fetch(`http://127.0.0.1:${web.port}${data}`, { method: 'POST', body: '{}' });
		expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
		expect(await answer.json()).toEqual(refused('the server has no room now'));
	});

	test('lets a device send so many messages, then says when to come again; others go on', async () => {
		const server = await webRig({ perSecond: 1 });
		const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => server.post(id, data, flat(index))));
		const turned = answers.filter(({ status }) => status === 429);
		expect(turned.length).toBeGreaterThan(0);
		expect(turned[0]!.json).toEqual(refused('rate: too many messages of this device'));
		expect(turned[0]!.headers['retry-after']).toBe('1');
		expect((await server.post('ESP32_002', data, reading('ESP32_002', 1))).status).toBe(201);
	});
});

describe('POST /api/iot/batch', () => {
	test('takes each measurement on its own: what is wrong with one is said of it, in order', async () => {
		const server = await webRig();
		await server.post(id, data, flat(2));
		const { status, json } = await server.post(id, batch, {
			device_id: id,
			batch_timestamp: 1_767_225_600_000,
			measurements: [
				measurement(1),
				{ ...flat(2), reading_id: undefined },
				measurement(3, { spo2: 101 }),
				measurement(4),
				'what?',
				measurement(6, { device_id: 'ESP32_002' }),
			],
			reading_ids: ['5f1c09aa-1', '5f1c09aa-2', '5f1c09aa-3', 'nonsense', '5f1c09aa-5', '5f1c09aa-6'],
		});
		expect([status, json]).toEqual([
			200,
			{
				status: 'success',
				count: 6,
				created_count: 1,
				results: [
					{ reading_id: '5f1c09aa-1', status: 'stored' },
					{ reading_id: '5f1c09aa-2', status: 'duplicate' },
					{ reading_id: '5f1c09aa-3', status: 'refused', error: 'spo2: 101 is above 100' },
					{
						reading_id: 'nonsense',
						status: 'refused',
						error: 'reading_id: must be 8 hexadecimal digits, "-", a sequence number',
					},
					{ reading_id: '5f1c09aa-5', status: 'refused', error: 'body: must be an object, not a string' },
					{
						reading_id: '5f1c09aa-6',
						status: 'refused',
						error: 'device_id: ESP32_002 is not ESP32_001, who sent it',
					},
				],
				commands: [],
			},
		]);
		expect(server.rows('readings')).toMatchObject([
			{ reading_id: '5f1c09aa-2' },
			{ reading_id: '5f1c09aa-1', timestamp: 1_767_225_601_000, heart_rate: 71 },
		]);
		expect(server.rows('rejected').map(({ reason }) => reason)).toContain('spo2: 101 is above 100');
	});

	test('takes the places that stand beside the measurements: one that came alone before is a duplicate, no conflict', async () => {
		const server = await webRig();
		await server.post(id, data, {
			...measurement(2),
			device_id: id,
			reading_id: '5f1c09aa-2',
			latitude: 14.7,
			longitude: -17.4,
		});
		const { json } = await server.post(id, batch, {
			device_id: id,
			measurements: [measurement(1), measurement(2), measurement(3), measurement(4)],
			reading_ids: ['5f1c09aa-1', '5f1c09aa-2', '5f1c09aa-3', '5f1c09aa-4'],
			locations: [null, [14.7, -17.4], [-90, 180], [91, 0]],
		});
		expect(json).toMatchObject({
			results: [
				{ status: 'stored' },
				{ status: 'duplicate' },
				{ status: 'stored' },
				{ status: 'refused', error: expect.stringContaining('latitude: 91') },
			],
		});
		expect(server.rows('readings')).toMatchObject([
			{ reading_id: '5f1c09aa-2', latitude: 14.7, longitude: -17.4 },
			{ reading_id: '5f1c09aa-1', latitude: null, longitude: null },
			{ reading_id: '5f1c09aa-3', latitude: -90, longitude: 180 },
		]);
	});

	test('is one transaction, of up to 100', async () => {
		const server = await webRig();
		const of = (count: number) => ({
			device_id: id,
			measurements: Array.from({ length: count }, (_, index) => measurement(index)),
			reading_ids: Array.from({ length: count }, (_, index) => `5f1c09aa-${index}`),
		});
		const { json } = await server.post(id, batch, of(100));
		expect(json).toMatchObject({ count: 100, created_count: 100 });
		expect(server.rows('readings').length).toBe(100);
		const tooMany = await server.post(id, batch, of(101));
		expect([tooMany.status, tooMany.json]).toEqual([413, refused('measurements: 101, at most 100')]);
	});

	test.each([
		['no JSON', 'nonsense', 400, 'body: nonsense is not JSON'],
		['no measurements', { device_id: id }, 400, 'measurements: missing'],
		['no list', { device_id: id, measurements: {} }, 400, 'measurements: must be an array, not an object'],
		[
			'fewer ids',
			{ device_id: id, measurements: [measurement(1)], reading_ids: [] },
			400,
			'reading_ids: 0, for 1 measurements',
		],
		[
			'fewer places',
			{ device_id: id, measurements: [measurement(1)], locations: [] },
			400,
			'locations: 0, for 1 measurements',
		],
		[
			'half a place',
			{ device_id: id, measurements: [measurement(1)], locations: [[1]] },
			400,
			expect.stringContaining('locations'),
		],
		['another device', { device_id: 'two', measurements: [] }, 403, 'device_id: two is not ESP32_001, who sent it'],
		['what is too long', ' '.repeat(65_537), 413, 'body: over 65536 bytes'],
	])('refuses the whole only when it is malformed: %s', async (_, body, status, error) => {
		const server = await webRig();
		const answer = await server.post(id, batch, body);
		expect([answer.status, answer.json]).toEqual([status, refused(error)]);
	});

	test('that is empty is no fault', async () => {
		const { status, json } = await (await webRig()).post(id, batch, { device_id: id, measurements: [] });
		expect([status, json.count, json.results]).toEqual([200, 0, []]);
	});
});

describe('a device built from the guide', () => {
	test('posts a nested reading with seconds', async () => {
		const server = await webRig();
		const { status, json } = await server.post(id, data, {
			device_id: id,
			timestamp: 1_767_225_600,
			data: { temperature: 36.5, humidity: 40, heart_rate: 72 },
			location: { latitude: 14.6937, longitude: -17.4441 },
		});
		expect([status, json]).toEqual([201, { status: 'success', id: 1, result: 'stored', commands: [] }]);
		expect(server.rows('readings')).toMatchObject([
			{ timestamp: 1_767_225_600_000, temperature: 36.5, humidity: 40, heart_rate: 72, longitude: -17.4441 },
		]);
	});

	test('posts a batch without ids, and finds the status it looks for', async () => {
		const server = await webRig();
		const answer = await server.ask(batch, {
			method: 'POST',
			// Section 2 sends no X-Device-ID here.
			headers: { authorization: `Bearer ${await server.token(id)}`, 'content-type': 'application/json' },
			body: {
				device_id: id,
				batch_timestamp: 1_767_225_700,
				measurements: [
					{ temperature: 36.5, humidity: 40, heart_rate: 72, spo2: 98, timestamp: 30_000 },
					{ temperature: 36.6, humidity: 40, heart_rate: 73, spo2: 98, timestamp: 60_000 },
					{ temperature: 36.7, timestamp: '2026-01-01T00:00:30.123456+00:00' },
				],
			},
		});
		expect([answer.status, answer.json]).toEqual([
			200,
			{
				status: 'success',
				count: 3,
				created_count: 3,
				ids: [1, 2, 3],
				results: [{ status: 'stored' }, { status: 'stored' }, { status: 'stored' }],
				commands: [],
			},
		]);
		expect(server.rows('readings')).toMatchObject([
			{ heart_rate: 72, source_timestamp: 30_000 },
			{ heart_rate: 73, source_timestamp: 60_000 },
			{ temperature: 36.7, timestamp: 1_767_225_630_123 },
		]);
	});
});

describe('the other messages of a device that has only HTTP', () => {
	test.each([
		['alert', { alert_type: 'high', message: 'm', timestamp: 1_767_225_600_000, priority: 'high', alert_id: 'a-1' }],
		['heartbeat', { status: 'online', timestamp: 1_767_225_600_000, uptime: 10 }],
		['diagnostics', { type: 'diagnostics', wifi_rssi: -60, free_heap: 30_000, reset_reason: 1 }],
		['replies', { command_id: 'c', status: 'done', timestamp: 1_767_225_600_000 }],
	])('%s is kept, then acknowledged', async (kind, fields) => {
		const server = await webRig();
		const { status, json } = await server.post(id, `/api/iot/${kind}`, { device_id: id, ...fields });
		expect([status, json]).toEqual([201, { status: 'success', result: 'stored', commands: [] }]);
		expect(server.rows('messages')).toMatchObject([{ kind, device_id: id, door: 'http' }]);
		const wrong = await server.post(id, `/api/iot/${kind}`, { device_id: id, ...fields, timestamp: -1 });
		expect([wrong.status, wrong.json]).toEqual([422, refused('timestamp: -1 is below 0')]);
	});
});

test('a server that stops gives the receipts it owes', async () => {
	const server = await webRig();
	const sent = Array.from({ length: 10 }, (_, index) => server.post(id, data, flat(index)));
	await until(() => server.store.database.prepare('SELECT 1 FROM readings').get() !== undefined, 'a row');
	const settled = Promise.allSettled(sent);
	await server.close();
	const good = (await settled).filter((result) => result.status === 'fulfilled' && result.value.status === 201);
	expect(good.length).toBeGreaterThan(0);
});
