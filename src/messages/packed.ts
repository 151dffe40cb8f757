import { CRC_START, crcBytes, crcEnd } from '../../modules/journal/crc32';
import { encode } from '../../modules/text/utf8';
import { ALERT_BYTE_LENGTH, type Alert, packAlert } from '../alerts/record';
import type { Language } from '../alerts/words';
import { packReading, READING_BYTE_LENGTH, type Reading } from '../sensing/reading';
import type { ReplyStatus } from './reply';

/** Its place in its journal: by it the server makes the same name of it as on every other route. */
interface Place {
	readonly epoch: number;
	readonly sequence: number;
}

const NAME_BYTE_LENGTH = 8;
/** Of a packed reading. */
export const PACKED_BYTE_LENGTH = NAME_BYTE_LENGTH + READING_BYTE_LENGTH;
const LANGUAGES: readonly Language[] = Object.freeze(['fr', 'en']);

/**
 * A reading for a way on which each byte counts: 27 of them (modules/lora/FORMAT.md, port 2), with the values of its JSON.
 * @param timestamp epoch milliseconds
 * @throws Fault 'range' for a time before 1970 or after 2109
 */
export function packedReading(place: Place, timestamp: number, reading: Reading): ArrayBuffer {
	const bytes = named(place, READING_BYTE_LENGTH);
	packReading({ ...reading, stamp: { epochMilliseconds: timestamp } }, bytes.subarray(NAME_BYTE_LENGTH));
	return bytes.buffer;
}

/** The same of an alert: 22 bytes (port 3). */
export function packedAlert(place: Place, timestamp: number, alert: Alert, language: Language): ArrayBuffer {
	const bytes = named(place, ALERT_BYTE_LENGTH + 1);
	const stamp = { epochMilliseconds: timestamp };
	packAlert({ ...alert, stamp }, bytes.subarray(NAME_BYTE_LENGTH, NAME_BYTE_LENGTH + ALERT_BYTE_LENGTH));
	bytes[NAME_BYTE_LENGTH + ALERT_BYTE_LENGTH] = LANGUAGES.indexOf(language);
	return bytes.buffer;
}

const STATUSES: readonly ReplyStatus[] = Object.freeze(['done', 'refused', 'failed']);
const REPLY_BYTE_LENGTH = 9;

/**
 * How a command ended: 9 bytes (port 4), without what is to be said of it.
 * @param timestamp epoch milliseconds; undefined: the time was not known
 */
export function packedReply(commandId: string, status: ReplyStatus, timestamp: number | undefined): ArrayBuffer {
	const id = new Uint8Array(encode(commandId));
	const view = new DataView(new ArrayBuffer(REPLY_BYTE_LENGTH));
	view.setUint8(0, STATUSES.indexOf(status));
	view.setUint32(1, crcEnd(crcBytes(CRC_START, id, 0, id.byteLength)));
	view.setUint32(5, timestamp === undefined ? 0 : Math.floor(timestamp / 1000));
	return view.buffer;
}

function named({ epoch, sequence }: Place, length: number): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(NAME_BYTE_LENGTH + length);
	const view = new DataView(bytes.buffer);
	view.setUint32(0, epoch);
	view.setUint32(4, sequence);
	return bytes;
}
