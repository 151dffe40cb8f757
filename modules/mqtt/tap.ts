/** What stands between a client and its resolver and socket, and tells the line what the client does not. */
import { Fault } from '../fault';
import type {
	Bytes,
	ResolveRequest,
	Resolver,
	ResolverPart,
	Socket,
	SocketOptions,
	SocketPart,
	SocketWriteOptions,
} from './client';

/** What the taps tell; Line does it. */
export interface Tapped {
	readonly ended: boolean;
	guard(callback: () => void): void;
	attach(socket: TapSocket): void;
	connected(): void;
	read(bytes: Uint8Array): void;
	readByte(byte: number): void;
	failed(reason: unknown): void;
	threw(thrown: unknown): void;
}

export class TapResolver implements Resolver {
	readonly #line: Tapped;
	readonly #inner: Resolver;

	constructor({ line, part }: { line: Tapped; part: ResolverPart }) {
		this.#line = line;
		this.#inner = new part.io(part as never);
	}

	/** Answers that come after the line's end are dropped: the SDK's client would throw on them. */
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
	readonly #line: Tapped;
	readonly #inner: Socket;
	#closed = false;
	#reads = 0;

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

	get format(): 'buffer' | 'number' {
		return this.#closed ? 'buffer' : this.#inner.format;
	}

	/** After `close`: nothing. The SDK's client sets it on its way out of a callback in which it was closed. */
	set format(format: 'buffer' | 'number') {
		if (!this.#closed) this.#inner.format = format;
	}

	read(into?: number | Bytes): number | ArrayBuffer | undefined {
		if (this.#closed) return undefined;
		const result = this.#inner.read(into);
		if (result === undefined) return undefined;
		this.#reads++;
		if (typeof result !== 'number') this.#line.read(new Uint8Array(result));
		else if (typeof into !== 'object') this.#line.readByte(result);
		else if (into instanceof Uint8Array) this.#line.read(into.subarray(0, result));
		else this.#line.read(new Uint8Array(into, 0, result));
		return result;
	}

	/** Room left, and 0 where the SDK's sockets give `undefined` (they failed, and `onError` follows). */
	write(data: number | Bytes, options?: SocketWriteOptions): number {
		if (this.#closed) return 0;
		try {
			return this.#inner.write(data, options) ?? 0;
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

	/** A client that leaves all its bytes unread has lost its place (the SDK's does, after an empty message). */
	#readable(count: number, onReadable: (count: number) => void): void {
		const before = this.#reads;
		onReadable(count);
		if (this.#reads === before && count > 0 && !this.#closed) throw new Fault('protocol', 'the client stopped reading');
	}
}
