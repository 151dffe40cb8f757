import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { setDevEui } from '../../../../hosts/server/enrol';
import { readLorawanSettings } from '../../../../hosts/server/lorawan/settings';
import { shorten, shortenAlert } from '../../../../modules/lora/payload';
import { packedAlert, packedReading, packedReply } from '../../../../src/messages/packed';
import type { Reading } from '../../../../src/sensing/reading';
import { loadCodec } from '../../../support/codec';
import { noon, scratch, until } from '../support';
import { type WebRig, webRig } from './support';

const id = 'ESP32_001';
const devEui = '70b3d57ed0000001';
const secret = 'a shared secret of thirty-two characters';
const place = { epoch: 0x5f1c09aa, sequence: 7 };
const measured: Reading = {
	stamp: { epochMilliseconds: noon },
	centiCelsius: 3661,
	humidityBasisPoints: 4120,
	heartRateBpm: 72,
	spo2PerMille: 975,
	batteryPercent: 88,
	latitudeTenMicrodegrees: undefined,
	longitudeTenMicrodegrees: undefined,
};
const whole = Buffer.from(packedReading(place, noon + 250, measured));
const short = (() => {
	const bytes = new Uint8Array(8);
	shorten(whole, bytes);
	return Buffer.from(bytes);
})();
/** The same by any other route. */
const json = {
	device_id: id,
	timestamp: noon + 250,
	temperature: 36.61,
	humidity: 41.2,
	heart_rate: 72,
	spo2: 97.5,
	battery_level: 88,
	reading_id: '5f1c09aa-7',
};

const tts = (port: number, bytes: Uint8Array, eui = devEui.toUpperCase()) => ({
	end_device_ids: { device_id: 'vest-1', application_ids: { application_id: 'fajma' }, dev_eui: eui },
	received_at: '2026-01-01T12:00:00.5Z',
	uplink_message: {
		f_port: port,
		f_cnt: 3,
		frm_payload: Buffer.from(bytes).toString('base64'),
		rx_metadata: [{ gateway_ids: { gateway_id: 'roof' }, rssi: -97, snr: 7.5 }],
		settings: { data_rate: { lora: { bandwidth: 125000, spreading_factor: 7 } }, frequency: '868100000' },
	},
});
const chirpstack = (port: number, bytes: Uint8Array) => ({
	deduplicationId: '3ac7e3c4-4401-4b8d-9386-a5c902f9202d',
	deviceInfo: { deviceName: 'vest 1', devEui, tags: {} },
	fCnt: 3,
	fPort: port,
	confirmed: true,
	data: Buffer.from(bytes).toString('base64'),
	rxInfo: [{ gatewayId: '0016c001f153a14c', rssi: -36, snr: 10.5 }],
});

async function lorawanRig(downlinks?: object): Promise<WebRig> {
	const server = await webRig({ now: () => noon, lorawan: { secret, ...(downlinks && { downlinks }) } as never });
	server.device(id);
	setDevEui(server.state, id, devEui);
	return server;
}

const post = (server: WebRig, path: string, body: unknown, given: string | undefined = secret) =>
	server.ask(path, { method: 'POST', headers: given === '' ? {} : { 'x-webhook-secret': given }, body });

describe('the doors for network servers', () => {
	test.each([
		['/api/lorawan/tts', tts],
		['/api/lorawan/chirpstack?event=up', chirpstack],
	])('%s: a reading and an alert are stored, with the values of every other route', async (path, event) => {
		const server = await lorawanRig();
		expect((await post(server, path, event(2, whole))).json).toEqual({ status: 'success', result: 'stored' });
		expect((await post(server, path, event(2, whole))).json).toEqual({ status: 'success', result: 'duplicate' });
		expect((await server.post(id, '/api/iot/data', json)).json.result).toBe('duplicate');
		expect(server.rows('readings')).toMatchObject([
			{ reading_id: '5f1c09aa-7', timestamp: noon + 250, temperature: 36.61, spo2: 97.5, door: 'lorawan' },
		]);
		const alert = { stamp: { epochMilliseconds: noon }, kind: 24, value: 905, threshold: 910 };
		const packed = new Uint8Array(packedAlert(place, noon, alert, 'en'));
		expect((await post(server, path, event(3, packed))).json.result).toBe('stored');
		expect((await post(server, path, event(3, packed))).json.result).toBe('duplicate');
		const [message] = server.rows('messages');
		expect(message).toMatchObject({ kind: 'alert', alert_id: '5f1c09aa-a7', device_id: id, timestamp: noon });
		expect(JSON.parse(message!.body as string)).toMatchObject({
			alert_type: 'spo2_low',
			value: 90.5,
			priority: 'high',
		});
	});

	test("the guide's eight bytes have a row until the whole reading takes its place, whichever comes first", async () => {
		const server = await lorawanRig();
		const path = '/api/lorawan/tts';
		expect((await post(server, path, tts(1, short))).json.result).toBe('stored');
		expect((await post(server, path, tts(1, short))).json.result).toBe('duplicate');
		expect(server.rows('readings')).toMatchObject([{ reading_id: null, timestamp: noon, heart_rate: 72, spo2: null }]);
		expect((await server.post(id, '/api/iot/data', json)).json).toMatchObject({ result: 'stored', id: 1 });
		expect((await post(server, path, tts(1, short))).json.result).toBe('duplicate');
		expect(server.rows('readings')).toMatchObject([
			{ reading_id: '5f1c09aa-7', timestamp: noon + 250, spo2: 97.5, door: 'http' },
		]);
		expect(server.counts()).toMatchObject({ rows: 1, duplicates: 2, rejected: 0 });
		// Another heart rate is another reading.
		const other = { ...json, reading_id: '5f1c09aa-8', timestamp: noon + 900, heart_rate: 73 };
		expect((await server.post(id, '/api/iot/data', other)).json).toMatchObject({ result: 'stored', id: 2 });
	});

	test('an alert in short is shown until the whole takes its place, whichever comes first', async () => {
		const alertOf = (sequence: number, kind = 24) => {
			const alert = { stamp: { epochMilliseconds: noon }, kind, value: 905, threshold: 910 };
			const whole = new Uint8Array(packedAlert({ epoch: 1, sequence }, noon + 600, alert, 'en'));
			const short = new Uint8Array(9);
			shortenAlert(whole, short);
			return { whole, short };
		};
		const server = await lorawanRig();
		const events: unknown[] = [];
		server.feed.listen(id, (text) => events.push(JSON.parse(text).data));
		const send = async (bytes: Uint8Array) => (await post(server, '/api/lorawan/tts', tts(3, bytes))).json.result;
		const first = alertOf(0x0107);
		expect([await send(first.short), await send(first.short)]).toEqual(['stored', 'duplicate']);
		expect(server.rows('messages')).toMatchObject([
			{ kind: 'alert', alert_id: `${(noon / 1000).toString(16)}-s7-spo2_low`, timestamp: noon, epoch: null },
		]);
		expect([await send(first.whole), await send(first.whole)]).toEqual(['stored', 'duplicate']);
		expect(await send(first.short)).toBe('duplicate');
		const [row, ...others] = server.rows('messages');
		expect(others).toEqual([]);
		expect(row).toMatchObject({ alert_id: '00000001-a263', timestamp: noon + 600, epoch: 1, sequence: 263 });
		expect(JSON.parse(row!.body as string)).toMatchObject({ value: 90.5, threshold: 91 });
		expect(events).toMatchObject([
			{ message: 'Oxygen saturation 90.5 %, at or below its threshold' },
			{ threshold: 91, replaces: `${(noon / 1000).toString(16)}-s7-spo2_low` },
		]);
		// Another kind, or another sequence in the same second, is another alert.
		expect(await send(alertOf(0x0107, 8).short)).toBe('stored');
		expect(await send(alertOf(0x0108).short)).toBe('stored');
		expect(await send(alertOf(0x0109).whole)).toBe('stored');
		expect(await send(alertOf(0x0109).short)).toBe('duplicate');
		expect(server.rows('messages').length).toBe(4);
	});

	test("a sketch's uptime dates nothing: its arrival does", async () => {
		const server = await lorawanRig();
		const sketch = Uint8Array.of(0x0e, 0x4c, 0, 72, 0, 0, 0, 90);
		expect((await post(server, '/api/lorawan/chirpstack', chirpstack(1, sketch))).json.result).toBe('stored');
		expect(server.rows('readings')).toMatchObject([{ timestamp: noon, source_timestamp: 90_000, temperature: 36.6 }]);
	});

	test('nobody comes in without the secret, and nothing is read of what they send', async () => {
		const server = await lorawanRig();
		for (const given of ['', 'wrong', `${secret}x`]) {
			const { status } = await post(server, '/api/lorawan/tts', tts(2, whole), given);
			expect(status).toBe(401);
		}
		expect(server.rows('readings').length + server.rows('rejected').length).toBe(0);
		expect(JSON.stringify(server.lines)).not.toContain(secret);
	});

	test('without a secret there are no such doors', async () => {
		const server = await webRig();
		expect((await post(server, '/api/lorawan/tts', tts(2, whole))).status).toBe(404);
	});

	test.each([
		['an unknown device', tts(2, whole, 'ffffffffffffffff'), 'dev_eui: ffffffffffffffff is no device'],
		['a short payload', tts(2, whole.subarray(1)), 'payload: 26 bytes, not 27'],
		['an unknown port', tts(77, whole), 'fPort: 77 is none of 1, 2, 3 and 4'],
		['no DevEUI', { ...tts(2, whole), end_device_ids: {} }, 'end_device_ids.dev_eui: missing'],
		['what is no base64', { ...tts(2, whole), uplink_message: { f_port: 2, frm_payload: '?' } }, 'must be base64'],
		['no JSON', '{', 'a name in double quotes'],
	])('%s is refused for good, lies in quarantine, and is not sent again', async (_, event, why) => {
		const server = await lorawanRig();
		const { status, json } = await post(server, '/api/lorawan/tts', event);
		expect([status, json.status]).toEqual([200, 'refused']);
		expect(json.error).toContain(why);
		expect(server.rows('rejected')).toMatchObject([{ door: 'lorawan', reason: json.error }]);
	});

	test('joins, acknowledgements and MAC commands alone are no messages', async () => {
		const server = await lorawanRig();
		const join = { end_device_ids: tts(2, whole).end_device_ids, join_accept: { session_key_id: 'x' } };
		expect((await post(server, '/api/lorawan/tts', join)).json.result).toBe('ignored');
		expect((await post(server, '/api/lorawan/tts', tts(0, new Uint8Array()))).json.result).toBe('ignored');
		expect((await post(server, '/api/lorawan/tts', tts(10, new Uint8Array()))).json.result).toBe('ignored');
		const ack = '/api/lorawan/chirpstack?event=ack';
		expect((await post(server, ack, { acknowledged: true })).json.result).toBe('ignored');
		expect(server.rows('rejected')).toEqual([]);
	});
});

interface Asked {
	readonly path: string;
	readonly key: string | undefined;
	// biome-ignore lint/suspicious/noExplicitAny: a test looks into any request
	readonly body: any;
}

/** A network server's API, which refuses the first requests. */
async function networkServer(refusals: number): Promise<{ url: string; asked: Asked[] }> {
	const asked: Asked[] = [];
	const server = createServer((request, response) => {
		let text = '';
		request.setEncoding('utf8').on('data', (chunk) => {
			text += chunk;
		});
		request.on('end', () => {
			const { authorization, 'grpc-metadata-authorization': key = authorization } = request.headers;
			asked.push({ path: request.url!, key: key as string, body: JSON.parse(text) });
			response.writeHead(asked.length <= refusals ? 503 : 200).end('{}');
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	onTestFinished(() => void server.close());
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

describe('commands by LoRaWAN', () => {
	test.each([
		['tts', '/api/v3/as/applications/fajma/webhooks/ours/devices/vest-1/down/push'],
		['chirpstack', `/api/devices/${devEui}/queue`],
	] as const)('go into the queue of %s, again until it takes them', async (network, path) => {
		const peer = await networkServer(1);
		const server = await lorawanRig({ network, url: peer.url, apiKey: 'key', application: 'fajma', webhook: 'ours' });
		await post(server, '/api/lorawan/tts', tts(2, whole));
		const { command } = server.commands.issue(id, { command: 'set_interval', arguments: { seconds: 60 } }, 'somebody');
		expect(command.state).toBe('queued');
		await until(() => server.commands.one(id, command.command_id)?.state === 'sent', 'sent');
		expect(server.commands.one(id, command.command_id)?.sent_by).toBe('lorawan');
		expect(peer.asked.length).toBe(2);
		const { body, ...last } = peer.asked[1]!;
		expect(last).toEqual({ path, key: 'Bearer key' });
		const { f_port, fPort, frm_payload, data } = network === 'tts' ? body.downlinks[0] : body.queueItem;
		const bytes = [...Buffer.from(frm_payload ?? data, 'base64')];
		const said = loadCodec().decodeDownlink({ bytes, fPort: f_port ?? fPort }).data;
		expect(said).toMatchObject({ command_id: command.command_id, command: 'set_interval', arguments: { seconds: 60 } });
		expect(JSON.stringify(server.lines)).not.toContain('Bearer');
	});

	test('end as the device says on port 4; a result of no command is refused', async () => {
		const server = await lorawanRig();
		const send = async (command: string, status: 'done' | 'refused', time: number) =>
			(await post(server, '/api/lorawan/tts', tts(4, new Uint8Array(packedReply(command, status, time))))).json;
		const [first, second] = ['flush', 'read_now'].map(
			(command) => server.commands.issue(id, { command }, 'somebody').command.command_id,
		);
		expect(await send(second!, 'refused', noon)).toMatchObject({ result: 'stored' });
		expect(await send(second!, 'refused', noon)).toMatchObject({ result: 'duplicate' });
		expect(server.commands.one(id, second!)?.state).toBe('refused');
		expect(server.commands.one(id, first!)?.state).toBe('queued');
		expect(await send(first!, 'done', noon)).toMatchObject({ result: 'stored' });
		expect(server.commands.one(id, first!)?.state).toBe('done');
		expect(await send('another', 'done', noon)).toMatchObject({
			error: expect.stringMatching(/^command_reference: [0-9a-f]{8} is no command of ESP32_001$/),
		});
		expect(server.rows('messages').map(({ kind, command_id }) => [kind, command_id])).toEqual([
			['replies', second],
			['replies', first],
		]);
	});

	test('a device without a DevEUI is told nothing by LoRaWAN', async () => {
		const peer = await networkServer(0);
		const server = await lorawanRig({ network: 'chirpstack', url: peer.url, apiKey: 'key' });
		server.device('two');
		server.commands.issue('two', { command: 'flush' }, 'somebody');
		const { command } = server.commands.issue(id, { command: 'flush' }, 'somebody');
		await until(() => server.commands.one(id, command.command_id)?.state === 'sent', 'sent');
		expect(peer.asked.map(({ path }) => path)).toEqual([`/api/devices/${devEui}/queue`]);
	});
});

describe('the file of --lorawan', () => {
	const read = (content: unknown) => {
		const path = join(scratch(), 'lorawan.json');
		writeFileSync(path, JSON.stringify(content));
		return readLorawanSettings(path);
	};
	const downlinks = { network: 'tts', url: 'https://eu1.example', apiKey: 'k', application: 'fajma', webhook: 'ours' };

	test('is taken', () => {
		expect(read({ secret })).toEqual({ secret });
		expect(read({ secret, downlinks })).toEqual({ secret, downlinks });
	});

	test.each([
		[{ secret: 'short' }, 'secret: must be a text of 32 characters or more'],
		[{ secret, downlinks: { ...downlinks, network: 'lorix' } }, 'downlinks.network: must be tts or chirpstack'],
		[{ secret, downlinks: { ...downlinks, url: 'http://elsewhere' } }, 'downlinks.url: must be https'],
		[{ secret, downlinks: { ...downlinks, apiKey: 'a\nb' } }, 'downlinks.apiKey: must be a text'],
		[{ secret, downlinks: { ...downlinks, application: '../x' } }, 'downlinks.application: must be its id'],
	])('%j is refused', (content, why) => {
		expect(() => read(content)).toThrow(why);
	});
});
