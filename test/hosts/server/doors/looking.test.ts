import { describe, expect, test } from 'vitest';
import { commandNames } from '../../../../hosts/server/commands/catalogue';
import { addOperator } from '../../../../hosts/server/enrol';
import { schemas } from '../../../../hosts/server/schema';
import { reading } from '../support';
import { type WebRig, webRig } from './support';

const id = 'ESP32_001';
const time = 1_767_225_600_000;

async function look(server: WebRig, path: string) {
	const { token } = addOperator(server.state, 'nurse');
	return server.ask(path, { headers: { authorization: `Bearer ${token}` } });
}

/** The door for people on this machine: the same, without a token. */
async function local(server: WebRig, path: string) {
	const answer = await fetch(`http://127.0.0.1:${server.httpPort}${path}`);
	const text = await answer.text();
	return { status: answer.status, text };
}

describe('what came', () => {
	test('is for operators, and for people on this machine: readings, alerts, diagnostics, heartbeats, what is missing', async () => {
		const server = await webRig();
		const alert = (alertId: string, more: object = {}) => ({
			...{ device_id: id, alert_type: 'high', message: 'm', timestamp: time + 1_000, alert_id: alertId, ...more },
		});
		await server.post(id, '/api/iot/data', reading(id, 1));
		await server.post(id, '/api/iot/data', reading(id, 4));
		await server.post(id, '/api/iot/alert', alert('5f1c09aa-2'));
		await server.post(id, '/api/iot/alert', alert('5f1c09aa-2'));
		await server.post(id, '/api/iot/alert', alert('late', { timestamp: time + 9_000 }));
		await server.post(id, '/api/iot/diagnostics', { device_id: id, timestamp: time, free_heap: 1 });
		await server.post(id, '/api/iot/heartbeat', { device_id: id, timestamp: time, status: 'online' });
		const of = `device_id=${id}`;
		const missing = [{ epoch: '5f1c09aa', ranges: [[3, 3]], count: 1 }];
		const paths: Record<string, object> = {
			[`/api/iot/readings?${of}&limit=1`]: { count: 1, readings: [{ reading_id: '5f1c09aa-4' }], missing },
			[`/api/iot/alerts?${of}`]: { count: 2, alerts: [{ alert_id: 'late' }, { alert_id: '5f1c09aa-2' }] },
			[`/api/iot/alerts?${of}&to=${time + 1_000}`]: { count: 1, alerts: [{ alert_id: '5f1c09aa-2', door: 'http' }] },
			[`/api/iot/diagnostics?${of}`]: { count: 1, diagnostics: [{ free_heap: 1, timestamp: time }] },
			[`/api/iot/heartbeats?${of}`]: { count: 1, heartbeats: [{ status: 'online' }] },
			[`/api/iot/replies?${of}`]: { count: 0, replies: [] },
			[`/api/iot/missing?${of}`]: { device_id: id, missing },
			'/api/iot/devices': { devices: [{ device_id: id, rows: 2 }] },
		};
		for (const [path, content] of Object.entries(paths)) {
			expect((await look(server, path)).json, path).toMatchObject(content);
			expect(JSON.parse((await local(server, path)).text), path).toMatchObject(content);
			expect((await server.ask(path)).status, path).toBe(401);
		}
	});

	test.each([
		['/api/iot/alerts', 'device_id: missing'],
		[`/api/iot/alerts?device_id=${id}&limit=0`, 'limit: 0 is below 1'],
		[`/api/iot/missing?device_id=a&device_id=b`, 'device_id: given twice'],
	])('asked wrongly is a clear error: %s', async (path, error) => {
		const { status, json } = await look(await webRig(), path);
		expect([status, json]).toEqual([400, { status: 'error', error }]);
	});
});

describe('the OpenAPI document', () => {
	test('says what is checked, from the same schemas', async () => {
		const server = await webRig();
		const { json } = await look(server, '/openapi.json');
		expect(json.openapi).toBe('3.1.0');
		expect(Object.keys(json.paths).sort()).toEqual([
			...['/api/iot/alert', '/api/iot/alerts', '/api/iot/batch', '/api/iot/data', '/api/iot/devices'],
			...['commands', 'commands/{command}', 'events'].map((name) => `/api/iot/devices/{id}/${name}`),
			...['diagnostics', 'heartbeat', 'heartbeats', 'missing', 'readings', 'replies'].map((name) => `/api/iot/${name}`),
		]);
		const body = (path: string) => json.paths[path].post.requestBody.content['application/json'].schema;
		expect(body('/api/iot/data')).toEqual(JSON.parse(JSON.stringify(schemas.data)));
		expect(body('/api/iot/alert')).toEqual(JSON.parse(JSON.stringify(schemas.alert)));
		expect(body('/api/iot/devices/{id}/commands').properties.command.enum).toEqual(commandNames);
		expect(json.paths['/api/iot/data'].post.security).toEqual([{ device: [] }]);
		expect(json.paths['/api/iot/readings'].get.security).toEqual([{ operator: [] }]);
		expect(JSON.parse((await local(server, '/openapi.json')).text)).toEqual(json);
	});
});

describe('the metrics', () => {
	test('count what came and what was turned away, and name no device', async () => {
		const server = await webRig();
		await server.post(id, '/api/iot/data', reading(id, 1));
		await server.post(id, '/api/iot/data', reading(id, 1));
		await server.post(id, '/api/iot/data', reading(id, 1, { heart_rate: 900 }));
		await server.ask('/api/iot/data', { method: 'POST' });
		await server.ask('/random-1');
		await server.ask('/random-2');
		const { text, headers } = await look(server, '/metrics');
		expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
		for (const line of [
			'fajma_ingest_total{outcome="rows"} 1',
			'fajma_ingest_total{outcome="duplicates"} 1',
			'fajma_ingest_total{outcome="rejected"} 1',
			'fajma_store_writable 1',
			'fajma_connections{door="https"} 1',
			'fajma_http_request_duration_seconds_count{route="/api/iot/data",status="201"} 2',
			'fajma_http_request_duration_seconds_count{route="/api/iot/data",status="401"} 1',
			'fajma_http_request_duration_seconds_count{route="none",status="404"} 2',
		])
			expect(text).toContain(line);
		expect(text).not.toMatch(/ESP32_001|random/);
		expect((await local(server, '/metrics')).text).toContain('fajma_ingest_total{outcome="rows"} 1');
	});
});

describe('the door without TLS', () => {
	test('is there only when it is asked for, with a warning; it lets in whoever has a token', async () => {
		expect((await webRig()).plainPort).toBeUndefined();
		const server = await webRig({ plainPort: 0 });
		expect(server.lines.some(({ level, message }) => level === 'warning' && /^plain HTTP on/.test(message))).toBe(true);
		const authorization = `Bearer ${await server.token(id)}`;
		const ask = (headers: Record<string, string>) =>
			server.ask('/api/iot/data', { method: 'POST', plain: true, headers, body: reading(id, 1) });
		expect((await ask({})).status).toBe(401);
		expect((await ask({ authorization })).status).toBe(201);
	});
});
