import { connectAsync, type MqttClient } from 'mqtt';
import { describe, expect, onTestFinished, test } from 'vitest';
import { serverCertificates } from '../../../../hosts/server/certificates';
import { Credentials } from '../../../../hosts/server/credentials';
import { enrol } from '../../../../hosts/server/enrol';
import type { Outcome } from '../../../../hosts/server/ingest';
import { Broker } from '../../../../hosts/server/mqtt/broker';
import { Topics } from '../../../../hosts/server/mqtt/topics';
import { type Rig, reading, rig, scratch, until } from '../support';

const topic = (name: string): string => `fajma/esp32/${name}`;
const count = (server: Rig, table: string): number =>
	server.store.database.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
const closed = (client: MqttClient): Promise<void> => new Promise((resolve) => client.once('close', () => resolve()));

describe("a device built from the guide's sketches", () => {
	test('comes in under a random client id, and everything that it sends is kept', async () => {
		const server = await rig();
		const sketch = await server.connect('ESP32_001', { clientId: 'ESP32Client-1a2b' });
		await sketch.subscribeAsync(topic('commands'));
		const data = {
			device_id: 'ESP32_001',
			timestamp: 30_001,
			temperature: 36.6,
			humidity: 41,
			heart_rate: 72,
			spo2: 97,
			battery_level: 88,
		};
		const alert = {
			device_id: 'ESP32_001',
			alert_type: 'spo2_low',
			message: 'SpO2 basse',
			timestamp: 30_100,
			priority: 'high',
		};
		const heartbeat = { device_id: 'ESP32_001', status: 'online', timestamp: 30_200, uptime: 30 };
		const diagnostics = {
			device_id: 'ESP32_001',
			type: 'diagnostics',
			wifi_rssi: -60,
			free_heap: 200_000,
			uptime: 30,
			reset_reason: 1,
			chip_revision: 3,
			sdk_version: 'v4.4',
		};
		for (const [name, body] of Object.entries({ data, alert, heartbeat, diagnostics }))
			await sketch.publishAsync(topic(name), JSON.stringify(body));
		await until(() => server.counts().messages === 3, 'three messages');
		expect(server.counts()).toEqual({ rows: 1, duplicates: 0, rejected: 0, messages: 3, undated: 0 });
		const row = server.store.database
			.prepare('SELECT device_id, heart_rate, source_timestamp, door FROM readings')
			.get();
		expect(row).toEqual({ device_id: 'ESP32_001', heart_rate: 72, source_timestamp: 30_001, door: 'mqtt' });
	});
});

describe('a receipt', () => {
	/** A broker before an ingest that does nothing until it is told to. */
	async function held() {
		const state = scratch();
		const device = enrol(state, 'ESP32_001');
		const waiting: ((outcome: Outcome) => void)[] = [];
		const tls = await serverCertificates(state, Date.now());
		const broker = await Broker.open({
			ingest: { submit: (_, done) => waiting.push(done) },
			topics: new Topics('fajma/esp32'),
			credentials: new Credentials(state),
			tls,
			host: '127.0.0.1',
			port: 0,
			now: Date.now,
			log: () => {},
		});
		onTestFinished(() => broker.close());
		const { user: username, password } = device;
		const options = { ca: tls.ca, username, password, clientId: 'ESP32_001', reconnectPeriod: 0 };
		const client = await connectAsync(`mqtts://localhost:${broker.port}`, options);
		client.on('error', () => {});
		onTestFinished(() => void client.end(true));
		return { waiting, client };
	}

	test('is the PUBACK: it leaves after the commit and not before, in order', async () => {
		const { waiting, client } = await held();
		const receipts: number[] = [];
		for (const sequence of [1, 2, 3])
			client.publish(topic('data'), reading('ESP32_001', sequence), { qos: 1 }, (error) => {
				if (!error) receipts.push(sequence);
			});
		await until(() => waiting.length === 3, 'three submissions');
		await new Promise((resolve) => setTimeout(resolve, 100));
		expect(receipts).toEqual([]);
		waiting[0]!('stored');
		await until(() => receipts.length === 1, 'the first receipt');
		waiting[1]!('duplicate');
		waiting[2]!({ refused: 'for good' });
		await until(() => receipts.length === 3, 'the others');
		expect(receipts).toEqual([1, 2, 3]);
	});

	test('is not given by a server without room: the connection ends instead', async () => {
		const { waiting, client } = await held();
		let receipt = false;
		client.publish(topic('data'), reading('ESP32_001', 1), { qos: 1 }, (error) => {
			receipt = !error;
		});
		await until(() => waiting.length === 1, 'the submission');
		const gone = closed(client);
		waiting[0]!('busy');
		await gone;
		expect(receipt).toBe(false);
	});

	test('for a connection that is gone troubles nobody', async () => {
		const { waiting, client } = await held();
		for (const qos of [0, 1, 2] as const) client.publish(topic('data'), reading('ESP32_001', qos), { qos }, () => {});
		await until(() => waiting.length === 3, 'the submissions');
		client.stream.destroy();
		await new Promise((resolve) => setTimeout(resolve, 50));
		for (const done of waiting) done('stored');
		await new Promise((resolve) => setTimeout(resolve, 50));
	});

	test('means that the row can be read', async () => {
		const server = await rig();
		const client = await server.connect('ESP32_001');
		for (let sequence = 0; sequence < 20; sequence += 1) {
			await client.publishAsync(topic('data'), reading('ESP32_001', sequence), { qos: 1 });
			expect(count(server, 'readings')).toBe(sequence + 1);
		}
		await client.publishAsync(topic('data'), reading('ESP32_001', 7), { qos: 2 });
		expect(server.counts()).toMatchObject({ rows: 20, duplicates: 1 });
	});
});

describe('what cannot be taken', () => {
	test('is set aside and acknowledged, and does not block what comes behind it', async () => {
		const server = await rig();
		const client = await server.connect('ESP32_001');
		const bodies = [
			'{"device_id":"ESP32_001","timestamp":1,"heart_rate":NaN}',
			reading('ESP32_002', 1),
			'x'.repeat(20_000),
			'',
		];
		for (const body of [...bodies, reading('ESP32_001', 1)]) await client.publishAsync(topic('data'), body, { qos: 1 });
		expect(server.counts()).toEqual({ rows: 1, duplicates: 0, rejected: 4, messages: 0, undated: 0 });
		const reasons = server.store.database.prepare('SELECT reason FROM rejected ORDER BY id').pluck().all();
		expect(reasons).toEqual([
			'heart_rate: NaN is not JSON',
			'device_id: ESP32_002 is not ESP32_001, who sent it',
			'body: 20000 bytes, at most 16384',
			'body: ends too early',
		]);
		// The first one speaks for all of this minute.
		expect(server.lines.filter(({ source }) => source === 'ingest').map(({ message }) => message)).toEqual([
			'refused data of ESP32_001: heart_rate: NaN is not JSON',
		]);
	});

	test('ends the connection when the packet is longer than any message may be', async () => {
		const server = await rig();
		const client = await server.connect('ESP32_001');
		const gone = closed(client);
		client.publish(topic('data'), 'x'.repeat(100_000), { qos: 1 }, () => {});
		await gone;
		expect(server.counts().rejected).toBe(0);
		expect(server.lines.at(-2)!.message + server.lines.at(-1)!.message).toMatch(/sent a packet over 65536 bytes/);
	});
});
