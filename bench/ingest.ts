import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { connectAsync, type MqttClient } from 'mqtt';
import { enrol } from '../hosts/server/enrol';
import { Ingest } from '../hosts/server/ingest';
import { migrate } from '../hosts/server/migrations';
import { startServer } from '../hosts/server/server';
import { Store } from '../hosts/server/store';

const batch = 1_000;
const rounds = 9;
const perRound = 10_000;
const overTheLine = 20_000;
const devices = 8;
const start = Date.UTC(2026, 0, 1);

const columns =
	'device_id, epoch, sequence, timestamp, temperature, humidity, heart_rate, spo2, battery_level, latitude, longitude, received_at, door';

/** A reading as the firmware sends it: about 210 bytes. */
function body(deviceId: string, sequence: number): string {
	return JSON.stringify({
		device_id: deviceId,
		timestamp: start + sequence * 1000,
		temperature: 36 + (sequence % 200) / 100,
		humidity: 41.2,
		heart_rate: 60 + (sequence % 40),
		spo2: 97.5,
		battery_level: 88,
		latitude: 14.6937,
		longitude: -17.4441,
		reading_id: `5f1c09aa-${sequence}`,
	});
}

/** Readings a second, inserted as fast as the disk and SQLite allow: the same table, indices, pragmas and batches. */
class Raw {
	readonly #database: Database.Database;
	readonly #insert: Database.Transaction<(from: number) => void>;
	#next = 0;

	constructor(path: string) {
		this.#database = new Database(path);
		this.#database.pragma('journal_mode = WAL');
		this.#database.pragma('synchronous = FULL');
		migrate(this.#database);
		const statement = this.#database.prepare(
			`INSERT INTO readings (${columns}) VALUES (${columns.replace(/\w+/g, '?')})`,
		);
		this.#insert = this.#database.transaction((from: number) => {
			for (let sequence = from; sequence < from + batch; sequence += 1)
				statement.run(
					...['ESP32_001', 0x5f1c09aa, sequence, start + sequence * 1000, 36 + (sequence % 200) / 100, 41.2],
					...[60 + (sequence % 40), 97.5, 88, 14.6937, -17.4441, start, 'mqtt'],
				);
		});
	}

	round(): number {
		const begin = performance.now();
		for (let done = 0; done < perRound; done += batch) {
			this.#insert(this.#next);
			this.#next += batch;
		}
		return (perRound / (performance.now() - begin)) * 1000;
	}

	close(): void {
		this.#database.close();
	}
}

/** Readings a second, from the bytes of a message to its receipt. */
class Submitted {
	readonly #store: Store;
	readonly #ingest: Ingest;
	#next = 0;

	constructor(path: string) {
		this.#store = new Store(path);
		this.#ingest = new Ingest({ store: this.#store, now: Date.now, batch });
	}

	async round(): Promise<number> {
		// Made beforehand: making messages is the device's work.
		const bodies = Array.from({ length: perRound }, (_, index) => Buffer.from(body('ESP32_001', this.#next + index)));
		this.#next += perRound;
		const begin = performance.now();
		for (let at = 0; at < perRound; at += batch)
			await new Promise<void>((resolve, reject) => {
				let left = batch;
				for (const message of bodies.slice(at, at + batch))
					this.#ingest.submit(
						{ door: 'mqtt', deviceId: 'ESP32_001', channel: 'data', body: message, receivedAt: start },
						(outcome) => {
							if (outcome !== 'stored') reject(new Error(JSON.stringify(outcome)));
							left -= 1;
							if (left === 0) resolve();
						},
					);
			});
		return (perRound / (performance.now() - begin)) * 1000;
	}

	close(): void {
		this.#ingest.close();
		this.#store.close();
	}
}

/** Readings a second through the real broker over TLS, every client with `inFlight` readings under way; the clients share this process. */
async function throughBroker(state: string, inFlight: number): Promise<number> {
	const server = await startServer({ state, httpPort: 0, httpsPort: 0, mqttsPort: 0, host: '127.0.0.1' });
	const clients: MqttClient[] = [];
	try {
		const ids = Array.from({ length: devices }, (_, index) => `bench-${inFlight}-${index}`);
		for (const clientId of ids) {
			const { user: username, password } = enrol(state, clientId);
			const ca = readFileSync(server.caFile);
			clients.push(await connectAsync(`mqtts://localhost:${server.mqttsPort}`, { ca, username, password, clientId }));
		}
		const each = overTheLine / devices;
		const begin = performance.now();
		await Promise.all(
			clients.flatMap((client, index) => {
				let next = 0;
				const lane = async (): Promise<void> => {
					while (next < each) await client.publishAsync('fajma/esp32/data', body(ids[index]!, next++), { qos: 1 });
				};
				return Array.from({ length: inFlight }, lane);
			}),
		);
		const rate = (overTheLine / (performance.now() - begin)) * 1000;
		const { rows } = server.counts();
		if (rows !== overTheLine) throw new Error(`${rows} rows of ${overTheLine}`);
		return rate;
	} finally {
		await Promise.all(clients.map((client) => client.endAsync(true)));
		await server.close();
	}
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const perSecond = (rate: number): string => `${Math.round(rate).toLocaleString('en')}/s`;

/** How fast the server takes readings: raw SQLite and `Ingest.submit` in turns, so that both see the same machine. */
export async function ingestBench(): Promise<{ title: string; rows: [name: string, value: string, note?: string][] }> {
	const folder = mkdtempSync(join(tmpdir(), 'fajma-bench-'));
	try {
		const raw = new Raw(join(folder, 'raw.db'));
		const submitted = new Submitted(join(folder, 'ingest.db'));
		const rates = { raw: [] as number[], submitted: [] as number[] };
		for (let round = -1; round < rounds; round += 1) {
			const [plain, checked] = [raw.round(), await submitted.round()];
			// The first round warms both up.
			if (round < 0) continue;
			rates.raw.push(plain);
			rates.submitted.push(checked);
		}
		const ratios = rates.raw.map((rate, round) => rates.submitted[round]! / rate);
		raw.close();
		submitted.close();
		const state = join(folder, 'state');
		const one = await throughBroker(state, 1);
		const sixteen = await throughBroker(state, 16);
		const size = Buffer.byteLength(body('ESP32_001', 1_000));
		return {
			title: 'Server ingest',
			rows: [
				[
					'raw SQLite inserts',
					perSecond(median(rates.raw)),
					`${batch} in a transaction, WAL, synchronous=FULL; median of ${rounds} rounds`,
				],
				[
					'Ingest.submit to receipt',
					perSecond(median(rates.submitted)),
					`${size}-byte JSON parsed, validated, deduplicated, the same transactions`,
				],
				['ratio', median(ratios).toFixed(2), 'median of the rounds; aim ≥ 0.5'],
				[
					'MQTT over TLS, 1 in flight',
					perSecond(one),
					`${devices} devices, QoS 1, PUBACK after the commit; clients in the same process`,
				],
				['MQTT over TLS, 16 in flight', perSecond(sixteen), 'the same'],
			],
		};
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
