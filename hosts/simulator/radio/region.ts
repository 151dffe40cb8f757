import type { Band } from '../../../modules/lora/ledger';

/** How a frame is modulated. */
export interface DataRate {
	readonly spreadingFactor: number;
	/** Hertz. */
	readonly bandwidth: number;
}

/** What LoRaWAN 1.0.3 Regional Parameters (revision A) say of a region, as far as it goes here. */
export interface Region {
	readonly name: 'EU868' | 'US915';
	/** By their number; a hole is reserved. */
	readonly dataRates: readonly (DataRate | undefined)[];
	/** Bytes of payload by the number of the uplink's data rate, without options. */
	readonly room: readonly number[];
	/** Hertz: those that every device knows, and those that a join adds. */
	readonly channels: readonly number[];
	readonly added: readonly number[];
	readonly bands: readonly Band[];
	/** dBm, radiated: of a device, and of a gateway in the first window. In the second it is 27. */
	readonly power: number;
	readonly gatewayPower: number;
	/** The longest uplink, milliseconds; Infinity: as long as it takes. */
	readonly dwell: number;
	/** First window: where, and how. */
	first(frequency: number, dataRate: number): { readonly frequency: number; readonly dataRate: number };
	readonly second: { readonly frequency: number; readonly dataRate: number };
}

const rate = (spreadingFactor: number, bandwidth = 125_000): DataRate => ({ spreadingFactor, bandwidth });

/** Section 2.2, and the bands of ERC/REC 70-03, annex 1. */
export const eu868: Region = {
	name: 'EU868',
	dataRates: [rate(12), rate(11), rate(10), rate(9), rate(8), rate(7)],
	room: [51, 51, 51, 115, 222, 222],
	channels: [868_100_000, 868_300_000, 868_500_000],
	added: [867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000],
	bands: [
		{ from: 865_000_000, to: 867_999_999, duty: 0.01 },
		{ from: 868_000_000, to: 868_600_000, duty: 0.01 },
		{ from: 868_700_000, to: 869_200_000, duty: 0.001 },
		{ from: 869_400_000, to: 869_650_000, duty: 0.1 },
		{ from: 869_700_000, to: 870_000_000, duty: 0.01 },
	],
	power: 14,
	gatewayPower: 14,
	dwell: Number.POSITIVE_INFINITY,
	first: (frequency, dataRate) => ({ frequency, dataRate }),
	second: { frequency: 869_525_000, dataRate: 0 },
};

/** Section 2.5, sub-band 2 (channels 8 to 15), as The Things Network uses it. */
export const us915: Region = {
	name: 'US915',
	dataRates: [
		rate(10),
		rate(9),
		rate(8),
		rate(7),
		rate(8, 500_000),
		...[undefined, undefined, undefined],
		...[12, 11, 10, 9, 8, 7].map((spreadingFactor) => rate(spreadingFactor, 500_000)),
	],
	room: [11, 53, 125, 242, 242],
	channels: Array.from({ length: 8 }, (_, at) => 903_900_000 + at * 200_000),
	added: [],
	bands: [{ from: 902_000_000, to: 928_000_000, duty: 1 }],
	power: 20,
	gatewayPower: 27,
	dwell: 400,
	first: (frequency, dataRate) => ({
		frequency: 923_300_000 + (Math.round((frequency - 903_900_000) / 200_000) % 8) * 600_000,
		dataRate: Math.min(13, 10 + dataRate),
	}),
	second: { frequency: 923_300_000, dataRate: 8 },
};

/** The fastest data rate of uplinks at 125 kHz. */
export function fastest({ room, dataRates }: Region): number {
	let best = 0;
	for (let at = 0; at < room.length; at++) if (dataRates[at]?.bandwidth === 125_000) best = at;
	return best;
}
