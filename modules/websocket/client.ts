/**
 * The shapes that the WebSocket route is built over: types only. The board hands in the classes of the Moddable SDK
 * (`embedded:network/websocket/client` and what stands under it), the simulator its twins of them.
 *
 * Written down from how the SDK's class behaves rather than from its typing: `onError` gets no reason, the first `onWritable`
 * says that the handshake is done, and `write` throws an Error without a message when there is no room.
 */
export type Bytes = ArrayBuffer | Uint8Array;

/** A TCP-shaped socket (ECMA-419 §12.1), plain or TLS. */
export interface Socket {
	/** What `read` gives and `write` takes: 'buffer', or 'number' for one byte at a time. */
	format: 'buffer' | 'number';
	/** `undefined` when nothing is there. Into a buffer: how many bytes were read. */
	read(into?: number | Bytes): number | ArrayBuffer | undefined;
	/** Room left in the send buffer in bytes. Throws when `data` does not fit: it then took nothing. */
	write(data: number | Bytes): number | undefined;
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

/** What comes with `onReadable`. */
export interface Readable {
	/** More of this message follows: the rest of a frame, or another fragment. */
	readonly more: boolean;
	/** It is not text. */
	readonly binary: boolean;
}

/** The opcodes of RFC 6455 §5.2 that have a name. */
export const Opcode = Object.freeze({ CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const);

export interface WriteOptions {
	/** Default true. */
	readonly binary?: boolean;
	/** Another fragment follows. */
	readonly more?: boolean;
	/** A control frame. */
	readonly opcode?: number;
}

export interface ClientOptions {
	readonly host: string;
	readonly port: number;
	readonly path: string;
	/** Further headers of the request: name and value. */
	readonly headers: Iterable<readonly [string, string]>;
	readonly onReadable: (count: number, options: Readable) => void;
	/** The first: the handshake is done. */
	readonly onWritable: (count: number) => void;
	/** Close, ping or pong, with its payload. The client answers the first two by itself, later. */
	readonly onControl: (opcode: number, payload: ArrayBuffer) => void;
	/** The connection is gone without the closing handshake. */
	readonly onError: (reason?: unknown) => void;
	/** The connection is gone after the closing handshake. */
	readonly onClose: () => void;
	readonly dns: ResolverPart;
	readonly socket: SocketPart;
}

export interface Client {
	/** Of the payload at hand: `count` bytes, or as many as fill `into` (then it returns how many). */
	read(count: number): ArrayBuffer | undefined;
	read(into: Uint8Array): number | undefined;
	/** Bytes that may be written next. Throws when the frame does not fit; nothing was written then. */
	write(data: Bytes, options: WriteOptions): number;
	/** Ends the connection at once, without the closing handshake. */
	close(): void;
}

export interface WebSocketPart {
	readonly io: new (options: never) => Client;
	readonly dns: ResolverPart;
	readonly socket: SocketPart;
	readonly [need: string]: unknown;
}
