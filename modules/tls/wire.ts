import { Fault } from '../fault';
import type { Socket, SocketPart } from './options';

export interface WireOptions {
	readonly socket: SocketPart;
	readonly address: string;
	readonly host: string;
	readonly port: number;
	readonly owner: WireOwner;
}

/** What the wire tells. */
export interface WireOwner {
	onReadable(): void;
	onWritable(): void;
	/** It ended, with what the socket beneath said of it. */
	onEnd(reason: unknown): void;
}

/** What is to be sent. */
export interface Source {
	/** Up to `limit` bytes; undefined: there is nothing. */
	drain(limit: number): ArrayBuffer | undefined;
}

interface Targeted {
	readonly target: Wire;
}

/** One function for each event of all sockets, which get the socket as `this`, with what it was given as `target` (ECMA-419). */
const CALLBACKS = Object.freeze({
	onReadable(this: Targeted, count: number): void {
		this.target.onReadable(count);
	},
	onWritable(this: Targeted, count: number): void {
		this.target.onWritable(count);
	},
	onError(this: Targeted, reason?: unknown): void {
		this.target.onError(reason);
	},
});

/** The socket beneath: how much it has, how much it takes, and no exception out of it once it is open. */
export class Wire {
	readonly #socket: Socket;
	readonly #owner: WireOwner;
	#readable = 0;
	#writable = 0;
	/** Its writes say how much room is left. */
	#counts = false;
	#fault: Fault | undefined;

	/** Throws what the socket beneath throws. */
	constructor(options: WireOptions) {
		const { socket, address, host, port, owner } = options;
		this.#owner = owner;
		this.#socket = new (socket.io as new (options: object) => Socket)({
			...socket,
			address,
			host,
			port,
			target: this,
			...CALLBACKS,
		});
	}

	// What the socket beneath tells.

	onReadable(count: number): void {
		this.#readable = count;
		this.#owner.onReadable();
	}

	onWritable(count: number): void {
		this.#writable = count;
		this.#owner.onWritable();
	}

	onError(reason: unknown): void {
		this.#readable = this.#writable = 0;
		this.#owner.onEnd(reason);
	}

	/** It broke in our hands. What it has still to read is as good as before. */
	get fault(): Fault | undefined {
		return this.#fault;
	}

	/** Up to `limit` bytes of what came, or undefined when nothing is there. */
	take(limit: number): ArrayBuffer | undefined {
		if (this.#readable === 0) return undefined;
		try {
			const bytes = this.#socket.read(Math.min(this.#readable, limit)) as ArrayBuffer | undefined;
			this.#readable -= bytes?.byteLength ?? this.#readable;
			return bytes;
		} catch (thrown) {
			this.#readable = 0;
			this.#break(thrown);
			return undefined;
		}
	}

	/** Sends what `source` has, as far as there is room. True: it took some. */
	send(source: Source): boolean {
		let moved = false;
		while (this.#writable > 0) {
			const bytes = source.drain(this.#writable);
			if (!bytes) break;
			try {
				const room = this.#socket.write(bytes);
				// The SDK's TCP gives nothing when the write failed, and on Linux never calls onError for it.
				if (room === undefined && this.#counts) this.#break(new Fault('closed', 'the connection is broken'));
				else this.#writable = room ?? this.#writable - bytes.byteLength;
				this.#counts ||= room !== undefined;
				moved = true;
			} catch (thrown) {
				this.#break(thrown);
			}
		}
		return moved;
	}

	close(): void {
		this.#socket.close();
	}

	#break(thrown: unknown): void {
		this.#writable = 0;
		this.#fault ??= Fault.from(thrown, 'closed');
	}
}
