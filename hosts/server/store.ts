import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { Channel, Log } from '../../modules/ports';
import { type Door, type Message, type Reading, type Reply, shortAlertOf, type Wrong } from './message';
import { migrate } from './migrations';
import { quantityNames } from './schema';
import { Seldom } from './seldom';

/** What was refused for good, for a person to look at. */
export interface Rejected {
	readonly kind: 'rejected';
	/** As the door knows it; empty where it cannot. */
	readonly deviceId: string;
	readonly door: Door;
	readonly channel: Channel;
	readonly reason: string;
	/** Where a door can answer according to it. */
	readonly wrong?: Wrong;
	/** Bytes that came; `body` may be fewer. */
	readonly size: number;
	readonly body: Buffer;
	readonly receivedAt: number;
}

export type Entry = Reading | Message | Rejected;
/**
 * 'conflict': a reading whose id came before with other values; the first stands, this one lies in quarantine. 'completed': it
 * took the place of what LoRaWAN brought of it in short: a reading without its id, an alert without its threshold.
 */
export type Written = 'stored' | 'duplicate' | 'conflict' | 'completed';

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

export interface StoreOptions {
	/** The newest of what was refused that are kept of each device; about a tenth more may lie there for a while. */
	readonly rejectedPerDevice?: number;
	/** The newest of a device's heartbeats, and of its diagnostics, that are kept. */
	readonly reportsPerDevice?: number;
	readonly log?: Log;
	/** Epoch ms. */
	readonly now?: () => number;
}

/** Same device, same uptime, same values: from the same boot when both came within this time of each other (ms). */
const sameBoot = 60_000;

/**
 * The database: SQLite in WAL mode with synchronous=FULL, so that what `write` returned for survives a power cut. All that
 * devices send is written here; what operators send, in commands/; what is only read is read in queries.ts.
 */
export class Store {
	readonly #database: Database.Database;
	readonly #insertReading: Database.Statement;
	readonly #insertMessage: Database.Statement;
	readonly #insertRejected: Database.Statement;
	readonly #finishCommand: Database.Statement;
	readonly #sameUptime: Database.Statement;
	readonly #sameValues: Database.Statement;
	readonly #wholeOf: Database.Statement;
	readonly #complete: Database.Statement;
	readonly #wholeAlert: Database.Statement;
	readonly #completeAlert: Database.Statement;
	readonly #trimRejected: Database.Statement;
	readonly #trimReports: Database.Statement;
	readonly #writeAll: Database.Transaction<(entries: readonly Entry[]) => Written[]>;
	readonly #rejectedPerDevice: number;
	readonly #reportsPerDevice: number;
	/** Entries since each device's quarantine, or its reports of one kind, were last trimmed. */
	readonly #untrimmed = new Map<string, number>();
	readonly #seldom: Seldom;
	#trimmed = 0;

	/**
	 * Opens, or makes, the database at `path` (":memory:" for tests) and brings it to the newest version.
	 * @throws Error when it cannot, or a newer server wrote it
	 */
	constructor(path: string, options: StoreOptions = {}) {
		this.#rejectedPerDevice = options.rejectedPerDevice ?? 10_000;
		this.#reportsPerDevice = options.reportsPerDevice ?? 10_000;
		this.#seldom = new Seldom(options.log ?? (() => {}), options.now ?? Date.now);
		if (path !== ':memory:') makePrivate(path);
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
				`INSERT INTO messages (device_id, kind, timestamp, received_at, door, alert_id, epoch, sequence, command_id, body)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			);
			this.#finishCommand = database.prepare(
				`UPDATE commands SET status = ?, detail = ?, finished_at = ?
				WHERE command_id = ? AND device_id = ? AND status IS NULL`,
			);
			this.#insertRejected = database.prepare(
				`INSERT INTO rejected (device_id, door, channel, reason, size, body, received_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			);
			this.#sameUptime = database.prepare(
				`SELECT 1 FROM readings WHERE device_id = ? AND source_timestamp = ? AND epoch IS NULL AND received_at BETWEEN ? AND ?
				AND ${quantityNames.map((name) => `${name} IS ?`).join(' AND ')} LIMIT 1`,
			);
			this.#sameValues = database.prepare(
				`SELECT 1 FROM readings WHERE device_id = ? AND epoch = ? AND sequence = ?
				AND ${quantityNames.map((name) => `${name} IS ?`).join(' AND ')}`,
			);
			const sameValues = 'device_id = @deviceId AND temperature IS @temperature AND heart_rate IS @heart_rate';
			this.#wholeOf = database.prepare(
				`SELECT 1 FROM readings WHERE ${sameValues} AND timestamp BETWEEN @second AND @second + 999
				AND epoch IS NOT NULL LIMIT 1`,
			);
			this.#complete = database.prepare(
				`UPDATE OR IGNORE readings SET epoch = @epoch, sequence = @sequence, timestamp = @timestamp,
				${quantityNames.map((name) => `${name} = @${name}`).join(', ')}, received_at = @receivedAt, door = @door
				WHERE id = (SELECT id FROM readings WHERE ${sameValues} AND timestamp = @second
				AND door = 'lorawan' AND epoch IS NULL AND source_timestamp IS NULL)`,
			);
			this.#wholeAlert = database.prepare(
				`SELECT 1 FROM messages WHERE device_id = ? AND kind = 'alert' AND timestamp BETWEEN ? AND ? + 999
				AND epoch IS NOT NULL AND sequence & 255 = ? AND body ->> 'alert_type' = ? LIMIT 1`,
			);
			this.#completeAlert = database.prepare(
				`UPDATE OR IGNORE messages SET timestamp = ?, received_at = ?, door = ?, alert_id = ?, epoch = ?, sequence = ?, body = ?
				WHERE device_id = ? AND alert_id = ? AND door = 'lorawan'`,
			);
			this.#trimRejected = database.prepare(
				`DELETE FROM rejected WHERE device_id = ? AND id <=
				(SELECT id FROM rejected WHERE device_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
			);
			this.#trimReports = database.prepare(
				`DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE device_id = ? AND kind = ?
				ORDER BY timestamp DESC, id DESC LIMIT -1 OFFSET ?)`,
			);
			this.#writeAll = database.transaction((entries) => this.#insertAll(entries));
		} catch (error) {
			database.close();
			throw error;
		}
	}

	/** For queries.ts and commands/; nobody else writes through it. */
	get database(): Database.Database {
		return this.#database;
	}

	/**
	 * Writes all in one transaction; when it returns, they are on the disk.
	 * @returns for each entry, in order, whether it is new
	 * @throws SQLite's error; then none of them was written
	 */
	write(entries: readonly Entry[]): Written[] {
		const written = this.#writeAll.immediate(entries);
		for (const [index, entry] of entries.entries()) this.#mayTrim(entry, written[index]!);
		return written;
	}

	/** Of what was refused, how many were taken out again since this start, to make room for newer ones. */
	get trimmed(): number {
		return this.#trimmed;
	}

	/** Twice is fine. */
	close(): void {
		this.#database.close();
	}

	#insertAll(entries: readonly Entry[]): Written[] {
		const written: Written[] = [];
		for (const entry of entries) {
			if (entry.kind === 'reading') written.push(this.#reading(entry));
			else if (entry.kind === 'message') written.push(this.#message(entry));
			else {
				this.#rejected(entry);
				written.push('stored');
			}
		}
		return written;
	}

	/**
	 * A device that goes wild must not fill the disk. Alerts and replies are kept all. Done at the first of each device,
	 * and then at every so many: finding the oldest walks over all that are kept.
	 */
	#mayTrim(entry: Entry, written: Written): void {
		const { deviceId } = entry;
		if (entry.kind === 'message' && (entry.channel === 'heartbeat' || entry.channel === 'diagnostics')) {
			const kind = entry.channel;
			const keep = this.#reportsPerDevice;
			this.#trim(`${kind} ${deviceId}`, keep, () => this.#trimReports.run(deviceId, kind, keep).changes);
		} else if (entry.kind === 'rejected' || written === 'conflict') {
			const keep = this.#rejectedPerDevice;
			const gone = this.#trim(deviceId, keep, () => this.#trimRejected.run(deviceId, deviceId, keep).changes);
			if (gone === 0) return;
			this.#trimmed += gone;
			const who = deviceId || 'someone';
			this.#seldom.log(who, 'warning', 'store', `the quarantine of ${who} is full: ${gone} of the oldest are gone`);
		}
	}

	/** @returns how many are gone */
	#trim(key: string, keep: number, run: () => number): number {
		const since = (this.#untrimmed.get(key) ?? keep) + 1;
		if (this.#untrimmed.size > 10_000) this.#untrimmed.clear();
		const due = since >= keep / 10;
		this.#untrimmed.set(key, due ? 0 : since);
		if (!due) return 0;
		try {
			return run();
		} catch {
			// What was written stands all the same; there is another time to tidy up.
			return 0;
		}
	}

	#reading(reading: Reading): Written {
		const { deviceId, sourceTimestamp, receivedAt } = reading;
		// Two boots may both measure at 30,000 ms. The same values at the same uptime, a minute apart at most, is one sent twice.
		// What has an id needs no guess.
		if (sourceTimestamp !== null && reading.epoch === null) {
			const from = receivedAt - sameBoot;
			const until = receivedAt + sameBoot;
			const values = quantityNames.map((name) => reading[name]);
			if (this.#sameUptime.get(deviceId, sourceTimestamp, from, until, ...values)) return 'duplicate';
		}
		// Port 1 of LoRaWAN says of a reading its second, temperature and heart rate, and not which one it is.
		if (sourceTimestamp === null && (reading.epoch !== null || reading.door === 'lorawan')) {
			const { kind: _, undated: __, ...values } = reading;
			const ofSecond = { ...values, second: Math.floor(reading.timestamp / 1000) * 1000 };
			if (reading.epoch !== null) {
				if (this.#complete.run(ofSecond).changes === 1) return 'completed';
			} else if (this.#wholeOf.get(ofSecond)) return 'duplicate';
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
		if (changes === 1) return 'stored';
		if (reading.epoch === null || this.#isThere(reading)) return 'duplicate';
		this.#rejected(conflicting(reading));
		return 'conflict';
	}

	#isThere(reading: Reading): boolean {
		const values = quantityNames.map((name) => reading[name]);
		return this.#sameValues.get(reading.deviceId, reading.epoch, reading.sequence, ...values) !== undefined;
	}

	#message(message: Message): Written {
		if (message.channel === 'alert' && this.#isOneAlert(message)) return message.shortId ? 'completed' : 'duplicate';
		const { changes } = this.#insertMessage.run(
			message.deviceId,
			message.channel,
			message.timestamp,
			message.receivedAt,
			message.door,
			message.alertId,
			message.epoch,
			message.sequence,
			message.reply?.commandId ?? null,
			message.body,
		);
		// In the same transaction: no power cut leaves a reply without its effect.
		if (changes === 1 && message.reply) this.#finish(message.reply, message);
		return changes === 1 ? 'stored' : 'duplicate';
	}

	/** Of an alert LoRaWAN may bring the short form and the whole, and either first: they are one. */
	#isOneAlert({ deviceId, timestamp, receivedAt, door, alertId, epoch, sequence, shortId, body }: Message): boolean {
		if (shortId !== undefined) {
			const { changes } = this.#completeAlert.run(
				timestamp,
				receivedAt,
				door,
				alertId,
				epoch,
				sequence,
				body,
				deviceId,
				shortId,
			);
			return changes === 1;
		}
		const short = door === 'lorawan' && alertId !== null ? shortAlertOf(alertId) : undefined;
		if (!short) return false;
		const { second, last, type } = short;
		return this.#wholeAlert.get(deviceId, second, second, last, type) !== undefined;
	}

	#finish({ commandId, status, detail }: Reply, { deviceId, receivedAt }: Message): void {
		this.#finishCommand.run(status, detail, receivedAt, commandId, deviceId);
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

function conflicting(reading: Reading): Rejected {
	const { deviceId, door, receivedAt, epoch, sequence } = reading;
	const id = `${epoch!.toString(16).padStart(8, '0')}-${sequence}`;
	const values = quantityNames.flatMap((name) => (reading[name] === null ? [] : [[name, reading[name]] as const]));
	const timestamp = reading.sourceTimestamp ?? reading.timestamp;
	const fields = { device_id: deviceId, timestamp, ...Object.fromEntries(values), reading_id: id };
	const body = Buffer.from(JSON.stringify(fields));
	const reason = `reading_id: ${id} came before with other values`;
	return { kind: 'rejected', deviceId, door, channel: 'data', reason, size: body.length, body, receivedAt };
}

/** Only the owner reads what people's hearts do. SQLite gives `-wal` and `-shm` the mode of the file itself. */
function makePrivate(path: string): void {
	closeSync(openSync(path, 'a', 0o600));
	for (const file of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
}

/** Whether SQLite failed for want of something that may come back (space, a lock, the disk), not because of what was written. */
export function isStorageTrouble(error: unknown): boolean {
	const code = (error as { code?: unknown } | undefined)?.code;
	return (
		typeof code === 'string' && code.startsWith('SQLITE_') && !/^SQLITE_(CONSTRAINT|MISMATCH|RANGE|TOOBIG)/.test(code)
	);
}
