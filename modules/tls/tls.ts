/**
 * TLS over a TCP-shaped socket, itself a TCP-shaped socket (ECMA-419 §12.1). The rules are here, Mbed TLS is in tls.c.
 *
 *   CONNECTING ── the socket beneath is writable ──> SHAKING ── the peer is verified ──> OPEN (onWritable)
 *   any ── anything is not as it must be ──> CLOSED (onError)
 *   any ── close() ──> CLOSED (silent)
 *
 * Callbacks come only out of those of the socket beneath and of the alarms, never out of a public call.
 */
import { Fault } from '../fault';
import type { Alarm } from '../ports';
import { type Bytes, check, type Plan, type Socket, type TLSSocketOptions, type WriteOptions } from './options';
import { faultOf, Status } from './reasons';
import { HEADER, stamp, unstamp } from './ticket';
import { Wire } from './wire';

const State = Object.freeze({ CONNECTING: 'connecting', SHAKING: 'shaking', OPEN: 'open', CLOSED: 'closed' } as const);
type State = (typeof State)[keyof typeof State];

/** IANA's numbers: forward secrecy and authenticated encryption only (RFC 9325 §4.2). AES-128 first, the chips have it. */
const SUITES = Object.freeze([0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030] as const);

/** P-256 first: every server has it, and some chips have it in hardware. Then x25519, P-384, P-521. */
const GROUPS = Object.freeze([23, 29, 24, 25] as const);

/** RFC 6066 §4: records of no more than 2^12 bytes are asked for. */
const FRAGMENT_4096 = 4;

/** What xs_tls_fact knows. */
const Fact = Object.freeze({ VERDICT: 0, ALERT: 1, ERROR: 2, VERIFIED: 3, RECEIVE: 4, GATHER: 5 } as const);

export class TLSSocket implements Socket {
	readonly #options: TLSSocketOptions;
	readonly #plan: Plan;
	readonly #soon: Alarm;
	readonly #deadline: Alarm;
	readonly #engine: Engine;
	readonly #wire: Wire | undefined;
	readonly #drain: (limit: number) => ArrayBuffer | undefined;
	readonly #capacity: number;
	#state: State = State.CONNECTING;
	#format: 'buffer' | 'number';
	/** Plaintext that the application may read, and that it has given and is in no record yet. */
	#available = 0;
	#gathered = 0;
	/** A record waits for room in the socket beneath. */
	#sealing = false;
	/** The application wrote since it was last told that it may; and it is time to tell it again. */
	#wrote = false;
	#tell = false;
	/** There is a session to keep that the application does not have. */
	#ticket = false;
	/** Why it will end: once all that came before is read. */
	#ended: Fault | undefined;
	/** Why it must end: at the next turn. */
	#broken: Fault | undefined;
	#turning = false;

	/** Throws a Fault for options that cannot be, certificates and keys that cannot be read among them. */
	constructor(options: TLSSocketOptions) {
		const { clock } = options;
		this.#plan = check(options);
		this.#options = options;
		this.#format = options.format ?? 'buffer';
		this.#soon = clock.alarm(() => this.#turn());
		this.#deadline = clock.alarm(() => this.#fail(new Fault('timeout', `no TLS in ${this.#plan.timeout} ms`)));
		this.#engine = this.#prepare();
		this.#capacity = fact(this.#engine, Fact.GATHER);
		this.#drain = (limit) => drain(this.#engine, limit);
		if (this.#plan.now) this.#wire = this.#connect();
		else {
			this.#broken = new Fault('tls', 'time unknown, so no certificate can be trusted');
			this.#soon.set(0);
		}
		this.#deadline.set(this.#plan.timeout);
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
		if (length > this.#room) throw new Fault('misuse', 'would block');
		this.#wrote = true;
		// Over, and not said yet, as there is something left to read: lost, as it would be on the way.
		if (this.#ended || this.#wire?.fault) return this.#room;
		if (length > 0) gather(this.#engine, data);
		this.#gathered += length;
		if (options?.more !== true) this.#seal();
		if (this.#broken || this.#wire?.fault) this.#soon.set(0);
		return this.#room;
	}

	close(): void {
		if (this.#state === State.CLOSED) return;
		if (this.#state === State.OPEN && !this.#sealing) {
			goodbye(this.#engine);
			this.#flush();
		}
		this.#end();
	}

	get #room(): number {
		return this.#sealing ? 0 : this.#capacity - this.#gathered;
	}

	#prepare(): Engine {
		const { ca, certificate, key, session } = this.#options;
		const { peer, now = [0, 0], minor } = this.#plan;
		const engine = make();
		if (!engine) throw new Fault('tls', 'no memory for TLS');
		try {
			must(trust(engine, ca), 'the CA cannot be read');
			if (certificate !== undefined && key !== undefined)
				must(identify(engine, certificate, key), 'the certificate or its key cannot be read, or are no pair');
			expect(engine, peer.name, peer.address, now[0], now[1]);
			const begun = start(engine, pairs(SUITES), pairs(GROUPS), minor, FRAGMENT_4096);
			must(begun, 'TLS cannot start: no memory, or no such version');
			const known = session && unstamp(session, now[0], binding(engine));
			// One that the library does not know (it was updated, say) costs a full handshake, no more.
			if (known) resume(engine, known);
			return engine;
		} catch (thrown) {
			free(engine);
			throw thrown;
		}
	}

	#connect(): Wire {
		const { socket, address, host, port } = this.#options;
		try {
			return new Wire({
				socket,
				address,
				host,
				port,
				onReadable: () => this.#turn(),
				onWritable: () => this.#onWritable(),
				onEnd: (reason) => this.#onEnd(reason),
			});
		} catch (thrown) {
			free(this.#engine);
			throw Fault.from(thrown, 'connect');
		}
	}

	#onWritable(): void {
		if (this.#state === State.CONNECTING) this.#become(State.SHAKING);
		this.#tell ||= this.#wrote;
		this.#turn();
	}

	#onEnd(reason: unknown): void {
		if (this.#state === State.CONNECTING)
			this.#broken = reason instanceof Fault ? reason : new Fault('connect', 'no connection to the server');
		else if (this.#state === State.SHAKING) this.#ended = new Fault('tls', 'peer closed during the handshake');
		else this.#ended = new Fault('closed', 'the connection was cut, without a goodbye from the peer');
		this.#turn();
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
		if (this.#sealing) {
			this.#seal();
			if (this.#broken) return true;
			this.#tell ||= this.#wrote && !this.#sealing;
		}
		if (this.#ticket) {
			this.#keepSession();
			return true;
		}
		if (this.#tell && this.#room > 0 && !this.#ended) {
			this.#tell = this.#wrote = false;
			this.#options.onWritable?.(this.#room);
			return true;
		}
		return this.#available === 0 && this.#receive();
	}

	#shake(): boolean {
		const status = handshake(this.#engine);
		const moved = this.#flush();
		if (status === Status.WANT_READ) return this.#refill();
		if (status === Status.WANT_WRITE) return moved || this.#checkEnd();
		if (status !== Status.DONE) return this.#fail(this.#faultOf(status));
		this.#deadline.clear();
		this.#become(State.OPEN);
		this.#tell = this.#ticket = true;
		return true;
	}

	#receive(): boolean {
		const status = peek(this.#engine);
		const moved = this.#flush();
		if (status > 0) {
			this.#available = status;
			this.#options.onReadable?.(status);
			return true;
		}
		if (status === Status.TICKET) this.#ticket = true;
		else if (status === Status.WANT_READ) return this.#refill();
		else if (status === Status.WANT_WRITE) return moved || this.#checkEnd();
		else if (status !== Status.DONE) return this.#fail(this.#faultOf(status));
		return true;
	}

	/** Gives the library what came: one buffer full, once it has used up the last. */
	#refill(): boolean {
		if (unused(this.#engine) > 0) return true;
		const bytes = this.#wire?.take(fact(this.#engine, Fact.RECEIVE));
		if (!bytes) return this.#checkEnd();
		feed(this.#engine, bytes);
		return true;
	}

	/** All that came is used up: if there is an end to tell, it is told. */
	#checkEnd(): false {
		const end = this.#ended ?? this.#wire?.fault;
		return end ? this.#fail(end) : false;
	}

	#seal(): void {
		this.#sealing = true;
		for (;;) {
			const status = seal(this.#engine);
			const moved = this.#flush();
			if (status === Status.DONE) {
				this.#sealing = false;
				this.#gathered = 0;
				return;
			}
			// TLS 1.3: the library read on, and found a ticket, or half a one.
			if (status === Status.TICKET) this.#ticket = true;
			else if (status === Status.WANT_READ) return;
			else if (status !== Status.WANT_WRITE) this.#broken = this.#faultOf(status);
			else if (!moved) return;
			if (this.#broken) return;
		}
	}

	#flush(): boolean {
		return this.#wire?.send(this.#drain) ?? false;
	}

	#keepSession(): void {
		this.#ticket = false;
		const { onSession } = this.#options;
		const session = onSession && sessionOf(this.#engine, HEADER);
		if (!session) return;
		stamp(session, expiry(this.#engine), binding(this.#engine));
		onSession(session);
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
		this.#options.onError?.(fault);
		return false;
	}

	/** Wipes and frees everything; nothing is called after this. */
	#end(): void {
		this.#become(State.CLOSED);
		this.#soon.clear();
		this.#deadline.clear();
		this.#available = 0;
		free(this.#engine);
		this.#wire?.close();
	}

	#become(state: State): void {
		this.#state = state;
	}
}

/** 16-bit numbers as bytes, the high one first. */
function pairs(numbers: readonly number[]): Uint8Array {
	return Uint8Array.from(numbers.flatMap((number) => [number >> 8, number & 255]));
}

function must(status: number, words: string): void {
	if (status !== Status.DONE) throw new Fault(status === Status.MEMORY ? 'tls' : 'malformed', words);
}

/* tls.c --------------------------------------------------------------------------------------------------------------- */

declare function native(name: string): (this: unknown, ...args: readonly unknown[]) => unknown;

/** A host object that holds the library's state. */
type Engine = { readonly engine: unique symbol };

function make(this: void): Engine | undefined {
	return native('xs_tls_new').call(this) as Engine | undefined;
}
function trust(this: void, engine: Engine, ca: string | Bytes): number {
	return native('xs_tls_trust').call(this, engine, ca) as number;
}
function identify(this: void, engine: Engine, certificate: string | Bytes, key: string | Bytes): number {
	return native('xs_tls_identify').call(this, engine, certificate, key) as number;
}
function expect(this: void, engine: Engine, name: string, address: unknown, earliest: number, latest: number): void {
	native('xs_tls_expect').call(this, engine, name, address, earliest, latest);
}
function start(
	this: void,
	engine: Engine,
	suites: Uint8Array,
	groups: Uint8Array,
	minor: number,
	fragment: number,
): number {
	return native('xs_tls_start').call(this, engine, suites, groups, minor, fragment) as number;
}
function binding(this: void, engine: Engine): ArrayBuffer {
	return native('xs_tls_binding').call(this, engine) as ArrayBuffer;
}
function resume(this: void, engine: Engine, session: Uint8Array): number {
	return native('xs_tls_resume').call(this, engine, session) as number;
}
function sessionOf(this: void, engine: Engine, header: number): ArrayBuffer | undefined {
	return native('xs_tls_session').call(this, engine, header) as ArrayBuffer | undefined;
}
function expiry(this: void, engine: Engine): number {
	return native('xs_tls_expiry').call(this, engine) as number;
}
function handshake(this: void, engine: Engine): number {
	return native('xs_tls_handshake').call(this, engine) as number;
}
function peek(this: void, engine: Engine): number {
	return native('xs_tls_peek').call(this, engine) as number;
}
function read(this: void, engine: Engine, into: number | Uint8Array | undefined): unknown {
	return native('xs_tls_read').call(this, engine, into);
}
function gather(this: void, engine: Engine, data: number | Bytes): void {
	native('xs_tls_gather').call(this, engine, data);
}
function seal(this: void, engine: Engine): number {
	return native('xs_tls_seal').call(this, engine) as number;
}
function goodbye(this: void, engine: Engine): void {
	native('xs_tls_goodbye').call(this, engine);
}
function feed(this: void, engine: Engine, bytes: ArrayBuffer): void {
	native('xs_tls_feed').call(this, engine, bytes);
}
function unused(this: void, engine: Engine): number {
	return native('xs_tls_unused').call(this, engine) as number;
}
function drain(this: void, engine: Engine, limit: number): ArrayBuffer | undefined {
	return native('xs_tls_drain').call(this, engine, limit) as ArrayBuffer | undefined;
}
function fact(this: void, engine: Engine, which: number): number {
	return native('xs_tls_fact').call(this, engine, which) as number;
}
function label(this: void, engine: Engine, which: number): string {
	return native('xs_tls_label').call(this, engine, which) as string;
}
function free(this: void, engine: Engine): void {
	native('xs_tls_free').call(this, engine);
}
