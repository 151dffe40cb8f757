import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ingest, type Outcome } from '../../../hosts/server/ingest';
import { schemas } from '../../../hosts/server/schema';
import { Store } from '../../../hosts/server/store';
import type { Channel } from '../../../modules/ports';
import { noon, reading } from './support';

const sender = 'ESP32_001';
const victim = 'ESP32_002';

const samples: Readonly<Record<Channel, object>> = {
	data: { ...JSON.parse(reading(sender, 1)), data: {}, location: {} },
	heartbeat: { device_id: sender, status: 'online', timestamp: noon, uptime: 300, next_wake: noon + 30_000 },
	alert: {
		device_id: sender,
		alert_type: 'high',
		message: 'm',
		timestamp: noon,
		priority: 'high',
		alert_id: '5f1c09aa-9',
		value: 150,
		threshold: 120,
	},
	diagnostics: {
		device_id: sender,
		type: 'diagnostics',
		timestamp: noon,
		wifi_rssi: -60,
		free_heap: 200_000,
		uptime: 1,
		reset_reason: 1,
		chip_revision: 3,
		sdk_version: 'v5',
		battery_level: 80,
		backlog: 3,
		dropped: 0,
	},
	replies: { device_id: sender, command_id: 'c', status: 'done', detail: 'd', timestamp: noon },
};
const channels = Object.keys(samples) as Channel[];

/** Raw JSON (or what is none) to stand where a value stood. */
const hostileValue = fc.oneof(
	{
		weight: 4,
		arbitrary: fc.double().map((value) => (Number.isFinite(value) ? JSON.stringify(value) : String(value))),
	},
	{ weight: 2, arbitrary: fc.integer().map(String) },
	{ weight: 2, arbitrary: fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String) },
	{ weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }).map((text) => JSON.stringify(text)) },
	{ weight: 2, arbitrary: fc.json({ maxDepth: 3 }) },
	{ weight: 1, arbitrary: fc.constantFrom(...[1, 8, 9, 4_000].map((depth) => '['.repeat(depth) + ']'.repeat(depth))) },
	{ weight: 1, arbitrary: fc.constantFrom(...[64, 65, 1_025, 16_384].map((length) => `"${'x'.repeat(length)}"`)) },
	{
		weight: 6,
		arbitrary: fc.constantFrom(
			...[
				'NaN',
				'Infinity',
				'-Infinity',
				'nan',
				'undefined',
				'',
				'1e999',
				'-1',
				'-0',
				'1e-400',
				'0x10',
				'01',
				'+1',
				'.5',
			],
			...[
				'null',
				'true',
				'"',
				"''",
				'{}',
				'[]',
				'{"__proto__":1}',
				'{"toString":1}',
				'1,"__proto__":{"a":1}',
				'1}{',
				'1}//',
			],
			...[String(noon + 86_400_001), '9007199254740993', '32503680000000', '4294967296', '253402300800000'],
			...[
				`"${victim}"`,
				'"../../etc/passwd"',
				'"\'; DROP TABLE readings; --"',
				'"\\u0000"',
				'"\\ud800"',
				'"ESP32_001\\n"',
			],
		),
	},
);

/** Each field gone, spoiled, or given twice, also inside `data` and `location`. */
function mutated(channel: Channel): fc.Arbitrary<string> {
	const names = [...Object.keys(schemas[channel].properties), 'unknown', '__proto__', 'constructor'];
	const sample = samples[channel] as Record<string, unknown>;
	const body = (changes: Map<string, string | undefined>, twice: string | undefined): string => {
		const fields = Object.keys(sample).filter((name) => !changes.has(name));
		const parts = fields.map((name) => `${JSON.stringify(name)}:${JSON.stringify(sample[name])}`);
		for (const [name, raw] of changes) if (raw !== undefined) parts.push(`${JSON.stringify(name)}:${raw}`);
		if (twice !== undefined && parts.length > 0)
			parts.push(parts.find((part) => part.startsWith(`"${twice}"`)) ?? parts[0]!);
		return `{${parts.join(',')}}`;
	};
	const change = fc.tuple(fc.constantFrom(...names), fc.option(hostileValue, { nil: undefined, freq: 8 }));
	const nested = fc
		.tuple(fc.constantFrom('data', 'location'), fc.constantFrom(...names), hostileValue)
		.map(([nest, name, raw]): [string, string] => [nest, `{${JSON.stringify(name)}:${raw}}`]);
	return fc
		.tuple(
			fc.array(channel === 'data' ? fc.oneof({ weight: 3, arbitrary: change }, nested) : change, {
				minLength: 1,
				maxLength: 3,
			}),
			fc.option(fc.constantFrom(...names), { nil: undefined, freq: 10 }),
		)
		.map(([changes, twice]) => body(new Map(changes), twice));
}

/** Bytes cut, flipped, put in: whatever a broken radio or a fuzzer makes of a message. */
const damaged = (channel: Channel): fc.Arbitrary<Buffer> =>
	fc.tuple(fc.nat(), fc.nat(255), fc.nat(3)).map(([at, byte, what]) => {
		const body = Buffer.from(JSON.stringify(samples[channel]));
		const index = at % body.length;
		if (what === 0) return body.subarray(0, index);
		if (what === 1) return Buffer.concat([body.subarray(0, index), Buffer.from([byte]), body.subarray(index)]);
		body[index] = what === 2 ? byte : body[index]! ^ (1 << (byte & 7));
		return body;
	});

const names = new Set(channels.flatMap((channel) => Object.keys(schemas[channel].properties)));
for (const name of ['body', 'unknown', '__proto__', 'constructor']) names.add(name);
const field = /^[\x20-\x7e]{1,160}: .{1,200}$/;

/** @param known where the fields' names are ours: an error must begin with one of them, or say that it is the whole body */
function attack(
	bodies: fc.Arbitrary<readonly [Channel, Buffer]>,
	cases: number,
	deviceId: string | undefined,
	known = false,
) {
	const store = new Store(':memory:');
	store.database.pragma('synchronous = OFF');
	const due: (() => void)[] = [];
	const ingest = new Ingest({ store, now: () => noon, schedule: (run) => due.push(run) });
	const theirs = () => {
		const of = (table: string) => store.database.prepare(`SELECT * FROM ${table} WHERE device_id = ?`).all(victim);
		return JSON.stringify([of('readings'), of('messages'), of('rejected')]);
	};
	const submit = (channel: Channel, body: Buffer, from: string | undefined): Outcome => {
		const outcomes: Outcome[] = [];
		ingest.submit({ door: 'mqtt', deviceId: from, channel, body, receivedAt: noon }, (outcome) =>
			outcomes.push(outcome),
		);
		for (const run of due.splice(0)) run();
		if (outcomes.length !== 1) throw new Error(`${outcomes.length} outcomes`);
		return outcomes[0]!;
	};
	for (const sequence of [1, 2, 3])
		expect(submit('data', Buffer.from(reading(victim, sequence)), victim)).toBe('stored');
	const before = theirs();
	const tally = { taken: 0, refused: 0 };
	fc.assert(
		fc.property(bodies, ([channel, body]) => {
			const outcome = submit(channel, body, deviceId);
			// No `expect` here: a hundred thousand of them take longer than all the rest.
			if (outcome === 'busy') throw new Error('busy');
			if (typeof outcome === 'string') tally.taken += 1;
			else {
				tally.refused += 1;
				const name = /^[^.:]*/.exec(outcome.refused)![0];
				if (known && !names.has(name)) throw new Error(outcome.refused);
				if (!field.test(outcome.refused) || /could not/.test(outcome.refused)) throw new Error(outcome.refused);
			}
		}),
		{ numRuns: cases },
	);
	const bounds = store.database
		.prepare(
			`SELECT count(*) FROM readings WHERE temperature NOT BETWEEN -40 AND 125 OR humidity NOT BETWEEN 0 AND 100
			OR heart_rate <= 0 OR heart_rate > 300 OR spo2 <= 0 OR spo2 > 100 OR battery_level NOT BETWEEN 0 AND 100
			OR latitude NOT BETWEEN -90 AND 90 OR longitude NOT BETWEEN -180 AND 180
			OR timestamp NOT BETWEEN 1577836800000 AND ${noon + 86_400_000}`,
		)
		.pluck();
	expect(bounds.get()).toBe(0);
	expect(({} as { a?: unknown }).a).toBeUndefined();
	return { ...tally, untouched: theirs() === before };
}

const withChannel = <Body>(make: (channel: Channel) => fc.Arbitrary<Body>): fc.Arbitrary<readonly [Channel, Body]> =>
	fc.constantFrom(...channels).chain((channel) => make(channel).map((body) => [channel, body] as const));

describe('hostile input: a clear error that names the field, nothing thrown, no other device touched', () => {
	test.each(channels)('%s with every field mutated (20,000 cases)', (channel) => {
		const bodies = mutated(channel).map((text) => [channel, Buffer.from(text)] as const);
		const { taken, refused, untouched } = attack(bodies, 20_000, sender, true);
		expect(untouched).toBe(true);
		// The mutations must reach both sides, or they test nothing.
		expect(refused).toBeGreaterThan(4_000);
		expect(taken).toBeGreaterThan(100);
	});

	test('bytes cut, flipped and put in (10,000 cases)', () => {
		const { refused, untouched } = attack(withChannel(damaged), 10_000, sender);
		expect(untouched).toBe(true);
		expect(refused).toBeGreaterThan(4_000);
	});

	test('bytes of any kind (5,000 cases)', () => {
		const bytes = withChannel(() => fc.uint8Array({ maxLength: 200 }).map((body) => Buffer.from(body)));
		expect(attack(bytes, 5_000, sender)).toEqual({ taken: 0, refused: 5_000, untouched: true });
	});

	test('a door that cannot know who sends (an external broker) refuses the same (10,000 cases)', () => {
		const { refused } = attack(
			withChannel((channel) => mutated(channel).map((text) => Buffer.from(text))),
			10_000,
			undefined,
		);
		expect(refused).toBeGreaterThan(4_000);
	});
});
