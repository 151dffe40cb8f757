import { HEAD_LENGTH, TAIL_MAX } from './message';

/**
 * A session's bytes: the head that ports.ts describes, and behind it what lmic-engine.c writes after a join: version,
 * region, NetID, DevAddr, keys, windows and channels, and a checksum.
 */
const VERSION = 1;
const TAIL_MIN = 60;

export const upAt = 0;
export const nonceAt = 8;
/** The data rate; before a join, that of the last request, and 1. */
export const dataRateAt = 10;

/** DevNonces end below this: as the next one, it says that none is left. */
export const NONCES_END = 0xffff;

/** What is wrong with a session, or undefined when nothing is. */
export function faultOf(session: Uint8Array, region: number): string | undefined {
	if (session.byteLength < HEAD_LENGTH) return `${session.byteLength} bytes, a session has at least ${HEAD_LENGTH}`;
	const tail = session.subarray(HEAD_LENGTH);
	if (tail.byteLength === 0) return undefined;
	if (tail.byteLength < TAIL_MIN || tail.byteLength > TAIL_MAX)
		return `${session.byteLength} bytes, a session has ${HEAD_LENGTH + TAIL_MIN} to ${HEAD_LENGTH + TAIL_MAX}`;
	if (tail[0] !== VERSION) return `of version ${tail[0]}, not ${VERSION}`;
	const end = tail.byteLength - 2;
	if (crc16(tail, end) !== (tail[end]! | (tail[end + 1]! << 8))) return 'its checksum is wrong';
	if (tail[1] !== region) return `of region ${tail[1]}, not ${region}`;
	return undefined;
}

/** CRC-16/XMODEM, which LMIC has too (os_crc16): polynomial 0x1021, from 0. */
export function crc16(bytes: Uint8Array, length: number): number {
	let crc = 0;
	for (let at = 0; at < length; at++) {
		crc ^= bytes[at]! << 8;
		for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
	}
	return crc;
}
