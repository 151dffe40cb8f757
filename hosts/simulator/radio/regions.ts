import type { Band } from '../../../modules/lora/ledger';
import type { DataRate, Region, RegionName } from './region';

const rate = (spreadingFactor: number, bandwidth = 125_000): DataRate => ({ spreadingFactor, bandwidth });
const rates = (...spreadingFactors: readonly number[]): DataRate[] => spreadingFactors.map((each) => rate(each));
const wide = (...spreadingFactors: readonly number[]): DataRate[] =>
	spreadingFactors.map((each) => rate(each, 500_000));
const steps = (first: number, step: number, count: number): number[] =>
	Array.from({ length: count }, (_, at) => first + at * step);

/** From SF12 to SF7 at 125 kHz: data rates 0 to 5, and what each takes where nothing bounds it (table 2.1.6 and those like it). */
const common = rates(12, 11, 10, 9, 8, 7);
const commonRoom = [51, 51, 51, 115, 222, 222];
/** Where 400 ms are the longest uplink, nothing fits the two slowest (tables 2.6.6 and 2.7.6). */
const dwellRoom = [0, 0, 11, 53, 125, 242];
const DWELL = 400;
const sameChannel = (frequency: number, dataRate: number) => ({ frequency, dataRate });
const whole = (from: number, to: number, duty: number): readonly Band[] => [{ from, to, duty }];

/**
 * The first window of regions with 64 channels of 125 kHz and 8 of 500 kHz: downlinks have eight of their own, and a data rate by
 * the uplink's.
 * @param first the first channel of 125 kHz, in hertz @param firstWide of 500 kHz @param wideRate what 500 kHz has in uplinks
 */
function hopping(first: number, firstWide: number, wideRate: number, lift: number): Region['first'] {
	return (frequency, dataRate) => {
		const isWide = dataRate === wideRate;
		const channel = Math.round((frequency - (isWide ? firstWide : first)) / (isWide ? 1_600_000 : 200_000));
		if (channel < 0 || channel >= (isWide ? 8 : 64)) throw new Error(`${frequency} Hz is no channel of uplinks`);
		return { frequency: 923_300_000 + (channel % 8) * 600_000, dataRate: Math.min(13, lift + dataRate) };
	};
}

/** Section 2.2, and the bands of ERC/REC 70-03, annex 1. */
export const eu868: Region = {
	name: 'EU868',
	dataRates: common,
	room: commonRoom,
	channels: [868_100_000, 868_300_000, 868_500_000],
	added: steps(867_100_000, 200_000, 5),
	mask: { control: 0, channels: 0xff },
	bands: [
		{ from: 865_000_000, to: 867_999_999, duty: 0.01 },
		{ from: 868_000_000, to: 868_600_000, duty: 0.01 },
		{ from: 868_700_000, to: 869_200_000, duty: 0.001 },
		{ from: 869_400_000, to: 869_650_000, duty: 0.1 },
		{ from: 869_700_000, to: 870_000_000, duty: 0.01 },
	],
	power: 14,
	gatewayPower: 14,
	secondPower: 27,
	dwell: Number.POSITIVE_INFINITY,
	first: sameChannel,
	second: { frequency: 869_525_000, dataRate: 0 },
};

/** The same with channels in its bands of 0.1 % and 10 % too, as a network may give them at a join. */
export const eu868Bands: Region = {
	...eu868,
	added: [868_850_000, 869_525_000, 867_100_000, 867_300_000, 869_800_000],
};

/** Section 2.5, sub-band 2 (channels 8 to 15), as The Things Network uses it. */
export const us915: Region = {
	name: 'US915',
	dataRates: [
		...rates(10, 9, 8, 7),
		rate(8, 500_000),
		...[undefined, undefined, undefined],
		...wide(12, 11, 10, 9, 8, 7),
	],
	room: [11, 53, 125, 242, 242],
	channels: steps(903_900_000, 200_000, 8),
	added: [],
	// A bank: eight channels of 125 kHz, and the one of 500 kHz that belongs to them.
	mask: { control: 5, channels: 1 << 1 },
	bands: whole(902_000_000, 928_000_000, 1),
	power: 20,
	gatewayPower: 27,
	secondPower: 27,
	dwell: DWELL,
	first: hopping(902_300_000, 903_000_000, 4, 10),
	second: { frequency: 923_300_000, dataRate: 8 },
};

/** Section 2.6, sub-band 2 (channels 8 to 15), with the dwell time that a device presumes. */
export const au915: Region = {
	name: 'AU915',
	dataRates: [...common, rate(8, 500_000), undefined, ...wide(12, 11, 10, 9, 8, 7)],
	room: [...dwellRoom, 242],
	channels: steps(916_800_000, 200_000, 8),
	added: [],
	mask: { control: 5, channels: 1 << 1 },
	bands: whole(915_000_000, 928_000_000, 1),
	power: 20,
	gatewayPower: 27,
	secondPower: 27,
	dwell: DWELL,
	first: hopping(915_200_000, 915_900_000, 6, 8),
	second: { frequency: 923_300_000, dataRate: 8 },
};

/** Section 2.7, group 1, with the dwell time that a device presumes, each way. */
export const as923: Region = {
	name: 'AS923',
	dataRates: [...common, rate(7, 250_000)],
	room: [...dwellRoom, 242],
	channels: [923_200_000, 923_400_000],
	added: steps(923_600_000, 200_000, 5),
	mask: { control: 0, channels: 0x7f },
	bands: whole(915_000_000, 928_000_000, 0.01),
	power: 16,
	gatewayPower: 16,
	secondPower: 16,
	dwell: DWELL,
	first: (frequency, dataRate) => ({ frequency, dataRate: Math.min(5, Math.max(2, dataRate)) }),
	second: { frequency: 923_200_000, dataRate: 2 },
};

/** Section 2.8. No duty cycle: a device listens before it talks. */
export const kr920: Region = {
	name: 'KR920',
	dataRates: common,
	room: commonRoom,
	channels: [922_100_000, 922_300_000, 922_500_000],
	added: steps(922_700_000, 200_000, 4),
	mask: { control: 0, channels: 0x7f },
	bands: whole(920_900_000, 923_300_000, 1),
	power: 14,
	gatewayPower: 23,
	secondPower: 23,
	dwell: Number.POSITIVE_INFINITY,
	first: sameChannel,
	second: { frequency: 921_900_000, dataRate: 0 },
};

/** Section 2.9. */
export const in866: Region = {
	name: 'IN866',
	dataRates: common,
	room: commonRoom,
	channels: [865_062_500, 865_402_500, 865_985_000],
	added: [866_185_000, 866_385_000],
	mask: { control: 0, channels: 0x1f },
	bands: whole(865_000_000, 867_000_000, 1),
	power: 20,
	gatewayPower: 27,
	secondPower: 27,
	dwell: Number.POSITIVE_INFINITY,
	first: sameChannel,
	second: { frequency: 866_550_000, dataRate: 2 },
};

export const regions: Readonly<Record<RegionName, Region>> = {
	EU868: eu868,
	US915: us915,
	AS923: as923,
	AU915: au915,
	KR920: kr920,
	IN866: in866,
};
