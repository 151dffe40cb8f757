/**
 * The shapes that the WebSocket route is built over: types only. The board hands in the classes of the Moddable SDK
 * (`embedded:network/websocket/client` and what stands under it), the simulator its twins of them.
 *
 * Written down from how the SDK's class behaves rather than from its typing: `onError` gets no reason, the first `onWritable`
 * says that the handshake is done, and `write` throws an Error without a message when there is no room.
 */
import type { Bytes, ResolverPart, SocketPart } from '../sockets';

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
	/** Callbacks are called with the client as `this`, and this as its `target` (ECMA-419). */
	readonly target?: unknown;
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
