import { expect, test } from 'vitest';
import { lmicStory } from '../../../../hosts/simulator/lmic/story';
import { Trial } from '../../../../hosts/simulator/lmic/trial';
import { eu868 } from '../../../../hosts/simulator/radio/regions';
import { RegisterEngine } from './register-engine';

const options = {
	region: eu868,
	engine: (parts: ConstructorParameters<typeof RegisterEngine>[0]) => new RegisterEngine(parts),
};

test('the bridge, a radio at its registers and a network server: ports, sleeps and cuts, and no counter or nonce twice', () => {
	for (const seed of [1, 2, 3]) {
		const counts = lmicStory({ ...options, seed, sleeps: 10, cuts: 20 });
		expect(counts).toMatchObject({ repeatedCounters: 0, repeatedNonces: 0, garbled: 0, commands: 2 });
		// Where the gateway has used its share of both windows' bands, it does not answer.
		expect(counts.acknowledged).toBeGreaterThan(0.8 * counts.asked);
		expect(Object.keys(counts.ports)).toEqual(['1', '2', '3']);
	}
});

test('where frames are lost, an uplink is told as it is, and the next one goes', () => {
	const trial = new Trial({ ...options, seed: 5, loss: 0.3 });
	trial.start();
	trial.until(() => trial.lmic.state === 'joined');
	const ends = Array.from({ length: 40 }, () => trial.uplink(2, new Uint8Array(27), true));
	const acknowledged = ends.filter(Boolean).length;
	expect(acknowledged).toBeGreaterThan(10);
	expect(acknowledged).toBeLessThan(35);
	expect(trial.network.counts.uplinks).toBeGreaterThanOrEqual(acknowledged);
	expect(trial.network.counts).toMatchObject({ repeatedCounters: 0, repeatedNonces: 0 });
	expect(trial.timesOff.every((off) => Math.abs(off) < 100)).toBe(true);
	expect(trial.timesOff.length).toBeGreaterThan(0);
	expect(trial.lmic.rssiDbm).toBeLessThan(-90);
	expect(trial.lmic.rssiDbm).toBeGreaterThan(-120);
	expect(Math.abs(trial.lmic.snrDecibels!)).toBeLessThan(13);
});
