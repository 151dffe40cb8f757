import { describe, expect, test } from 'vitest';
import { airtime, FRAME_OVERHEAD } from '../../../../hosts/simulator/radio/airtime';
import { linkAdr, obey } from '../../../../hosts/simulator/radio/options';
import { fastest, slowest } from '../../../../hosts/simulator/radio/region';
import { as923, au915, regions, us915 } from '../../../../hosts/simulator/radio/regions';

const all = Object.values(regions);

describe('regions', () => {
	test.each([
		[us915, 902_300_000, 903_000_000, 4, 10],
		[au915, 915_200_000, 915_900_000, 6, 8],
	])(
		'$name: each of the 72 channels of uplinks is answered on its one of eight',
		(region, first, wide, dataRate, lift) => {
			for (let channel = 0; channel < 64; channel++)
				expect(region.first(first + channel * 200_000, 0)).toEqual({
					frequency: 923_300_000 + (channel % 8) * 600_000,
					dataRate: lift,
				});
			for (let channel = 0; channel < 8; channel++)
				expect(region.first(wide + channel * 1_600_000, dataRate)).toEqual({
					frequency: 923_300_000 + channel * 600_000,
					dataRate: Math.min(13, lift + dataRate),
				});
			expect(() => region.first(first - 200_000, 0)).toThrow(`${first - 200_000} Hz is no channel of uplinks`);
		},
	);

	test('AS923 answers no slower than downlinks may be', () => {
		expect(as923.first(923_200_000, 2)).toEqual({ frequency: 923_200_000, dataRate: 2 });
		expect(as923.first(923_400_000, 6)).toEqual({ frequency: 923_400_000, dataRate: 5 });
	});

	test.each(all)(
		'$name: what a data rate has room for keeps to the dwell time; channels are in its bands',
		(region) => {
			const { room, dataRates, dwell, channels, added, bands, second } = region;
			room.forEach((bytes, at) => {
				if (bytes > 0) expect(airtime(dataRates[at]!, FRAME_OVERHEAD + bytes)).toBeLessThanOrEqual(dwell);
			});
			expect(airtime(dataRates[slowest(region)]!, 23)).toBeLessThanOrEqual(dwell);
			for (const frequency of [...channels, ...added, second.frequency])
				expect(bands.filter(({ from, to }) => frequency >= from && frequency <= to).length).toBe(1);
			expect(dataRates[second.dataRate]).toBeDefined();
		},
	);

	test.each(all)('$name: ADR names the channels that this network listens on, and no others are obeyed', (region) => {
		const command = linkAdr(fastest(region), region);
		expect(obey(command, region)).toMatchObject({ dataRate: fastest(region), answers: Buffer.of(3, 7) });
		const { control, channels } = region.mask;
		const count = region.channels.length + region.added.length;
		// A bank is eight channels.
		expect(channels).toBe(control === 5 ? 2 : 2 ** count - 1);
		const other = Buffer.from(command);
		other[2]! ^= 1;
		expect(obey(other, region)).toMatchObject({ dataRate: undefined, answers: Buffer.of(3, 6) });
		expect(obey(linkAdr(15, region), region)).toMatchObject({ dataRate: undefined, answers: Buffer.of(3, 5) });
	});
});
