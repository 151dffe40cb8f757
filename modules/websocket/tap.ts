/** What stands between a client and its resolver and socket: it keeps the server's bytes to RFC 6455 and tells the line why it ends. */
import { Fault } from '../fault';
import type { Bytes } from '../sockets';
import { TapSocket } from '../tap/socket';
import { CONTROL_LIMIT, Gate } from './gate';
import { Handshake } from './handshake';
import type { Line } from './line';
import { acceptFor } from './sha1';

/** Bytes taken from the socket at once: more than a control frame, which must be whole to pass. */
const CHUNK = 2 * (CONTROL_LIMIT + 3);

const KEY = 'Sec-WebSocket-Key: ';
/** Characters of a key: 16 bytes in base64 (RFC 6455 §4.1). */
const KEY_LENGTH = 24;

export class WebSocketSocket extends TapSocket<Line> {
	/** Of no meaning below: the socket there is always read and written in buffers. */
	format: 'buffer' | 'number' = 'buffer';
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

	/**
	 * One byte, a buffer of `into` bytes, or as many as fill it. What is to be read is known from where the client is, not from
	 * `format`: the SDK's sets it to 'buffer' for a write in the middle of a header.
	 */
	read(into?: number | Bytes): number | ArrayBuffer | undefined {
		const there = this.#end - this.#at;
		if (this.isClosed || there === 0) return undefined;
		if (into === undefined) return this.#source[this.#at++];
		if (typeof into === 'number') return this.#take(Math.min(into, there)).slice().buffer;
		const target = into instanceof Uint8Array ? into : new Uint8Array(into);
		const bytes = this.#take(Math.min(target.byteLength, there));
		target.set(bytes);
		return bytes.byteLength;
	}

	override write(data: number | Bytes): number {
		if (this.#accept === undefined && !this.isClosed) {
			try {
				this.#expect(data as Bytes);
			} catch (thrown) {
				this.line.threw(thrown);
				return 0;
			}
		}
		return super.write(data);
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

	protected readable(total: number): void {
		let count = total;
		while (count > 0 && !this.isClosed) {
			const room = Math.min(count, CHUNK - this.#filled);
			const got = this.inner.read(this.#chunk.subarray(this.#filled, this.#filled + room)) as number | undefined;
			if (got === undefined || !(got > 0)) return;
			count -= got;
			this.#filled += got;
			if (this.#handshake) this.#answer(this.#handshake);
			if (this.#handshake === undefined && !this.isClosed) this.#pass();
		}
	}

	/** Before the request went out no handshake is expected, and nothing may come. */
	#answer(handshake: Handshake): void {
		let at = 0;
		while (at < this.#filled && !handshake.isDone) handshake.push(this.#chunk[at++]!);
		this.#drop(at);
		if (!handshake.isDone) return;
		this.#handshake = undefined;
		this.line.answered(handshake.date);
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
		if (this.#gate.violation && !this.isClosed) throw this.#gate.violation;
	}

	/** A client that leaves some of it unread has lost its place. */
	#offer(bytes: Uint8Array): void {
		this.#source = bytes;
		this.#at = 0;
		this.#end = bytes.byteLength;
		this.onReadable(bytes.byteLength);
		if (this.#at < this.#end && !this.isClosed) throw new Fault('protocol', 'the client stopped reading');
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
