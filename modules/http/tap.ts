/** What stands between a client and its resolver and socket: it tells the line what the client does not, and keeps it in bounds. */
import { Fault } from '../fault';
import type { Bytes, ResolveRequest, Resolver, ResolverPart, Socket, SocketOptions, SocketPart } from './client';

/** What the taps tell; Line does it. */
export interface Tapped {
	readonly ended: boolean;
	guard(callback: () => void): void;
	attach(socket: TapSocket): void;
	connected(): void;
	/** Bytes are there: throws a Fault when nobody asked for any. */
	readable(): void;
	/** The client read `count` bytes, or one: the byte `byte`. */
	read(count: number, byte?: number): void;
	failed(reason: unknown): void;
	threw(thrown: unknown): void;
}

/** Bytes of a request's head that go out together. */
const HEAD = 1024;
/** Bytes that are read at once past the client. */
const PIECE = 512;

const CR = 13;

export class TapResolver implements Resolver {
	readonly #line: Tapped;
	readonly #inner: Resolver;
	readonly #name: string;

	/** `name`: what to resolve, whatever the client asks for: what it says in Host has the port with it. */
	constructor({ line, part, name }: { line: Tapped; part: ResolverPart; name: string }) {
		this.#line = line;
		this.#name = name;
		this.#inner = new part.io(part as never);
	}

	/** Answers that come after the line's end are dropped: the SDK's client would open a socket for them. */
	resolve({ onResolved, onError }: ResolveRequest): void {
		const line = this.#line;
		this.#inner.resolve({
			host: this.#name,
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
	readonly #line: Tapped;
	readonly #inner: Socket;
	#closed = false;
	/** The head of a request, gathered: the SDK's client writes it line by line, each a TLS record and a segment of its own. */
	#head: Uint8Array | undefined = new Uint8Array(HEAD);
	#gathered = 0;
	/** Room that the socket below has. */
	#room = 0;
	/** Bytes that are there and have not been read. */
	#unread = 0;
	/** Takes what is read, past the client. */
	#sink: ((bytes: Uint8Array) => void) | undefined;

	constructor({ line, part, ...options }: SocketOptions & { line: Tapped; part: SocketPart }) {
		const { onReadable, onWritable, onError } = options;
		this.#line = line;
		line.attach(this);
		try {
			this.#inner = new part.io({
				...part,
				address: options.address,
				host: options.host,
				port: options.port,
				onReadable: (count: number) => line.guard(() => this.#readable(count, onReadable)),
				onWritable: (count: number) =>
					line.guard(() => {
						line.connected();
						this.#room = count;
						if (!this.#sink) onWritable(count - this.#gathered);
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

	get format(): 'buffer' | 'number' {
		return this.#closed || this.#sink ? 'buffer' : this.#inner.format;
	}

	/** After its end: nothing. The SDK's client sets it on its way out of a callback in which it was closed. */
	set format(format: 'buffer' | 'number') {
		if (!this.#closed && !this.#sink) this.#inner.format = format;
	}

	/** Bytes are left over: the server says more than it was asked, or said another length. */
	get hasUnread(): boolean {
		return this.#unread > 0;
	}

	read(into?: number | Bytes): number | ArrayBuffer | undefined {
		if (this.#closed || this.#sink) return undefined;
		const result = this.#inner.read(into);
		if (result === undefined) return undefined;
		const single = typeof result === 'number' && typeof into !== 'object';
		const count = single ? 1 : typeof result === 'number' ? result : result.byteLength;
		this.#unread -= count;
		this.#line.read(count, single ? result : undefined);
		return result;
	}

	/** Room left, and 0 where the SDK's sockets give `undefined` (they failed, and `onError` follows). */
	write(data: number | Bytes): number {
		if (this.#closed || this.#sink || typeof data === 'number') return 0;
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

	/** By the client. */
	close(): void {
		if (!this.#sink) this.end();
	}

	/** By the line. */
	end(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#head = this.#sink = undefined;
		this.#inner?.close();
	}

	#flush(): void {
		const bytes = this.#head!.subarray(0, this.#gathered);
		this.#gathered = 0;
		if (bytes.byteLength > 0) this.#put(bytes);
	}

	#put(bytes: Uint8Array): number {
		try {
			this.#room = this.#inner.write(bytes) ?? 0;
		} catch (thrown) {
			this.#room = 0;
			this.#line.threw(thrown);
		}
		return this.#room;
	}

	/** A client that leaves all its bytes unread has lost its place. */
	#readable(count: number, onReadable: (count: number) => void): void {
		this.#unread = count;
		this.#line.readable();
		if (!this.#sink) {
			onReadable(count);
			if (!this.#closed && !this.#sink && this.#unread === count && count > 0)
				throw new Fault('protocol', 'the client stopped reading');
		}
		if (this.#sink && !this.#closed) this.#drain();
	}

	#drain(): void {
		this.#inner.format = 'buffer';
		while (this.#sink && !this.#closed && this.#unread > 0) {
			const bytes = this.#inner.read(Math.min(this.#unread, PIECE));
			if (!(bytes instanceof ArrayBuffer) || bytes.byteLength === 0) return;
			this.#unread -= bytes.byteLength;
			this.#sink(new Uint8Array(bytes));
		}
	}
}
