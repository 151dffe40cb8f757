import { expect, test } from 'vitest';
import { joinStorm } from '../../../../hosts/simulator/radio/storm';

test('a hundred devices that lose one network ask ever more seldom, and all come back', () => {
	const storm = joinStorm({ devices: 100, hoursAway: 3, seed: 1 });
	// 1 % of the first hour; 0.1 % of the next ten, so of these two.
	expect(storm.firstHour).toBeLessThanOrEqual(36_000);
	expect(storm.nextTen).toBeLessThanOrEqual(7_200 + 1_500);
	expect(storm.lastHourMean).toBeLessThan(storm.busiestMinute / 20);
	expect(storm.missing).toBe(0);
	expect(storm.after).toBeLessThan(400);
});
