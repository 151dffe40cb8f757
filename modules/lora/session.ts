import { Fault } from '../fault';
import type { Keepsake, KeyValue, Log } from '../ports';

/** So many uplinks between two writes of flash; after a power cut at most as many counters were never used. */
const UPLINKS_AHEAD = 64;
/** The same for join requests: there are 65,535 DevNonces for the life of a device. */
const NONCES_AHEAD = 4;
/** As the next one, it says that none is left. */
const NONCES_END = 0xffff;

/** Bytes of a session's head (ports.ts); behind it is what only a radio understands. */
export const SESSION_HEAD_LENGTH = 16;
const UPLINK_AT = 0;
const NONCE_AT = 8;
/** No radio has one as long: what is longer is nobody's. */
const SESSION_MAX = 512;

const SESSION_KEY = 'lora';
const NONCE_KEY = 'loraNonce';

/**
 * Keeps a radio's session so that no uplink counter and no DevNonce is used twice, whenever the power goes.
 *
 * Flash holds counters ahead of those in use, and is written when they are reached, or when the rest of the session changes (a
 * join, another channel plan). Over deep sleep RTC memory has the session as it is. A downlink counter may fall back by as many
 * downlinks as came since flash was written: what came then could be played again, and commands are done once by their id.
 *
 *     in use   0 ─ 1 ─ … ─ 63 │ 64 ─ …          power cut at 40: it goes on at 64
 *     in flash      64        │    128
 */
export class SessionKeeper implements Keepsake {
	readonly name = 'lora';
	readonly #store: KeyValue;
	readonly #log: Log;
	/** As it is: with the radio, or as RTC memory had it. */
	#session: Uint8Array | undefined;
	/** Flash stands for all uplink counters, and all DevNonces, below these. */
	#uplinksReserved = 0;
	#noncesReserved: number;

	constructor(options: { readonly store: KeyValue; readonly log: Log }) {
		const { store, log } = options;
		this.#store = store;
		this.#log = log;
		const nonces = Number(store.read(NONCE_KEY) ?? 0);
		this.#noncesReserved = Number.isInteger(nonces) && nonces >= 0 && nonces <= NONCES_END ? nonces : 0;
	}

	/** What the radio is to be opened with: at least a head, so that DevNonces go on where they were. */
	get session(): Uint8Array {
		this.#session ??= this.#read();
		return this.#session.slice();
	}

	/**
	 * The radio's word that its session is another: kept when this returns.
	 * @throws Fault 'flash' when it could not be written: nothing may be sent then
	 */
	save(session: Uint8Array): void {
		this.#reserveNonces(view(session).getUint16(NONCE_AT, true));
		const next = view(session).getUint32(UPLINK_AT, true);
		const isJoined = session.byteLength > SESSION_HEAD_LENGTH;
		if (isJoined && (next > this.#uplinksReserved || !this.#isSameBehind(session))) this.#reserveUplinks(session, next);
		this.#session = session.slice();
	}

	keep(): Uint8Array | undefined {
		return this.#session;
	}

	/** RTC memory: the session of the last waking, to the uplink. Flash is as it was then. */
	recall(bytes: Uint8Array): void {
		const stored = this.#stored() ?? new Uint8Array(SESSION_HEAD_LENGTH);
		if (bytes.byteLength !== stored.byteLength) return;
		this.#uplinksReserved = view(stored).getUint32(UPLINK_AT, true);
		const next = view(bytes).getUint32(UPLINK_AT, true);
		const nonce = view(bytes).getUint16(NONCE_AT, true);
		if (next > this.#uplinksReserved || nonce > this.#noncesReserved) return;
		for (let at = SESSION_HEAD_LENGTH; at < bytes.byteLength; at++) if (bytes[at] !== stored[at]) return;
		this.#session = bytes.slice();
	}

	/** The network knows this session no more, or it is none: what is left of it is what must not be used twice. */
	forget(): void {
		const head = new Uint8Array(SESSION_HEAD_LENGTH);
		const nonce = this.#session ? view(this.#session).getUint16(NONCE_AT, true) : this.#noncesReserved;
		view(head).setUint16(NONCE_AT, nonce, true);
		this.#session = head;
		this.#uplinksReserved = 0;
		this.#attempt(() => this.#store.delete(SESSION_KEY));
	}

	#reserveNonces(next: number): void {
		if (next <= this.#noncesReserved) return;
		const reserved = Math.min(NONCES_END, next + NONCES_AHEAD);
		this.#attempt(() => this.#store.write(NONCE_KEY, String(reserved)));
		this.#noncesReserved = reserved;
	}

	#reserveUplinks(session: Uint8Array, next: number): void {
		const ahead = session.slice();
		const reserved = Math.min(0xffff_ffff, next + UPLINKS_AHEAD);
		view(ahead).setUint32(UPLINK_AT, reserved, true);
		this.#attempt(() => this.#store.write(SESSION_KEY, hexadecimal(ahead)));
		this.#uplinksReserved = reserved;
	}

	/** All but the head. */
	#isSameBehind(session: Uint8Array): boolean {
		const before = this.#session;
		if (!before || before.byteLength !== session.byteLength) return false;
		for (let at = SESSION_HEAD_LENGTH; at < session.byteLength; at++) if (before[at] !== session[at]) return false;
		return true;
	}

	/** After a power cut: with the counters that nobody can have used. */
	#read(): Uint8Array {
		const session = this.#stored() ?? new Uint8Array(SESSION_HEAD_LENGTH);
		this.#uplinksReserved = view(session).getUint32(UPLINK_AT, true);
		view(session).setUint16(NONCE_AT, this.#noncesReserved, true);
		return session;
	}

	#stored(): Uint8Array | undefined {
		const text = this.#store.read(SESSION_KEY);
		if (text === undefined) return undefined;
		const bytes = bytesOf(text);
		if (!bytes) this.#log('warning', 'lorawan', 'what was kept is no session: it joins anew');
		return bytes;
	}

	#attempt(step: () => void): void {
		try {
			step();
		} catch (thrown) {
			throw new Fault('flash', `lorawan: the session is not kept: ${Fault.from(thrown, 'flash').message}`);
		}
	}
}

function view(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const DIGITS = '0123456789abcdef';

function hexadecimal(bytes: Uint8Array): string {
	const parts: string[] = [];
	for (const byte of bytes) parts.push(DIGITS[byte >> 4]! + DIGITS[byte & 15]!);
	return parts.join('');
}

function bytesOf(text: string): Uint8Array | undefined {
	const length = text.length / 2;
	if (!Number.isInteger(length) || length < SESSION_HEAD_LENGTH || length > SESSION_MAX) return undefined;
	const bytes = new Uint8Array(length);
	for (let at = 0; at < length; at++) {
		const high = DIGITS.indexOf(text[2 * at]!);
		const low = DIGITS.indexOf(text[2 * at + 1]!);
		if (high < 0 || low < 0) return undefined;
		bytes[at] = 16 * high + low;
	}
	return bytes;
}
