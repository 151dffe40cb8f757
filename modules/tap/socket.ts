import type { Bytes, Socket, SocketOptions, SocketPart, SocketWriteOptions } from '../sockets';
import type { Taker, Tapped, Targeted } from './line';

const READABLE = 0;
const WRITABLE = 1;
const FAILED = 2;

/** One function for each event of all sockets: whose it is says the socket's target. */
const CALLBACKS = Object.freeze({
	onReadable(this: Targeted<TapSocket>, count: number): void {
		tell(this.target, READABLE, count);
	},
	onWritable(this: Targeted<TapSocket>, count: number): void {
		tell(this.target, WRITABLE, count);
	},
	onError(this: Targeted<TapSocket>, reason?: unknown): void {
		tell(this.target, FAILED, reason);
	},
});

function tell(socket: TapSocket, event: number, value: unknown): void {
	socket.line.guard(socket, event, value);
}

/** As the client makes it, with what the line put in its way. */
export interface TapSocketOptions<Line> extends SocketOptions {
	readonly line: Line;
	/** What is below. */
	readonly part: SocketPart;
}

/** Stands between a client and its socket. */
export abstract class TapSocket<Line extends Tapped = Tapped> implements Socket, Taker {
	readonly line: Line;
	protected readonly inner: Socket;
	protected isClosed = false;
	/** The client's. */
	protected readonly onReadable: SocketOptions['onReadable'];
	protected readonly onWritable: SocketOptions['onWritable'];
	readonly #onError: SocketOptions['onError'];

	constructor({ line, part, address, host, port, onReadable, onWritable, onError }: TapSocketOptions<Line>) {
		this.line = line;
		this.onReadable = onReadable;
		this.onWritable = onWritable;
		this.#onError = onError;
		line.attach(this);
		try {
			this.inner = new part.io({ ...part, address, host, port, target: this, ...CALLBACKS } as never);
		} catch (thrown) {
			line.failed(thrown);
			throw thrown;
		}
		if (line.ended) this.inner.close();
	}

	abstract format: 'buffer' | 'number';
	abstract read(into?: number | Bytes): number | ArrayBuffer | undefined;
	/** So many bytes may be read. */
	protected abstract readable(count: number): void;

	write(data: number | Bytes, options?: SocketWriteOptions): number {
		return this.isClosed ? 0 : this.put(data, options);
	}

	/** Room left, and 0 where the SDK's sockets give `undefined` (they failed, and `onError` follows). */
	protected put(data: number | Bytes, options?: SocketWriteOptions): number {
		try {
			return this.inner.write(data, options) ?? 0;
		} catch (thrown) {
			this.line.threw(thrown);
			return 0;
		}
	}

	/** By the client. */
	close(): void {
		this.end();
	}

	/** By the line, and of a socket that could not be made too: it has no fields of its kind then. */
	end(): void {
		if (this.isClosed) return;
		this.isClosed = true;
		this.inner?.close();
	}

	take(event: number, value: unknown): void {
		if (event === READABLE) this.readable(value as number);
		else if (event === WRITABLE) {
			this.line.connected();
			this.writable(value as number);
		} else {
			this.line.failed(value);
			this.#onError(value);
		}
	}

	/** So many bytes may be written. */
	protected writable(count: number): void {
		this.onWritable(count);
	}
}
