/** Whole stories of a device that has HTTP alone. */
import { expect, test } from 'vitest';
import { HTTP_ONLY } from '../support/web';
import { makeWorld } from '../support/world';

test('the first reading arrives within seconds of power, then each', () => {
	const world = makeWorld();
	const resident = world.addBoard('ESP32_001', { settings: HTTP_ONLY });
	resident.powerOn();
	expect(world.time.advanceUntil(() => world.rows() === 1, 5_000)).toBe(true);
	world.time.advance(600_000);
	expect(world.rows()).toBe(21);
	world.close();
});
