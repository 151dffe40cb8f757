import Database from 'better-sqlite3';
import type { Channel } from '../../modules/ports';
import type { Door, Message, Reading } from './message';
import { migrate } from './migrations';
import { quantityNames } from './schema';

/** What was refused for good, for a person to look at. */
export interface Rejected {
	readonly kind: 'rejected';
	/** As the door knows it; empty where it cannot. */
	readonly deviceId: string;
	readonly door: Door;
	readonly channel: Channel;
	readonly reason: string;
	/** Bytes that came; `body` may be fewer. */
	readonly size: number;
	readonly body: Buffer;
	readonly receivedAt: number;
}

export type Entry = Reading | Message | Rejected;
export type Written = 'stored' | 'duplicate';

/** How much of a refused body is kept, in bytes. */
export const rejectedBodyLimit = 2_048;

const readingColumns = [
	'device_id',
	'epoch',
	'sequence',
	'timestamp',
	...quantityNames,
	'source_timestamp',
	'received_at',
	'door',
];

/** Same device, same uptime, same values: from the same boot when both came within this time of each other (ms). */
const sameBoot = 60_000;

/**
 * The database: SQLite in WAL mode with synchronous=FULL, so that what `write` returned for survives a power cut. Every
 * row is written here; what is only read is read in queries.ts.
 */
export class Store {
	readonly #database: Database.Database;
	readonly #insertReading: Database.Statement;
	readonly #insertMessage: Database.Statement;
	readonly #insertRejected: Database.Statement;
	readonly #sameUptime: Database.Statement;
	readonly #trimRejected: Database.Statement;
	readonly #writeAll: Database.Transaction<(entries: readonly Entry[]) => Written[]>;
	readonly #rejectedPerDevice: number;

	/**
	 * Opens, or makes, the database at `path` (":memory:" for tests) and brings it to the newest version.
	 * @throws Error when it cannot, or a newer server wrote it
	 */
	constructor(path: string, options: { readonly rejectedPerDevice?: number } = {}) {
		this.#rejectedPerDevice = options.rejectedPerDevice ?? 200;
		const database = new Database(path, { timeout: 2_000 });
		this.#database = database;
		try {
			database.pragma('journal_mode = WAL');
			database.pragma('synchronous = FULL');
			migrate(database);
			this.#insertReading = database.prepare(
				`INSERT INTO readings (${readingColumns.join(', ')}) VALUES (${readingColumns.map(() => '?').join(', ')})
				ON CONFLICT DO NOTHING`,
			);
			this.#insertMessage = database.prepare(
				`INSERT INTO messages (device_id, kind, timestamp, received_at, door, alert_id, epoch, sequence, body)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			);
			this.#insertRejected = database.prepare(
				`INSERT INTO rejected (device_id, door, channel, reason, size, body, received_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			);
			this.#sameUptime = database.prepare(
				`SELECT 1 FROM readings WHERE device_id = ? AND source_timestamp = ? AND received_at BETWEEN ? AND ?
				AND ${quantityNames.map((name) => `${name} IS ?`).join(' AND ')} LIMIT 1`,
			);
			this.#trimRejected = database.prepare(
				`DELETE FROM rejected WHERE device_id = ? AND id <=
				(SELECT id FROM rejected WHERE device_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
			);
			this.#writeAll = database.transaction((entries) => this.#insertAll(entries));
		} catch (error) {
			database.close();
			throw error;
		}
	}

	/** For queries.ts; nobody else writes through it. */
	get database(): Database.Database {
		return this.#database;
	}

	/**
	 * Writes all in one transaction; when it returns, they are on the disk.
	 * @returns for each entry, in order, whether it is new
	 * @throws SQLite's error; then none of them was written
	 */
	write(entries: readonly Entry[]): Written[] {
		return this.#writeAll.immediate(entries);
	}

	/** Twice is fine. */
	close(): void {
		this.#database.close();
	}

	#insertAll(entries: readonly Entry[]): Written[] {
		const written: Written[] = [];
		const refused = new Set<string>();
		for (const entry of entries) {
			if (entry.kind === 'reading') written.push(this.#reading(entry));
			else if (entry.kind === 'message') written.push(this.#message(entry));
			else {
				this.#rejected(entry);
				refused.add(entry.deviceId);
				written.push('stored');
			}
		}
		for (const deviceId of refused) this.#trimRejected.run(deviceId, deviceId, this.#rejectedPerDevice);
		return written;
	}

	#reading(reading: Reading): Written {
		const { deviceId, sourceTimestamp, receivedAt } = reading;
		// Two boots may both measure at 30,000 ms. The same values at the same uptime, a minute apart at most, is one sent twice.
		if (sourceTimestamp !== null) {
			const from = receivedAt - sameBoot;
			const until = receivedAt + sameBoot;
			const values = quantityNames.map((name) => reading[name]);
			if (this.#sameUptime.get(deviceId, sourceTimestamp, from, until, ...values)) return 'duplicate';
		}
		const { changes } = this.#insertReading.run(
			deviceId,
			reading.epoch,
			reading.sequence,
			reading.timestamp,
			reading.temperature,
			reading.humidity,
			reading.heart_rate,
			reading.spo2,
			reading.battery_level,
			reading.latitude,
			reading.longitude,
			sourceTimestamp,
			receivedAt,
			reading.door,
		);
		return changes === 1 ? 'stored' : 'duplicate';
	}

	#message(message: Message): Written {
		const { changes } = this.#insertMessage.run(
			message.deviceId,
			message.channel,
			message.timestamp,
			message.receivedAt,
			message.door,
			message.alertId,
			message.epoch,
			message.sequence,
			message.body,
		);
		return changes === 1 ? 'stored' : 'duplicate';
	}

	#rejected(rejected: Rejected): void {
		this.#insertRejected.run(
			rejected.deviceId,
			rejected.door,
			rejected.channel,
			rejected.reason,
			rejected.size,
			rejected.body.subarray(0, rejectedBodyLimit),
			rejected.receivedAt,
		);
	}
}

/** Whether SQLite failed for want of something that may come back (space, a lock, the disk), not because of what was written. */
export function isStorageTrouble(error: unknown): boolean {
	const code = (error as { code?: unknown } | undefined)?.code;
	return (
		typeof code === 'string' && code.startsWith('SQLITE_') && !/^SQLITE_(CONSTRAINT|MISMATCH|RANGE|TOOBIG)/.test(code)
	);
}
