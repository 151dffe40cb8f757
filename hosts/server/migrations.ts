import type { Database } from 'better-sqlite3';

/**
 * The database's history, one step each; `PRAGMA user_version` counts how many are done. A step that has shipped is never
 * edited: what changes, changes in a further step.
 */
export const migrations: readonly string[] = [
	`
	CREATE TABLE readings (
		id INTEGER PRIMARY KEY,
		device_id TEXT NOT NULL,
		epoch INTEGER,                 -- journal epoch and sequence: both or neither
		sequence INTEGER,
		reading_id TEXT GENERATED ALWAYS AS (CASE WHEN epoch IS NOT NULL THEN printf('%08x-%d', epoch, sequence) END) VIRTUAL,
		timestamp INTEGER NOT NULL,    -- epoch ms
		temperature REAL,              -- degrees Celsius
		humidity REAL,                 -- per cent
		heart_rate REAL,               -- beats a minute
		spo2 REAL,                     -- per cent
		battery_level REAL,            -- per cent
		latitude REAL,                 -- degrees
		longitude REAL,
		source_timestamp INTEGER,      -- ms since the device's boot, where it knew no time
		received_at INTEGER NOT NULL,  -- epoch ms
		door TEXT NOT NULL,
		CHECK ((epoch IS NULL) = (sequence IS NULL))
	) STRICT;
	CREATE UNIQUE INDEX readings_by_id ON readings (device_id, epoch, sequence) WHERE epoch IS NOT NULL;
	CREATE UNIQUE INDEX readings_without_id ON readings (device_id, timestamp) WHERE epoch IS NULL AND source_timestamp IS NULL;
	CREATE INDEX readings_by_uptime ON readings (device_id, source_timestamp) WHERE source_timestamp IS NOT NULL;
	CREATE INDEX readings_by_time ON readings (device_id, timestamp);

	CREATE TABLE messages (
		id INTEGER PRIMARY KEY,
		device_id TEXT NOT NULL,
		kind TEXT NOT NULL,            -- heartbeat, alert, diagnostics, replies
		timestamp INTEGER NOT NULL,
		received_at INTEGER NOT NULL,
		door TEXT NOT NULL,
		alert_id TEXT,
		epoch INTEGER,                 -- of an alert that came out of the journal
		sequence INTEGER,
		body TEXT NOT NULL             -- JSON, as it came
	) STRICT;
	CREATE UNIQUE INDEX messages_by_alert ON messages (device_id, alert_id) WHERE alert_id IS NOT NULL;
	CREATE INDEX messages_by_time ON messages (device_id, kind, timestamp);
	CREATE INDEX messages_by_id ON messages (device_id, epoch, sequence) WHERE epoch IS NOT NULL;

	CREATE TABLE rejected (
		id INTEGER PRIMARY KEY,
		device_id TEXT NOT NULL,       -- empty where the door could not know
		door TEXT NOT NULL,
		channel TEXT NOT NULL,
		reason TEXT NOT NULL,
		size INTEGER NOT NULL,         -- bytes that came
		body BLOB NOT NULL,            -- the first of them
		received_at INTEGER NOT NULL
	) STRICT;
	CREATE INDEX rejected_by_device ON rejected (device_id, id);
	`,
	`
	CREATE TABLE commands (
		id INTEGER PRIMARY KEY,
		command_id TEXT NOT NULL UNIQUE,
		device_id TEXT NOT NULL,
		command TEXT NOT NULL,
		arguments TEXT NOT NULL,       -- JSON
		issued INTEGER NOT NULL,       -- epoch ms
		expires INTEGER NOT NULL,
		operator TEXT NOT NULL,
		sent_at INTEGER,               -- when it first went out, and by which door
		sent_by TEXT,
		status TEXT,                   -- done, refused, failed: the device's word
		detail TEXT,
		finished_at INTEGER
	) STRICT;
	CREATE INDEX commands_of_device ON commands (device_id, id);
	CREATE INDEX commands_waiting ON commands (device_id, expires) WHERE status IS NULL;
	ALTER TABLE messages ADD COLUMN command_id TEXT;  -- of a reply: the first one counts
	CREATE UNIQUE INDEX messages_by_command ON messages (device_id, command_id) WHERE command_id IS NOT NULL;
	`,
	`
	-- What LoRaWAN's port 1 brought and the whole reading has not replaced yet: few, so that each new reading may look there.
	CREATE INDEX readings_in_short ON readings (device_id, timestamp)
	WHERE door = 'lorawan' AND epoch IS NULL AND source_timestamp IS NULL;
	`,
];

/**
 * Brings a database to the newest version; each step is done whole or not at all.
 * @throws Error when it was written by a newer server, or SQLite refuses
 */
export function migrate(database: Database, steps: readonly string[] = migrations): void {
	const found = database.pragma('user_version', { simple: true }) as number;
	if (found > steps.length)
		throw new Error(`the database has version ${found}, this server knows ${steps.length}: use a newer server`);
	for (let version = found; version < steps.length; version += 1)
		database
			.transaction(() => {
				// Another process may have done this step while we waited for the lock.
				if ((database.pragma('user_version', { simple: true }) as number) > version) return;
				database.exec(steps[version]!);
				database.pragma(`user_version = ${version + 1}`);
			})
			.immediate();
}
