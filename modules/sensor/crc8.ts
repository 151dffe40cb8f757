/**
 * CRC-8 over `bytes`, most significant bit first, nothing reflected or inverted at the end.
 * @param polynomial without its x⁸: 0x31 for Sensirion's parts, 0x07 for the PEC of SMBus
 * @param crc where it starts, or what it was for the bytes before these
 */
export function crc8(bytes: Uint8Array, polynomial: number, crc: number, start = 0, end = bytes.length): number {
	for (let at = start; at < end; at++) {
		crc ^= bytes[at]!;
		for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ polynomial) & 0xff : crc << 1;
	}
	return crc;
}
