/**
 * The sockets and resolvers that every client of the SDK is built over, ECMA-419's shapes as its classes behave: types only. The
 * board hands in the SDK's, with our TLS between; the simulator its twins of them.
 */
export type Bytes = ArrayBuffer | Uint8Array;

/** A TCP-shaped socket (ECMA-419 §12.1), plain or TLS. */
export interface Socket {
	/** What `read` gives and `write` takes: 'buffer', or 'number' for one byte at a time. */
	format: 'buffer' | 'number';
	/** `undefined` when nothing is there. Into a buffer: how many bytes were read. */
	read(into?: number | Bytes): number | ArrayBuffer | undefined;
	/** Room left in the send buffer in bytes. Throws when `data` does not fit: it then took nothing. */
	write(data: number | Bytes, options?: SocketWriteOptions): number | undefined;
	close(): void;
}

/** The SDK's client writes a packet in pieces: the first says how many bytes follow in all, and the last has no `more`. */
export interface SocketWriteOptions {
	readonly more?: boolean;
	readonly byteLength?: number;
}

export interface SocketOptions {
	readonly address: string;
	readonly host: string;
	readonly port: number;
	readonly onReadable: (count: number) => void;
	readonly onWritable: (count: number) => void;
	/** Callbacks are called with the socket as `this`, and this as its `target` (ECMA-419). */
	readonly target?: unknown;
	/** It ended; the socket is of no more use. The SDK's give no reason, ours give a Fault. */
	readonly onError: (reason?: unknown) => void;
}

export interface Resolver {
	resolve(request: ResolveRequest): void;
}

export interface ResolveRequest {
	readonly host: string;
	readonly onResolved: (host: string, address: string) => void;
	readonly onError: (reason?: unknown) => void;
}

/** A part and what it needs: `{io: Class, …}`. Each class has needs of its own (a CA, a network), named by who composes. */
export interface SocketPart {
	readonly io: new (options: never) => Socket;
	readonly [need: string]: unknown;
}

export interface ResolverPart {
	readonly io: new (options: never) => Resolver;
	readonly [need: string]: unknown;
}
