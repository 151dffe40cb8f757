/** What SNTP is built over: the board hands in the SDK's classes, a simulator its twins of them. */

/** What came in: a buffer that also says from where (the shape of the SDK's `embedded:io/socket/udp`). */
export type Datagram = ArrayBuffer & { readonly address: string; readonly port: number };

/** A UDP-shaped socket (ECMA-419 §12.2). */
export interface Udp {
	/** Undefined when nothing is there. */
	read(): Datagram | undefined;
	/** Throws when it cannot be sent: no network, or no such address. */
	write(buffer: Uint8Array, address: string, port: number): void;
	close(): void;
}

export interface UdpOptions {
	/** How many datagrams are there. */
	readonly onReadable: (count: number) => void;
}

export interface UdpPart {
	readonly io: new (options: never) => Udp;
	readonly [need: string]: unknown;
}

export interface Names {
	resolve(request: {
		readonly host: string;
		readonly onResolved: (host: string, address: string) => void;
		readonly onError: (reason?: unknown) => void;
	}): void;
	close?(): void;
}

export interface NamesPart {
	readonly io: new (options: never) => Names;
	readonly [need: string]: unknown;
}

/** What somebody says the time is. */
export interface Offer {
	/** Who: the address of a time server, DATE or KEPT. */
	readonly source: string;
	/** Epoch milliseconds when the clock's `ticks` were `at`. */
	readonly time: number;
	readonly at: number;
	/** Milliseconds that `time` may be wrong by, if the source is honest. */
	readonly uncertainty: number;
	/** How much its word counts (see DESIGN.md): SNTP_WEIGHT or DATE_WEIGHT. */
	readonly weight: number;
}

/** The server that the device delivers to. */
export const DATE = 'date';
/** The LoRaWAN network that the device is joined to. */
export const NETWORK = 'lorawan';
/** What the host's own clock kept over deep sleep or a restart. */
export const KEPT = 'kept';

/** Nobody vouches for an answer over SNTP; a verified server vouches for its Date. One of these outweighs one of those, not two. */
export const SNTP_WEIGHT = 2;
export const DATE_WEIGHT = 3;
/** A session key vouches for it, but after a power cut an answer of before can be played again (modules/lora/session.ts). */
export const NETWORK_WEIGHT = 2;
