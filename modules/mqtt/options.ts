/** The settings of the MQTT route: bounds, defaults, and the topics of wire.md that follow from them. */
import { Fault } from '../fault';
import type { Channel, Clock, Log } from '../ports';
import type { ClientPart } from './client';

/** Each has a topic of its own name. */
const CHANNELS: readonly Channel[] = Object.freeze(['data', 'heartbeat', 'alert', 'diagnostics', 'replies']);

export interface MqttRouteOptions {
	/** The client class, with its resolver and socket: `{ io, dns: { io, … }, socket: { io, … } }`. */
	readonly mqtt: ClientPart;
	readonly clock: Clock;
	readonly log: Log;
	readonly host: string;
	/** 1 to 65,535. */
	readonly port: number;
	/** Also the client id: 1 to 64 of letters, digits, `_`, `-` and `.`. */
	readonly deviceId: string;
	readonly user?: string | undefined;
	readonly password?: string | undefined;
	/** Topics stand under it: 1 to 128 characters of printable ASCII without `+` and `#`. Default: fajma/esp32. */
	readonly prefix?: string;
	/** Milliseconds, 1,000 to 65,535,000; default 60,000. */
	readonly keepAlive?: number;
	/** Milliseconds for name, connection, TLS and CONNACK together, 1 to 2^31 − 1; default 15,000. */
	readonly connectTimeout?: number;
	/** Milliseconds that a PUBACK or a SUBACK may take, 1 to 2^31 − 1; after it the peer counts as dead; default 20,000. */
	readonly receiptTimeout?: number;
	/** Records in flight, 1 to 64; default 16. */
	readonly window?: number;
	/** Writes, at each connection, what the broker says on `/heartbeat`, at QoS 1, when the device is gone without a word. */
	readonly will?: (() => string) | undefined;
}

/** What the route goes by, worked out once. */
export interface Plan {
	readonly mqtt: ClientPart;
	readonly login: {
		readonly host: string;
		readonly port: number;
		readonly id: string;
		readonly user: string | undefined;
		readonly password: string | undefined;
		readonly clean: false;
		readonly keepAlive: number;
	};
	readonly will: (() => string) | undefined;
	readonly topics: Readonly<Record<Channel, string>>;
	/** To all devices, and to this one. */
	readonly commands: readonly string[];
	readonly connectTimeout: number;
	readonly receiptTimeout: number;
	readonly window: number;
}

function bounded(name: string, value: number, least: number, most: number): number {
	if (Number.isInteger(value) && value >= least && value <= most) return value;
	throw new Fault('range', `${name} is ${value}, not ${least} to ${most}`);
}

/** Throws a Fault 'range' that names the option which is outside its bound. */
export function plan(options: MqttRouteOptions): Plan {
	const { mqtt, host, deviceId, user, password, prefix = 'fajma/esp32', will } = options;
	if (host === '') throw new Fault('range', 'host is empty');
	if (!/^[\w-][\w.-]{0,63}$/.test(deviceId))
		throw new Fault('range', 'deviceId is not 1 to 64 of letters, digits, _, - and .');
	// Printable ASCII with none of + # " names one topic only [MQTT-4.7.1-1], and is as long in UTF-8 as in characters.
	if (!/^[!$-*,-~]{1,128}$/.test(prefix)) throw new Fault('range', 'prefix is no topic of 1 to 128 characters');
	const topics = {} as Record<Channel, string>;
	for (const channel of CHANNELS) topics[channel] = `${prefix}/${channel}`;
	return {
		mqtt,
		login: {
			host,
			port: bounded('port', options.port, 1, 65_535),
			id: deviceId,
			user,
			password,
			clean: false,
			keepAlive: bounded('keepAlive', options.keepAlive ?? 60_000, 1_000, 65_535_000),
		},
		will,
		topics,
		commands: [`${prefix}/commands`, `${prefix}/commands/${deviceId}`],
		connectTimeout: bounded('connectTimeout', options.connectTimeout ?? 15_000, 1, 0x7fff_ffff),
		receiptTimeout: bounded('receiptTimeout', options.receiptTimeout ?? 20_000, 1, 0x7fff_ffff),
		window: bounded('window', options.window ?? 16, 1, 64),
	};
}
