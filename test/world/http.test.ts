/** Whole stories of a device that has HTTP alone. */
import { expect, test } from 'vitest';
import { httpStories } from '../support/http-stories';
import { makeWorld } from '../support/world';

test.each(httpStories)('%s', (_, setUp, tell) => {
	const world = makeWorld();
	const resident = world.addBoard('ESP32_001', setUp);
	const { board, log } = resident;
	tell({ world, resident, said: (words) => log.filter((line) => line.includes(words)).length });
	if (board.isOn) {
		board.device.stopSampling();
		expect(world.time.advanceUntil(() => board.device.report().backlog === 0, 300_000, 1_000)).toBe(true);
		const { dropped } = board.device.report();
		expect(world.rows()).toBeGreaterThanOrEqual(resident.taken() - dropped);
		expect(world.rows()).toBeLessThanOrEqual(resident.taken() - dropped + board.boots - 1);
	}
	expect(resident.flash.violations).toBe(0);
	world.close();
});
