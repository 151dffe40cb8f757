import { Fault } from '../fault';
import { HEAD_LENGTH } from './message';
import { dataRateAt, NONCES_END, nonceAt, upAt } from './session';

/** LMIC may have answers of its own to send after an uplink: so many counters it may use without being asked. */
const COUNTERS_AHEAD = 4;
const NONCES_AHEAD = 2;

/** Who keeps sessions, and hands on what may be used. */
export interface GrantsOwner {
	/** Kept when this returns. Throws when it could not be. */
	keepSession(session: Uint8Array): void;
	/** Uplink counters and DevNonces below these may be used from now on. */
	granted(counterLimit: number, nonceLimit: number): void;
}

/** A session, and what of its counters and DevNonces LMIC may use: none is granted before a higher one is kept. */
export class Grants {
	readonly #owner: GrantsOwner;
	/** As LMIC has it: what changes with each uplink, and what a join gave; nothing before one. */
	head: Uint8Array = new Uint8Array(HEAD_LENGTH);
	tail: Uint8Array = new Uint8Array(0);
	/** What the owner has. */
	#kept: Uint8Array = new Uint8Array(0);
	#counterLimit = 0;
	#nonceLimit = 0;

	constructor(owner: GrantsOwner) {
		this.#owner = owner;
	}

	/** Goes on with what was kept; nothing is granted yet. */
	open(session: Uint8Array): void {
		this.#kept = session.slice();
		this.head = session.slice(0, HEAD_LENGTH);
		this.tail = session.slice(HEAD_LENGTH);
		this.#counterLimit = this.#nonceLimit = 0;
	}

	get session(): Uint8Array {
		return this.#kept;
	}

	get hasJoined(): boolean {
		return this.tail.byteLength > 0;
	}

	get nonce(): number {
		return view(this.head).getUint16(nonceAt, true);
	}

	/** Of the last join request: its data rate, and 1; 0: there was none. */
	get tried(): number {
		return this.head[dataRateAt]!;
	}

	/** LMIC sends nothing by itself now: what was granted and not used is as if it had never been. Throws as `reserve`. */
	settle(): void {
		this.#save(this.#up, this.nonce);
	}

	/**
	 * It may go on by itself, for what was granted; there must always be some. Between two joins there is time to grant more.
	 * Throws as `reserve`.
	 */
	extend(): void {
		if (this.#counterLimit - this.#up <= 1 || this.#nonceLimit - this.nonce <= 0) this.reserve();
		// Of a join request, at which data rate it went.
		else if (!this.hasJoined) this.#save(0, this.#nonceLimit);
	}

	/**
	 * Grants some from now on.
	 * @throws Fault 'refused' when no DevNonce is left; what the owner throws
	 */
	reserve(): void {
		const { nonce } = this;
		if (nonce >= NONCES_END) throw new Fault('refused', 'lorawan: every DevNonce of this device was used');
		const counterLimit = Math.min(0xffff_ffff, this.#up + COUNTERS_AHEAD);
		const nonceLimit = Math.min(NONCES_END, nonce + NONCES_AHEAD);
		// Before a join there are none that could be used twice.
		this.#save(this.hasJoined ? counterLimit : 0, nonceLimit);
		this.#counterLimit = counterLimit;
		this.#nonceLimit = nonceLimit;
		this.#owner.granted(counterLimit, nonceLimit);
	}

	/** What is granted, to an engine that began after it was. */
	grantAgain(): void {
		this.#owner.granted(this.#counterLimit, this.#nonceLimit);
	}

	/** The session is over: what is left of it is what must not be used twice. Throws as `reserve`. */
	forget(): void {
		this.tail = new Uint8Array(0);
		this.#save(0, this.nonce);
	}

	get #up(): number {
		return view(this.head).getUint32(upAt, true);
	}

	#save(up: number, nonce: number): void {
		const session = new Uint8Array(HEAD_LENGTH + this.tail.byteLength);
		session.set(this.head);
		session.set(this.tail, HEAD_LENGTH);
		view(session).setUint32(upAt, up, true);
		view(session).setUint16(nonceAt, nonce, true);
		if (isSame(session, this.#kept)) return;
		this.#owner.keepSession(session);
		this.#kept = session;
	}
}

function view(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
	if (one.byteLength !== other.byteLength) return false;
	for (let at = 0; at < one.byteLength; at++) if (one[at] !== other[at]) return false;
	return true;
}
