import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Log } from '../../../modules/ports';
import type { TlsFiles } from '../certificates';
import type { Commands } from '../commands/commands';
import type { Credentials } from '../credentials';
import type { Ingest } from '../ingest';
import { named } from '../listening';
import { writePrivate } from '../state';
import { Broker } from './broker';
import { ExternalBroker, parseBrokerUrl } from './external';
import type { Topics } from './topics';

/** A broker that somebody else runs. */
export interface ExternalAddress {
	readonly url: string;
	/** PEM file of the authority that signed the broker's certificate. */
	readonly caFile: string;
	readonly user?: string | undefined;
	readonly passwordFile?: string | undefined;
}

export interface BrokerDoorOptions {
	readonly ingest: Pick<Ingest, 'submit'>;
	readonly topics: Topics;
	readonly credentials: Credentials;
	readonly commands: Commands;
	readonly tls: TlsFiles;
	readonly host: string;
	/** Of our own broker; 0: any that is free. */
	readonly port: number;
	/** Epoch ms. */
	readonly now: () => number;
	readonly log: Log;
}

/** MQTT, over a broker of our own or somebody else's. */
export interface BrokerDoor {
	/** Where our own broker listens. */
	readonly port: number | undefined;
	readonly connections: number;
	state(): { readonly text: string; readonly well: boolean };
	useCertificate(tls: TlsFiles): void;
	close(): void | Promise<void>;
}

/** @throws Error with a message for a person (a port in use) */
export async function openOwnBroker(options: BrokerDoorOptions): Promise<BrokerDoor> {
	const { host, port, tls, log } = options;
	const broker = await named(Broker.open(options), `${host}:${port} (--mqtts)`);
	log('info', 'server', `MQTT over TLS on ${host}:${broker.port}, CA ${tls.caFile}`);
	return {
		port: broker.port,
		get connections() {
			return broker.connections;
		},
		state: () => ({ text: `listening on ${broker.port}, connections: ${broker.connections}`, well: true }),
		useCertificate: (renewed) => broker.useCertificate(renewed),
		close: () => broker.close(),
	};
}

/**
 * @param serverIdFile where our name there is kept: it is always the same, because the session is kept under it
 * @throws Error with a message for a person (a file that cannot be read, a URL that is none)
 */
export function openExternalBroker(
	address: ExternalAddress,
	serverIdFile: string,
	options: Pick<BrokerDoorOptions, 'ingest' | 'topics' | 'commands' | 'now' | 'log'>,
): BrokerDoor {
	const link = new ExternalBroker({ ...options, address: { ...located(address), clientId: serverId(serverIdFile) } });
	return {
		port: undefined,
		get connections() {
			return Number(link.connected);
		},
		state: () => ({ text: link.state, well: link.connected }),
		useCertificate: () => {},
		close: () => link.close(),
	};
}

function located({ url, caFile, user, passwordFile }: ExternalAddress) {
	const { host, port } = parseBrokerUrl(url);
	const ca = readFileSync(caFile, 'utf8');
	if (!ca.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`${caFile} holds no PEM certificate`);
	const password = passwordFile === undefined ? undefined : readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '');
	return { host, port, ca, user, password };
}

function serverId(path: string): string {
	if (!existsSync(path)) writePrivate(path, `fajma-server-${randomBytes(4).toString('hex')}\n`);
	return readFileSync(path, 'utf8').trim();
}
