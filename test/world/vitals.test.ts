/** The firmware with the drivers of the board, on models of the parts that a person wears. */
import { describe, expect, test } from 'vitest';
import { makeWorld, NOON } from '../support/world';

const MINUTE = 60_000;

/** A person, noted each second. */
function watch(
	world: ReturnType<typeof makeWorld>,
	person: { measure(): { heartRateBpm: number; spo2Percent: number } },
) {
	const seen: { heartRateBpm: number; spo2Percent: number }[] = [];
	const look = (): void => {
		const { heartRateBpm, spo2Percent } = person.measure();
		seen.push({ heartRateBpm, spo2Percent });
		world.time.schedule(1_000, look);
	};
	look();
	return seen;
}

interface Row {
	readonly timestamp: number;
	readonly heart_rate: number | null;
	readonly spo2: number | null;
	readonly temperature: number | null;
	readonly humidity: number | null;
	readonly battery_level: number | null;
	readonly latitude: number | null;
	readonly longitude: number | null;
}

const rowsOf = (world: ReturnType<typeof makeWorld>): Row[] =>
	world.query('SELECT * FROM readings ORDER BY timestamp') as unknown as Row[];

describe('vital signs', () => {
	test('what arrives is what the person has: heart rate within 2 a minute, saturation within 1 %', () => {
		for (const seed of [1, 2, 3]) {
			const world = makeWorld({ seed });
			const { board, person, worn, powerOn } = world.addBoard('ESP32_001', { worn: true });
			const seen = watch(world, person);
			powerOn();
			world.time.advance(20 * MINUTE + 5_000);
			const rows = rowsOf(world);
			expect(rows.length).toBe(41);
			const measured = rows.slice(1).filter(({ heart_rate }) => heart_rate !== null);
			expect(measured.length).toBeGreaterThanOrEqual(0.95 * (rows.length - 1));
			for (const { timestamp, heart_rate, spo2 } of measured) {
				const now = seen[Math.floor((timestamp - NOON) / 1_000)]!;
				expect(Math.abs(heart_rate! - now.heartRateBpm)).toBeLessThanOrEqual(2);
				if (spo2 !== null) expect(Math.abs(spo2 - now.spo2Percent)).toBeLessThanOrEqual(1);
			}
			expect(measured.filter(({ spo2 }) => spo2 !== null).length).toBeGreaterThanOrEqual(0.95 * measured.length);
			for (const row of rows) {
				expect(Math.abs(row.temperature! - person.measure().temperatureCelsius)).toBeLessThan(1.5);
				expect(row.humidity).toBeGreaterThan(20);
				expect(row.battery_level).toBeGreaterThan(95);
				expect(Math.abs(row.latitude! - 14.6937)).toBeLessThan(0.01);
				expect(Math.abs(row.longitude! + 17.4441)).toBeLessThan(0.01);
			}
			expect(worn!.bus.violations).toEqual([]);
			expect(board.device.report().missing).toEqual({});
			world.close();
		}
	});

	test('a finger that is taken off: no heart rate, and the reason; put on again, it is back within 15 s', () => {
		const world = makeWorld();
		const { board, worn, powerOn, log } = world.addBoard('ESP32_001', {
			worn: true,
			settings: { dataIntervalSeconds: 5 },
		});
		powerOn();
		world.time.advance(30_000);
		worn!.pulse.finger = false;
		world.time.advance(MINUTE);
		expect(board.device.report().missing).toEqual({ heartRateBpm: 'no finger', spo2Percent: 'no finger' });
		const before = rowsOf(world).length;
		worn!.pulse.finger = true;
		world.time.advance(20_000);
		const rows = rowsOf(world);
		expect(rows[before - 1]!.heart_rate).toBeNull();
		expect(rows.at(-1)!.heart_rate).not.toBeNull();
		expect(log.filter((line) => line.includes('no heartRateBpm: no finger')).length).toBe(1);
		expect(worn!.bus.violations).toEqual([]);
	});

	test('a device that sleeps waits for the pulse, and not when there is no finger', () => {
		const world = makeWorld();
		const { board, worn, powerOn } = world.addBoard('ESP32_001', {
			worn: true,
			settings: { mode: 'sleep', dataIntervalSeconds: 60, deliverEvery: 1 },
		});
		powerOn();
		world.time.advance(5 * MINUTE);
		const rows = rowsOf(world);
		expect(rows.length).toBeGreaterThanOrEqual(5);
		for (const { heart_rate, spo2 } of rows) expect([heart_rate, spo2]).not.toContain(null);
		worn!.pulse.finger = false;
		world.time.advanceUntil(() => board.isOn, 2 * MINUTE, 100);
		const woke = world.time.now;
		world.time.advanceUntil(() => !board.isOn, MINUTE, 100);
		expect(world.time.now - woke).toBeLessThan(6_000);
		expect(worn!.bus.violations).toEqual([]);
	});

	test('a stuck bus takes values, and no reading; when it is free they are back', () => {
		const world = makeWorld();
		const { board, worn, powerOn, log } = world.addBoard('ESP32_001', {
			worn: true,
			settings: { dataIntervalSeconds: 10 },
		});
		powerOn();
		world.time.advance(MINUTE);
		worn!.bus.stuck = true;
		// Its last tries come a little after the beat.
		world.time.advance(2 * MINUTE + 500);
		const { missing, sampled } = board.device.report();
		expect(sampled).toBe(19);
		expect(Object.keys(missing).sort()).toEqual([
			'batteryPercent',
			'heartRateBpm',
			'humidityPercent',
			'spo2Percent',
			'temperatureCelsius',
		]);
		expect(log.filter((line) => line.startsWith('warning sampler')).length).toBe(4);
		worn!.bus.stuck = false;
		world.time.advance(3 * MINUTE);
		expect(board.device.report().missing).toEqual({});
		expect(rowsOf(world).length).toBe(37);
		expect(worn!.bus.violations).toEqual([]);
	});
});
