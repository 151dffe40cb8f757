/** What stands between a client and its resolver and socket: it keeps the server's bytes to RFC 6455 and tells the line why it ends. */
import { Fault } from '../fault';
import type { Bytes, ResolveRequest, Resolver, ResolverPart, Socket, SocketOptions, SocketPart } from './client';
import { CONTROL_LIMIT, Gate } from './gate';
import { Handshake } from './handshake';
import { acceptFor } from './sha1';

/** What the taps tell; Line does it. */
export interface Tapped {
	readonly ended: boolean;
	guard(callback: () => void): void;
	attach(socket: TapSocket): void;
	connected(): void;
	/** The server answered; `date` is its Date header. */
	answered(date: string | undefined): void;
	failed(reason: unknown): void;
	threw(thrown: unknown): void;
}

/** Bytes taken from the socket at once: more than a control frame, which must be whole to pass. */
const CHUNK = 2 * (CONTROL_LIMIT + 3);

const KEY = 'Sec-WebSocket-Key: ';
/** Characters of a key: 16 bytes in base64 (RFC 6455 §4.1). */
const KEY_LENGTH = 24;

export class TapResolver implements Resolver {
	readonly #line: Tapped;
	readonly #inner: Resolver;

	constructor({ line, part }: { line: Tapped; part: ResolverPart }) {
		this.#line = line;
		this.#inner = new part.io(part as never);
	}

	/** Answers that come after the line's end are dropped: the SDK's client would open a socket all the same. */
	resolve({ host, onResolved, onError }: ResolveRequest): void {
		const line = this.#line;
		this.#inner.resolve({
			host,
			onResolved: (name, address) => line.guard(() => onResolved(name, address)),
			onError: (reason) =>
				line.guard(() => {
					line.failed(reason);
					onError(reason);
				}),
		});
	}
}

export class TapSocket implements Socket {
	/** Of no meaning below: the socket there is always read and written in buffers. */
	format: 'buffer' | 'number' = 'buffer';
	readonly #line: Tapped;
	readonly #inner: Socket;
	readonly #onReadable: (count: number) => void;
	#closed = false;
	/** Reads the answer until it is whole; then the gate watches. Made when the client has said its key. */
	#handshake: Handshake | undefined;
	#accept: string | undefined;
	readonly #gate = new Gate();
	/** What came from below and has not passed yet: the first `#filled` bytes. */
	readonly #chunk = new Uint8Array(CHUNK);
	#filled = 0;
	/** What the client may read now. */
	#source: Uint8Array = this.#chunk;
	#at = 0;
	#end = 0;

	constructor({ line, part, ...options }: SocketOptions & { line: Tapped; part: SocketPart }) {
		const { onReadable, onWritable, onError } = options;
		this.#line = line;
		this.#onReadable = onReadable;
		line.attach(this);
		try {
			this.#inner = new part.io({
				...part,
				address: options.address,
				host: options.host,
				port: options.port,
				onReadable: (count: number) => line.guard(() => this.#readable(count)),
				onWritable: (count: number) =>
					line.guard(() => {
						line.connected();
						onWritable(count);
					}),
				onError: (reason?: unknown) =>
					line.guard(() => {
						line.failed(reason);
						onError(reason);
					}),
			} as never);
		} catch (thrown) {
			line.failed(thrown);
			throw thrown;
		}
		if (line.ended) this.#inner.close();
	}

	/**
	 * One byte, a buffer of `into` bytes, or as many as fill it. What is to be read is known from where the client is, not from
	 * `format`: the SDK's sets it to 'buffer' for a write in the middle of a header.
	 */
	read(into?: number | Bytes): number | ArrayBuffer | undefined {
		const there = this.#end - this.#at;
		if (this.#closed || there === 0) return undefined;
		if (into === undefined) return this.#source[this.#at++];
		if (typeof into === 'number') return this.#take(Math.min(into, there)).slice().buffer;
		const target = into instanceof Uint8Array ? into : new Uint8Array(into);
		const bytes = this.#take(Math.min(target.byteLength, there));
		target.set(bytes);
		return bytes.byteLength;
	}

	/** Room left, and 0 where the SDK's sockets give `undefined` (they failed, and `onError` follows). */
	write(data: number | Bytes): number {
		if (this.#closed) return 0;
		try {
			if (this.#accept === undefined) this.#expect(data as Bytes);
			return this.#inner.write(data) ?? 0;
		} catch (thrown) {
			this.#line.threw(thrown);
			return 0;
		}
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#inner?.close();
	}

	#take(count: number): Uint8Array {
		const bytes = this.#source.subarray(this.#at, this.#at + count);
		this.#at += count;
		return bytes as Uint8Array;
	}

	/** The first that is written is the request: its key says what the answer must prove. */
	#expect(request: Bytes): void {
		const bytes = request instanceof Uint8Array ? request : new Uint8Array(request);
		const at = indexAfter(bytes, KEY);
		if (at === undefined) throw new Fault('misuse', 'the client asks for no WebSocket');
		const key = String.fromCharCode(...bytes.subarray(at, at + KEY_LENGTH));
		this.#accept = acceptFor(key);
		this.#handshake = new Handshake(this.#accept);
	}

	#readable(count: number): void {
		while (count > 0 && !this.#closed) {
			const room = Math.min(count, CHUNK - this.#filled);
			const got = this.#inner.read(this.#chunk.subarray(this.#filled, this.#filled + room)) as number | undefined;
			if (got === undefined || !(got > 0)) return;
			count -= got;
			this.#filled += got;
			if (this.#handshake) this.#answer(this.#handshake);
			if (this.#handshake === undefined && !this.#closed) this.#pass();
		}
	}

	/** Before the request went out no handshake is expected, and nothing may come. */
	#answer(handshake: Handshake): void {
		let at = 0;
		while (at < this.#filled && !handshake.isDone) handshake.push(this.#chunk[at++]!);
		this.#drop(at);
		if (!handshake.isDone) return;
		this.#handshake = undefined;
		this.#line.answered(handshake.date);
		handshake.check();
		// The client is told no more than it needs: it keeps whatever it is told, and takes "keep-alive, Upgrade" for a refusal.
		const accept = `Sec-WebSocket-Accept: ${this.#accept}`;
		this.#offer(ascii(`HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${accept}\r\n\r\n`));
	}

	#pass(): void {
		if (this.#accept === undefined) throw new Fault('protocol', 'the server spoke first');
		const end = this.#gate.pass(this.#chunk, this.#filled);
		if (end > 0) this.#offer(this.#chunk.subarray(0, end));
		this.#drop(end);
		if (this.#gate.violation && !this.#closed) throw this.#gate.violation;
	}

	/** A client that leaves some of it unread has lost its place. */
	#offer(bytes: Uint8Array): void {
		this.#source = bytes;
		this.#at = 0;
		this.#end = bytes.byteLength;
		this.#onReadable(bytes.byteLength);
		if (this.#at < this.#end && !this.#closed) throw new Fault('protocol', 'the client stopped reading');
		this.#at = this.#end = 0;
		this.#source = this.#chunk;
	}

	#drop(count: number): void {
		if (count === 0) return;
		this.#chunk.copyWithin(0, count, this.#filled);
		this.#filled -= count;
	}
}

function ascii(text: string): Uint8Array {
	const bytes = new Uint8Array(text.length);
	for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at);
	return bytes;
}

/** The index after the first `word`, a text of ASCII; undefined: it is not there. */
function indexAfter(bytes: Uint8Array, word: string): number | undefined {
	const last = bytes.length - word.length;
	for (let at = 0; at <= last; at++) {
		let same = 0;
		while (same < word.length && bytes[at + same] === word.charCodeAt(same)) same++;
		if (same === word.length) return at + same;
	}
	return undefined;
}
