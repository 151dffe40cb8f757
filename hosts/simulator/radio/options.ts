/** MAC commands of LoRaWAN 1.0.3, section 5: those that this network server sends, and their answers. */

import { fastest, type Region, slowest } from './region';

const LENGTHS: Readonly<Record<number, number>> = { 2: 2, 3: 4, 4: 1, 5: 4, 6: 0, 7: 5, 8: 1, 9: 1, 10: 4, 13: 5 };
/** From 1980-01-06 to 1970-01-01, and the leap seconds since: GPS time knows none. */
const GPS_EPOCH = 315_964_800;
const LEAP_SECONDS = 18;

export interface Told {
	readonly answers: Buffer;
	readonly dataRate: number | undefined;
	/** Epoch ms at the end of the uplink that asked. */
	readonly time: number | undefined;
}

/** What a device makes of the commands of a downlink. */
export function obey(options: Buffer, region: Region): Told {
	const answers: number[] = [];
	let dataRate: number | undefined;
	let time: number | undefined;
	for (let at = 0; at < options.length; ) {
		const command = options[at]!;
		const length = LENGTHS[command];
		if (length === undefined || at + 1 + length > options.length) break;
		const body = options.subarray(at + 1, at + 1 + length);
		if (command === 3) {
			const wanted = body[0]! >> 4;
			const isRate = wanted >= slowest(region) && wanted <= fastest(region);
			const isMask = body.readUInt16LE(1) === region.mask.channels && (body[3]! >> 4) % 8 === region.mask.control;
			// All of it, or nothing (section 5.2).
			if (isRate && isMask) dataRate = wanted;
			answers.push(3, (isMask ? 1 : 0) | (isRate ? 2 : 0) | 4);
		} else if (command === 6) answers.push(6, 255, 0);
		else if (command === 13)
			time = (body.readUInt32LE() + GPS_EPOCH - LEAP_SECONDS) * 1000 + Math.floor((body[4]! * 1000) / 256);
		at += 1 + length;
	}
	return { answers: Buffer.from(answers), dataRate, time };
}

/** Another data rate, the most power, all channels of this network, each uplink once. */
export function linkAdr(dataRate: number, { mask }: Region): Buffer {
	return Buffer.of(3, dataRate << 4, mask.channels & 0xff, mask.channels >> 8, (mask.control << 4) | 1);
}

export function deviceTimeRequest(): Buffer {
	return Buffer.of(13);
}

export function asksForTime(options: Buffer): boolean {
	return options.includes(13);
}

/** @param time epoch ms at the end of the uplink */
export function deviceTime(time: number): Buffer {
	const bytes = Buffer.of(13, 0, 0, 0, 0, 0);
	const seconds = time / 1000 - GPS_EPOCH + LEAP_SECONDS;
	bytes.writeUInt32LE(Math.floor(seconds), 1);
	bytes[5] = Math.floor((seconds % 1) * 256);
	return bytes;
}
