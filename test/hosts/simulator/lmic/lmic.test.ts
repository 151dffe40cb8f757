/** The real LMIC with our bridge, where its sources are: `LMIC=folder npx vitest run test/hosts/simulator/lmic`. */
import { describe, expect, test } from 'vitest';
import { buildTwin, lacking, type RadioName, radioNames } from '../../../../hosts/simulator/lmic/build';
import { lmicDays } from '../../../../hosts/simulator/lmic/days';
import { lmicStory } from '../../../../hosts/simulator/lmic/story';
import { type EngineParts, Trial } from '../../../../hosts/simulator/lmic/trial';
import { Twin } from '../../../../hosts/simulator/lmic/twin';
import type { RegionName } from '../../../../hosts/simulator/radio/region';
import { eu868, eu868Bands, kr920, regions, us915 } from '../../../../hosts/simulator/radio/regions';

const lmic = process.env.LMIC;
const missing = lacking(lmic);
if (missing !== undefined) console.log(`The real LMIC is not tested: ${missing}`);

test('who gives no folder, or a wrong one, is told what is missing', () => {
	expect(lacking(undefined)).toMatch(/^no folder of LMIC is given.*git clone --branch v6\.0\.1/);
	expect(() => buildTwin({ lmic: '/nowhere', region: 'EU868', radio: 'sx1276' })).toThrow('/nowhere: there is no');
});

/** Twins of a region and a radio, for a trial. */
function twins(region: RegionName, radio: RadioName): (parts: EngineParts) => Twin {
	const program = buildTwin({ lmic: lmic!, region, radio });
	return (parts) => new Twin({ program, region, radio, ...parts });
}

describe.skipIf(missing !== undefined)('the real LMIC', () => {
	test.each([
		...Object.values(regions).map((region) => [region.name, 'sx1276', region] as const),
		['EU868', 'sx1262', eu868] as const,
		['US915', 'sx1262', us915] as const,
	])('%s, %s: through ports, sleeps and cuts no counter or nonce comes twice', (name, radio, region) => {
		const engine = twins(name, radio);
		for (const loss of [0, 0.3]) {
			const counts = lmicStory({ engine, region, sleeps: 6, cuts: 8, seed: 1, loss });
			expect(counts).toMatchObject({ repeatedCounters: 0, repeatedNonces: 0, garbled: 0 });
			expect(Object.keys(counts.ports)).toEqual(['1', '2', '3']);
			if (loss === 0) expect(counts).toMatchObject({ acknowledged: counts.asked, commands: 2 });
			// What is answered in its first window goes once.
			if (loss === 0 && region === us915) expect(counts.retransmitted).toBe(0);
			for (const { percent, allowed } of counts.shares) expect(percent).toBeLessThanOrEqual(allowed);
		}
	});

	test.each(radioNames)('KR920, %s: it listens before it talks', (radio) => {
		let isTaken = false;
		const level = () => (isTaken ? -60 : -120);
		const trial = new Trial({ engine: twins('KR920', radio), region: kr920, level });
		trial.start();
		trial.until(() => trial.lmic.state === 'joined');
		expect(trial.uplink(1, new Uint8Array(8), true)).toBe(true);
		const sent = trial.records.frames.length;
		isTaken = true;
		expect(trial.uplink(1, new Uint8Array(8), true)).toBe(false);
		expect(trial.records.frames.length).toBe(sent);
		isTaken = false;
		expect(trial.uplink(1, new Uint8Array(8), true)).toBe(true);
	});

	test('over a day with deep sleep and power cuts, no band has more than its share of any hour', async () => {
		const days = {
			engine: twins('EU868', 'sx1276'),
			region: eu868Bands,
			distance: 6,
			loss: 0.1,
			days: 1,
			cutEvery: 40,
		};
		for (const awake of [30_000, 20_000_000]) {
			const { busiest, repeated, frames } = await lmicDays({ ...days, awake });
			expect(frames).toBeGreaterThan(500);
			expect(repeated).toBe(0);
			busiest.forEach((milliseconds, at) => {
				expect(milliseconds).toBeGreaterThan(0);
				expect(milliseconds).toBeLessThanOrEqual(eu868Bands.bands[at]!.duty * 3_600_000);
			});
		}
	});

	test('a device that sleeps joins where only the slowest data rates reach, and spends no nonce by waking', () => {
		const trial = new Trial({ engine: twins('EU868', 'sx1276'), region: eu868, distance: 6 });
		trial.start();
		const hasJoined = () => trial.lmic.state === 'joined';
		for (let waking = 0; !trial.within(hasJoined, 30_000) && waking < 60; waking++) trial.sleep(270_000);
		expect(hasJoined()).toBe(true);
		expect(trial.records.joinRequests).toBeLessThan(20);
		expect(Number(trial.store.read('loraNonce'))).toBeLessThan(2 * trial.records.joinRequests + 8);
	});

	test('an uplink that goes once more waits for its band, however long that rests', () => {
		const trial = new Trial({ engine: twins('EU868', 'sx1276'), region: eu868, distance: 6, seed: 4 });
		trial.start();
		trial.until(() => trial.lmic.state === 'joined');
		trial.air.isOn = false;
		// At SF12 that is minutes.
		expect(trial.uplink(1, new Uint8Array(8), true)).toBe(false);
		expect(trial.records.retransmitted).toBeGreaterThan(3);
	});
});
