/** The settings of the WebSocket route: bounds and defaults. */
import { Fault } from '../fault';
import type { Clock, Log, Tokens } from '../ports';
import type { WebSocketPart } from './client';

export interface WebSocketRouteOptions {
	/** The client class, with its resolver and socket: `{ io, dns: { io, … }, socket: { io, … } }`. */
	readonly webSocket: WebSocketPart;
	readonly clock: Clock;
	readonly log: Log;
	/** 1 to 253 characters of a host's name or an IPv4 address. */
	readonly host: string;
	/** 1 to 65,535. */
	readonly port: number;
	/** In the path: 1 to 64 of letters, digits, `_`, `-` and `.`. */
	readonly deviceId: string;
	readonly tokens: Tokens;
	/** Milliseconds for name, connection, TLS and handshake together, 1 to 2^31 − 1; default 15,000. */
	readonly connectTimeout?: number;
	/** Milliseconds that a pong may take, or a receipt from a server that gives them, 1 to 2^31 − 1; default 20,000. */
	readonly receiptTimeout?: number;
	/** Milliseconds of silence after which a ping goes out, 1,000 to 2^31 − 1; default 20,000. */
	readonly pingInterval?: number;
	/** Records in flight, 1 to 64; default 8. */
	readonly window?: number;
	/** The server's header Date (RFC 9110 §6.6.1) as it came, and when the request went out and the answer came, in ticks. */
	readonly onDate?: ((date: string, ticksSent: number, ticksReceived: number) => void) | undefined;
}

/** What the route goes by, worked out once. */
export interface Plan {
	readonly webSocket: WebSocketPart;
	readonly host: string;
	readonly port: number;
	readonly path: string;
	readonly deviceId: string;
	readonly tokens: Tokens;
	readonly onDate: WebSocketRouteOptions['onDate'];
	readonly connectTimeout: number;
	readonly receiptTimeout: number;
	readonly pingInterval: number;
	readonly window: number;
}

const LONGEST = 0x7fff_ffff;

function bounded(name: string, value: number, least: number, most: number): number {
	if (Number.isInteger(value) && value >= least && value <= most) return value;
	throw new Fault('range', `${name} is ${value}, not ${least} to ${most}`);
}

/** Throws a Fault 'range' that names the option which is outside its bound. */
export function plan(options: WebSocketRouteOptions): Plan {
	const { webSocket, host, deviceId, tokens, onDate } = options;
	if (!/^[A-Za-z0-9.-]{1,253}$/.test(host)) throw new Fault('range', 'host is no name of 1 to 253 characters');
	if (!/^[\w-][\w.-]{0,63}$/.test(deviceId))
		throw new Fault('range', 'deviceId is not 1 to 64 of letters, digits, _, - and .');
	return {
		webSocket,
		host,
		port: bounded('port', options.port, 1, 65_535),
		path: `/ws/iot/${deviceId}/`,
		deviceId,
		tokens,
		onDate,
		connectTimeout: bounded('connectTimeout', options.connectTimeout ?? 15_000, 1, LONGEST),
		receiptTimeout: bounded('receiptTimeout', options.receiptTimeout ?? 20_000, 1, LONGEST),
		pingInterval: bounded('pingInterval', options.pingInterval ?? 20_000, 1_000, LONGEST),
		window: bounded('window', options.window ?? 8, 1, 64),
	};
}
