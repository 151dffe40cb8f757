/** The SDK's own MQTT client, TCP and resolver, with our TLS between. */
import TCP from 'embedded:io/socket/tcp';
import UDP from 'embedded:io/socket/udp';
import Resolver from 'embedded:network/dns/resolver/udp';
import MQTTClient from 'embedded:network/mqtt/client';
import type { ClientPart } from '../../modules/mqtt/client';
import type { Clock } from '../../modules/ports';
import type { KeptSession } from '../../modules/tls/session';
import { TLSSocket } from '../../modules/tls/tls';
import { nameServer } from './os';

export interface ClientOptions {
	readonly clock: Clock;
	/** PEM. */
	readonly ca: string;
	/** The name that the server's certificate must bear. */
	readonly serverName: string;
	/** A moment that has surely passed. */
	readonly notBefore: number;
	readonly kept: KeptSession;
}

/** Asked when DHCP named none that can be reached. */
const FALLBACK = '9.9.9.9';

/** A resolver of the SDK, with the name servers of the network as it is when the resolver is made. */
export const dns = Object.freeze({
	io: Resolver,
	socket: Object.freeze({ io: UDP }),
	get servers(): string[] {
		const servers: string[] = [];
		for (let index = 0; index < 2; index++) {
			const server = nameServer(index);
			if (server !== undefined) servers.push(server);
		}
		return servers.length > 0 ? servers : [FALLBACK];
	},
});

/** MQTT over TLS. */
export function mqttOverTls(options: ClientOptions): ClientPart {
	// The SDK's typing of the client differs from what it does; modules/mqtt/client.ts says how.
	return { io: MQTTClient, dns, socket: tlsSocket(options) } as unknown as ClientPart;
}

/** TLS, resumed where it can be. */
export function tlsSocket({ clock, ca, serverName, notBefore, kept }: ClientOptions): object {
	return {
		io: TLSSocket,
		socket: { io: TCP, nodelay: true },
		clock,
		ca,
		serverName,
		notBefore,
		kept,
	};
}
