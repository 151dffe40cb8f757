/** The whole firmware on XS with the drivers of the board, over the virtual buses: in an arena as large as a board has to spare. */
import { afterAll, describe, expect, test } from 'vitest';
import { type XsFirmware, xsEngine } from '../../hosts/xs/engine';
import { makeWorld } from '../support/world';

const MINUTE = 60_000;

describe('vital signs, on XS', () => {
	const engine = xsEngine();
	afterAll(() => engine.close());

	test('heart rate and saturation as the person’s, in a board’s memory', () => {
		const world = makeWorld({ engine });
		const { board, person, worn, powerOn } = world.addBoard('ESP32_001', { worn: true });
		powerOn();
		world.time.advance(3 * MINUTE + 2_000);
		const rows = world.query('SELECT * FROM readings ORDER BY timestamp');
		expect(rows.length).toBe(7);
		const last = rows.at(-1)!;
		const { heartRateBpm, spo2Percent, temperatureCelsius } = person.measure();
		expect(Math.abs((last.heart_rate as number) - heartRateBpm)).toBeLessThanOrEqual(2);
		expect(Math.abs((last.spo2 as number) - spo2Percent)).toBeLessThanOrEqual(1);
		expect(Math.abs((last.temperature as number) - temperatureCelsius)).toBeLessThan(1);
		expect(board.device.report().missing).toEqual({});
		worn!.bus.stuck = true;
		world.time.advance(MINUTE);
		expect(Object.keys(board.device.report().missing).length).toBe(5);
		worn!.bus.stuck = false;
		world.time.advance(2 * MINUTE);
		expect(board.device.report().missing).toEqual({});
		expect(worn!.bus.violations).toEqual([]);
		const { arenaPeak, slotsPeak, chunksPeak, stackPeak, slotSize } = (board.device as XsFirmware).statistics!;
		console.log(
			`with five drivers and the estimator: arena ${arenaPeak}, slots ${slotsPeak}, chunks ${chunksPeak}, stack ${stackPeak}`,
		);
		// What was measured and a tenth more.
		expect(arenaPeak).toBeLessThanOrEqual((50_300 * slotSize) / 16);
		world.close();
	});
});
