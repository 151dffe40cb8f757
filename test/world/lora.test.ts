/** Whole stories without Wi-Fi: the firmware, a virtual radio, the network server, and the server's own decoding. */
import { describe, expect, test } from 'vitest';
import { makeLora } from '../../hosts/lora';
import { loadCodec } from '../../hosts/server/lorawan/codec';
import { uplinkOf } from '../../hosts/server/lorawan/events';
import { arrivalOf } from '../../hosts/server/lorawan/uplinks';
import { Air } from '../../hosts/simulator/radio/air';
import { chirpstackEvent, ttsEvent } from '../../hosts/simulator/radio/events';
import { NetworkServer } from '../../hosts/simulator/radio/network';
import type { Region } from '../../hosts/simulator/radio/region';
import { eu868, us915 } from '../../hosts/simulator/radio/regions';
import { VirtualRadio } from '../../hosts/simulator/radio/virtual-radio';
import { seededRandom32 } from '../../hosts/simulator/random';
import { DutyLedger } from '../../modules/lora/ledger';
import { makeWorld, NOON } from '../support/world';

const devEui = '70b3d57ed0000001';
const appKey = Buffer.alloc(16, 9);
const id = 'ESP32_001';

/** A board with a radio, the gateway so many kilometres away, and what the network server hands on, in the database. */
function story(region: Region, distance: number, settings: Record<string, unknown> = {}, setUp: object = {}) {
	const world = makeWorld();
	const random32 = seededRandom32(7);
	const codec = loadCodec();
	const air = new Air({ scheduler: world.time, random32, distance, fading: 0.5 });
	const ports: number[] = [];
	const now = () => NOON + Math.floor(world.time.now);
	const network = new NetworkServer({
		air,
		region,
		random32,
		epoch: NOON,
		onUplink(uplink) {
			ports.push(uplink.port);
			const isTts = ports.length % 2 === 0;
			const event = JSON.parse(JSON.stringify(isTts ? ttsEvent(uplink, now()) : chirpstackEvent(uplink, now())));
			const told = uplinkOf(isTts ? 'tts' : 'chirpstack', undefined, event);
			if (told) expect(told.devEui).toBe(devEui);
			if (told) world.server.ingest().submit(arrivalOf(codec, id, told, now()), () => {});
		},
	});
	network.register(devEui, appKey);
	const resident = world.addBoard(id, {
		settings: { loraAfterSeconds: 10, alertReadings: 1, ...settings },
		...setUp,
		lora: (parts) => {
			const { clock } = parts;
			const ledger = new DutyLedger(clock, region.bands);
			const own = { devEui: Buffer.from(devEui, 'hex'), joinEui: Buffer.alloc(8), appKey };
			const radio = new VirtualRadio({ air, region, clock, random32, ledger, ...own });
			return makeLora({ ...parts, radio, rests: ledger });
		},
	});
	const push = (command: object): void => {
		const { bytes, fPort } = codec.encodeDownlink({ data: command });
		network.push(devEui, { port: fPort!, payload: Buffer.from(bytes!) });
	};
	return { ...world, ...resident, air, network, ports, push };
}

const minutes = (count: number) => count * 60_000;

describe('without Wi-Fi', () => {
	test('readings, an alert and a command go by LoRaWAN; when Wi-Fi is back the rest follows, each row once', () => {
		const { time, board, powerOn, person, taken, rows, query, ports, push, network } = story(eu868, 0.5);
		board.isReachable = false;
		powerOn();
		time.advance(minutes(20));
		expect(rows()).toBeGreaterThan(30);
		expect(new Set(ports)).toEqual(new Set([2]));
		person.feverCelsius = 40;
		time.advance(minutes(3));
		expect(ports).toContain(3);
		expect(query("SELECT door FROM messages WHERE kind = 'alert'")).toMatchObject([{ door: 'lorawan' }]);
		push({ command_id: 'faster', command: 'set_interval', arguments: { seconds: 10 } });
		time.advance(minutes(2));
		const before = taken();
		time.advance(minutes(2));
		expect(taken() - before).toBe(12);
		board.isReachable = true;
		time.advance(minutes(2));
		expect(board.device.report()).toMatchObject({ backlog: 0, link: 'up' });
		expect(rows()).toBe(taken());
		expect(
			query("SELECT body FROM messages WHERE kind = 'replies'").map(({ body }) => JSON.parse(String(body))),
		).toMatchObject([{ command_id: 'faster', status: 'done' }]);
		expect(network.counts).toMatchObject({ joins: 1, repeatedCounters: 0, repeatedNonces: 0 });
		// The radio rests once there is a network.
		const uplinks = ports.length;
		time.advance(minutes(10));
		expect(ports.length).toBe(uplinks);
	});

	test('far away in US915 readings are shown in eight bytes, and keep their one row when they come whole', () => {
		const { time, board, powerOn, taken, rows, query, ports, air } = story(us915, 8.7);
		board.isReachable = false;
		powerOn();
		time.advance(minutes(10));
		expect(new Set(ports)).toEqual(new Set([1]));
		expect(rows()).toBeGreaterThan(10);
		expect(board.device.report().backlog).toBe(taken());
		air.distance = 0.3;
		time.advance(minutes(10));
		expect(new Set(ports)).toEqual(new Set([1, 2]));
		board.isReachable = true;
		time.advance(minutes(2) + 1_000);
		expect(board.device.report().backlog).toBe(0);
		expect(rows()).toBe(taken());
		expect(query('SELECT count(*) AS short FROM readings WHERE epoch IS NULL')).toEqual([{ short: 0 }]);
	});

	test('a device that sleeps delivers its newest reading, and no counter or nonce comes twice', () => {
		const settings = { mode: 'sleep', dataIntervalSeconds: 60, deliverEvery: 2, awakeCapSeconds: 60 };
		const { time, board, powerOn, cutPower, taken, rows, network, ports } = story(eu868, 0.5, settings);
		board.isReachable = false;
		powerOn();
		time.advance(minutes(60));
		expect(ports.length).toBeGreaterThan(3);
		cutPower();
		powerOn();
		time.advance(minutes(300));
		expect(rows()).toBeGreaterThan(8);
		expect(network.counts).toMatchObject({ joins: 1, repeatedCounters: 0, repeatedNonces: 0 });
		board.isReachable = true;
		time.advance(minutes(600));
		board.isReachable = true;
		expect(rows()).toBeGreaterThan(taken() - 5);
	});

	test.each([
		['always on', {}],
		['asleep', { mode: 'sleep', deliverEvery: 2, awakeCapSeconds: 60 }],
	])('a device that has no clock and never sees Wi-Fi learns the time of the network, and delivers: %s', (_, mode) => {
		const noClock = { clockless: true, timeServers: ['time.example'] };
		const settings = { dataIntervalSeconds: 60, ...mode };
		const { time, board, powerOn, taken, rows, query, ports, network } = story(eu868, 0.5, settings, noClock);
		board.isReachable = false;
		powerOn();
		time.advance(minutes(60));
		expect(ports.filter((port) => port === 10).length).toBeGreaterThan(0);
		expect(ports.filter((port) => port === 10).length).toBeLessThan(5);
		expect(rows()).toBeGreaterThan(8);
		// Those of before too, by the time that they were taken.
		const [{ first }] = query('SELECT min(timestamp) AS first FROM readings') as [{ first: number }];
		expect(first).toBeLessThan(NOON + minutes(30));
		expect(network.counts).toMatchObject({ repeatedCounters: 0, repeatedNonces: 0 });
		expect(taken()).toBeGreaterThanOrEqual(rows());
	});
});
