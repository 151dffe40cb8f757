import { Fault } from '../fault';
import type { Clock } from '../ports';
import { type Peer, parsePeer } from './peer';

export type Bytes = ArrayBuffer | Uint8Array;

/** A TCP-shaped socket (ECMA-419 §12.1): what TLS stands on, and what it is. */
export interface Socket {
	format: 'buffer' | 'number';
	read(into?: number | Bytes): number | ArrayBuffer | undefined;
	write(data: number | Bytes, options?: WriteOptions): number | undefined;
	close(): void;
}

/** A message may be written in pieces, all but the last with `more`: they go out in one record. */
export interface WriteOptions {
	readonly more?: boolean;
	readonly byteLength?: number;
}

export interface SocketPart {
	readonly io: new (options: never) => Socket;
	readonly [need: string]: unknown;
}

/** Keeps the session of a server. */
export interface Kept {
	/** Offered when a connection begins; what does not fit the peer, the CA and the certificate is passed over. A new one is put here. */
	session: ArrayBuffer | undefined;
}

export interface TLSSocketOptions {
	/** Where the socket beneath connects to. */
	readonly address: string;
	readonly host: string;
	readonly port: number;
	/** The TCP-shaped socket beneath. */
	readonly socket: SocketPart;
	readonly onReadable?: ((count: number) => void) | undefined;
	/** First called when the peer is verified: nothing that the application writes leaves before. */
	readonly onWritable?: ((count: number) => void) | undefined;
	/** It ended, and why: once, and nothing follows. */
	readonly onError?: ((reason: Fault) => void) | undefined;
	/** Callbacks are called with the socket as `this`, and this as its `target` (ECMA-419). */
	readonly target?: unknown;
	readonly format?: 'buffer' | 'number';

	/** Who is trusted: PEM text (one or several) or one certificate in DER. */
	readonly ca: string | Bytes;
	/** Who we are, for servers that ask: PEM text, leaf first, or DER. EC or RSA. Both or none. */
	readonly certificate?: string | Bytes;
	readonly key?: string | Bytes;
	/** The name or IP address that the certificate must bear. Default: `host`. */
	readonly serverName?: string;
	readonly minimumVersion?: 'TLSv1.2' | 'TLSv1.3';

	/** Tells the time for the certificates' dates, and gives alarms. */
	readonly clock: Pick<Clock, 'time' | 'alarm'>;
	/** Default true: while the time is unknown nobody is met. False: then dates are held against `notBefore` alone. */
	readonly requireTime?: boolean;
	/** Epoch ms that has surely passed (when the firmware was built). What ended before it has expired, whatever the clock says. */
	readonly notBefore?: number;
	/** Milliseconds from the start to a verified peer. Default 30 s. */
	readonly timeout?: number;

	/** Where the session with this server is kept, if it is: a secret, whoever has it reads the traffic. */
	readonly kept?: Kept | undefined;
}

/** The options, checked, and without what is the socket's alone. */
export interface Plan {
	readonly peer: Peer;
	/** TLS 1.`minor`. */
	readonly minor: 3 | 4;
	/** The time now is between these, in epoch ms; undefined: unknown, and that is refused. */
	readonly now: readonly [earliest: number, latest: number] | undefined;
	readonly timeout: number;
}

const TIMEOUT = 30_000;

/** Throws a Fault 'range' or 'misuse' for options that cannot be. */
export function check(options: TLSSocketOptions): Plan {
	const { ca, certificate, key, clock, notBefore = 0, requireTime = true, timeout = TIMEOUT } = options;
	const { serverName = options.host, minimumVersion = 'TLSv1.2' } = options;
	if (typeof options.socket?.io !== 'function') throw new Fault('misuse', 'TLS needs a socket beneath');
	if (!clock) throw new Fault('misuse', 'TLS needs a clock');
	if (!ca || lengthOf(ca) === 0) throw new Fault('misuse', 'no CA is given, so no server can be trusted');
	if ((certificate === undefined) !== (key === undefined))
		throw new Fault('misuse', 'a certificate needs its key, and a key its certificate');
	if (minimumVersion !== 'TLSv1.2' && minimumVersion !== 'TLSv1.3')
		throw new Fault('range', 'TLS 1.2 is the lowest version there is');
	if (!(timeout > 0 && timeout < 2 ** 31)) throw new Fault('range', 'the timeout is 1 ms to 2^31 - 1 ms');
	const peer = parsePeer(String(serverName));
	if (!peer) throw new Fault('range', 'the server name is neither a host name nor an address');

	const { time } = clock;
	return {
		peer,
		minor: minimumVersion === 'TLSv1.2' ? 3 : 4,
		now:
			time !== undefined
				? [Math.max(time, notBefore), Math.max(time, notBefore)]
				: requireTime
					? undefined
					: [notBefore, Number.POSITIVE_INFINITY],
		timeout,
	};
}

function lengthOf(data: string | Bytes): number {
	return typeof data === 'string' ? data.length : data.byteLength;
}
