import { describe, expect, test } from 'vitest';
import { VirtualNtp } from '../../hosts/simulator/net/virtual-ntp';
import { seededRandom32 } from '../../hosts/simulator/random';
import { TokenSource } from '../../modules/jwt/jwt';
import { HTTP_ONLY } from '../support/web';
import { type BoardSetUp, makeWorld, NOON } from '../support/world';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const YEAR = 365 * 24 * HOUR;
const SERVERS = ['a.time', 'b.time', 'c.time'] as const;

/** A board without a battery behind its clock, in a world with three time servers. */
function makeTimedWorld(setUp: BoardSetUp = {}) {
	const world = makeWorld({ seed: 4 });
	const [a, b, c] = SERVERS.map((host) => new VirtualNtp(world.network, host, () => NOON + world.time.now));
	const resident = world.addBoard('ESP32_001', { clockless: true, timeServers: SERVERS, ...setUp });
	const rows = () =>
		world
			.query('SELECT reading_id, timestamp FROM readings')
			.map((row) => ({ sequence: Number(String(row.reading_id).split('-')[1]), time: Number(row.timestamp) }))
			.sort((one, other) => one.sequence - other.sequence);
	return { ...world, resident, servers: [a!, b!, c!] as const, rows, count: world.rows };
}

describe('a board that wakes in an unknown year', () => {
	test('has its readings dated afterwards, to the hundredth of a second, whoever tells it the time', () => {
		for (const by of ['sntp', 'date']) {
			const { time, resident, servers, rows, count } = makeTimedWorld();
			for (const { manner } of servers) manner.silent = true;
			resident.powerOn();
			time.advance(5 * MINUTE + 1_000);
			expect(count()).toBe(0);
			if (by === 'sntp') for (const { manner } of servers) manner.silent = false;
			else {
				const { clock } = resident.board.timekeeper;
				resident.board.timekeeper.serverDate(new Date(NOON + time.now).toUTCString(), clock.ticks - 40, clock.ticks);
			}
			time.advance(2 * HOUR);
			const found = rows();
			expect(found.length).toBe(251);
			const most = by === 'sntp' ? 20 : 1_500;
			found.forEach((row, index) => {
				expect(row.sequence).toBe(found[0]!.sequence + index);
				expect(Math.abs(row.time - NOON - index * 30_000)).toBeLessThan(most);
			});
		}
	});

	test('and loses its power before anybody told it: the readings are dated by the next boot', () => {
		const { time, resident, servers, rows } = makeTimedWorld();
		for (const { manner } of servers) manner.silent = true;
		resident.powerOn();
		time.advance(5 * MINUTE);
		resident.cutPower();
		time.advance(MINUTE);
		for (const { manner } of servers) manner.silent = false;
		resident.powerOn();
		time.advance(10 * MINUTE + 5_000);
		const found = rows();
		expect(found.length).toBe(resident.taken());
		// All that can be said of the first boot's: before the second.
		for (const { time: at } of found.slice(0, 10)) expect(Math.abs(at - NOON - 6 * MINUTE)).toBeLessThan(50);
		for (let at = 12; at < found.length; at++) expect(found[at]!.time - found[at - 1]!.time).toBeGreaterThan(29_900);
	});
});

describe('a clock that jumps', () => {
	test.each([
		['a year ahead', YEAR],
		['into 2036', Date.UTC(2036, 1, 8) - NOON],
		['a quarter of a day ahead', 6 * HOUR],
		['half a day back', -12 * HOUR + MINUTE],
	])('the first server lies, %s: when the others put it right no id, no order and no token is spoilt', (_, lie) => {
		const { time, resident, servers, rows, count } = makeTimedWorld();
		servers[0].manner.offset = lie;
		resident.powerOn();
		let stepped = false;
		const { timekeeper } = resident.board;
		const tokens = new TokenSource({
			clock: timekeeper.clock,
			deviceId: 'ESP32_001',
			secret: 'x'.repeat(32),
			random32: seededRandom32(9),
		});
		const seen = new Set<unknown>();
		for (let step = 0; step < 4 * 60; step++) {
			time.advance(15_000);
			const now = timekeeper.clock.time!;
			stepped ||= Math.abs(now - NOON - time.now - lie) < 1_000;
			const { iat, exp, jti } = JSON.parse(Buffer.from(tokens.token()!.split('.')[1]!, 'base64url').toString());
			expect(iat * 1000).toBeLessThanOrEqual(now);
			expect(exp * 1000).toBeGreaterThan(now + 299_000);
			seen.add(jti);
		}
		expect(stepped).toBe(true);
		expect(seen.size).toBeGreaterThan(1);
		expect(Math.abs(timekeeper.clock.time! - NOON - time.now)).toBeLessThan(50);
		const found = rows();
		expect(found.length).toBe(count());
		expect(found.length).toBeGreaterThanOrEqual(resident.taken() - 1);
		found.forEach(({ sequence }, index) => {
			expect(sequence).toBe(found[0]!.sequence + index);
		});
		// What was sent in the two minutes of the lie stays as it was sent; all after it is right.
		const wrong = found.filter((row, index) => Math.abs(row.time - NOON - index * 30_000) > 100);
		expect(wrong.length).toBeLessThanOrEqual(5);
		expect(wrong).toEqual(found.slice(0, wrong.length));
	});

	test.each([
		['half a day back: its tokens have ended, and the refusal says what time it is', -12 * HOUR + MINUTE],
		['a year ahead', YEAR],
	])('the only time server lies, %s: the Date of our own puts it right', (_, lie) => {
		const { time, resident, servers, rows, count } = makeTimedWorld({
			timeServers: ['a.time'],
			settings: { ...HTTP_ONLY, dataIntervalSeconds: 30 },
		});
		servers[0].manner.offset = lie;
		resident.powerOn();
		time.advance(HOUR + 5_000);
		expect(Math.abs(resident.board.timekeeper.clock.time! - NOON - time.now)).toBeLessThan(1_500);
		const found = rows();
		expect(count()).toBe(121);
		const wrong = found.filter((row, index) => Math.abs(row.time - NOON - index * 30_000) > 1_500);
		// Of what went out before the first answer came, nothing more is known; a reading that was refused is dated anew.
		expect(wrong.length).toBeLessThanOrEqual(1);
		expect(resident.log.some((line) => line.startsWith('warning time: it is 2026-01-01T12:00'))).toBe(true);
	});

	test('lies of one server, for days, over power cuts and deaf networks: every reading once, in order, at its time', () => {
		const { time, resident, servers, rows } = makeTimedWorld({
			link: { latency: 60, jitter: 40, loss: 0.1 },
			settings: { dataIntervalSeconds: 300, backoffMaximumSeconds: 30 },
		});
		resident.powerOn();
		time.advance(HOUR);
		const lies = [YEAR, -6 * HOUR, Date.UTC(2036, 1, 8) - NOON, 11 * 1000, -NOON];
		for (const offset of lies) {
			servers[1].manner.offset = offset;
			time.advance(4 * HOUR);
			resident.line.down();
			time.advance(20 * MINUTE);
			resident.line.up();
			time.advance(HOUR);
		}
		resident.cutPower();
		servers[1].manner.offset = 0;
		time.advance(10 * MINUTE);
		resident.powerOn();
		time.advance(HOUR + 5_000);
		const found = rows();
		expect(found.length).toBe(resident.taken());
		expect(new Set(found.map(({ sequence }) => sequence)).size).toBe(found.length);
		for (let at = 1; at < found.length; at++) expect(found[at]!.time).toBeGreaterThan(found[at - 1]!.time);
		expect(found.at(-1)!.time).toBeLessThanOrEqual(NOON + time.now + 200);
		expect(resident.log.some((line) => line.startsWith('warning time: b.time says'))).toBe(true);
	});
});

test('a device that sleeps, with an oscillator wrong by half a hundredth, learns that and dates within a second', () => {
	const { time, resident, rows } = makeTimedWorld({
		sleepDriftPpm: 5_000,
		settings: { mode: 'sleep', dataIntervalSeconds: 300, deliverEvery: 3 },
	});
	resident.powerOn();
	time.advance(16 * HOUR);
	const found = rows();
	expect(found.length).toBeGreaterThan(185);
	for (let at = 1; at < found.length; at++) {
		expect(found[at]!.sequence).toBe(found[at - 1]!.sequence + 1);
		expect(found[at]!.time).toBeGreaterThan(found[at - 1]!.time);
	}
	// Once the drift is known, five minutes take five minutes.
	const late = found.slice(-100).map((row, index, rest) => (index === 0 ? 300_000 : row.time - rest[index - 1]!.time));
	for (const passed of late) expect(Math.abs(passed - 300_000)).toBeLessThan(1_000);
});
