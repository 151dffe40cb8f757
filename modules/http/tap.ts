/** What stands between a client and its resolver and socket: it tells the line what the client does not, and keeps it in bounds. */
import { Fault } from '../fault';
import type { Bytes } from '../sockets';
import { TapSocket } from '../tap/socket';
import type { Line } from './line';

/** Bytes of a request's head that go out together. */
const HEAD = 1024;
/** Bytes that are read at once past the client. */
const PIECE = 512;

const CR = 13;

export class HttpSocket extends TapSocket<Line> {
	/** The head of a request, gathered: the SDK's client writes it line by line, each a TLS record and a segment of its own. */
	#head: Uint8Array | undefined = new Uint8Array(HEAD);
	#gathered = 0;
	/** Room that the socket below has. */
	#room = 0;
	/** Bytes that are there and have not been read. */
	#unread = 0;
	/** Takes what is read, past the client. */
	#sink: ((bytes: Uint8Array) => void) | undefined;

	get format(): 'buffer' | 'number' {
		return this.isClosed || this.#sink ? 'buffer' : this.inner.format;
	}

	/** After its end: nothing. The SDK's client sets it on its way out of a callback in which it was closed. */
	set format(format: 'buffer' | 'number') {
		if (!this.isClosed && !this.#sink) this.inner.format = format;
	}

	/** Bytes are left over: the server says more than it was asked, or said another length. */
	get hasUnread(): boolean {
		return this.#unread > 0;
	}

	read(into?: number | Bytes): number | ArrayBuffer | undefined {
		if (this.isClosed || this.#sink) return undefined;
		const result = this.inner.read(into);
		if (result === undefined) return undefined;
		const single = typeof result === 'number' && typeof into !== 'object';
		const count = single ? 1 : typeof result === 'number' ? result : result.byteLength;
		this.#unread -= count;
		this.line.read(count, single ? result : undefined);
		return result;
	}

	/** Room left, and 0 where the SDK's sockets give `undefined` (they failed, and `onError` follows). */
	override write(data: number | Bytes): number {
		if (this.isClosed || this.#sink || typeof data === 'number') return 0;
		const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
		const head = this.#head;
		if (head === undefined) return this.#put(bytes);
		if (this.#gathered + bytes.byteLength > HEAD) {
			this.#flush();
			return this.#put(bytes);
		}
		head.set(bytes, this.#gathered);
		this.#gathered += bytes.byteLength;
		// The empty line: the head is done.
		if (bytes.byteLength === 2 && bytes[0] === CR) {
			this.#flush();
			this.#head = undefined;
		} else if (this.#gathered >= this.#room) this.#flush();
		return this.#room - this.#gathered;
	}

	/** A request begins. */
	beginHead(): void {
		this.#head ??= new Uint8Array(HEAD);
	}

	/** From here on, what is read goes to `sink`, and the client, which may be closed, has nothing more to do with it. */
	divert(sink: (bytes: Uint8Array) => void): void {
		this.#sink = sink;
	}

	override close(): void {
		if (!this.#sink) this.end();
	}

	protected override writable(count: number): void {
		this.#room = count;
		if (!this.#sink) this.onWritable(count - this.#gathered);
	}

	#flush(): void {
		const bytes = this.#head!.subarray(0, this.#gathered);
		this.#gathered = 0;
		if (bytes.byteLength > 0) this.#put(bytes);
	}

	#put(bytes: Uint8Array): number {
		this.#room = this.put(bytes);
		return this.#room;
	}

	/** A client that leaves all its bytes unread has lost its place. */
	protected readable(count: number): void {
		this.#unread = count;
		this.line.readable();
		if (!this.#sink) {
			this.onReadable(count);
			if (!this.isClosed && !this.#sink && this.#unread === count && count > 0)
				throw new Fault('protocol', 'the client stopped reading');
		}
		if (this.#sink && !this.isClosed) this.#drain();
	}

	#drain(): void {
		this.inner.format = 'buffer';
		while (this.#sink && !this.isClosed && this.#unread > 0) {
			const bytes = this.inner.read(Math.min(this.#unread, PIECE));
			if (!(bytes instanceof ArrayBuffer) || bytes.byteLength === 0) return;
			this.#unread -= bytes.byteLength;
			this.#sink(new Uint8Array(bytes));
		}
	}
}
