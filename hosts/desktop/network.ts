/** The SDK's own clients of MQTT, HTTP and WebSocket, TCP and resolver, with our TLS between. */
import TCP from 'embedded:io/socket/tcp';
import UDP from 'embedded:io/socket/udp';
import Resolver from 'embedded:network/dns/resolver/udp';
import HTTPClient from 'embedded:network/http/client';
import MQTTClient from 'embedded:network/mqtt/client';
import WebSocketClient from 'embedded:network/websocket/client';
import type { HttpPart } from '../../modules/http/client';
import type { ClientPart } from '../../modules/mqtt/client';
import type { Clock } from '../../modules/ports';
import type { KeptSession } from '../../modules/tls/session';
import { TLSSocket } from '../../modules/tls/tls';
import type { WebSocketPart } from '../../modules/websocket/client';
import { readText } from './os';

export interface NetworkOptions {
	readonly clock: Clock;
	/** PEM. */
	readonly ca: string;
	/** The name that the server's certificate must bear. */
	readonly serverName: string;
	readonly kept: KeptSession;
}

/**
 * The SDK's socket for Linux forgets its callbacks when it is closed, and may call one all the same: closed in `onWritable` with bytes
 * there to be read, it goes on to `onReadable`, which the collector may have taken. So they are held here, as long as the socket is.
 */
class HeldTcp extends (TCP as new (options: never) => object) {
	readonly held: object;

	constructor(options: object) {
		super(options as never);
		this.held = options;
	}
}

export function mqttOverTls(options: NetworkOptions): ClientPart {
	return { io: MQTTClient, ...underClients(options) } as unknown as ClientPart;
}

export function httpOverTls(options: NetworkOptions): HttpPart {
	return { io: HTTPClient, ...underClients(options) } as unknown as HttpPart;
}

export function webSocketOverTls(options: NetworkOptions): WebSocketPart {
	return { io: WebSocketClient, ...underClients(options) } as unknown as WebSocketPart;
}

/** TLS, resumed where it can be, and names. */
function underClients({ clock, ca, serverName, kept }: NetworkOptions): object {
	const tls = {
		io: TLSSocket,
		socket: { io: HeldTcp, nodelay: true },
		clock,
		ca,
		// The SDK's resolver says 127.0.0.1 for localhost, and the client hands that on as the host.
		serverName,
		kept,
	};
	return { dns: { io: Resolver, servers: nameServers(), socket: { io: UDP } }, socket: tls };
}

/** The IPv4 name servers of this computer, where it has a resolv.conf(5); else a public one. */
function nameServers(): string[] {
	const servers: string[] = [];
	for (const line of (readText('/etc/resolv.conf') ?? '').split('\n')) {
		const [word, server] = line.trim().split(' ');
		if (word === 'nameserver' && server !== undefined && !server.includes(':')) servers.push(server);
	}
	return servers.length > 0 ? servers : ['1.1.1.1'];
}
