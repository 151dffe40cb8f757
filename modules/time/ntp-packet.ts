/** The 48 bytes of SNTP (RFC 5905 §7.3; RFC 4330 §4 and 5), as a client writes and reads them. */
import { Fault } from '../fault';

export const NTP_PACKET_BYTES = 48;

/** Seconds from 1900, where NTP begins to count, to 1970. */
const UNIX = 2_208_988_800;
/** NTP's seconds have 32 bits: they begin anew on 2036-02-07 (RFC 5905 §6). */
const ERA = 2 ** 32;

/** A little before the earliest moment is a clock that is a little wrong, and not one in the next era. */
const HALF_DAY = 43_200_000;

const CLIENT = 3;
const SERVER = 4;
const VERSION = 4;
const OLDEST_VERSION = 3;
const ALARM = 3;
/** Stratum 16 and above: not synchronized. */
const STRATA = 16;
/** Milliseconds: a server farther from its own source than this knows little (RFC 5905, MAXDISP is 16 s; RFC 4330 asks for 1 s). */
const GREATEST_DISTANCE = 1_000;

/** What comes back as it went out shows that the answer is to this question. */
export interface Nonce {
	readonly high: number;
	readonly low: number;
}

export interface Reply {
	/** Epoch milliseconds by the server's clock when the question came and when the answer left. */
	readonly received: number;
	readonly sent: number;
	/** Milliseconds by which the server itself may be wrong: half the root delay and the root dispersion. */
	readonly distance: number;
}

/** The server asks to be left alone (RFC 5905 §7.4): RATE, DENY, RSTR or another four letters. */
export interface Kiss {
	readonly kiss: string;
}

/** A question. It tells nothing of this device: chance stands where its time would. */
export function writeQuestion(nonce: Nonce): Uint8Array {
	const packet = new Uint8Array(NTP_PACKET_BYTES);
	const view = new DataView(packet.buffer);
	packet[0] = (VERSION << 3) | CLIENT;
	view.setUint32(40, nonce.high);
	view.setUint32(44, nonce.low);
	return packet;
}

/** Whether this is an answer to that question; a spoofed one, without sight of the question, is right once in 2^64. */
export function answers(bytes: ArrayBuffer, nonce: Nonce): boolean {
	if (bytes.byteLength < NTP_PACKET_BYTES) return false;
	const view = new DataView(bytes);
	return (view.getUint8(0) & 7) === SERVER && view.getUint32(24) === nonce.high && view.getUint32(28) === nonce.low;
}

/**
 * What an answer of at least 48 bytes says; what follows them (extensions, a digest) is not looked at.
 * @param earliest a moment that has passed: the era of 2^32 seconds is the first that comes after it
 * @throws Fault 'protocol' that says why it is of no use
 */
export function readReply(bytes: ArrayBuffer, earliest: number): Reply | Kiss {
	const view = new DataView(bytes);
	const first = view.getUint8(0);
	const stratum = view.getUint8(1);
	const version = (first >> 3) & 7;
	if (version < OLDEST_VERSION || version > VERSION) throw new Fault('protocol', `version ${version}`);
	if (stratum === 0) return { kiss: kissOf(view) };
	if (first >> 6 === ALARM) throw new Fault('protocol', 'it is not synchronized');
	if (stratum >= STRATA) throw new Fault('protocol', `stratum ${stratum}`);
	const distance = shortAt(view, 4) / 2 + shortAt(view, 8);
	if (distance > GREATEST_DISTANCE) throw new Fault('protocol', `root distance ${Math.round(distance)} ms`);
	const sent = stampAt(view, 40, earliest);
	const received = stampAt(view, 32, earliest);
	if (sent === undefined || received === undefined) throw new Fault('protocol', 'no time');
	if (sent < received) throw new Fault('protocol', 'it answered before it was asked');
	return { received, sent, distance };
}

/** Milliseconds of NTP's short form: 16 bits of seconds, 16 bits of a fraction. */
function shortAt(view: DataView, offset: number): number {
	return (view.getUint32(offset) * 1000) / 65_536;
}

/** Epoch milliseconds; undefined for 0, which means unknown. */
function stampAt(view: DataView, offset: number, earliest: number): number | undefined {
	const seconds = view.getUint32(offset);
	const fraction = view.getUint32(offset + 4);
	if (seconds === 0 && fraction === 0) return undefined;
	const time = (seconds - UNIX) * 1000 + (fraction * 1000) / ERA;
	return time < earliest - HALF_DAY ? time + ERA * 1000 : time;
}

function kissOf(view: DataView): string {
	let kiss = '';
	for (let at = 12; at < 16; at++) {
		const letter = view.getUint8(at);
		kiss += letter >= 0x41 && letter <= 0x5a ? String.fromCharCode(letter) : '?';
	}
	return kiss;
}
