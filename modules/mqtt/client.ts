/**
 * The shapes that the MQTT route is built over: types only. The board hands in the classes of the Moddable SDK
 * (`embedded:network/mqtt/client` and what stands under it), the simulator its twins of them.
 *
 * Written down from how the SDK's class behaves rather than from its typing, which differs: `onControl` gets one message
 * object, `onError` no reason, and the payload of a SUBACK is an array of numbers.
 */
import type { Bytes, ResolverPart, SocketPart } from '../sockets';

/** What comes with `onReadable`. `topic`, `QoS` and `byteLength` come with the first fragment of a message only. */
export interface Readable {
	/** More fragments of this message follow. */
	readonly more: boolean;
	readonly topic?: string;
	readonly QoS?: number;
	/** The whole message, in bytes. */
	readonly byteLength?: number;
	/** The RETAIN flag [MQTT-3.3.1-8]. The SDK's class does not show it; see Line. */
	readonly retain?: boolean;
}

/** A packet other than PUBLISH that the client has dealt with. */
export interface Control {
	/** The packet type (MQTT 3.1.1 §2.2.1). */
	readonly operation: number;
	readonly id?: number;
	readonly returnCode?: number;
	/** SUBACK: one return code for each topic. */
	readonly payload?: ArrayLike<number> | ArrayBuffer;
}

export interface WriteOptions {
	readonly operation: number;
	readonly id?: number;
	readonly topic?: string;
	readonly QoS?: number;
	readonly byteLength?: number;
	readonly retain?: boolean;
	readonly duplicate?: boolean;
	/** SUBSCRIBE. */
	readonly items?: readonly { readonly topic: string; readonly QoS: number }[];
}

export interface Will {
	readonly topic: string;
	readonly message: string;
	readonly QoS: number;
	readonly retain: boolean;
}

export interface ClientOptions {
	readonly host: string;
	readonly port: number;
	readonly id: string;
	readonly user?: string | undefined;
	readonly password?: string | undefined;
	readonly clean: boolean;
	readonly will?: Will | undefined;
	/** Milliseconds; 0 to 65,535,000 (MQTT 3.1.1 §3.1.2.10 counts seconds in 16 bits). */
	readonly keepAlive: number;
	readonly onReadable: (count: number, options: Readable) => void;
	readonly onWritable: (count: number) => void;
	readonly onControl: (message: Control) => void;
	/** The connection is gone. The SDK's class closes itself after this, and any later call but `close` throws. */
	readonly onError: (reason?: unknown) => void;
	readonly onClose?: (() => void) | undefined;
	/** Callbacks are called with the client as `this`, and this as its `target` (ECMA-419). */
	readonly target?: unknown;
	readonly dns: ResolverPart;
	readonly socket: SocketPart;
}

export interface Client {
	/** Of the payload at hand: `count` bytes, or as many as fill `into` (then it returns how many). */
	read(count: number): ArrayBuffer | undefined;
	read(into: Uint8Array): number | undefined;
	/** Bytes that may be written next. Throws an Error "overflow" when the packet does not fit; nothing was written then. */
	write(data: Bytes | undefined, options: WriteOptions): number;
	close(): void;
}

export interface ClientPart {
	readonly io: new (options: never) => Client;
	readonly dns: ResolverPart;
	readonly socket: SocketPart;
	readonly [need: string]: unknown;
}
