import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { connect, type MqttClient } from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { serverCertificates } from '../../../hosts/server/certificates';
import { enrol } from '../../../hosts/server/enrol';
import { ServerProcess } from './child';
import { reading, scratch, until } from './support';

const readings = 1_000;
const kills = 10;
const window = 16;

async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as { port: number };
	await new Promise((resolve) => server.close(resolve));
	return port;
}

/** Sends reading after reading, a window of them in flight; whatever had no PUBACK when a connection ended goes out again. */
class Publisher {
	readonly receipts = new Set<number>();
	sent = 0;
	#next = 0;
	#again: number[] = [];
	#allowed = 0;

	/** Readings that may have a receipt by now: spreads the flow over all kills. */
	allow(count: number): void {
		this.#allowed = count;
	}

	/** One connection's life. */
	attach(client: MqttClient): void {
		const flying = new Set<number>();
		let over = false;
		const pump = (): void => {
			while (!over && client.connected && flying.size < window) {
				const sequence = this.#again.shift() ?? (this.#next < this.#allowed ? this.#next++ : undefined);
				if (sequence === undefined) break;
				flying.add(sequence);
				this.sent += 1;
				client.publish('fajma/esp32/data', reading('ESP32_001', sequence), { qos: 1 }, (error) => {
					if (over || error) return;
					flying.delete(sequence);
					this.receipts.add(sequence);
					pump();
				});
			}
		};
		client.on('error', () => {});
		client.once('connect', pump);
		const timer = setInterval(pump, 5);
		client.once('close', () => {
			over = true;
			clearInterval(timer);
			this.#again.unshift(...flying);
		});
	}
}

test(`kill -9 of the server ${kills} times while ${readings} readings flow: each is there once`, async () => {
	const state = scratch();
	const { user: username, password } = enrol(state, 'ESP32_001');
	const { ca } = await serverCertificates(state, Date.now());
	const port = await freePort();
	const options = ['--state', state, '--http', '0', '--https', '0', '--mqtts', String(port), '--host', '127.0.0.1'];
	const publisher = new Publisher();
	let server = new ServerProcess(options);
	onTestFinished(() => server.kill('SIGKILL'));
	const reconnect = async (): Promise<MqttClient> => {
		await server.says(/MQTT over TLS on/);
		const client = connect(`mqtts://localhost:${port}`, {
			ca,
			username,
			password,
			clientId: 'ESP32_001',
			clean: false,
			reconnectPeriod: 0,
		});
		onTestFinished(() => void client.end(true));
		publisher.attach(client);
		return client;
	};
	let committedWithoutReceipt = 0;
	for (let kill = 0; kill < kills; kill += 1) {
		const client = await reconnect();
		const target = Math.round(((kill + 1) * readings) / (kills + 1));
		// More than the target flows: the process dies in the middle of it, at another place each time.
		publisher.allow(target + window * 4);
		await until(() => publisher.receipts.size >= target - (kill % window), `receipts before kill ${kill}`, 20_000);
		const gone = new Promise<void>((resolve) => client.once('close', () => resolve()));
		server.kill('SIGKILL');
		expect((await server.exited).signal).toBe('SIGKILL');
		await gone;
		server = new ServerProcess(options);
		await server.says(/MQTT over TLS on/);
		// Looked at beside the new server: it, not we, brought the database back to order.
		const database = new Database(join(state, 'readings.db'), { readonly: true });
		const rows = new Set(database.prepare('SELECT sequence FROM readings').pluck().all() as number[]);
		database.close();
		// What had a receipt is there, at once and for ever.
		for (const sequence of publisher.receipts)
			if (!rows.has(sequence)) throw new Error(`${sequence} had a receipt, and is lost`);
		committedWithoutReceipt += rows.size - publisher.receipts.size;
	}
	await reconnect();
	publisher.allow(readings);
	await until(() => publisher.receipts.size === readings, 'the last receipts', 20_000);
	server.kill('SIGTERM');
	expect((await server.exited).code).toBe(0);
	const database = new Database(join(state, 'readings.db'), { readonly: true });
	const counted = database
		.prepare('SELECT count(*) AS rows, count(DISTINCT sequence) AS sequences, max(sequence) AS last FROM readings')
		.get();
	expect(counted).toEqual({ rows: readings, sequences: readings, last: readings - 1 });
	expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
	database.close();
	console.log(
		`${kills} kills, ${publisher.sent} sent for ${readings}, ${committedWithoutReceipt} committed as the receipt was lost`,
	);
	expect(readFileSync(join(state, 'credentials.json'), 'utf8')).toContain('ESP32_001');
}, 180_000);
