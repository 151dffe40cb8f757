/**
 * The shapes that the HTTP route is built over: types only. The board hands in the classes of the Moddable SDK
 * (`embedded:network/http/client` and what stands under it), the simulator its twins of them.
 *
 * Written down from how the SDK's class behaves: `onDone` gets null or an Error without words, `onHeaders` the status text as a
 * third value, and the client's `onError` no reason.
 */
import type { Bytes, ResolverPart, SocketPart } from '../sockets';

/** One request, from when it was asked for to its `onDone`. */
export interface Request {
	/** Of the body at hand: `count` bytes, or as many as fill `into` (then it returns how many). */
	read(count: number): ArrayBuffer | undefined;
	read(into: Uint8Array): number | undefined;
	/** For its callbacks, which are called with the request as `this`. */
	target?: unknown;
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
