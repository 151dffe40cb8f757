import { Fault } from '../fault';
import type { Alarm, Clock, Keepsake, Radio, UplinkEnd } from '../ports';
import { faultFrom } from './failure';
import { Grants, type GrantsOwner } from './grants';
import type { Engine } from './interface';
import { type Identity, keysOf } from './keys';
import { begin, end, grant, HEAD_LENGTH, join, NEVER, readStatus, resume, type Status, send, Told } from './message';
import { faultOf } from './session';
import { Waits } from './waits';

export interface LmicOptions extends Identity {
	readonly engine: Engine;
	readonly clock: Clock;
	/** The network chooses data rate and power; false for a device that is often on its way. */
	readonly adr?: boolean;
	/** US915 and AU915: the eight channels that the network listens on, 1 to 8 (The Things Network: 2); 0, the default: all. */
	readonly subBand?: number;
}

const PORT_MAX = 223;
const SUB_BANDS = 8;
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
export class Lmic implements Radio, Keepsake, GrantsOwner {
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
	readonly #grants = new Grants(this);
	/** For what may not be done inside a call. */
	readonly #soon: Alarm;
	#state: Radio['state'] = 'closed';
	#room = 11;
	#readyAt = Number.POSITIVE_INFINITY;
	#rssiDbm: number | undefined;
	#snrDecibels: number | undefined;
	/** To be told to the engine when its counter is kept. */
	#uplink: Uint8Array | undefined;

	/** @throws Fault 'malformed' that names the key which is not hexadecimal, or not as long; 'range' for a sub-band there is not */
	constructor(options: LmicOptions) {
		const { subBand = 0 } = options;
		if (!Number.isInteger(subBand) || subBand < 0 || subBand > SUB_BANDS)
			throw new Fault('range', `lorawan: sub-band ${subBand} is not in 1 to ${SUB_BANDS}, or 0 for all`);
		this.#options = options;
		this.#keys = keysOf(options);
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
		this.#grants.open(session);
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
		try {
			engine.tell(end());
		} catch {
			// It has no room for a last word; what it does without us is not listened to.
		}
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
		try {
			if (!uplink) this.#start();
			else if (this.#manage('reserve')) this.#options.engine.tell(uplink);
		} catch (thrown) {
			this.#fail(Fault.from(thrown, 'timeout'));
		}
	}

	#start(): void {
		const { engine, adr = true, subBand = 0 } = this.#options;
		const [joinEui, devEui, appKey] = this.#keys as [Uint8Array, Uint8Array, Uint8Array];
		const grants = this.#grants;
		const isNew = !grants.hasJoined;
		const waits = this.#waits.now;
		const rest = waits ? Math.max(...waits) : 0;
		// A join that may not be asked for yet wants no DevNonce: of those there are 65,535, for a life of wakings.
		if (isNew && rest > 0) {
			this.#soon.set(Math.min(rest, ALARM_MAX));
			return;
		}
		if (isNew && !this.#manage('reserve')) return;
		engine.tell(begin(joinEui, devEui, appKey, adr, subBand));
		if (isNew) {
			// What was granted to an engine that had not begun, it has forgotten.
			grants.grantAgain();
			// Whoever asked before the power went may have asked just then.
			const held = waits || grants.nonce === 0 ? 0 : NEVER;
			engine.tell(join(grants.nonce, held, this.#waits.joining, grants.tried));
		} else engine.tell(resume(grants.session, waits));
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
				this.#grants.tail = bytes.slice(1);
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
		this.#grants.head = status.head;
		this.#waits.now = status.waits;
		this.#room = status.room;
		if (!status.isJoined && this.#state === 'joined') {
			if (this.#manage('forget')) this.#fail(new Fault('closed', 'lorawan: the network has not answered for long'));
			return;
		}
		const isSettled = status.isJoined && !isBusy;
		if (!this.#manage(isSettled ? 'settle' : 'extend')) return;
		this.#readyAt = isSettled ? clock.ticks + status.wait : Number.POSITIVE_INFINITY;
		if (this.#state === 'joining' && isSettled) {
			this.#state = 'joined';
			this.onJoined?.();
		}
	}

	keepSession(session: Uint8Array): void {
		this.onSession?.(session);
	}

	granted(counterLimit: number, nonceLimit: number): void {
		if (this.#state !== 'closed') this.#options.engine.tell(grant(counterLimit, nonceLimit));
	}

	/** False when the session could not be kept: it is closed then. */
	#manage(step: 'settle' | 'extend' | 'reserve' | 'forget'): boolean {
		try {
			this.#grants[step]();
		} catch (thrown) {
			this.#fail(Fault.from(thrown, 'flash'));
		}
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
