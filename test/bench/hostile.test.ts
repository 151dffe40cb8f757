import { expect, test } from 'vitest';
import { clients } from '../../bench/hostile/clients';
import { device } from '../../bench/hostile/device';
import { serverDoors } from '../../bench/hostile/doors';
import { Material } from '../../bench/hostile/material';

/** Of the cases of the bench, so many are tried each time; from seeds of their own. */
const SHARE = 1 / 50;

test.each([...clients, ...device, ...serverDoors].map((target, index) => ({ ...target, index })))(
	'hostile input: $name',
	async ({ cases, make, index }) => {
		const material = new Material(1_000 + index);
		const trial = make(material);
		const ends = { taken: 0, refused: 0 };
		for (let left = Math.ceil(cases * SHARE); left > 0; left--) ends[await trial.run(material)]++;
		await trial.close?.();
		// Else the material is so bad that nothing gets past the first look.
		expect(ends.taken).toBeGreaterThan(50);
	},
	60_000,
);
