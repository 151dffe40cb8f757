import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Log } from '../../modules/ports';
import { Broker } from './broker';
import { serverCertificates } from './certificates';
import { Credentials, enrol } from './credentials';
import { ExternalBroker, parseBrokerUrl } from './external';
import { type Counts, Ingest } from './ingest';
import { Queries } from './queries';
import { isOpenToOthers, makePrivateDirectory, type StatePaths, statePaths, writePrivate } from './state';
import { Store } from './store';
import { Topics } from './topics';

export interface ServerOptions {
	/** The state folder; made when it is missing. */
	readonly state: string;
	/** Default 8080, on 127.0.0.1; 0: any that is free. */
	readonly httpPort?: number;
	/** Default 8883; 0: any that is free. Not used with an external broker. */
	readonly mqttsPort?: number;
	/** Where MQTT over TLS listens. Default 0.0.0.0: devices are elsewhere. */
	readonly host?: string;
	/** What every topic begins with. Default "fajma/esp32". */
	readonly prefix?: string;
	/** A broker that somebody else runs, instead of our own. */
	readonly broker?: {
		readonly url: string;
		/** PEM file of the authority that signed the broker's certificate. */
		readonly caFile: string;
		readonly user?: string | undefined;
		readonly passwordFile?: string | undefined;
	};
	/** Names and addresses that devices reach us by, beside this machine's own; kept for later starts. */
	readonly names?: readonly string[];
	/** The device that a first start enrols. Default "ESP32_001", the guide's. */
	readonly firstDevice?: string;
	/** Epoch ms; default the machine's clock. A replay faster than life gives its own. */
	readonly now?: () => number;
	readonly log?: Log;
}

/** A running server. */
export interface Server {
	/** Where it listens; undefined with an external broker. */
	readonly mqttsPort: number | undefined;
	readonly httpPort: number;
	readonly paths: StatePaths;
	/** PEM file that devices verify our broker with. */
	readonly caFile: string;
	/** Since this start; `store` and `queries` know what came before. */
	counts(): Counts;
	readonly store: Store;
	readonly queries: Queries;
	/** Takes no more, commits what waits, closes the store. Twice is fine. */
	close(): Promise<void>;
}

export const defaults = {
	httpPort: 8080,
	mqttsPort: 8883,
	host: '0.0.0.0',
	prefix: 'fajma/esp32',
	device: 'ESP32_001',
};

const certificateCheck = 12 * 3_600_000;

/**
 * Starts the whole server; on the first start it makes its state: a development CA, a server certificate, one device.
 * @throws Error with a message for a person (a port in use, a file that cannot be read); nothing runs then
 */
export async function startServer(options: ServerOptions): Promise<Server> {
	const { state, now = Date.now, log = () => {} } = options;
	const paths = statePaths(state);
	const topics = new Topics(options.prefix ?? defaults.prefix);
	const external = options.broker && externalAddress(options.broker);
	makePrivateDirectory(state);
	if (isOpenToOthers(state)) log('warning', 'server', `${state} is open to other users: chmod 700 ${state}`);
	if (!existsSync(paths.credentials)) enrol(state, options.firstDevice ?? defaults.device);
	const tls = await serverCertificates(state, now(), options.names);
	const opened: (() => void | Promise<void>)[] = [];
	const closeAll = async (): Promise<void> => {
		for (const close of opened.splice(0).reverse()) await close();
	};
	try {
		const store = new Store(paths.database, { log, now });
		opened.push(() => store.close());
		const queries = new Queries(store);
		const ingest = new Ingest({ store, now, log });
		opened.push(() => ingest.close());

		let mqttsPort: number | undefined;
		let brokerState: () => { readonly text: string; readonly well: boolean };
		if (external) {
			const address = { ...external, clientId: serverId(paths.serverId) };
			const link = new ExternalBroker({ address, ingest, topics, now, log });
			opened.push(() => link.close());
			brokerState = () => ({ text: link.state, well: link.connected });
		} else {
			const port = options.mqttsPort ?? defaults.mqttsPort;
			const host = options.host ?? defaults.host;
			const credentials = new Credentials(state);
			const broker = await named(
				Broker.open({ ingest, topics, credentials, tls, host, port, now, log }),
				`${host}:${port} (--mqtts)`,
			);
			opened.push(() => broker.close());
			mqttsPort = broker.port;
			log('info', 'server', `MQTT over TLS on ${host}:${mqttsPort}, CA ${tls.caFile}, devices in ${paths.devices}`);
			brokerState = () => ({ text: `listening on ${broker.port}, ${broker.connections} connections`, well: true });
			const renewal = setInterval(() => {
				serverCertificates(state, now())
					.then((renewed) => broker.useCertificate(renewed))
					.catch((error) => log('error', 'tls', `the certificate could not be renewed: ${error.message}`));
			}, certificateCheck).unref();
			opened.push(() => clearInterval(renewal));
		}

		const health = () => {
			const { text, well } = brokerState();
			const { duplicates, rejected, undated } = ingest.counts();
			const { trimmed } = store;
			const state = ingest.writable ? ('writable' as const) : ('failing' as const);
			const status = well && ingest.writable ? ('ok' as const) : ('degraded' as const);
			return { status, rows: queries.rows(), broker: text, store: state, duplicates, rejected, undated, trimmed };
		};
		const httpPort = options.httpPort ?? defaults.httpPort;
		// Loaded now that devices are served already: it takes a while.
		const { openHttp } = await import('./http');
		const http = await named(openHttp({ queries, port: httpPort, health, log }), `127.0.0.1:${httpPort} (--http)`);
		opened.push(() => http.close());

		let closing: Promise<void> | undefined;
		return {
			mqttsPort,
			httpPort: http.port,
			paths,
			caFile: tls.caFile,
			counts: () => ingest.counts(),
			store,
			queries,
			close: () => {
				closing ??= closeAll();
				return closing;
			},
		};
	} catch (error) {
		await closeAll();
		throw error;
	}
}

/** Says of a listening error what it means. */
async function named<Result>(opening: Promise<Result>, where: string): Promise<Result> {
	try {
		return await opening;
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'EADDRINUSE')
			throw new Error(`${where} is in use by another program; choose another port, or 0 for any`);
		if (code === 'EACCES') throw new Error(`${where} may not be listened on by this user`);
		if (code === 'EADDRNOTAVAIL') throw new Error(`${where} is no address of this machine`);
		throw error;
	}
}

function externalAddress(broker: NonNullable<ServerOptions['broker']>) {
	const { host, port } = parseBrokerUrl(broker.url);
	const ca = readFileSync(broker.caFile, 'utf8');
	if (!ca.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`${broker.caFile} holds no PEM certificate`);
	const password =
		broker.passwordFile === undefined ? undefined : readFileSync(broker.passwordFile, 'utf8').replace(/\r?\n$/, '');
	return { host, port, ca, user: broker.user, password };
}

/** Our name at an external broker: always the same, because the session there is kept under it. */
function serverId(path: string): string {
	if (!existsSync(path)) writePrivate(path, `fajma-server-${randomBytes(4).toString('hex')}\n`);
	return readFileSync(path, 'utf8').trim();
}
