import { readFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { request } from 'node:https';
import { describe, expect, onTestFinished, test } from 'vitest';
import { addOperator } from '../../../../hosts/server/enrol';
import { Feed } from '../../../../hosts/server/feed';
import { reading, until } from '../support';
import { type WebRig, webRig } from './support';
import { deviceTalk, Talk } from './talk';

const id = 'ESP32_001';
const bearer = (server: WebRig) => `Bearer ${addOperator(server.state, 'nurse').token}`;

async function look(server: WebRig): Promise<Talk> {
	return new Talk(server, `/ws/patient/${id}/`, bearer(server)).open();
}

function stream(server: WebRig): { text: () => string; call: ClientRequest; ended: () => boolean } {
	let text = '';
	let ended = false;
	const call = request({
		...{ host: '127.0.0.1', port: server.httpsPort, ca: readFileSync(server.caFile), agent: false as const },
		path: `/api/iot/devices/${id}/events`,
		headers: { authorization: bearer(server) },
	});
	call.on('response', (response) => {
		response.setEncoding('utf8').on('data', (chunk) => {
			text += chunk;
		});
		response.on('close', () => {
			ended = true;
		});
		response.on('error', () => {});
	});
	call.on('error', () => {}).end();
	onTestFinished(() => void call.destroy());
	return { text: () => text, call, ended: () => ended };
}

describe('who looks at a device', () => {
	test('sees what it sends, by every door, as it comes', async () => {
		const server = await webRig();
		const watcher = await look(server);
		const events = stream(server);
		await until(() => events.text().includes(': live'), 'the stream');
		const device = await deviceTalk(server, id);
		device.say({ type: 'realtime_data', device_id: id, timestamp: 2_000, heart_rate: 72, spo2: 97.5 });
		await watcher.hears(1);
		await server.post(id, '/api/iot/data', reading(id, 1, { spo2: undefined }));
		await server.post(id, '/api/iot/data', reading(id, 1, { spo2: undefined }));
		await server.post('two', '/api/iot/data', reading('two', 1));
		const alert = { device_id: id, alert_type: 'high', message: 'm', alert_id: 'a' };
		await server.post(id, '/api/iot/alert', alert);
		const heard = [
			{ type: 'realtime_data', device_id: id, data: { timestamp: 2_000, heart_rate: 72, spo2: 97.5 } },
			{
				type: 'sensor_data',
				device_id: id,
				data: {
					...{ temperature: 36.61, humidity: 41.2, heart_rate: 72, battery_level: 88 },
					...{ latitude: 14.6937, longitude: -17.4441 },
					...{ timestamp: '2026-01-01T00:00:01.000Z', reading_id: '5f1c09aa-1' },
				},
			},
			{ type: 'alert', device_id: id, data: alert },
		];
		expect(await watcher.hears(3)).toEqual(heard);
		await until(() => events.text().includes('event: alert'), 'the alert');
		const lines = events
			.text()
			.split('\n\n')
			.filter((part) => part.startsWith('event: '));
		expect(lines.map((part) => JSON.parse(part.slice(part.indexOf('data: ') + 6)))).toEqual(heard);
		expect(lines.map((part) => /^event: (.*)\n/.exec(part)![1])).toEqual(heard.map(({ type }) => type));
	});

	test('that reads nothing holds up nobody, and is told how much it missed', async () => {
		const server = await webRig({ perSecond: 100_000 });
		const watcher = await look(server);
		watcher.socket.pause();
		const device = await deviceTalk(server, id);
		const before = process.memoryUsage().rss;
		const long = { type: 'connection', device_id: id, data: 'x'.repeat(250) };
		for (let index = 0; index < 60_000; index += 1) device.say(long);
		device.say(reading(id, 1));
		await until(() => device.heard.length === 1, 'the receipt', 30_000);
		expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
		watcher.socket.resume();
		const skipped = () =>
			watcher.heard.reduce((sum, { type, count }) => sum + (type === 'skipped' ? count : 0), 0) as number;
		const live = () => watcher.heard.filter(({ type }) => type === 'connection').length;
		let said = 60_000;
		await until(
			() => {
				device.say(long);
				said += 1;
				// Each is seen, or counted; only what is still on its way is neither.
				return skipped() > 1_000 && said - skipped() - live() < 100;
			},
			'the count',
			20_000,
		);
	}, 60_000);

	test('is told when the server stops', async () => {
		const server = await webRig();
		const watcher = await look(server);
		const events = stream(server);
		await until(() => events.text().includes(': live'), 'the stream');
		await server.close();
		await until(() => watcher.closed !== undefined && events.ended(), 'both ends');
		expect(watcher.closed!.code).toBe(1001);
	});

	test('is an operator', async () => {
		const server = await webRig();
		const headers = { authorization: `Bearer ${await server.token(id)}` };
		for (const path of [`/api/iot/devices/${id}/events`, '/openapi.json', '/metrics'])
			expect((await server.ask(path, { headers })).status, path).toBe(401);
	});
});

test('the feed forgets who left', () => {
	const feed = new Feed();
	const heard: string[] = [];
	const end = feed.listen('d', (text) => heard.push(text));
	feed.listen('e', () => heard.push('e'));
	feed.publish({ type: 't', deviceId: 'd', data: { a: 1 } });
	expect([heard, feed.listeners]).toEqual([['{"type":"t","device_id":"d","data":{"a":1}}'], 2]);
	end();
	end();
	feed.publish({ type: 't', deviceId: 'd', data: {} });
	expect([heard.length, feed.listeners]).toEqual([1, 1]);
});
