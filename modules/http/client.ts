/**
 * The shapes that the HTTP route is built over: types only. The board hands in the classes of the Moddable SDK
 * (`embedded:network/http/client` and what stands under it), the simulator its twins of them.
 *
 * Written down from how the SDK's class behaves: `onDone` gets null or an Error without words, `onHeaders` the status text as a
 * third value, and the client's `onError` no reason.
 */
export type Bytes = ArrayBuffer | Uint8Array;

/** A TCP-shaped socket (ECMA-419 §12.1), plain or TLS. */
export interface Socket {
	/** What `read` gives and `write` takes: 'buffer', or 'number' for one byte at a time. */
	format: 'buffer' | 'number';
	/** `undefined` when nothing is there. Into a buffer: how many bytes were read. */
	read(into?: number | Bytes): number | ArrayBuffer | undefined;
	/** Room left in the send buffer in bytes. Throws when `data` does not fit: it then took nothing. */
	write(data: number | Bytes, options?: object): number | undefined;
	close(): void;
}

export interface SocketOptions {
	readonly address: string;
	readonly host: string;
	readonly port: number;
	readonly onReadable: (count: number) => void;
	readonly onWritable: (count: number) => void;
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

/** One request, from when it was asked for to its `onDone`. */
export interface Request {
	/** Of the body at hand: `count` bytes, or as many as fill `into` (then it returns how many). */
	read(count: number): ArrayBuffer | undefined;
	read(into: Uint8Array): number | undefined;
	/** The next bytes of the body, no more than `onWritable` said; returns how many may follow now. */
	write(data: Bytes): number;
}

export interface RequestOptions {
	readonly method: string;
	readonly path: string;
	/** In the order in which they go out, without Host; with Content-Length when there is a body. */
	readonly headers: Map<string, string>;
	/** Names in lower case. */
	readonly onHeaders: (status: number, headers: Map<string, string>) => void;
	/** So many bytes of the body may be read. */
	readonly onReadable: (count: number) => void;
	/** So many bytes of the body may be written. */
	readonly onWritable: (count: number) => void;
	/** The answer is whole (null), or none comes (an Error; the client's `onError` follows). */
	readonly onDone: (error: Error | null) => void;
}

export interface ClientOptions {
	/** Resolved, and said in the header Host as it is. */
	readonly host: string;
	readonly port: number;
	/** The connection is gone, and the client closed. */
	readonly onError: (reason?: unknown) => void;
	readonly dns: ResolverPart;
	readonly socket: SocketPart;
}

export interface Client {
	/** Sends it when the ones before it are done and the connection stands. */
	request(options: RequestOptions): Request;
	close(): void;
}

export interface HttpPart {
	readonly io: new (options: never) => Client;
	readonly dns: ResolverPart;
	readonly socket: SocketPart;
	readonly [need: string]: unknown;
}
