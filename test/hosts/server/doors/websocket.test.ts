import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pulse } from '../../../../hosts/server/doors/pulse';
import { reading, until } from '../support';
import { webRig } from './support';
import { deviceTalk, Talk } from './talk';

const id = 'ESP32_001';
const time = 1_767_225_600_000;

describe('the upgrade', () => {
	test('is refused to whoever is not the device of the path', async () => {
		const server = await webRig();
		const good = `Bearer ${await server.token(id)}`;
		const other = `Bearer ${await server.token('two')}`;
		const statuses = await Promise.all(
			(
				[
					[`/ws/iot/${id}/`, undefined],
					[`/ws/iot/${id}/`, 'Bearer nonsense'],
					[`/ws/iot/${id}/`, other],
					['/ws/iot/', good],
					['/ws/iot/a/b/', good],
					['/ws/other/', good],
					[`/ws/patient/${id}/`, undefined],
					[`/ws/patient/${id}/`, good],
				] as const
			).map(async ([path, authorization]) => (await new Talk(server, path, authorization).open()).status),
		);
		expect(statuses).toEqual([401, 401, 403, 404, 404, 404, 401, 401]);
	});

	test('is granted with the token in the header, with or without the last slash, and tells the time', async () => {
		const server = await webRig();
		const token = await server.token(id);
		for (const path of [`/ws/iot/${id}/`, `/ws/iot/${id}`, `/ws/iot/${id}/?x=1`]) {
			const talk = new Talk(server, path, `Bearer ${token}`);
			let date = '';
			talk.socket.on('upgrade', ({ headers }) => {
				date = String(headers.date);
			});
			await talk.open();
			expect(talk.status).toBeUndefined();
			expect(Math.abs(Date.parse(date) - Date.now())).toBeLessThan(10_000);
		}
	});
});

describe("a device's WebSocket", () => {
	test('acknowledges readings, alerts and replies after the commit, by their ids', async () => {
		const server = await webRig();
		const talk = await deviceTalk(server, id);
		const rows: number[] = [];
		talk.socket.on('message', () =>
			rows.push(server.store.database.prepare('SELECT count(*) FROM readings').pluck().get() as number),
		);
		talk.say(reading(id, 1));
		await talk.hears(1);
		expect(rows).toEqual([1]);
		talk.say({ type: 'reading', ...JSON.parse(reading(id, 2)) });
		talk.say({
			type: 'alert',
			device_id: id,
			alert_type: 'high',
			message: 'm',
			timestamp: time,
			alert_id: '5f1c09aa-3',
		});
		talk.say({ type: 'reply', device_id: id, command_id: 'c', status: 'done', timestamp: time });
		talk.say({ type: 'heartbeat', device_id: id, status: 'online', timestamp: time });
		talk.say({ type: 'diagnostics', device_id: id, free_heap: 30_000 });
		talk.say({ device_id: id, timestamp: 30_000, heart_rate: 70 });
		expect(await talk.hears(5)).toEqual([
			{ type: 'ack', reading_id: '5f1c09aa-1' },
			{ type: 'ack', reading_id: '5f1c09aa-2' },
			{ type: 'ack', alert_id: '5f1c09aa-3' },
			{ type: 'ack', command_id: 'c' },
			{ type: 'ack', timestamp: 30_000 },
		]);
		expect(server.rows('readings').map(({ door }) => door)).toEqual(['websocket', 'websocket', 'websocket']);
		expect(server.rows('messages').map(({ kind }) => kind)).toEqual(['alert', 'replies', 'heartbeat', 'diagnostics']);
	});

	test('keeps one row of what came over HTTP before', async () => {
		const server = await webRig();
		await server.post(id, '/api/iot/data', reading(id, 1));
		const talk = await deviceTalk(server, id);
		talk.say(reading(id, 1));
		expect(await talk.hears(1)).toEqual([{ type: 'ack', reading_id: '5f1c09aa-1' }]);
		expect(server.rows('readings').length).toBe(1);
	});

	test('says nack with the field and the bound, and goes on', async () => {
		const server = await webRig();
		const talk = await deviceTalk(server, id);
		talk.say(reading(id, 1, { heart_rate: 900 }));
		talk.say(reading('two', 2));
		talk.say('nonsense');
		talk.say({ type: 'what', device_id: id });
		talk.say({ type: 'alert', device_id: id, alert_id: 'a' });
		talk.say(`"${'x'.repeat(20_000)}"`);
		talk.say(reading(id, 3));
		expect(await talk.hears(7)).toEqual(
			expect.arrayContaining([
				{ type: 'nack', reading_id: '5f1c09aa-1', error: 'heart_rate: 900 is above 300' },
				{ type: 'nack', reading_id: '5f1c09aa-2', error: 'device_id: two is not ESP32_001, who sent it' },
				{ type: 'nack', error: 'body: nonsense is not JSON' },
				{ type: 'nack', error: 'type: not known here' },
				{ type: 'nack', alert_id: 'a', error: 'alert_type: missing' },
				{ type: 'nack', error: 'body: 20002 bytes, at most 16384' },
				{ type: 'ack', reading_id: '5f1c09aa-3' },
			]),
		);
		expect(server.rows('readings').length).toBe(1);
	});

	test('of the guide: connection and realtime_data are taken, and are no rows', async () => {
		const server = await webRig({ acceptGuideTokens: true });
		// arduinoWebSockets: a subprotocol, and Basic where Bearer was meant.
		const basic = Buffer.from(`Bearer:${await server.token(id)}`).toString('base64');
		const talk = await new Talk(server, `/ws/iot/${id}/`, `Basic ${basic}`, {
			protocols: ['arduino'],
		}).open();
		talk.say({ type: 'connection', device_id: id, timestamp: 1_000, data: 'ESP32_001 connecté' });
		talk.say({ type: 'realtime_data', device_id: id, timestamp: 2_000, heart_rate: 72, spo2: 97.5 });
		talk.say({ type: 'realtime_data', device_id: id, timestamp: 3_000, heart_rate: 900 });
		talk.say({ type: 'realtime_data', device_id: 'two', timestamp: 3_000 });
		expect(await talk.hears(2)).toEqual([
			{ type: 'nack', error: 'heart_rate: 900 is above 300' },
			{ type: 'nack', error: 'device_id: two is not ESP32_001, who sent it' },
		]);
		expect(server.rows('readings')).toEqual([]);
	});

	test('gives way to a newer one of the same device', async () => {
		const server = await webRig();
		const first = await deviceTalk(server, id);
		const second = await deviceTalk(server, id);
		await until(() => first.closed !== undefined, 'the end of the first');
		expect(first.closed!.code).toBe(4000);
		second.say(reading(id, 1));
		expect(await second.hears(1)).toEqual([{ type: 'ack', reading_id: '5f1c09aa-1' }]);
	});

	test('ends with 1009 over a message that is too long, with 1003 over bytes', async () => {
		const server = await webRig();
		const long = await deviceTalk(server, id);
		long.say('x'.repeat(65_537));
		await until(() => long.closed !== undefined, 'the end');
		expect(long.closed!.code).toBe(1009);
		const bytes = await deviceTalk(server, id);
		bytes.socket.send(Buffer.from([1, 2, 3]));
		await until(() => bytes.closed !== undefined, 'the end');
		expect(bytes.closed!.code).toBe(1003);
	});

	test('that sends faster than it may is read more slowly, and loses nothing', async () => {
		const server = await webRig({ perSecond: 50 });
		const talk = await deviceTalk(server, id);
		for (let sequence = 0; sequence < 600; sequence += 1) talk.say(reading(id, sequence));
		await talk.hears(600);
		expect(server.rows('readings').length).toBe(600);
	});

	test('ends with 1001 when the server stops, and has its receipts', async () => {
		const server = await webRig();
		const talk = await deviceTalk(server, id);
		talk.say(reading(id, 1));
		await talk.hears(1);
		await server.close();
		await until(() => talk.closed !== undefined, 'the end');
		expect(talk.closed).toEqual({ code: 1001, reason: 'the server stops' });
	});

	test('answers anything that is text with an ack, a nack or nothing, and lives', async () => {
		const server = await webRig({ perSecond: 100_000 });
		const talk = await deviceTalk(server, id);
		const type = fc.constantFrom('reading', 'alert', 'reply', 'realtime_data', 'connection', 'heartbeat', '__proto__');
		const value = fc.oneof(fc.json({ maxDepth: 2 }), fc.constantFrom('1e999', 'NaN', '"ESP32_001"', '-1'));
		const name = fc.constantFrom('device_id', 'timestamp', 'reading_id', 'alert_id', 'command_id', 'data', '__proto__');
		const fields = fc
			.tuple(type, fc.array(fc.tuple(name, value), { maxLength: 5 }))
			.map(([of, all]) => `{"type":"${of}",${all.map(([key, json]) => `"${key}":${json}`).join(',')}}`);
		fc.assert(
			fc.property(fc.oneof(fields, value, fc.string({ unit: 'binary' })), (text) => {
				talk.say(text);
			}),
			{ numRuns: 3_000 },
		);
		talk.say(reading(id, 424_242));
		await until(() => talk.heard.at(-1)?.reading_id === '5f1c09aa-424242', 'the last ack', 30_000);
		expect(talk.heard.every(({ type }) => type === 'ack' || type === 'nack')).toBe(true);
		expect(server.lines.filter(({ level }) => level === 'error')).toEqual([]);
		expect(({} as { a?: unknown }).a).toBeUndefined();
	});
});

test('who answers no ping is ended', async () => {
	const calls: string[] = [];
	const { EventEmitter } = await import('node:events');
	class Fake extends EventEmitter {
		readonly name: string;
		constructor(name: string) {
			super();
			this.name = name;
		}
		ping() {
			calls.push(`ping ${this.name}`);
			if (this.name === 'alive') this.emit('pong');
		}
		terminate() {
			calls.push(`end ${this.name}`);
			this.emit('close');
		}
		close() {
			this.emit('close');
		}
	}
	const pulse = new Pulse(10);
	for (const name of ['alive', 'dead']) pulse.add(new Fake(name) as never);
	await until(() => calls.includes('end dead'), 'the end of the dead');
	expect(calls).not.toContain('end alive');
	expect(pulse.size).toBe(1);
	await pulse.close();
	expect(pulse.size).toBe(0);
});
