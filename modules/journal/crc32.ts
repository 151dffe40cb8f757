/**
 * CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320), the one of zlib. States are signed 32-bit integers: XS keeps those
 * out of floating point. The table is made when the module is preloaded, so it lies in ROM and costs no RAM.
 */
const POLYNOMIAL = 0xedb88320 | 0;

const TABLE: readonly number[] = Object.freeze(
	Array.from({ length: 256 }, (_, byte) => {
		let state = byte;
		for (let bit = 0; bit < 8; bit++) state = state & 1 ? (state >>> 1) ^ POLYNOMIAL : state >>> 1;
		return state | 0;
	}),
);

/** The state before the first byte. */
export const CRC_START = -1;

/** Takes bytes `start` to `end` − 1 into `state`. */
export function crcBytes(state: number, bytes: Uint8Array, start: number, end: number): number {
	let crc = state;
	for (let i = start; i < end; i++) crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
	return crc;
}

/** Takes the four bytes of a little-endian unsigned 32-bit `word` into `state`. */
export function crcWord(state: number, word: number): number {
	let crc = state ^ (word | 0);
	for (let i = 0; i < 4; i++) crc = TABLE[crc & 0xff]! ^ (crc >>> 8);
	return crc;
}

/** The CRC of all that was taken, 0 to 2^32 − 1. */
export function crcEnd(state: number): number {
	return ~state >>> 0;
}

/**
 * Finds the one flipped bit that explains why the CRC computed over a message differs from the CRC stored with it.
 * CRC-32 keeps a Hamming distance of at least 5 up to 2,974 bits, so up to three flipped bits are never taken for one.
 * @param difference computed XOR stored, not 0
 * @param byteLength of the message, 1 to 367
 * @returns the bit's index in the message (byte × 8 + bit), −1 when the stored CRC itself has the flipped bit and the
 * message is whole, undefined when no single bit explains it
 */
export function crcFlippedBit(difference: number, byteLength: number): number | undefined {
	const wanted = difference | 0;
	if ((wanted & (wanted - 1)) === 0) return -1;
	let effect = POLYNOMIAL;
	for (let bit = byteLength * 8 - 1; bit >= 0; bit--) {
		if (effect === wanted) return bit;
		effect = effect & 1 ? (effect >>> 1) ^ POLYNOMIAL : effect >>> 1;
	}
	return undefined;
}

/**
 * Looks behind a CRC: the word that, taken into `state` before `end` bytes, makes their CRC `crc`. There is exactly one.
 */
export function crcWordBefore(state: number, bytes: Uint8Array, end: number, crc: number): number {
	let undone = ~crc;
	for (let i = end + 3; i >= 0; i--) {
		for (let bit = 0; bit < 8; bit++) undone = undone < 0 ? ((undone ^ POLYNOMIAL) << 1) | 1 : undone << 1;
		if (i > 3) undone ^= bytes[i - 4]!;
	}
	return (undone ^ state) >>> 0;
}
