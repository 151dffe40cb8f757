import type { Band } from '../../../modules/lora/ledger';

/** How a frame is modulated. */
export interface DataRate {
	readonly spreadingFactor: number;
	/** Hertz. */
	readonly bandwidth: number;
}

export type RegionName = 'EU868' | 'US915' | 'AS923' | 'AU915' | 'KR920' | 'IN866';

/** Where a downlink goes, and how. */
export interface Window {
	/** Hertz. */
	readonly frequency: number;
	readonly dataRate: number;
}

/** What LoRaWAN 1.0.3 Regional Parameters (revision A) say of a region, as far as it goes here. */
export interface Region {
	readonly name: RegionName;
	/** By their number; a hole is reserved. */
	readonly dataRates: readonly (DataRate | undefined)[];
	/** Bytes of payload by the number of the uplink's data rate, without options; 0: none may go, it would take too long. */
	readonly room: readonly number[];
	/** Hertz: those that every device knows, and those that a join adds. */
	readonly channels: readonly number[];
	readonly added: readonly number[];
	/** LinkADRReq for all of them: its ChMaskCntl and ChMask (section 5.2, and each region's table). */
	readonly mask: { readonly control: number; readonly channels: number };
	readonly bands: readonly Band[];
	/** dBm, radiated: of a device, and of a gateway in the first window, and in the second. */
	readonly power: number;
	readonly gatewayPower: number;
	readonly secondPower: number;
	/** The longest uplink, milliseconds; Infinity: as long as it takes. */
	readonly dwell: number;
	/** First window, by the uplink's frequency and the number of its data rate. */
	first(frequency: number, dataRate: number): Window;
	readonly second: Window;
}

/** The fastest data rate of uplinks at 125 kHz. */
export function fastest({ room, dataRates }: Region): number {
	let best = 0;
	for (let at = 0; at < room.length; at++) if (dataRates[at]?.bandwidth === 125_000) best = at;
	return best;
}

/** The slowest data rate that an uplink may have. */
export function slowest({ room }: Region): number {
	return room.findIndex((bytes) => bytes > 0);
}
