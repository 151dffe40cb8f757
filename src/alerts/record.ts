import { Fault } from '../../modules/fault';
import { Bits } from '../sensing/bits';
import { readStamp, type Stamp, writeStamp } from '../sensing/reading';
import { alertType } from './kinds';

/** An alert as it is kept (FORMAT.md). Numbers are whole, in the unit of the quantity's reading. */
export interface Alert {
	stamp: Stamp;
	/** See kinds.ts. */
	kind: number;
	/** What was measured; undefined: nothing was. */
	value: number | undefined;
	/** What it was measured against. */
	threshold: number | undefined;
}

/** Bytes of a packed alert. */
export const ALERT_BYTE_LENGTH = 13;

const NUMBER_BITS = 24;
const BASE = 2 ** 23;
const ABSENT = 2 ** 24 - 1;
const LEAST = -BASE;
const GREATEST = ABSENT - 1 - BASE;

/**
 * Writes an alert into `bytes` (13 of them). A number that has no room is written as the nearest that has.
 * @throws Fault 'range' when its stamp is out of bounds, or no kind is of this number
 */
export function packAlert({ stamp, kind, value, threshold }: Alert, bytes: Uint8Array): void {
	if (alertType(kind) === undefined) throw new Fault('range', `alert: kind ${kind} is not known`);
	const bits = new Bits(bytes);
	writeStamp(stamp, bits);
	bits.write(2, 0);
	bits.write(8, kind);
	bits.write(NUMBER_BITS, coded(value));
	bits.write(NUMBER_BITS, coded(threshold));
}

/**
 * Reads what packAlert() wrote.
 * @throws Fault 'malformed' when the bytes are no alert of this format
 */
export function unpackAlert(bytes: Uint8Array): Alert {
	const bits = new Bits(bytes);
	const stamp = readStamp(bits, 'alert');
	if (bits.read(2) !== 0) throw new Fault('malformed', 'alert: reserved bits are set');
	const kind = bits.read(8);
	if (alertType(kind) === undefined) throw new Fault('malformed', `alert: kind ${kind} is not known`);
	return { stamp, kind, value: decoded(bits.read(NUMBER_BITS)), threshold: decoded(bits.read(NUMBER_BITS)) };
}

function coded(value: number | undefined): number {
	return value === undefined ? ABSENT : Math.min(GREATEST, Math.max(LEAST, Math.round(value))) + BASE;
}

function decoded(code: number): number | undefined {
	return code === ABSENT ? undefined : code - BASE;
}
