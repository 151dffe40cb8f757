import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { interpret, type Reading } from '../../../hosts/server/message';
import { migrate, migrations } from '../../../hosts/server/migrations';
import { Queries } from '../../../hosts/server/queries';
import { isStorageTrouble, type Rejected, Store } from '../../../hosts/server/store';
import type { Channel } from '../../../modules/ports';
import { noon, reading, scratch } from './support';

function parsed(body: string, receivedAt = noon): Reading {
	const arrival = { door: 'mqtt', deviceId: undefined, channel: 'data', body: Buffer.from(body), receivedAt } as const;
	return interpret(arrival, noon + 3_600_000) as Reading;
}

const sketch = (timestamp: number, receivedAt: number, more: object = {}): Reading =>
	parsed(JSON.stringify({ device_id: 'ESP32_001', timestamp, temperature: 36.6, heart_rate: 72, ...more }), receivedAt);

const rejected = (deviceId: string, index: number): Rejected => ({
	kind: 'rejected',
	deviceId,
	door: 'mqtt',
	channel: 'data',
	reason: `reason ${index}`,
	size: 5_000,
	body: Buffer.alloc(5_000, index),
	receivedAt: noon,
});

describe('one row for each reading', () => {
	test('the same reading id again is a duplicate; with other values the first stands, and the other is set aside whole', () => {
		const store = new Store(':memory:');
		const first = parsed(reading('ESP32_001', 1));
		const again = parsed(reading('ESP32_001', 1, { temperature: 20 }));
		expect(store.write([first, again])).toEqual(['stored', 'conflict']);
		expect(store.write([first])).toEqual(['duplicate']);
		const row = store.database.prepare('SELECT reading_id, temperature FROM readings').all();
		expect(row).toEqual([{ reading_id: '5f1c09aa-1', temperature: 36.61 }]);
		const kept = store.database.prepare('SELECT device_id, reason, body FROM rejected').get() as { body: Buffer };
		expect(kept).toMatchObject({
			device_id: 'ESP32_001',
			reason: 'reading_id: 5f1c09aa-1 came before with other values',
		});
		expect(JSON.parse(kept.body.toString())).toEqual(JSON.parse(reading('ESP32_001', 1, { temperature: 20 })));
	});

	test('the same id of another device, another epoch or another sequence is another reading', () => {
		const store = new Store(':memory:');
		const bodies = [
			reading('a', 1),
			reading('b', 1),
			reading('a', 2),
			reading('a', 1, { reading_id: 'ffffffff-1' }),
			reading('a', 1, { reading_id: 'ffffffff-4294967295' }),
		];
		expect(new Set(store.write(bodies.map((body) => parsed(body))))).toEqual(new Set(['stored']));
		expect(new Queries(store).readings({ deviceId: 'a', from: 0, to: noon * 2, limit: 10 }).length).toBe(4);
	});

	test('without an id, a real time is taken once for each device', () => {
		const store = new Store(':memory:');
		const time = 1_767_225_600_000;
		expect(store.write([sketch(time, noon), sketch(time, noon + 5)])).toEqual(['stored', 'duplicate']);
		expect(store.write([sketch(time, noon, { device_id: 'other' })])).toEqual(['stored']);
		expect(store.write([parsed(reading('ESP32_001', 0, { timestamp: time }))])).toEqual(['stored']);
	});

	test('without an id, an uptime that comes again with the same values within a minute is a duplicate', () => {
		const store = new Store(':memory:');
		expect(store.write([sketch(30_000, noon)])).toEqual(['stored']);
		expect(store.write([sketch(30_000, noon + 59_000)])).toEqual(['duplicate']);
	});

	test('two boots that both measure at the same uptime are two readings', () => {
		const store = new Store(':memory:');
		expect(store.write([sketch(30_000, noon)])).toEqual(['stored']);
		expect(store.write([sketch(30_000, noon + 61_000)])).toEqual(['stored']);
		// A device that boots every half minute: the values tell.
		expect(store.write([sketch(30_000, noon + 90_000, { heart_rate: 73 })])).toEqual(['stored']);
		// Two uptimes that arrive in the same millisecond.
		expect(store.write([sketch(60_000, noon), sketch(90_000, noon)])).toEqual(['stored', 'stored']);
	});

	test('an alert with an id is kept once', () => {
		const store = new Store(':memory:');
		const alert = (more: object) => {
			const body = Buffer.from(JSON.stringify({ device_id: 'd', alert_type: 't', message: 'm', ...more }));
			return interpret({ door: 'mqtt', deviceId: 'd', channel: 'alert', body, receivedAt: noon }, noon);
		};
		const withId = alert({ alert_id: 'x' });
		expect(store.write([withId, withId, alert({}), alert({})])).toEqual(['stored', 'duplicate', 'stored', 'stored']);
	});
});

describe('what a device says of itself', () => {
	test('is kept to the newest of each kind; alerts and replies are kept all', () => {
		const store = new Store(':memory:', { reportsPerDevice: 3 });
		const say = (channel: Channel, index: number, more: object = {}) => {
			const body = Buffer.from(JSON.stringify({ device_id: 'd', timestamp: noon - 100 + index, ...more }));
			return interpret({ door: 'mqtt', deviceId: 'd', channel, body, receivedAt: noon }, noon);
		};
		for (let index = 0; index < 6; index += 1)
			store.write([
				say('heartbeat', index, { status: 'online' }),
				say('diagnostics', index),
				say('alert', index, { alert_type: 't', message: 'm' }),
				say('replies', index, { command_id: `c${index}`, status: 'done' }),
			]);
		const kept = store.database
			.prepare('SELECT kind, count(*) AS kept, min(timestamp) AS oldest FROM messages GROUP BY kind ORDER BY kind')
			.all();
		expect(kept).toEqual([
			{ kind: 'alert', kept: 6, oldest: noon - 100 },
			{ kind: 'diagnostics', kept: 3, oldest: noon - 97 },
			{ kind: 'heartbeat', kept: 3, oldest: noon - 97 },
			{ kind: 'replies', kept: 6, oldest: noon - 100 },
		]);
	});
});

describe('quarantine', () => {
	test('keeps ten thousand of each device, and says how many it gave up', () => {
		const lines: string[] = [];
		const store = new Store(':memory:', { log: (level, _, message) => lines.push(`${level}: ${message}`) });
		const kept = store.database.prepare('SELECT count(*) FROM rejected').pluck();
		store.write(Array.from({ length: 9_999 }, (_, index) => rejected('noisy', index)));
		expect([kept.get(), store.trimmed]).toEqual([9_999, 0]);
		store.write(Array.from({ length: 2_000 }, (_, index) => rejected('noisy', index)));
		expect(kept.get()).toBe(11_999 - store.trimmed);
		expect(store.trimmed).toBeGreaterThan(900);
		expect(lines[0]).toMatch(/^warning: the quarantine of noisy is full: [0-9]+ of the oldest are gone$/);
	});

	test('keeps the newest of each device, and only the beginning of a body', () => {
		const store = new Store(':memory:', { rejectedPerDevice: 3 });
		store.write(Array.from({ length: 10 }, (_, index) => rejected('noisy', index)));
		store.write([rejected('quiet', 1)]);
		store.write([rejected('noisy', 10)]);
		const rows = store.database
			.prepare('SELECT device_id, reason, size, length(body) AS kept FROM rejected ORDER BY id')
			.all();
		expect(rows).toEqual([
			{ device_id: 'noisy', reason: 'reason 8', size: 5_000, kept: 2_048 },
			{ device_id: 'noisy', reason: 'reason 9', size: 5_000, kept: 2_048 },
			{ device_id: 'quiet', reason: 'reason 1', size: 5_000, kept: 2_048 },
			{ device_id: 'noisy', reason: 'reason 10', size: 5_000, kept: 2_048 },
		]);
	});
});

describe('missing sequences', () => {
	const missingOf = (sequences: readonly [string, number][]) => {
		const store = new Store(':memory:');
		store.write(sequences.map(([epoch, n]) => parsed(reading('d', n % 1_000, { reading_id: `${epoch}-${n}` }))));
		return new Queries(store).missing('d');
	};

	test('none when nothing came, one came, or all came', () => {
		expect(missingOf([])).toEqual([]);
		expect(missingOf([['00000001', 7]])).toEqual([]);
		expect(
			missingOf([
				['00000001', 8],
				['00000001', 7],
				['00000001', 9],
			]),
		).toEqual([]);
	});

	test('are the gaps between the first and the last seen, for each epoch', () => {
		const seen: [string, number][] = [
			['ffffffff', 3],
			['ffffffff', 5],
			['ffffffff', 4_294_967_295],
			['00000001', 0],
			['00000001', 10],
		];
		expect(missingOf(seen)).toEqual([
			{ epoch: '00000001', ranges: [[1, 9]], count: 9 },
			{
				epoch: 'ffffffff',
				ranges: [
					[4, 4],
					[6, 4_294_967_294],
				],
				count: 4_294_967_290,
			},
		]);
	});

	test('are not those of alerts, which share the journal', () => {
		const store = new Store(':memory:');
		const body = Buffer.from(JSON.stringify({ device_id: 'd', alert_type: 't', message: 'm', alert_id: '5f1c09aa-2' }));
		const alert = interpret({ door: 'mqtt', deviceId: 'd', channel: 'alert', body, receivedAt: noon }, noon);
		store.write([parsed(reading('d', 1)), alert, parsed(reading('d', 3)), parsed(reading('d', 5))]);
		expect(new Queries(store).missing('d')).toEqual([{ epoch: '5f1c09aa', ranges: [[4, 4]], count: 1 }]);
	});

	test('are looked for among the newest numbers only, and the answer says so', () => {
		const store = new Store(':memory:');
		const add = (epoch: string, n: number) => store.write([parsed(reading('d', n, { reading_id: `${epoch}-${n}` }))]);
		for (const n of [1, 3, 5, 7, 9]) add('ffffffff', n);
		for (const n of [1, 2, 4]) add('00000001', n);
		const queries = new Queries(store);
		expect(queries.missing('d', 5)).toEqual([
			{ epoch: '00000001', ranges: [[3, 3]], count: 1 },
			{ epoch: 'ffffffff', ranges: [[8, 8]], count: 1, partial: true },
		]);
		expect(queries.missing('d', 3)[1]).toEqual({ epoch: 'ffffffff', ranges: [], count: 0, partial: true });
	});

	test('of half a million readings are found in a moment', () => {
		const store = new Store(':memory:');
		store.database.exec(
			`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 499999)
			INSERT INTO readings (device_id, epoch, sequence, timestamp, received_at, door) SELECT 'd', 1, i * 2, i, i, 'mqtt' FROM n`,
		);
		const begin = performance.now();
		expect(new Queries(store).missing('d')).toMatchObject([{ count: 99_999, partial: true }]);
		expect(performance.now() - begin).toBeLessThan(500);
	});

	test('are bounded in number, but counted all', () => {
		const seen = Array.from({ length: 1_500 }, (_, index): [string, number] => ['00000001', index * 2]);
		const [missing] = missingOf(seen);
		expect(missing!.ranges.length).toBe(1_000);
		expect(missing!.count).toBe(1_499);
	});
});

describe('the database', () => {
	test('is in WAL mode, commits to the disk, and is found again', () => {
		const path = join(scratch(), 'readings.db');
		const store = new Store(path);
		expect(store.database.pragma('journal_mode', { simple: true })).toBe('wal');
		expect(store.database.pragma('synchronous', { simple: true })).toBe(2);
		store.write([parsed(reading('d', 1))]);
		store.close();
		store.close();
		const again = new Store(path);
		expect(new Queries(again).rows()).toBe(1);
		again.close();
	});

	test('is read by its owner only, with all that lies beside it, also one that was open before', () => {
		const path = join(scratch(), 'readings.db');
		const modes = () => ['', '-wal', '-shm'].map((suffix) => statSync(path + suffix).mode & 0o777);
		const store = new Store(path);
		expect(modes()).toEqual([0o600, 0o600, 0o600]);
		store.close();
		chmodSync(path, 0o644);
		const again = new Store(path);
		expect(modes()).toEqual([0o600, 0o600, 0o600]);
		again.close();
	});

	test('comes from version 0 to the newest, one whole step after the other', () => {
		const database = new Database(':memory:');
		migrate(database, ['CREATE TABLE one (a)', 'INSERT INTO one VALUES (1)']);
		expect(database.pragma('user_version', { simple: true })).toBe(2);
		const broken = ['', '', 'INSERT INTO one VALUES (2)', 'INSERT INTO one VALUES (3); SELECT * FROM nowhere'];
		expect(() => migrate(database, broken)).toThrow('nowhere');
		expect(database.pragma('user_version', { simple: true })).toBe(3);
		expect(database.prepare('SELECT a FROM one').pluck().all()).toEqual([1, 2]);
	});

	test('of a newer server is left alone', () => {
		const path = join(scratch(), 'readings.db');
		const database = new Database(path);
		database.pragma(`user_version = ${migrations.length + 1}`);
		database.close();
		const before = statSync(path).size;
		expect(() => new Store(path)).toThrow('use a newer server');
		expect(statSync(path).size).toBe(before);
	});

	test('tells a full disk or a lock from a row that is wrong', () => {
		expect(isStorageTrouble(Object.assign(new Error(), { code: 'SQLITE_FULL' }))).toBe(true);
		expect(isStorageTrouble(Object.assign(new Error(), { code: 'SQLITE_BUSY' }))).toBe(true);
		expect(isStorageTrouble(Object.assign(new Error(), { code: 'SQLITE_CONSTRAINT_CHECK' }))).toBe(false);
		expect(isStorageTrouble(new TypeError())).toBe(false);
	});
});
