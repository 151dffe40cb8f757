/** The real LMIC with our bridge, where its sources are: `LMIC=folder npx vitest run test/hosts/simulator/lmic`. */
import { describe, expect, test } from 'vitest';
import { buildTwin, lacking } from '../../../../hosts/simulator/lmic/build';
import { lmicDays } from '../../../../hosts/simulator/lmic/days';
import { lmicStory } from '../../../../hosts/simulator/lmic/story';
import type { EngineParts } from '../../../../hosts/simulator/lmic/trial';
import { Twin } from '../../../../hosts/simulator/lmic/twin';
import { eu868Bands, regions } from '../../../../hosts/simulator/radio/regions';

const lmic = process.env.LMIC;
const missing = lacking(lmic);
if (missing !== undefined) console.log(`The real LMIC is not tested: ${missing}`);

test('who gives no folder, or a wrong one, is told what is missing', () => {
	expect(lacking(undefined)).toMatch(/^no folder of LMIC is given.*git clone --branch v6\.0\.1/);
	expect(() => buildTwin({ lmic: '/nowhere', region: 'EU868', radio: 'sx1276' })).toThrow('/nowhere: there is no');
});

describe.skipIf(missing !== undefined)('the real LMIC', () => {
	test.each(Object.values(regions))(
		'$name: through ports, sleeps and cuts no counter or nonce comes twice',
		(region) => {
			const program = buildTwin({ lmic: lmic!, region: region.name, radio: 'sx1276' });
			const engine = (parts: EngineParts) => new Twin({ program, region: region.name, radio: 'sx1276', ...parts });
			for (const loss of [0, 0.3]) {
				const counts = lmicStory({ engine, region, sleeps: 6, cuts: 8, seed: 1, loss });
				expect(counts).toMatchObject({ repeatedCounters: 0, repeatedNonces: 0, garbled: 0 });
				expect(Object.keys(counts.ports)).toEqual(['1', '2', '3']);
				if (loss === 0) expect(counts).toMatchObject({ acknowledged: counts.asked, commands: 2 });
				for (const { percent, allowed } of counts.shares) expect(percent).toBeLessThanOrEqual(allowed);
			}
		},
	);

	test('over a day with deep sleep and power cuts, no band has more than its share of any hour', async () => {
		const program = buildTwin({ lmic: lmic!, region: 'EU868', radio: 'sx1276' });
		const engine = (parts: EngineParts) => new Twin({ program, region: 'EU868', radio: 'sx1276', ...parts });
		const days = { engine, region: eu868Bands, distance: 6, loss: 0.1, days: 1, cutEvery: 40 };
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
});
