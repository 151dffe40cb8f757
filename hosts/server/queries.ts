import type { Statement } from 'better-sqlite3';
import type { Reading } from './message';
import type { Quantity } from './schema';
import type { Store } from './store';

/** A reading as it is shown: wire.md's names. Quantities that were not measured are left out. */
export interface ShownReading extends Partial<Record<Quantity, number>> {
	timestamp: number;
	/** The same, ISO 8601 in UTC. */
	iso: string;
	reading_id?: string;
	/** What the device said, where it is no time: ms since its boot, or a time that cannot be. */
	source_timestamp?: number;
	received_at: number;
	door: string;
}

/** Sequences of one journal epoch that lie between the first and the last looked at, and are not here. */
export interface Missing {
	epoch: string;
	/** First and last of each gap, ascending; the newest `rangeLimit` gaps of all epochs. */
	ranges: [number, number][];
	/** All that are missing, also beyond the ranges listed. */
	count: number;
	/** The epoch holds older sequences that were not looked at. */
	partial?: true;
}

export interface DeviceSummary {
	deviceId: string;
	rows: number;
}

export interface ReadingQuery {
	readonly deviceId: string;
	/** Epoch ms, both included. */
	readonly from: number;
	readonly to: number;
	readonly limit: number;
}

interface ShownMessage {
	readonly kind: 'alert' | 'diagnostics' | 'heartbeat' | 'replies';
	readonly timestamp: number;
	readonly received_at: number;
	readonly door: string;
	readonly body: string;
}

type Row = Record<string, number | string | null>;

const rangeLimit = 1_000;
/** Numbers that one question looks at, at most: it is answered on the thread that serves the devices. */
const lookLimit = 100_000;
const epochLimit = 64;

/** What people ask the store. Reads only. */
export class Queries {
	readonly #count: Statement;
	readonly #counted = { rows: 0, last: 0 };
	readonly #readings: Statement;
	readonly #epochs: Statement;
	readonly #readingNumbers: Statement;
	readonly #alertNumbers: Statement;
	readonly #devices: Statement;
	readonly #deviceCount: Statement;
	readonly #messages: Statement;
	readonly #heardOf: Statement;
	readonly #rowById: Statement;
	readonly #rowByTime: Statement;
	readonly #rowByUptime: Statement;

	constructor(store: Store) {
		const { database } = store;
		this.#count = database.prepare('SELECT count(*) AS rows, max(id) AS last FROM readings WHERE id > ?');
		this.#readings = database.prepare(
			`SELECT reading_id, timestamp, temperature, humidity, heart_rate, spo2, battery_level, latitude, longitude,
			source_timestamp, received_at, door FROM readings
			WHERE device_id = ? AND timestamp BETWEEN ? AND ? ORDER BY timestamp DESC, id DESC LIMIT ?`,
		);
		this.#messages = database.prepare(
			`SELECT kind, timestamp, received_at, door, body FROM messages
			WHERE device_id = ? AND kind = ? AND timestamp BETWEEN ? AND ? ORDER BY timestamp DESC, id DESC LIMIT ?`,
		);
		// Jumps from epoch to epoch in the index; the one whose highest number was written last comes first.
		this.#epochs = database
			.prepare(
				`WITH RECURSIVE found (epoch) AS (
					SELECT min(epoch) FROM readings WHERE device_id = @device AND epoch IS NOT NULL
					UNION ALL SELECT (SELECT min(epoch) FROM readings WHERE device_id = @device AND epoch > found.epoch)
					FROM found WHERE found.epoch IS NOT NULL LIMIT @limit
				) SELECT epoch FROM found WHERE epoch IS NOT NULL ORDER BY
				(SELECT id FROM readings WHERE device_id = @device AND readings.epoch = found.epoch ORDER BY sequence DESC LIMIT 1) DESC`,
			)
			.pluck();
		const numbers = (table: string) =>
			database
				.prepare(`SELECT sequence FROM ${table} WHERE device_id = ? AND epoch = ? ORDER BY sequence DESC LIMIT ?`)
				.pluck();
		this.#readingNumbers = numbers('readings');
		this.#alertNumbers = numbers('messages');
		// Jumps from device to device in the index: DISTINCT would read every row.
		this.#devices = database
			.prepare(
				`WITH RECURSIVE device (id) AS (
					SELECT min(device_id) FROM readings
					UNION ALL SELECT (SELECT min(device_id) FROM readings WHERE device_id > device.id) FROM device WHERE device.id IS NOT NULL
				) SELECT id FROM device WHERE id IS NOT NULL LIMIT ?`,
			)
			.pluck();
		this.#heardOf = database
			.prepare(
				'SELECT EXISTS (SELECT 1 FROM readings WHERE device_id = @id) OR EXISTS (SELECT 1 FROM messages WHERE device_id = @id)',
			)
			.pluck();
		const row = (where: string) =>
			database.prepare(`SELECT max(id) FROM readings WHERE device_id = ? AND ${where}`).pluck();
		this.#rowById = row('epoch = ? AND sequence = ?');
		this.#rowByTime = row('timestamp = ? AND epoch IS NULL AND source_timestamp IS NULL');
		this.#rowByUptime = row('source_timestamp = ? AND epoch IS NULL');
		this.#deviceCount = database.prepare('SELECT count(*) FROM readings WHERE device_id = ?').pluck();
	}

	/** Rows of readings in all, from every run. Only what is new is counted: no row is ever taken out. */
	rows(): number {
		const { rows, last } = this.#count.get(this.#counted.last) as { rows: number; last: number | null };
		this.#counted.rows += rows;
		this.#counted.last = last ?? this.#counted.last;
		return this.#counted.rows;
	}

	/** The row of a reading that was just written, or was there already. */
	rowId({ deviceId, epoch, sequence, timestamp, sourceTimestamp }: Reading): number | undefined {
		if (epoch !== null) return (this.#rowById.get(deviceId, epoch, sequence) as number | null) ?? undefined;
		if (sourceTimestamp !== null)
			return (this.#rowByUptime.get(deviceId, sourceTimestamp) as number | null) ?? undefined;
		return (this.#rowByTime.get(deviceId, timestamp) as number | null) ?? undefined;
	}

	/** Alerts, diagnostics, heartbeats or replies, as they came; newest first. */
	messages(kind: ShownMessage['kind'], { deviceId, from, to, limit }: ReadingQuery): object[] {
		return (this.#messages.all(deviceId, kind, from, to, limit) as ShownMessage[]).map((message) => {
			const { timestamp, received_at, door, body } = message;
			return { ...JSON.parse(body), timestamp, iso: new Date(timestamp).toISOString(), received_at, door };
		});
	}

	/** Newest first. */
	readings(query: ReadingQuery): ShownReading[] {
		return (this.#readings.all(query.deviceId, query.from, query.to, query.limit) as Row[]).map(shown);
	}

	/**
	 * What did not come, of the newest numbers of each epoch, the newest epoch first in line; sorted by epoch.
	 * @param look how many numbers to look at
	 */
	missing(deviceId: string, look = lookLimit): Missing[] {
		const result: Missing[] = [];
		let room = rangeLimit;
		for (const epoch of this.#epochs.all({ device: deviceId, limit: epochLimit }) as number[]) {
			const missing = this.#gaps(deviceId, epoch, look, room);
			look -= missing.looked;
			room -= missing.ranges.length;
			const { ranges, count, partial } = missing;
			if (count === 0 && !partial) continue;
			const entry = { epoch: epoch.toString(16).padStart(8, '0'), ranges, count };
			result.push(partial ? { ...entry, partial } : entry);
		}
		return result.sort((one, other) => (one.epoch < other.epoch ? -1 : 1));
	}

	#gaps(deviceId: string, epoch: number, look: number, room: number) {
		const readings = this.#readingNumbers.all(deviceId, epoch, look + 1) as number[];
		const partial = readings.length > look ? (true as const) : undefined;
		if (partial) readings.pop();
		const lowest = readings.at(-1) ?? 0;
		// Alerts share the journal's numbers with readings: an alert that came is no gap.
		const alerts = new Set(this.#alertNumbers.all(deviceId, epoch, look) as number[]);
		const numbers = readings.concat([...alerts].filter((sequence) => !partial || sequence > lowest));
		const descending = Float64Array.from(numbers).sort().reverse();
		const ranges: [number, number][] = [];
		let count = 0;
		for (let index = 1; index < descending.length; index += 1) {
			const first = descending[index]! + 1;
			const last = descending[index - 1]! - 1;
			if (last < first) continue;
			count += last - first + 1;
			if (ranges.length < room) ranges.push([first, last]);
		}
		return { ranges: ranges.reverse(), count, partial, looked: readings.length };
	}

	/** Whether anything of this device lies here. */
	hasHeardOf(deviceId: string): boolean {
		return this.#heardOf.get({ id: deviceId }) === 1;
	}

	devices(limit: number): DeviceSummary[] {
		return (this.#devices.all(limit) as string[]).map((deviceId) => ({
			deviceId,
			rows: this.#deviceCount.get(deviceId) as number,
		}));
	}
}

function shown(row: Row): ShownReading {
	const measured = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
	return { ...(measured as unknown as ShownReading), iso: new Date(row.timestamp as number).toISOString() };
}
