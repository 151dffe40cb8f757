import { Fault, type FaultCode } from '../fault';
import type { Alarm, Clock, Keepsake, Radio, UplinkEnd } from '../ports';
import type { Engine } from './interface';
import {
	begin,
	end,
	Failure,
	grant,
	HEAD_LENGTH,
	join,
	NEVER,
	readStatus,
	resume,
	type Status,
	send,
	Told,
} from './message';
import { dataRateAt, faultOf, NONCES_END, nonceAt, upAt } from './session';
import { Waits } from './waits';

export interface LmicOptions {
	readonly engine: Engine;
	readonly clock: Clock;
	/** 16 hexadecimal digits each, as the network prints them. */
	readonly joinEui: string;
	readonly devEui: string;
	/** 32 hexadecimal digits. */
	readonly appKey: string;
	/** The network chooses data rate and power; false for a device that is often on its way. */
	readonly adr?: boolean;
	/** US915 and AU915: the eight channels that the network listens on, 1 to 8 (The Things Network: 2); 0, the default: all. */
	readonly subBand?: number;
}

/** LMIC may have answers of its own to send after an uplink: so many counters it may use without being asked. */
const COUNTERS_AHEAD = 4;
const NONCES_AHEAD = 2;
const PORT_MAX = 223;
const ALARM_MAX = 2 ** 31 - 1;
/** The first second of GPS time, in Unix time; and the leap seconds since then (18 since 2017). */
const GPS_EPOCH_SECONDS = 315_964_800;
const LEAP_SECONDS = 18;

/**
 * LoRaWAN by LMIC, which runs beside the VM: this tells it what to do and is told what came of it. No counter and no DevNonce is
 * granted to it before the session's owner has kept one that is higher.
 *
 *     closed ──open──▶ joining (asks, or goes on with what was kept) ──▶ joined ◀─┐
 *        ▲                                                                  │ send  │ its windows are over, and LMIC's own answers
 *        └──── close, or a fault: LMIC's, the radio's, the network's ───────┴───────┘
 */
export class Lmic implements Radio, Keepsake {
	readonly name = 'lmic';
	onJoined: (() => void) | undefined;
	onFailed: ((fault: Fault) => void) | undefined;
	onSent: ((end: UplinkEnd) => void) | undefined;
	onDownlink: ((port: number, payload: ArrayBuffer) => void) | undefined;
	onSession: ((session: Uint8Array) => void) | undefined;
	onTime: ((time: number) => void) | undefined;
	readonly #options: LmicOptions;
	readonly #keys: readonly Uint8Array[];
	readonly #waits: Waits;
	/** For what may not be done inside a call. */
	readonly #soon: Alarm;
	#state: Radio['state'] = 'closed';
	#room = 11;
	#readyAt = Number.POSITIVE_INFINITY;
	#rssiDbm: number | undefined;
	#snrDecibels: number | undefined;
	#head: Uint8Array = new Uint8Array(HEAD_LENGTH);
	#tail: Uint8Array = new Uint8Array(0);
	/** What the owner has. */
	#kept: Uint8Array = new Uint8Array(0);
	#counterLimit = 0;
	#nonceLimit = 0;
	/** To be told to the engine when its counter is kept. */
	#uplink: Uint8Array | undefined;

	/** @throws Fault 'malformed' that names the key which is not hexadecimal, or not as long */
	constructor(options: LmicOptions) {
		this.#options = options;
		this.#keys = Object.freeze([
			hexadecimal('joinEui', options.joinEui, 8),
			hexadecimal('devEui', options.devEui, 8),
			hexadecimal('appKey', options.appKey, 16),
		]);
		this.#waits = new Waits(options.clock);
		this.#soon = options.clock.alarm(this);
	}

	get state(): Radio['state'] {
		return this.#state;
	}

	get room(): number {
		return this.#room;
	}

	get readyAt(): number {
		return this.#readyAt;
	}

	get rssiDbm(): number | undefined {
		return this.#rssiDbm;
	}

	get snrDecibels(): number | undefined {
		return this.#snrDecibels;
	}

	open(session: Uint8Array = new Uint8Array(HEAD_LENGTH)): void {
		if (this.#state !== 'closed') throw new Fault('misuse', 'lorawan: open already');
		const { engine } = this.#options;
		const wrong = faultOf(session, engine.region);
		if (wrong !== undefined) throw new Fault('malformed', `lorawan: the session is none: ${wrong}`);
		engine.open();
		engine.onMessage = (message) => this.#told(message);
		this.#kept = session.slice();
		this.#head = session.slice(0, HEAD_LENGTH);
		this.#tail = session.slice(HEAD_LENGTH);
		this.#counterLimit = this.#nonceLimit = 0;
		this.#state = 'joining';
		this.#soon.set(0);
	}

	send(port: number, payload: Uint8Array, confirmed: boolean): void {
		if (!Number.isInteger(port) || port < 1 || port > PORT_MAX)
			throw new Fault('range', `lorawan: port ${port} is not in 1 to ${PORT_MAX}`);
		if (this.#state !== 'joined') throw new Fault('misuse', 'lorawan: not joined');
		const { clock } = this.#options;
		if (this.#readyAt > clock.ticks)
			throw new Fault('misuse', `lorawan: the next uplink may go in ${this.#readyAt - clock.ticks} ms`);
		if (payload.byteLength > this.#room)
			throw new Fault('range', `lorawan: ${payload.byteLength} bytes, and there is room for ${this.#room}`);
		this.#uplink = send(port, payload, confirmed, clock.time === undefined || clock.isTold === false);
		this.#readyAt = Number.POSITIVE_INFINITY;
		this.#soon.set(0);
	}

	close(): void {
		if (this.#state === 'closed') return;
		const { engine } = this.#options;
		this.#state = 'closed';
		this.#readyAt = Number.POSITIVE_INFINITY;
		this.#uplink = undefined;
		this.#soon.clear();
		engine.onMessage = undefined;
		engine.tell(end());
		engine.close();
	}

	/** What the bands have still to rest; the session is its owner's. */
	keep(): Uint8Array | undefined {
		return this.#waits.keep();
	}

	recall(bytes: Uint8Array): void {
		this.#waits.recall(bytes);
	}

	onAlarm(): void {
		const uplink = this.#uplink;
		this.#uplink = undefined;
		if (uplink) {
			if (this.#reserve()) this.#options.engine.tell(uplink);
		} else this.#start();
	}

	#start(): void {
		const { engine, adr = true, subBand = 0 } = this.#options;
		const [joinEui, devEui, appKey] = this.#keys as [Uint8Array, Uint8Array, Uint8Array];
		const isNew = this.#tail.byteLength === 0;
		const waits = this.#waits.now;
		const rest = waits ? Math.max(...waits) : 0;
		// A join that may not be asked for yet wants no DevNonce: of those there are 65,535, for a life of wakings.
		if (isNew && rest > 0) {
			this.#soon.set(Math.min(rest, ALARM_MAX));
			return;
		}
		if (isNew && !this.#reserve()) return;
		engine.tell(begin(joinEui, devEui, appKey, adr, subBand));
		if (isNew) {
			engine.tell(grant(this.#counterLimit, this.#nonceLimit));
			const nonce = view(this.#head).getUint16(nonceAt, true);
			// Whoever asked before the power went may have asked just then.
			const held = waits || nonce === 0 ? 0 : NEVER;
			engine.tell(join(nonce, held, this.#waits.joining, this.#head[dataRateAt]!));
		} else engine.tell(resume(this.#kept, waits));
	}

	#told(message: ArrayBuffer): void {
		if (this.#state === 'closed') return;
		const bytes = new Uint8Array(message);
		if (bytes.byteLength < (shortest[bytes[0] ?? 0] ?? 1)) {
			this.#fail(new Fault('protocol', `lorawan: a message of ${bytes.byteLength} bytes`));
			return;
		}
		switch (bytes[0]) {
			case Told.STATUS:
				this.#status(readStatus(message));
				return;
			case Told.SESSION:
				this.#tail = bytes.slice(1);
				return;
			case Told.JOINED:
				this.#waits.joined();
				return;
			case Told.SENT:
				this.onSent?.({ acknowledged: bytes[1] === 1 });
				return;
			case Told.DOWNLINK:
				this.#heard(message, 2);
				this.onDownlink?.(bytes[1]!, message.slice(5));
				return;
			case Told.HEARD:
				this.#heard(message, 1);
				return;
			case Told.TIME: {
				const seconds = new DataView(message).getUint32(1, true) + GPS_EPOCH_SECONDS - LEAP_SECONDS;
				this.onTime?.(seconds * 1000 + new DataView(message).getUint32(5, true));
				return;
			}
			case Told.FAULT:
				this.#fail(faultFrom(message));
		}
	}

	#heard(message: ArrayBuffer, at: number): void {
		const view = new DataView(message);
		this.#rssiDbm = view.getInt16(at, true);
		this.#snrDecibels = view.getInt8(at + 2) / 4;
	}

	#status(status: Status | undefined): void {
		if (!status) {
			this.#fail(new Fault('protocol', 'lorawan: a status that is none'));
			return;
		}
		const { clock } = this.#options;
		const isBusy = status.wait === NEVER;
		this.#head = status.head;
		this.#waits.now = status.waits;
		this.#room = status.room;
		if (!status.isJoined && this.#state === 'joined') {
			this.#tail = new Uint8Array(0);
			if (this.#save(0, view(this.#head).getUint16(nonceAt, true)))
				this.#fail(new Fault('closed', 'lorawan: the network has not answered for long'));
			return;
		}
		const isSettled = status.isJoined && !isBusy;
		if (isSettled ? !this.#settle() : !this.#extend()) return;
		this.#readyAt = isSettled ? clock.ticks + status.wait : Number.POSITIVE_INFINITY;
		if (this.#state === 'joining' && isSettled) {
			this.#state = 'joined';
			this.onJoined?.();
		}
	}

	/** LMIC sends nothing by itself now: what was granted and not used is as if it had never been. */
	#settle(): boolean {
		const head = view(this.#head);
		return this.#save(head.getUint32(upAt, true), head.getUint16(nonceAt, true));
	}

	/** It may go on by itself, for what was granted; there must always be some. Between two joins there is time to grant more. */
	#extend(): boolean {
		const head = view(this.#head);
		const counters = this.#counterLimit - head.getUint32(upAt, true);
		const nonces = this.#nonceLimit - head.getUint16(nonceAt, true);
		if (counters <= 1 || nonces <= 0) return this.#reserve();
		// Of a join request, at which data rate it went.
		return this.#tail.byteLength > 0 || this.#save(0, this.#nonceLimit);
	}

	#reserve(): boolean {
		const head = view(this.#head);
		const nonce = head.getUint16(nonceAt, true);
		if (nonce >= NONCES_END) {
			this.#fail(new Fault('refused', 'lorawan: every DevNonce of this device was used'));
			return false;
		}
		const counterLimit = Math.min(0xffff_ffff, head.getUint32(upAt, true) + COUNTERS_AHEAD);
		const nonceLimit = Math.min(NONCES_END, nonce + NONCES_AHEAD);
		// Before a join there are none that could be used twice.
		if (!this.#save(this.#tail.byteLength === 0 ? 0 : counterLimit, nonceLimit)) return false;
		this.#counterLimit = counterLimit;
		this.#nonceLimit = nonceLimit;
		this.#options.engine.tell(grant(counterLimit, nonceLimit));
		return true;
	}

	/** False when it could not be kept: it is closed then. */
	#save(up: number, nonce: number): boolean {
		const session = new Uint8Array(HEAD_LENGTH + this.#tail.byteLength);
		session.set(this.#head);
		session.set(this.#tail, HEAD_LENGTH);
		view(session).setUint32(upAt, up, true);
		view(session).setUint16(nonceAt, nonce, true);
		if (isSame(session, this.#kept)) return true;
		try {
			this.onSession?.(session);
		} catch (thrown) {
			this.#fail(Fault.from(thrown, 'flash'));
			return false;
		}
		this.#kept = session;
		return this.#state !== 'closed';
	}

	#fail(fault: Fault): void {
		this.close();
		this.onFailed?.(fault);
	}
}

/** Bytes, by what is told. */
const shortest: { readonly [kind: number]: number } = Object.freeze({
	[Told.SENT]: 3,
	[Told.DOWNLINK]: 5,
	[Told.TIME]: 9,
	[Told.FAULT]: 4,
	[Told.HEARD]: 4,
});

const failures: { readonly [code: number]: readonly [FaultCode, string] } = Object.freeze({
	[Failure.ASSERTION]: Object.freeze(['protocol', 'LMIC asserts what is not so'] as const),
	[Failure.RADIO]: Object.freeze(['connect', 'no radio answers, or another one'] as const),
	[Failure.STUCK]: Object.freeze(['timeout', 'the radio never said that it was done'] as const),
	[Failure.SESSION]: Object.freeze(['malformed', 'the session is none of this build'] as const),
	[Failure.COUNTER]: Object.freeze(['protocol', 'a counter was to be used that is not kept'] as const),
});

function faultFrom(message: ArrayBuffer): Fault {
	const bytes = new Uint8Array(message);
	const [code, words] = failures[bytes[1] ?? 0] ?? (['protocol', `failure ${bytes[1]}`] as const);
	const where: string[] = [];
	for (let at = 4; at < bytes.byteLength; at++) where.push(String.fromCharCode(bytes[at]!));
	const line = (bytes[2] ?? 0) | ((bytes[3] ?? 0) << 8);
	return new Fault(code, `lorawan: ${words} (${where.join('')}:${line})`);
}

function view(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
	if (one.byteLength !== other.byteLength) return false;
	for (let at = 0; at < one.byteLength; at++) if (one[at] !== other[at]) return false;
	return true;
}

/** @throws Fault 'malformed' that names what it is and never says it */
function hexadecimal(name: string, text: string, length: number): Uint8Array {
	const bytes = new Uint8Array(length);
	const isGood = text.length === 2 * length && /^[0-9A-Fa-f]*$/.test(text);
	if (!isGood) throw new Fault('malformed', `lorawan: ${name} is not ${2 * length} hexadecimal digits`);
	for (let at = 0; at < length; at++) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
	return bytes;
}
