/**
 * TLS over a TCP-shaped socket, itself a TCP-shaped socket (ECMA-419 §12.1). The rules are here, Mbed TLS is in engine.c.
 *
 *   CONNECTING ── the socket beneath is writable ──> SHAKING ── the peer is verified ──> OPEN (onWritable)
 *   any ── anything is not as it must be ──> CLOSED (onError)
 *   any ── close() ──> CLOSED (silent)
 *
 * Callbacks come only out of those of the socket beneath and of the alarms, never out of a public call.
 */
import { Fault } from '../fault';
import type { Alarm, AlarmOwner } from '../ports';
import {
	binding,
	type Engine,
	expiry,
	Fact,
	fact,
	free,
	goodbye,
	handshake,
	label,
	peek,
	read,
	sessionOf,
} from './engine';
import { type Bytes, check, type Socket, type TLSSocketOptions, type WriteOptions } from './options';
import { prepare } from './prepare';
import { faultOf, Status } from './reasons';
import { Records } from './records';
import { HEADER, stamp } from './ticket';
import { Wire, type WireOwner } from './wire';

const State = Object.freeze({ CONNECTING: 'connecting', SHAKING: 'shaking', OPEN: 'open', CLOSED: 'closed' } as const);
type State = (typeof State)[keyof typeof State];

export class TLSSocket implements Socket, WireOwner, AlarmOwner {
	/** For its callbacks, which get the socket as `this` (ECMA-419). */
	readonly target: unknown;
	readonly #callbacks: Pick<TLSSocketOptions, 'onReadable' | 'onWritable' | 'onError' | 'kept'>;
	readonly #timeout: number;
	readonly #soon: Alarm;
	readonly #deadline: Alarm;
	readonly #engine: Engine;
	readonly #records: Records;
	#state: State = State.CONNECTING;
	#format: 'buffer' | 'number';
	/** Plaintext that the application may read. */
	#available = 0;
	/** The application wrote since it was last told that it may; and it is time to tell it again. */
	#wrote = false;
	#tell = false;
	/** Why it will end: once all that came before is read. */
	#ended: Fault | undefined;
	/** Why it must end: at the next turn. */
	#broken: Fault | undefined;
	#turning = false;

	/** Throws a Fault for options that cannot be, certificates and keys that cannot be read among them. */
	constructor(options: TLSSocketOptions) {
		const { clock } = options;
		const plan = check(options);
		this.#timeout = plan.timeout;
		const { onReadable, onWritable, onError, kept } = options;
		this.#callbacks = { onReadable, onWritable, onError, kept };
		this.target = options.target;
		this.#format = options.format ?? 'buffer';
		this.#soon = clock.alarm(this);
		this.#deadline = clock.alarm(this);
		this.#engine = prepare(options, plan);
		this.#records = new Records(this.#engine);
		if (plan.now) this.#records.wire = this.#connect(options);
		else {
			this.#broken = new Fault('tls', 'time unknown, so no certificate can be trusted');
			this.#soon.set(0);
		}
		this.#deadline.set(this.#timeout);
	}

	get format(): 'buffer' | 'number' {
		return this.#format;
	}

	set format(format: 'buffer' | 'number') {
		if (format !== 'buffer' && format !== 'number') throw new Fault('range', 'the format is buffer or number');
		this.#format = format;
	}

	/** The peer took up the session that it was offered. */
	get resumed(): boolean {
		return this.#state === State.OPEN && fact(this.#engine, Fact.VERIFIED) === 0;
	}

	/** Version and cipher suite, once there are. */
	get protocol(): string | undefined {
		return this.#state === State.OPEN ? `${label(this.#engine, 0)} ${label(this.#engine, 1)}` : undefined;
	}

	/** Undefined when nothing is there. Into a buffer: how many bytes were read, which may be fewer than fit. */
	read(into?: number | Bytes): number | ArrayBuffer | undefined {
		if (this.#state === State.CLOSED) throw new Fault('misuse', 'the socket is closed');
		const available = this.#available;
		if (available === 0) return undefined;
		let count = 1;
		let result: number | ArrayBuffer | undefined;
		if (this.#format === 'number') result = read(this.#engine, undefined) as number;
		else if (into === undefined || typeof into === 'number') {
			count = into ?? available;
			if (!(count > 0 && count <= available)) throw new Fault('misuse', 'so many bytes are not there');
			result = read(this.#engine, count) as ArrayBuffer;
		} else {
			count = result = Math.min(into.byteLength, available);
			read(this.#engine, into instanceof Uint8Array ? into.subarray(0, count) : new Uint8Array(into, 0, count));
		}
		this.#available -= count;
		if (this.#available === 0 && !this.#turning) this.#soon.set(0);
		return result;
	}

	/** Gives the room left. Throws when `data` does not fit, or while the peer is not verified: it took nothing then. */
	write(data: number | Bytes, options?: WriteOptions): number {
		if (this.#state !== State.OPEN) throw new Fault('misuse', 'the socket is not open');
		if ((typeof data === 'number') !== (this.#format === 'number'))
			throw new Fault('misuse', `the format is ${this.#format}`);
		const length = typeof data === 'number' ? 1 : data.byteLength;
		const records = this.#records;
		if (length > records.room) throw new Fault('misuse', 'would block');
		this.#wrote = true;
		// Over, and not said yet, as there is something left to read: lost, as it would be on the way.
		if (this.#ended || records.wire?.fault) return records.room;
		records.gather(data, length);
		if (options?.more !== true) this.#seal();
		if (this.#broken || records.wire?.fault) this.#soon.set(0);
		return records.room;
	}

	close(): void {
		if (this.#state === State.CLOSED) return;
		if (this.#state === State.OPEN && !this.#records.sealing) {
			goodbye(this.#engine);
			this.#records.flush();
		}
		this.#end();
	}

	#connect({ socket, address, host, port }: TLSSocketOptions): Wire {
		try {
			return new Wire({ socket, address, host, port, owner: this });
		} catch (thrown) {
			free(this.#engine);
			throw Fault.from(thrown, 'connect');
		}
	}

	// What the wire tells.

	onReadable(): void {
		this.#turn();
	}

	onWritable(): void {
		if (this.#state === State.CONNECTING) this.#become(State.SHAKING);
		this.#tell ||= this.#wrote;
		this.#turn();
	}

	onEnd(reason: unknown): void {
		if (this.#state === State.CONNECTING)
			this.#broken = reason instanceof Fault ? reason : new Fault('connect', 'no connection to the server');
		else if (this.#state === State.SHAKING) this.#ended = new Fault('tls', 'peer closed during the handshake');
		else this.#ended = new Fault('closed', 'the connection was cut, without a goodbye from the peer');
		this.#turn();
	}

	onAlarm(alarm: Alarm): void {
		if (alarm === this.#soon) this.#turn();
		else this.#fail(new Fault('timeout', `no TLS in ${this.#timeout} ms`));
	}

	/** Does all that can be done now. What a callback of the application throws ends the connection. */
	#turn(): void {
		if (this.#turning || this.#state === State.CLOSED) return;
		this.#turning = true;
		try {
			while (this.#step());
		} catch (thrown) {
			if ((this.#state as State) === State.CLOSED) throw thrown;
			this.#fail(Fault.from(thrown, 'misuse'));
		} finally {
			this.#turning = false;
		}
	}

	/** True: there may be more to do. */
	#step(): boolean {
		if (this.#broken) return this.#fail(this.#broken);
		if (this.#state === State.SHAKING) return this.#shake();
		if (this.#state !== State.OPEN) return false;
		const records = this.#records;
		if (records.sealing) {
			this.#seal();
			if (this.#broken) return true;
			this.#tell ||= this.#wrote && !records.sealing;
		}
		if (records.ticket) {
			this.#keepSession();
			return true;
		}
		if (this.#tell && records.room > 0 && !this.#ended) {
			this.#tell = this.#wrote = false;
			this.#callbacks.onWritable?.call(this, records.room);
			return true;
		}
		return this.#available === 0 && this.#receive();
	}

	#shake(): boolean {
		const status = handshake(this.#engine);
		const moved = this.#records.flush();
		if (status === Status.WANT_READ) return this.#records.refill() || this.#checkEnd();
		if (status === Status.WANT_WRITE) return moved || this.#checkEnd();
		if (status !== Status.DONE) return this.#fail(this.#faultOf(status));
		this.#deadline.clear();
		this.#become(State.OPEN);
		this.#tell = this.#records.ticket = true;
		return true;
	}

	#receive(): boolean {
		const status = peek(this.#engine);
		const moved = this.#records.flush();
		if (status > 0) {
			this.#available = status;
			this.#callbacks.onReadable?.call(this, status);
			return true;
		}
		if (status === Status.TICKET) this.#records.ticket = true;
		else if (status === Status.WANT_READ) return this.#records.refill() || this.#checkEnd();
		else if (status === Status.WANT_WRITE) return moved || this.#checkEnd();
		else if (status !== Status.DONE) return this.#fail(this.#faultOf(status));
		return true;
	}

	/** All that came is used up: if there is an end to tell, it is told. */
	#checkEnd(): false {
		const end = this.#ended ?? this.#records.wire?.fault;
		return end ? this.#fail(end) : false;
	}

	#seal(): void {
		const status = this.#records.seal();
		if (status !== Status.DONE && status !== Status.WANT_READ && status !== Status.WANT_WRITE)
			this.#broken = this.#faultOf(status);
	}

	#keepSession(): void {
		this.#records.ticket = false;
		const { kept } = this.#callbacks;
		const session = kept && sessionOf(this.#engine, HEADER);
		if (!session) return;
		stamp(session, expiry(this.#engine), binding(this.#engine));
		kept.session = session;
	}

	#faultOf(status: number): Fault {
		return faultOf({
			status,
			early: this.#state !== State.OPEN,
			verdict: fact(this.#engine, Fact.VERDICT),
			alert: fact(this.#engine, Fact.ALERT),
			error: fact(this.#engine, Fact.ERROR),
		});
	}

	#fail(fault: Fault): false {
		if (this.#state === State.CLOSED) return false;
		this.#end();
		this.#callbacks.onError?.call(this, fault);
		return false;
	}

	/** Wipes and frees everything; nothing is called after this. */
	#end(): void {
		this.#become(State.CLOSED);
		this.#soon.clear();
		this.#deadline.clear();
		this.#available = 0;
		free(this.#engine);
		this.#records.wire?.close();
	}

	#become(state: State): void {
		this.#state = state;
	}
}
