import { describe, expect, test } from 'vitest';
import { Ingest, type IngestOptions, type Outcome } from '../../../hosts/server/ingest';
import type { Arrival } from '../../../hosts/server/message';
import { Queries } from '../../../hosts/server/queries';
import { type Entry, Store, type Written } from '../../../hosts/server/store';
import { noon, reading } from './support';

/** A store that fails as long as `failure` is set, and a clockwork that runs only when it is told to. */
class Bench {
	readonly store = new Store(':memory:');
	readonly due: { run: () => void; delay: number }[] = [];
	readonly outcomes: Outcome[] = [];
	readonly lines: string[] = [];
	readonly batches: number[] = [];
	readonly ingest: Ingest;
	failure: ((entries: readonly Entry[]) => Error | undefined) | undefined;

	constructor(options: Partial<IngestOptions> = {}) {
		const write = (entries: readonly Entry[]): Written[] => {
			const error = this.failure?.(entries);
			if (error) throw error;
			this.batches.push(entries.length);
			return this.store.write(entries);
		};
		this.ingest = new Ingest({
			store: { write },
			now: () => noon,
			schedule: (run, delay) => this.due.push({ run, delay }),
			log: (level, _, message) => this.lines.push(`${level}: ${message}`),
			...options,
		});
	}

	submit(body: string, deviceId = 'ESP32_001', more: Partial<Arrival> = {}): void {
		const arrival: Arrival = {
			door: 'mqtt',
			deviceId,
			channel: 'data',
			body: Buffer.from(body),
			receivedAt: noon,
			...more,
		};
		this.ingest.submit(arrival, (outcome) => this.outcomes.push(outcome));
	}

	/** Lets what is due happen, once. */
	turn(): void {
		for (const { run } of this.due.splice(0)) run();
	}

	get rows(): number {
		return new Queries(this.store).rows();
	}
}

const full = () => Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });

describe('receipts', () => {
	test('come after the commit, in order, and one transaction holds all that arrived meanwhile', () => {
		const bench = new Bench();
		bench.submit(reading('ESP32_001', 1));
		bench.submit(reading('ESP32_001', 1));
		bench.submit('{"device_id":"ESP32_001","timestamp":1,"heart_rate":900}');
		bench.submit(reading('ESP32_001', 2));
		expect(bench.outcomes).toEqual([]);
		expect(bench.rows).toBe(0);
		bench.turn();
		expect(bench.batches).toEqual([4]);
		expect(bench.rows).toBe(2);
		expect(bench.outcomes).toEqual(['stored', 'duplicate', { refused: 'heart_rate: 900 is above 300' }, 'stored']);
		expect(bench.ingest.counts()).toEqual({ rows: 2, duplicates: 1, rejected: 1, messages: 0, undated: 0 });
	});

	test('do not come while the disk is full; they come once it can be written again', () => {
		const bench = new Bench();
		bench.failure = full;
		bench.submit(reading('ESP32_001', 1));
		bench.turn();
		bench.submit(reading('ESP32_001', 2));
		const delays: number[] = [];
		for (let round = 0; round < 12; round += 1) {
			delays.push(bench.due[0]!.delay);
			bench.turn();
		}
		expect(bench.outcomes).toEqual([]);
		expect(bench.ingest.writable).toBe(false);
		expect(delays).toEqual([50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000, 5000]);
		expect(bench.lines).toEqual([
			'error: cannot write to the store (database or disk is full): 1 messages wait, no receipts',
		]);
		bench.failure = undefined;
		bench.turn();
		expect(bench.outcomes).toEqual(['stored', 'stored']);
		expect(bench.ingest.writable).toBe(true);
		expect(bench.rows).toBe(2);
	});

	test('for an id that comes again with other values say that it lies in quarantine, and the log warns once', () => {
		const bench = new Bench();
		for (const heart_rate of [60, 61, 62]) bench.submit(reading('ESP32_001', 1, { heart_rate }));
		bench.turn();
		expect(bench.outcomes).toEqual(['stored', 'quarantined', 'quarantined']);
		expect(bench.ingest.counts()).toMatchObject({ rows: 1, duplicates: 2, rejected: 0 });
		expect(bench.lines).toEqual([expect.stringMatching(/^warning: ESP32_001 sent an id again with other values/)]);
	});

	test('of one that the store chokes on do not hold up the others: it goes into quarantine', () => {
		const bench = new Bench();
		bench.failure = (entries) =>
			entries.some((entry) => entry.kind === 'reading' && entry.sequence === 2) ? new TypeError('poison') : undefined;
		for (const sequence of [1, 2, 3]) bench.submit(reading('ESP32_001', sequence));
		bench.turn();
		expect(bench.outcomes).toEqual(['stored', { refused: 'body: the store could not keep it' }, 'stored']);
		expect(bench.store.database.prepare('SELECT count(*) FROM rejected').pluck().get()).toBe(1);
	});

	test('that a door stumbles over cost the others nothing', () => {
		const bench = new Bench();
		const body = Buffer.from(reading('ESP32_001', 1));
		const arrival = { door: 'mqtt', deviceId: undefined, channel: 'data', body, receivedAt: noon } as const;
		bench.ingest.submit(arrival, () => {
			throw new Error('socket gone');
		});
		bench.submit(reading('ESP32_001', 2));
		bench.turn();
		expect(bench.outcomes).toEqual(['stored']);
		expect(bench.lines).toEqual(['error: a receipt could not be given: socket gone']);
	});
});

describe('bounds', () => {
	test('a queue that is full says busy, never at once', () => {
		const bench = new Bench({ queue: 2 });
		for (const sequence of [1, 2, 3]) bench.submit(reading('ESP32_001', sequence));
		expect(bench.outcomes).toEqual([]);
		bench.turn();
		expect(bench.outcomes).toEqual(['stored', 'stored', 'busy']);
		bench.submit(reading('ESP32_001', 3));
		bench.turn();
		expect(bench.outcomes[3]).toBe('stored');
	});

	test('so does one that holds too many bytes', () => {
		const bench = new Bench({ queueBytes: 20_000 });
		for (let index = 0; index < 3; index += 1) bench.submit(`"${'x'.repeat(9_000)}"`);
		bench.turn();
		const refused = { refused: 'body: must be an object, not a string' };
		expect(bench.outcomes).toEqual([refused, refused, 'busy']);
	});

	test('a transaction holds so many and no more', () => {
		const bench = new Bench({ batch: 2 });
		for (const sequence of [1, 2, 3, 4, 5]) bench.submit(reading('ESP32_001', sequence));
		for (let round = 0; round < 3; round += 1) bench.turn();
		expect(bench.batches).toEqual([2, 2, 1]);
		expect(bench.due).toEqual([]);
	});
});

describe('the end', () => {
	test('commits what waits; afterwards nothing is taken', () => {
		const bench = new Bench({ batch: 2 });
		for (const sequence of [1, 2, 3]) bench.submit(reading('ESP32_001', sequence));
		bench.ingest.close();
		bench.ingest.close();
		expect(bench.outcomes).toEqual(['stored', 'stored', 'stored']);
		bench.submit(reading('ESP32_001', 4));
		bench.turn();
		expect(bench.outcomes[3]).toBe('busy');
		expect(bench.rows).toBe(3);
	});

	test('with a disk that is full gives no receipt', () => {
		const bench = new Bench();
		bench.failure = full;
		bench.submit(reading('ESP32_001', 1));
		bench.ingest.close();
		expect(bench.outcomes).toEqual(['busy']);
	});
});

describe("a clock that is wrong, ours or the device's", () => {
	test('costs no reading: each becomes a row with the stamp beside it, counted, and logged once a minute', () => {
		let now = 0;
		const bench = new Bench({ now: () => now });
		const at = { receivedAt: 0 };
		for (const sequence of [1, 2, 3]) bench.submit(reading('ESP32_001', sequence), 'ESP32_001', at);
		// The same stamp and the same values under another id is another reading.
		bench.submit(reading('ESP32_001', 4, { timestamp: 1_767_225_601_000 }), 'ESP32_001', at);
		bench.submit(reading('ESP32_001', 4, { timestamp: 1_767_225_601_000 }), 'ESP32_001', at);
		bench.turn();
		expect(bench.outcomes).toEqual(['stored', 'stored', 'stored', 'stored', 'duplicate']);
		expect(bench.ingest.counts()).toEqual({ rows: 4, duplicates: 1, rejected: 0, messages: 0, undated: 4 });
		const row = bench.store.database.prepare('SELECT timestamp, source_timestamp FROM readings').get();
		expect(row).toEqual({ timestamp: 0, source_timestamp: 1_767_225_601_000 });
		now = 60_000;
		bench.submit(reading('ESP32_001', 5), 'ESP32_001', at);
		bench.turn();
		const line =
			"warning: ESP32_001 sends a time that cannot be: dated by arrival; check its clock, and this machine's";
		expect(bench.lines).toEqual([line, `${line} (and 3 times before)`]);
	});
});

describe('quarantine', () => {
	test('keeps what was refused, under the name of who sent it', () => {
		const bench = new Bench();
		bench.submit(reading('victim', 1), 'attacker');
		bench.turn();
		expect(bench.rows).toBe(0);
		const row = bench.store.database.prepare('SELECT device_id, channel, reason, size, body FROM rejected').get();
		expect(row).toEqual({
			device_id: 'attacker',
			channel: 'data',
			reason: 'device_id: victim is not attacker, who sent it',
			size: Buffer.byteLength(reading('victim', 1)),
			body: Buffer.from(reading('victim', 1)),
		});
		expect(bench.lines).toEqual(['warning: refused data of attacker: device_id: victim is not attacker, who sent it']);
	});
});
