import type { Statement } from 'better-sqlite3';
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

/** Sequences of one journal epoch that lie between the first and the last seen, and are not here. */
export interface Missing {
	epoch: string;
	/** First and last of each gap; the lowest `rangeLimit` gaps of all epochs. */
	ranges: [number, number][];
	/** All that are missing in this epoch, also beyond the ranges listed. */
	count: number;
}

export interface DeviceSummary {
	deviceId: string;
	rows: number;
	latest: ShownReading | undefined;
}

export interface ReadingQuery {
	readonly deviceId: string;
	/** Epoch ms, both included. */
	readonly from: number;
	readonly to: number;
	readonly limit: number;
}

type Row = Record<string, number | string | null>;

const rangeLimit = 1_000;
// Alerts share the journal's numbers with readings: an alert that came is no gap.
const numbered = `
	SELECT epoch, sequence FROM readings WHERE device_id = @device AND epoch IS NOT NULL
	UNION SELECT epoch, sequence FROM messages WHERE device_id = @device AND epoch IS NOT NULL`;

/** What people ask the store. Reads only. */
export class Queries {
	readonly #count: Statement;
	readonly #counted = { rows: 0, last: 0 };
	readonly #readings: Statement;
	readonly #gaps: Statement;
	readonly #gapCounts: Statement;
	readonly #devices: Statement;
	readonly #deviceCount: Statement;

	constructor(store: Store) {
		const { database } = store;
		this.#count = database.prepare('SELECT count(*) AS rows, max(id) AS last FROM readings WHERE id > ?');
		this.#readings = database.prepare(
			`SELECT reading_id, timestamp, temperature, humidity, heart_rate, spo2, battery_level, latitude, longitude,
			source_timestamp, received_at, door FROM readings
			WHERE device_id = ? AND timestamp BETWEEN ? AND ? ORDER BY timestamp DESC, id DESC LIMIT ?`,
		);
		this.#gaps = database.prepare(
			`SELECT epoch, sequence + 1 AS first, next - 1 AS last FROM
			(SELECT epoch, sequence, lead(sequence) OVER (PARTITION BY epoch ORDER BY sequence) AS next FROM (${numbered}))
			WHERE next > sequence + 1 ORDER BY epoch, sequence LIMIT @limit`,
		);
		this.#gapCounts = database.prepare(
			`SELECT epoch, max(sequence) - min(sequence) + 1 - count(*) AS missing FROM (${numbered})
			GROUP BY epoch HAVING missing > 0 ORDER BY epoch`,
		);
		// Jumps from device to device in the index: DISTINCT would read every row.
		this.#devices = database
			.prepare(
				`WITH RECURSIVE device (id) AS (
					SELECT min(device_id) FROM readings
					UNION ALL SELECT (SELECT min(device_id) FROM readings WHERE device_id > device.id) FROM device WHERE device.id IS NOT NULL
				) SELECT id FROM device WHERE id IS NOT NULL LIMIT ?`,
			)
			.pluck();
		this.#deviceCount = database.prepare('SELECT count(*) FROM readings WHERE device_id = ?').pluck();
	}

	/** Rows of readings in all, from every run. Only what is new is counted: no row is ever taken out. */
	rows(): number {
		const { rows, last } = this.#count.get(this.#counted.last) as { rows: number; last: number | null };
		this.#counted.rows += rows;
		this.#counted.last = last ?? this.#counted.last;
		return this.#counted.rows;
	}

	/** Newest first. */
	readings(query: ReadingQuery): ShownReading[] {
		return (this.#readings.all(query.deviceId, query.from, query.to, query.limit) as Row[]).map(shown);
	}

	missing(deviceId: string): Missing[] {
		const byEpoch = new Map<number, Missing>();
		for (const row of this.#gapCounts.all({ device: deviceId }) as { epoch: number; missing: number }[])
			byEpoch.set(row.epoch, { epoch: row.epoch.toString(16).padStart(8, '0'), ranges: [], count: row.missing });
		for (const gap of this.#gaps.all({ device: deviceId, limit: rangeLimit }) as {
			epoch: number;
			first: number;
			last: number;
		}[])
			byEpoch.get(gap.epoch)?.ranges.push([gap.first, gap.last]);
		return [...byEpoch.values()];
	}

	devices(limit: number): DeviceSummary[] {
		return (this.#devices.all(limit) as string[]).map((deviceId) => ({
			deviceId,
			rows: this.#deviceCount.get(deviceId) as number,
			latest: this.readings({ deviceId, from: 0, to: Number.MAX_SAFE_INTEGER, limit: 1 })[0],
		}));
	}
}

function shown(row: Row): ShownReading {
	const measured = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
	return { ...(measured as unknown as ShownReading), iso: new Date(row.timestamp as number).toISOString() };
}
