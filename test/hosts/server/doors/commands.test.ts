import { describe, expect, test } from 'vitest';
import { argumentsViolation, commandNames } from '../../../../hosts/server/commands/catalogue';
import { Commands } from '../../../../hosts/server/commands/commands';
import { addOperator } from '../../../../hosts/server/enrol';
import { Store } from '../../../../hosts/server/store';
import { noon, reading, until } from '../support';
import { type WebRig, webRig } from './support';
import { deviceTalk } from './talk';

const id = 'ESP32_001';
const path = `/api/iot/devices/${id}/commands`;

function operator(server: WebRig): Record<string, string> {
	return { authorization: `Bearer ${addOperator(server.state, 'nurse').token}` };
}

const tell = (server: WebRig, body: unknown, to = path) =>
	server.ask(to, { method: 'POST', headers: operator(server), body });
const state = async (server: WebRig, commandId: string) =>
	(await server.ask(`${path}/${commandId}`, { headers: operator(server) })).json;
const reply = (commandId: string, status: string, more: object = {}) => ({
	...{ device_id: id, command_id: commandId, status, timestamp: 1_767_225_600_000 },
	...more,
});

describe('a command', () => {
	test('waits, goes out in the answer to what the device posts, and is over with its reply', async () => {
		const server = await webRig();
		const { status, json } = await tell(server, { command: 'set_interval', arguments: { seconds: 10 } });
		expect(status).toBe(201);
		expect(json).toEqual({
			status: 'success',
			command_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
			command: 'set_interval',
			arguments: { seconds: 10 },
			device_id: id,
			issued: expect.any(Number),
			expires: json.issued + 86_400_000,
			state: 'queued',
			operator: 'nurse',
		});
		const { status: _, state: __, operator: ___, ...wire } = json;
		expect((await server.post(id, '/api/iot/data', reading(id, 1))).json.commands).toEqual([wire]);
		expect(await state(server, wire.command_id)).toMatchObject({ state: 'sent', sent_by: 'http' });
		// Until the reply is here, in every answer: one of them may have been lost.
		const batch = { device_id: id, measurements: [] };
		expect((await server.post(id, '/api/iot/batch', batch)).json.commands).toEqual([wire]);
		const done = await server.post(id, '/api/iot/replies', reply(wire.command_id, 'done', { detail: 'ok' }));
		expect(done.json).toEqual({ status: 'success', result: 'stored', commands: [] });
		expect(await state(server, wire.command_id)).toMatchObject({ state: 'done', detail: 'ok' });
		// The first word counts.
		expect((await server.post(id, '/api/iot/replies', reply(wire.command_id, 'failed'))).json.result).toBe('duplicate');
		expect(await state(server, wire.command_id)).toMatchObject({ state: 'done' });
	});

	test('goes over WebSocket at once, or as soon as the device comes', async () => {
		const server = await webRig();
		const first = (await tell(server, { command: 'read_now' })).json;
		const talk = await deviceTalk(server, id);
		expect(await talk.hears(1)).toEqual([
			expect.objectContaining({ type: 'command', command_id: first.command_id, command: 'read_now', arguments: {} }),
		]);
		const second = (await tell(server, { command: 'flush' })).json;
		expect(second).toMatchObject({ state: 'sent', sent_by: 'websocket' });
		await talk.hears(2);
		talk.say({ type: 'reply', ...reply(second.command_id, 'refused', { detail: 'no' }) });
		await talk.hears(3);
		expect(await state(server, second.command_id)).toMatchObject({ state: 'refused', detail: 'no' });
		talk.socket.terminate();
		const again = await deviceTalk(server, id);
		expect(await again.hears(1)).toMatchObject([{ command_id: first.command_id }]);
	});

	test.each([
		[`fajma/esp32/commands/${id}`, true],
		['fajma/esp32/commands', true],
		[`fajma/esp32/commands/${id}`, false],
	])('goes over MQTT on %s to a device with or without a session (clean: %j), not retained', async (topic, clean) => {
		const server = await webRig();
		const early = (await tell(server, { command: 'read_now' })).json;
		const got: { topic: string; retain: boolean; qos: number; command_id: string }[] = [];
		const client = server.prepare(id, { clean });
		client.on('message', (on, payload, { retain, qos }) =>
			got.push({ topic: on, retain, qos, command_id: JSON.parse(String(payload)).command_id }),
		);
		await new Promise((resolve) => client.once('connect', resolve));
		await client.subscribeAsync(topic, { qos: 1 });
		await until(() => got.length === 1, 'the command that waited');
		const late = (await tell(server, { command: 'flush' })).json;
		expect(late).toMatchObject({ state: 'sent', sent_by: 'mqtt' });
		await until(() => got.length === 2, 'the other');
		expect(got).toEqual([early, late].map(({ command_id }) => ({ topic, retain: false, qos: 1, command_id })));
		await client.publishAsync('fajma/esp32/replies', JSON.stringify(reply(early.command_id, 'done')), { qos: 1 });
		await client.endAsync();
		// Only what has no reply comes again, once.
		const next = server.prepare(id, { clean });
		const again: string[] = [];
		next.on('message', (_, payload) => again.push(JSON.parse(String(payload)).command_id));
		await new Promise((resolve) => next.once('connect', resolve));
		// A device may subscribe although its session does already.
		await next.subscribeAsync(topic, { qos: 1 });
		await until(() => again.length > 0, 'the command again');
		await next.publishAsync('fajma/esp32/heartbeat', JSON.stringify({ device_id: id, status: 'online' }), { qos: 1 });
		expect(again).toEqual([late.command_id]);
	});

	test('that has no answer goes again, a minute later, when the device says that it is there', async () => {
		let late = 0;
		const server = await webRig({ now: () => Date.now() + late });
		const talk = await deviceTalk(server, id);
		const client = await server.connect(id);
		const heard: string[] = [];
		client.on('message', (_, payload) => heard.push(JSON.parse(String(payload)).command_id));
		await client.subscribeAsync('fajma/esp32/commands', { qos: 1 });
		const { json } = await tell(server, { command: 'flush' });
		await talk.hears(1);
		const beat = async (status: string) =>
			await server.post(id, '/api/iot/heartbeat', { device_id: id, status, timestamp: Date.now() + late });
		await beat('online');
		late = 60_000;
		await beat('sleeping');
		await beat('offline');
		expect([talk.heard.length, heard.length]).toEqual([1, 1]);
		await beat('online');
		await talk.hears(2);
		await until(() => heard.length === 2, 'the command again');
		expect([talk.heard[1].command_id, heard[1]]).toEqual([json.command_id, json.command_id]);
		await server.post(id, '/api/iot/replies', reply(json.command_id, 'done'));
		late = 120_000;
		await beat('online');
		expect([talk.heard.length, heard.length]).toEqual([2, 2]);
	});

	test('of one device is heard by no other', async () => {
		const server = await webRig();
		const other = await server.connect('two');
		const heard: string[] = [];
		other.on('message', (topic) => heard.push(topic));
		await other.subscribeAsync('fajma/esp32/commands', { qos: 1 });
		const device = await server.connect(id);
		await device.subscribeAsync('fajma/esp32/commands', { qos: 1 });
		const arrived = new Promise((resolve) => device.once('message', resolve));
		const { json } = await tell(server, { command: 'restart' });
		await arrived;
		const talk = await deviceTalk(server, 'two');
		talk.say(reading('two', 1));
		expect(await talk.hears(1)).toMatchObject([{ type: 'ack' }]);
		expect((await server.post('two', '/api/iot/data', reading('two', 2))).json.commands).toEqual([]);
		expect(heard).toEqual([]);
		// Nor can another answer for it.
		await server.post('two', '/api/iot/replies', reply(json.command_id, 'done', { device_id: 'two' }));
		expect(await state(server, json.command_id)).toMatchObject({ state: 'sent' });
	});

	test('expires, and is then sent no more; a reply that comes late still counts', () => {
		const store = new Store(':memory:');
		let now = noon;
		const commands = new Commands(store.database, () => now);
		const { command } = commands.issue(id, { command: 'flush', expires: noon + 1_000 }, 'nurse');
		expect(commands.take(id, 'http').length).toBe(1);
		now += 1_000;
		expect(commands.take(id, 'http')).toEqual([]);
		expect(commands.one(id, command.command_id)!.state).toBe('expired');
		const body = JSON.stringify(reply(command.command_id, 'done'));
		store.write([
			{
				...{ kind: 'message', deviceId: id, channel: 'replies', timestamp: now, undated: false, receivedAt: now },
				...{ door: 'http', alertId: null, epoch: null, sequence: null, body },
				reply: { commandId: command.command_id, status: 'done', detail: null },
			},
		]);
		expect(commands.one(id, command.command_id)!.state).toBe('done');
	});

	test('is one however often it is sent with its id; another with this id is a conflict', async () => {
		const server = await webRig();
		const body = { command: 'sleep', arguments: { seconds: 60 }, command_id: '00000000-0000-4000-8000-000000000001' };
		expect((await tell(server, body)).status).toBe(201);
		expect((await tell(server, body)).status).toBe(200);
		const other = await tell(server, { ...body, arguments: { seconds: 61 } });
		expect([other.status, other.json.error]).toEqual([409, `command_id: ${body.command_id} is another command's`]);
		expect((await server.ask(path, { headers: operator(server) })).json.commands.length).toBe(1);
	});

	test('leaves room in an answer: a device keeps 2 KB of it, 8 KB after a batch of 50', async () => {
		const server = await webRig();
		const long = 1.2345678901234567e-100;
		const all = { low: -long, high: 99.99999999999999, hysteresis: long, ratePerMinute: 999.9999999999999 };
		const given = { temperature: all, humidity: { ...all, low: long }, heart_rate: { ...all, low: long } };
		const most = { ...given, spo2: { ...all, low: long }, battery_level: { ...all, low: long } };
		for (let index = 0; index < 5; index += 1)
			expect((await tell(server, { command: 'set_thresholds', arguments: most })).status).toBe(201);
		const single = await server.post(id, '/api/iot/data', reading(id, 4_294_967_295));
		expect(single.json.commands.length).toBe(1);
		expect(single.text.length).toBeLessThan(2_048);
		const wrong = { temperature: 900, timestamp: 'x'.repeat(100) };
		const batch = await server.post(id, '/api/iot/batch', {
			device_id: id,
			measurements: Array.from({ length: 50 }, () => wrong),
			reading_ids: Array.from({ length: 50 }, (_, index) => `5f1c09aa-42949672${String(index).padStart(2, '0')}`),
		});
		expect(batch.json.results.map(({ status }: { status: string }) => status)).toEqual(new Array(50).fill('refused'));
		expect(batch.json.commands.length).toBe(1);
		expect(batch.text.length).toBeLessThan(8_192);
	});

	test('waits among 64 at most, of which a device is told 8 at once', async () => {
		const server = await webRig();
		for (let index = 0; index < 64; index += 1) expect((await tell(server, { command: 'flush' })).status).toBe(201);
		const over = await tell(server, { command: 'flush' });
		expect([over.status, over.json.error]).toEqual([409, 'command: 64 wait for ESP32_001 already']);
		const talk = await deviceTalk(server, id);
		await talk.hears(8);
		expect((await server.post(id, '/api/iot/data', reading(id, 1))).json.commands.length).toBe(8);
	});

	test.each([
		['nonsense', 400, 'body: nonsense is not JSON'],
		['[]', 422, 'body: must be an object, not an array'],
		['{}', 422, 'command: missing'],
		['{"command":"explode"}', 422, `command: must be ${commandNames.join(', ')}`],
		['{"command":"flush","argument":1}', 422, 'argument: not known here'],
		['{"command":"flush","expires":1}', 422, /^expires: 1 is over; the server's clock says [0-9]+$/],
		['{"command":"flush","expires":9000000000000}', 422, /^expires: 9000000000000 is above [0-9]+ \(30 days\)$/],
		[
			'{"command":"flush","command_id":"1"}',
			422,
			'command_id: must be a UUID in small letters; the same one again is the same command',
		],
		['{"command":"set_interval","arguments":{"seconds":0}}', 422, 'arguments.seconds: 0 is below 1'],
		[' '.repeat(5_000), 413, 'body: over 4096 bytes'],
	])('that is wrong is refused: %.50s', async (body, status, error) => {
		const server = await webRig();
		const answer = await tell(server, body);
		expect(answer.status).toBe(status);
		expect(answer.json.error).toEqual(typeof error === 'string' ? error : expect.stringMatching(error));
		expect((await server.post(id, '/api/iot/data', reading(id, 1))).json.commands).toEqual([]);
	});

	test('is for operators: a device, a stranger and another token are turned away', async () => {
		const server = await webRig();
		const body = { command: 'restart' };
		const device = { authorization: `Bearer ${await server.token(id)}` };
		for (const headers of [{}, device, { authorization: 'Bearer x' }] as Record<string, string>[]) {
			expect((await server.ask(path, { method: 'POST', headers, body })).status).toBe(401);
			expect((await server.ask(path, { headers })).status).toBe(401);
		}
		expect((await tell(server, body, '/api/iot/devices/nobody/commands')).status).toBe(404);
		expect((await tell(server, body, '/api/iot/devices/..%2fx/commands')).status).toBe(404);
		// An operator is no device either.
		const posed = await server.ask('/api/iot/data', {
			method: 'POST',
			headers: operator(server),
			body: reading(id, 1),
		});
		expect(posed.status).toBe(401);
	});
});

describe('the catalogue', () => {
	test.each([
		['set_interval', { seconds: 86_400 }, undefined],
		['set_interval', { seconds: 86_401 }, 'arguments.seconds: 86401 is above 86400'],
		['set_interval', { seconds: 1.5 }, 'arguments.seconds: 1.5 is not a whole number'],
		['set_interval', {}, 'arguments.seconds: missing'],
		['set_interval', { seconds: 1, x: 1 }, 'arguments.x: not known here'],
		['sleep', { seconds: 0 }, 'arguments.seconds: 0 is below 1'],
		['set_mode', { mode: 'always' }, undefined],
		['set_mode', { mode: 'never' }, 'arguments.mode: must be always, sleep'],
		['set_thresholds', { heart_rate: { low: 40, high: 120, hysteresis: 5, ratePerMinute: 30 } }, undefined],
		['set_thresholds', { temperature: { high: 38.5 }, spo2: { low: 90 } }, undefined],
		['set_thresholds', {}, 'arguments: must not be empty'],
		['set_thresholds', { heart_rate: {} }, 'arguments.heart_rate: must not be empty'],
		['set_thresholds', { latitude: { low: 1 } }, 'arguments.latitude: not known here'],
		['set_thresholds', { heart_rate: { low: 120, high: 40 } }, 'arguments.heart_rate.low: 120 is not below high, 40'],
		['set_thresholds', { heart_rate: { high: 301 } }, 'arguments.heart_rate.high: 301 is above 300'],
		['set_thresholds', { heart_rate: { ratePerMinute: 0 } }, 'arguments.heart_rate.ratePerMinute: 0 must be above 0'],
		['flush', {}, undefined],
		['restart', { now: true }, 'arguments.now: not known here'],
	] as const)('%s %j: %s', (command, given, error) => {
		expect(argumentsViolation(command, given)).toBe(error);
	});
});
