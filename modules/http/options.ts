/** The settings of the HTTP route: bounds, defaults, and the paths of wire.md. */
import { Fault } from '../fault';
import type { Clock, Log, Outgoing, Tokens } from '../ports';
import type { HttpPart } from './client';

/** Bytes of the largest body that goes out: 50 readings of a batch. */
export const OUTGOING_LIMIT = 10_240;

/** Bytes of an answer that are kept: where each item of a batch has a result, and elsewhere. */
export const RESULTS_LIMIT = 8192;
export const ANSWER_LIMIT = 2048;

/** Where each channel goes; 'live' goes nowhere. */
const PATHS: Readonly<Record<string, string>> = Object.freeze({
	data: '/api/iot/data',
	batch: '/api/iot/batch',
	alert: '/api/iot/alert',
	heartbeat: '/api/iot/heartbeat',
	diagnostics: '/api/iot/diagnostics',
	replies: '/api/iot/replies',
});

export interface HttpRouteOptions {
	/** The client class, with its resolver and socket: `{ io, dns: { io, … }, socket: { io, … } }`. */
	readonly http: HttpPart;
	readonly clock: Clock;
	readonly log: Log;
	readonly host: string;
	/** 1 to 65,535. */
	readonly port: number;
	/** 1 to 64 of letters, digits, `_`, `-` and `.`. */
	readonly deviceId: string;
	readonly tokens: Tokens;
	/** Milliseconds for name, connection and TLS together, 1 to 2^31 − 1; default 15,000. */
	readonly connectTimeout?: number;
	/** Milliseconds from a request to the last byte of its answer, 1 to 2^31 − 1; default 20,000. */
	readonly receiptTimeout?: number;
	/** Readings in one request, 1 to 50; default 30. */
	readonly batchLimit?: number;
	/** The server's header Date (RFC 9110 §6.6.1) as it came, and when its request went out and its answer came, in ticks. */
	readonly onDate?: ((date: string, ticksSent: number, ticksReceived: number) => void) | undefined;
}

/** What the route goes by, worked out once. */
export interface Plan {
	readonly http: HttpPart;
	readonly host: string;
	readonly port: number;
	readonly deviceId: string;
	readonly tokens: Tokens;
	readonly connectTimeout: number;
	readonly receiptTimeout: number;
	readonly batchLimit: number;
	readonly onDate: HttpRouteOptions['onDate'];
}

function bounded(name: string, value: number, least: number, most: number): number {
	if (Number.isInteger(value) && value >= least && value <= most) return value;
	throw new Fault('range', `${name} is ${value}, not ${least} to ${most}`);
}

/** Throws a Fault 'range' that names the option which is outside its bound. */
export function plan(options: HttpRouteOptions): Plan {
	const { http, host, deviceId, tokens, onDate } = options;
	// It is written into the request: nothing in it may end a line.
	if (!/^[A-Za-z0-9.-]{1,253}$/.test(host)) throw new Fault('range', 'host is no name of 1 to 253 characters');
	if (!/^[\w-][\w.-]{0,63}$/.test(deviceId))
		throw new Fault('range', 'deviceId is not 1 to 64 of letters, digits, _, - and .');
	return {
		http,
		host,
		port: bounded('port', options.port, 1, 65_535),
		deviceId,
		tokens,
		connectTimeout: bounded('connectTimeout', options.connectTimeout ?? 15_000, 1, 0x7fff_ffff),
		receiptTimeout: bounded('receiptTimeout', options.receiptTimeout ?? 20_000, 1, 0x7fff_ffff),
		batchLimit: bounded('batchLimit', options.batchLimit ?? 30, 1, 50),
		onDate,
	};
}

/** The path of a message, once it is checked. Throws a Fault 'misuse' or 'range' for one that this route does not carry. */
export function pathOf({ channel, body, sequence, id, batch }: Outgoing): string {
	const path = PATHS[channel];
	if (path === undefined) throw new Fault('misuse', `the HTTP route does not carry channel ${channel}`);
	if (body.byteLength === 0 || body.byteLength > OUTGOING_LIMIT)
		throw new Fault('range', `a message of ${body.byteLength} bytes, not 1 to ${OUTGOING_LIMIT}`);
	if (id !== undefined && !/^[!-~]{1,128}$/.test(id)) throw new Fault('range', 'id is not 1 to 128 of printable ASCII');
	if ((channel === 'batch') !== (batch !== undefined) || (batch && (batch.length === 0 || sequence !== batch[0])))
		throw new Fault('misuse', 'a batch is on channel batch, and its sequence is that of its first reading');
	return path;
}
