import { Fault } from '../fault';

/** What each port carries (FORMAT.md). */
export const Port = Object.freeze({ SHORT: 1, READING: 2, ALERT: 3, REPLY: 4, COMMAND: 10 } as const);

/** Bytes of port 1: it goes where a data rate allows 11 and no more. */
export const SHORT_BYTE_LENGTH = 8;
/** Bytes of port 2: the reading's name at the server (8), and the reading as the journal keeps it (19). */
export const READING_BYTE_LENGTH = 27;
/** Bytes of port 3: the alert's name (8), the alert as its journal keeps it (13), its language (1). */
export const ALERT_BYTE_LENGTH = 22;
/** Bytes of an alert in short, on port 3 too: it goes where a data rate allows 11 and no more, and leaves 2 for the stack's answers. */
export const SHORT_ALERT_BYTE_LENGTH = 9;
/** Bytes of port 4: how a command ended. */
export const REPLY_BYTE_LENGTH = 9;

const NO_TEMPERATURE = 0x8000;
/** In the year 2106. */
const LATEST = 0xffff_ffff;

// Where the fields lie in a packed reading, in bits (src/sensing/FORMAT.md), behind the eight bytes of its name.
const NAME_BITS = 64;
const TIME = Object.freeze({ at: NAME_BITS + 4, width: 42 });
const TEMPERATURE = Object.freeze({ at: NAME_BITS + 46, width: 14, base: -4_000, most: 12_382 });
const HEART_RATE = Object.freeze({ at: NAME_BITS + 74, width: 9, most: 300 });
// And in a packed alert, in bytes (src/alerts/FORMAT.md): the value is behind the kind.
const ALERT_KIND_AT = 14;
const ALERT_VALUE_LENGTH = 3;
const ALERT_LANGUAGE_AT = 21;

/**
 * The guide's eight bytes (section 4) of a reading that port 2 would carry whole. Time is cut to the second.
 * @param whole 27 bytes
 * @param short 8 bytes, written
 * @throws Fault 'malformed' for bytes that are no dated reading
 */
export function shorten(whole: Uint8Array, short: Uint8Array): void {
	if (whole.byteLength !== READING_BYTE_LENGTH || field(whole, NAME_BITS, 4) !== 1)
		throw new Fault('malformed', 'lora: no dated reading');
	const temperature = field(whole, TEMPERATURE.at, TEMPERATURE.width) + TEMPERATURE.base;
	const heartRate = field(whole, HEART_RATE.at, HEART_RATE.width);
	const view = new DataView(short.buffer, short.byteOffset, SHORT_BYTE_LENGTH);
	view.setUint16(0, temperature > TEMPERATURE.most ? NO_TEMPERATURE : temperature);
	view.setUint16(2, heartRate > HEART_RATE.most ? 0 : heartRate);
	view.setUint32(4, Math.min(LATEST, Math.floor(field(whole, TIME.at, TIME.width) / 1000)));
}

/**
 * What an alert is about, in short: its language and kind, the last byte of its sequence, its value, its second.
 * @param whole 22 bytes
 * @param short 9 bytes, written
 * @throws Fault 'malformed' for bytes that are no dated alert
 */
export function shortenAlert(whole: Uint8Array, short: Uint8Array): void {
	const [last, kind, language] = [whole[7]!, whole[ALERT_KIND_AT]!, whole[ALERT_LANGUAGE_AT]!];
	if (whole.byteLength !== ALERT_BYTE_LENGTH || field(whole, NAME_BITS, 4) !== 1 || kind > 0x7f || language > 1)
		throw new Fault('malformed', 'lora: no dated alert');
	const view = new DataView(short.buffer, short.byteOffset, SHORT_ALERT_BYTE_LENGTH);
	view.setUint8(0, language * 0x80 + kind);
	view.setUint8(1, last);
	for (let at = 0; at < ALERT_VALUE_LENGTH; at++) short[2 + at] = whole[ALERT_KIND_AT + 1 + at]!;
	view.setUint32(5, Math.min(LATEST, Math.floor(field(whole, TIME.at, TIME.width) / 1000)));
}

/** The unsigned number in `width` bits from bit `at` on, the most significant first. */
function field(bytes: Uint8Array, at: number, width: number): number {
	let value = 0;
	for (let bit = at; bit < at + width; bit++) value = value * 2 + ((bytes[bit >> 3]! >> (7 - (bit & 7))) & 1);
	return value;
}
