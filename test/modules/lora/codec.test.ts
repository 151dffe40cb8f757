import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../modules/fault';
import { commandMessage } from '../../../modules/lora/command';
import { Port, shorten, shortenAlert } from '../../../modules/lora/payload';
import { alertType, priorityOf } from '../../../src/alerts/kinds';
import { type Alert, packAlert, unpackAlert } from '../../../src/alerts/record';
import { parseThresholds } from '../../../src/alerts/thresholds';
import { catalogue } from '../../../src/commands/catalogue';
import { packedAlert, packedReading, packedReply } from '../../../src/messages/packed';
import { readingId, readingMessage } from '../../../src/messages/reading';
import type { ReplyStatus } from '../../../src/messages/reply';
import { type Reading, unpackReading } from '../../../src/sensing/reading';
import { codecFile, loadCodec } from '../../support/codec';
import { alertOf, placeOf, readingOf, vectors } from './vectors';

const codec = loadCodec();
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const up = vectors.filter(({ port }) => port !== Port.COMMAND);
const down = vectors.filter(({ port }) => port === Port.COMMAND);
const named = ({ port, bytes }: { port: number; bytes: Buffer }) => `${port} ${bytes.toString('hex')}`;

/** As the device packs it for its port. */
function packed(port: number, message: Record<string, unknown>): Uint8Array {
	if (port === Port.ALERT) {
		const language = (message.message as string).startsWith('Temp') ? 'fr' : 'en';
		const [, last] = /-s(\d+)-/.exec(message.alert_id as string) ?? [];
		const place = last ? { epoch: 7, sequence: 0x0100 + Number(last) } : placeOf(message.alert_id as string);
		const whole = new Uint8Array(packedAlert(place, message.timestamp as number, alertOf(message), language));
		if (last === undefined) return whole;
		const short = new Uint8Array(9).fill(0xaa);
		shortenAlert(whole, short);
		return short;
	}
	if (port === Port.REPLY) {
		const ids = down.map(({ message }) => message.command_id as string);
		const id = ids.find((each) => codec.commandReference(each) === message.command_reference)!;
		return new Uint8Array(packedReply(id, message.status as ReplyStatus, message.timestamp as number | undefined));
	}
	const place = message.reading_id === undefined ? { epoch: 1, sequence: 1 } : placeOf(message.reading_id as string);
	const whole = new Uint8Array(packedReading(place, message.timestamp as number, readingOf(message)));
	if (port === Port.READING) return whole;
	const short = new Uint8Array(8).fill(0xaa);
	shorten(whole, short);
	return short;
}

describe('the vectors', () => {
	test('are there for every port', () => {
		expect(new Set(vectors.map(({ port }) => port))).toEqual(new Set(Object.values(Port)));
		expect(down.length + up.length).toBeGreaterThan(12);
	});

	test.each(up.map((vector) => [named(vector), vector] as const))('%s is packed by the device', (_, vector) => {
		expect(Buffer.from(packed(vector.port, vector.message)).toString('hex')).toBe(vector.bytes.toString('hex'));
	});

	test.each(up.map((vector) => [named(vector), vector] as const))('%s is unpacked by codec.js', (_, vector) => {
		expect(plain(codec.decodeUplink({ bytes: [...vector.bytes], fPort: vector.port }))).toEqual({
			data: vector.message,
		});
	});

	test.each(down.map((vector) => [named(vector), vector] as const))(
		'%s is packed by codec.js, and unpacked by it and by the device',
		(_, { port, message, bytes }) => {
			expect(plain(codec.encodeDownlink({ data: message }))).toEqual({ fPort: port, bytes: [...bytes] });
			expect(plain(codec.decodeDownlink({ bytes: [...bytes], fPort: port }))).toEqual({ data: message });
			expect(JSON.parse(text(commandMessage(buffer(bytes))))).toEqual(message);
		},
	);

	test("are the guide's eight bytes, byte for byte", () => {
		// The sketch of section 4 with 36.6 °C and 72 beats, at an uptime of 90 s.
		const sketch = [0x0e, 0x4c, 0x00, 0x48, 0, 0, 0, 90];
		expect(plain(codec.decodeUplink({ bytes: sketch, fPort: 1 }))).toEqual({
			data: { temperature: 36.6, heart_rate: 72, uptime: 90 },
		});
	});
});

/** To the end of the guide's 32 bits. */
const timestamps = fc.integer({ min: 1e12, max: 2 ** 32 * 1000 - 1 });
const places = fc.record({ epoch: fc.nat(0xffff_ffff), sequence: fc.integer({ min: 1, max: 0xffff_ffff }) });

describe('codec.js', () => {
	test('gives of any reading what its JSON says, digit for digit', () => {
		const bytes19 = fc.uint8Array({ minLength: 19, maxLength: 19 });
		fc.assert(
			fc.property(places, timestamps, bytes19, (place, timestamp, bytes) => {
				bytes[0] = 0x10 | (bytes[0]! & 0xf);
				const reading: Reading = unpackReading(bytes);
				const id = readingId(place.epoch, place.sequence);
				const { device_id, ...json } = JSON.parse(readingMessage('any', timestamp, reading, id));
				const whole = new Uint8Array(packedReading(place, timestamp, reading));
				expect(plain(codec.decodeUplink({ bytes: [...whole], fPort: Port.READING }))).toEqual({ data: json });
				const short = new Uint8Array(8);
				shorten(whole, short);
				const { data, errors } = codec.decodeUplink({ bytes: [...short], fPort: Port.SHORT });
				expect(errors).toBeUndefined();
				expect([data!.temperature, data!.heart_rate, data!.timestamp]).toEqual([
					json.temperature,
					json.heart_rate,
					Math.floor(timestamp / 1000) * 1000,
				]);
			}),
			{ numRuns: 2_000 },
		);
	});

	test('knows every kind of alert, and says of it what the device says', () => {
		for (let kind = 0; kind < 256; kind++) {
			const alert: Alert = { stamp: { epochMilliseconds: 1e12 }, kind, value: 1234, threshold: 1200 };
			const type = alertType(kind);
			const bytes = new Uint8Array(22);
			bytes[7] = 9;
			if (type !== undefined) packAlert(alert, bytes.subarray(8, 21));
			else bytes.set([0x10, 0, 0, 0, 0, kind >> 8, kind], 8);
			const { data, errors } = codec.decodeUplink({ bytes: [...bytes], fPort: Port.ALERT });
			expect(data?.alert_type, `kind ${kind}`).toBe(type);
			expect(errors === undefined, `kind ${kind}`).toBe(type !== undefined);
			if (type === undefined) continue;
			expect(data!.priority).toBe(priorityOf(kind));
			expect(unpackAlert(bytes.subarray(8, 21)).kind).toBe(kind);
			const short = new Uint8Array(9);
			shortenAlert(bytes, short);
			const inShort = codec.decodeUplink({ bytes: [...short], fPort: Port.ALERT }).data!;
			const { alert_type, priority, value, timestamp } = data!;
			expect(inShort).toMatchObject({ alert_type, priority, value, timestamp });
			expect(inShort.alert_id).toBe(`3b9aca00-s9-${type}`);
			expect(inShort.message).not.toMatch(/undefined|NaN|\?/);
		}
	});

	test('packs every command of the catalogue, and no other', () => {
		const given: Record<string, object> = {
			set_interval: { seconds: 86_400 },
			sleep: { seconds: 1 },
			set_mode: { mode: 'always' },
			set_thresholds: { spo2: { low: 88.5 } },
		};
		for (const { name } of catalogue) {
			const data = { command_id: 'x', command: name, arguments: given[name] ?? {} };
			const { bytes, errors } = codec.encodeDownlink({ data });
			expect(errors, name).toBeUndefined();
			expect(JSON.parse(text(commandMessage(buffer(bytes!))))).toEqual(data);
		}
		expect(codec.encodeDownlink({ data: { command_id: 'x', command: 'explode' } }).errors![0]).toMatch(/^command: /);
	});

	test('packs any thresholds so that the device takes them as it takes the JSON, or says that they are too many', () => {
		const limits = (minimum: number, maximum: number) =>
			fc.record(
				{
					low: fc.option(fc.double({ min: minimum, max: maximum, noNaN: true })),
					high: fc.option(fc.double({ min: minimum, max: maximum, noNaN: true })),
					hysteresis: fc.double({ min: 0, max: maximum - minimum, noNaN: true }),
					ratePerMinute: fc.option(fc.double({ min: 1, max: 1_000, noNaN: true })),
				},
				{ requiredKeys: [] },
			);
		const all = fc.record(
			{
				temperature: limits(-40, 123),
				humidity: limits(0, 100),
				heart_rate: limits(1, 300),
				spo2: limits(1, 100),
				battery_level: limits(0, 100),
			},
			{ requiredKeys: ['spo2'] },
		);
		const taken = (thresholds: unknown): unknown => {
			try {
				return parseThresholds(JSON.stringify(thresholds));
			} catch (thrown) {
				return (thrown as Fault).code;
			}
		};
		fc.assert(
			fc.property(all, (thresholds) => {
				const data = { command_id: 'x', command: 'set_thresholds', arguments: thresholds };
				const { bytes, errors } = codec.encodeDownlink({ data });
				if (errors) return void expect(errors[0]).toMatch(/^command: \d+ bytes, at most 51$/);
				const message = JSON.parse(text(commandMessage(buffer(bytes!))));
				return void expect(plain(taken(message.arguments))).toEqual(plain(taken(thresholds)));
			}),
			{ numRuns: 500 },
		);
	});

	test.each([
		[{ command: 'flush' }, 'command_id'],
		[{ command_id: 'é', command: 'flush' }, 'command_id'],
		[{ command_id: 'x'.repeat(60), command: 'flush' }, '62 bytes, at most 51'],
		[{ command_id: 'x', command: 'sleep', arguments: { seconds: 86_401 } }, 'seconds: 86401 is above 86400'],
		[{ command_id: 'x', command: 'sleep', arguments: { seconds: 1.5 } }, 'seconds: not a whole number'],
		[{ command_id: 'x', command: 'sleep' }, 'seconds: not a whole number'],
		[{ command_id: 'x', command: 'flush', arguments: { seconds: 1 } }, 'arguments: none are taken'],
		[{ command_id: 'x', command: 'flush', arguments: 3 }, 'arguments: not an object'],
		[{ command_id: 'x', command: 'set_mode', arguments: { mode: 'off' } }, 'mode: always or sleep'],
		[{ command_id: 'x', command: 'set_thresholds', arguments: {} }, 'arguments: no quantity'],
		[{ command_id: 'x', command: 'set_thresholds', arguments: { joy: {} } }, 'arguments: no such quantity'],
		[{ command_id: 'x', command: 'set_thresholds', arguments: { spo2: { mean: 1 } } }, 'spo2: no such threshold'],
		[{ command_id: 'x', command: 'set_thresholds', arguments: { spo2: { low: '9' } } }, 'spo2.low: not a number'],
		[{ command_id: 'x', command: 'flush', expires: -1 }, 'expires: -1 is below 0'],
		[null, 'data: not an object'],
	])('refuses to pack %j', (data, why) => {
		const { bytes, errors } = codec.encodeDownlink({ data });
		expect(bytes).toBeUndefined();
		expect(errors![0]).toContain(why);
	});

	test('gives of any bytes on any port values or an error that says what is wrong', () => {
		const ports = fc.oneof(fc.constantFrom(1, 2, 3, 4, 10), fc.nat(255));
		const lengths = fc.oneof(fc.constantFrom(8, 9, 22, 27), fc.nat(255));
		// Some of them look like more than noise: dated, as on ports 2 and 3.
		const payloads = fc
			.tuple(
				lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
				fc.boolean(),
			)
			.map(([bytes, isDated]) => {
				if (isDated && bytes.length > 8) bytes[8] = 0x10;
				return bytes;
			});
		const said = { values: 0, errors: 0 };
		fc.assert(
			fc.property(ports, payloads, (fPort, payload) => {
				const bytes = [...payload];
				for (const { data, errors } of [codec.decodeUplink({ bytes, fPort }), codec.decodeDownlink({ bytes, fPort })]) {
					if ((data === undefined) === (errors === undefined) || (errors && !/^\S+: ./.test(errors[0]!))) return false;
					said[errors ? 'errors' : 'values']++;
				}
				return true;
			}),
			{ numRuns: 20_000 },
		);
		expect(Math.min(said.values, said.errors)).toBeGreaterThan(100);
	});

	test('is ECMAScript 5 with nothing around it', () => {
		const source = readFileSync(codecFile, 'utf8');
		const later = /^\s*(import|export|let|const|class)\b|=>|`|\brequire\(/m;
		expect(later.exec(source)?.[0]).toBeUndefined();
		// What The Things Stack takes as a formatter.
		expect(source.length).toBeLessThan(40_960);
	});
});

describe('a downlink', () => {
	test('of any bytes is the command that codec.js makes of it, or a Fault', () => {
		const heads = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 60 }));
		fc.assert(
			fc.property(heads, ([head, rest]) => {
				const bytes = Uint8Array.of(head, ...rest);
				const { data } = codec.decodeDownlink({ bytes: [...bytes], fPort: 10 });
				if (data) return void expect(JSON.parse(text(commandMessage(buffer(bytes))))).toEqual(plain(data));
				return void expect(() => commandMessage(buffer(bytes))).toThrow(Fault);
			}),
			{ numRuns: 5_000 },
		);
	});
});

function text(message: ArrayBuffer): string {
	return Buffer.from(message).toString('utf8');
}

function buffer(bytes: ArrayLike<number>): ArrayBuffer {
	return Uint8Array.from(bytes).buffer;
}
