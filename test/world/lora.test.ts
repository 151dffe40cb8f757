/** Whole stories without Wi-Fi: the firmware, a virtual radio, the network server, and the server's own decoding. */
import { describe, expect, test } from 'vitest';
import { busiestHour } from '../../hosts/simulator/lmic/records';
import { eu868, eu868Bands, us915 } from '../../hosts/simulator/radio/regions';
import { loraWorld as story } from '../support/lora-world';
import { NOON } from '../support/world';

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

	test('where eleven bytes are all, an alert is shown in short at once, and a command ends by port 4; the whole comes later', () => {
		const { time, board, powerOn, person, query, ports, push, air } = story(us915, 8.7);
		const alerts = () =>
			query("SELECT alert_id, door, body FROM messages WHERE kind = 'alert' ORDER BY id").map(
				({ alert_id, door, body }) => ({
					...JSON.parse(String(body)),
					alert_id,
					door,
				}),
			);
		board.isReachable = false;
		powerOn();
		time.advance(minutes(5));
		person.feverCelsius = 40;
		time.advance(minutes(3));
		expect(ports).toContain(3);
		expect(alerts()).toMatchObject([{ alert_type: 'temperature_high', door: 'lorawan', priority: 'high' }]);
		expect(alerts()[0]).not.toHaveProperty('threshold');
		expect(alerts()[0].alert_id).toMatch(/^[0-9a-f]{8}-s\d+-temperature_high$/);
		expect(ports.filter((port) => port === 3).length).toBe(1);
		push({ command_id: 'slower', command: 'set_interval', arguments: { seconds: 30 } });
		time.advance(minutes(3));
		const replies = () => query("SELECT command_id, door, body FROM messages WHERE kind = 'replies'");
		expect(replies()).toMatchObject([{ command_id: 'slower', door: 'lorawan' }]);
		expect(JSON.parse(String(replies()[0]!.body))).toMatchObject({ status: 'done' });
		expect(ports.filter((port) => port === 4).length).toBe(1);
		// Near: the whole alert goes, and takes the place of the short one.
		air.distance = 0.3;
		time.advance(minutes(10));
		expect(alerts()).toMatchObject([{ alert_type: 'temperature_high', threshold: 39.1, door: 'lorawan' }]);
		expect(alerts()[0].alert_id).toMatch(/^[0-9a-f]{8}-a1$/);
		board.isReachable = true;
		time.advance(minutes(3) + 1_000);
		expect([alerts().length, replies().length]).toEqual([1, 1]);
		expect(board.device.report()).toMatchObject({ backlog: 0 });
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

	test('over a day with deep sleep and a power cut, no band has more than its share of any hour', () => {
		const settings = { mode: 'sleep', dataIntervalSeconds: 60, deliverEvery: 5, awakeCapSeconds: 60 };
		const { time, board, powerOn, cutPower, frames, network } = story(eu868Bands, 5.5, settings);
		board.isReachable = false;
		powerOn();
		time.advance(minutes(700));
		cutPower();
		powerOn();
		time.advance(minutes(740));
		expect(frames.length).toBeGreaterThan(300);
		for (const { from, to, duty } of eu868Bands.bands) {
			const own = frames.filter(({ frequencyHz }) => frequencyHz >= from && frequencyHz <= to);
			expect(own.length).toBeGreaterThan(0);
			expect(busiestHour(own)).toBeLessThanOrEqual(duty * 3_600_000);
		}
		expect(network.counts).toMatchObject({ repeatedCounters: 0, repeatedNonces: 0 });
	});
});
