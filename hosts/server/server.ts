import { existsSync } from 'node:fs';
import type { Log } from '../../modules/ports';
import { serverCertificates } from './certificates';
import { Commands } from './commands/commands';
import { Credentials } from './credentials';
import { completeSecrets, enrol } from './enrol';
import { Feed } from './feed';
import { type Counts, Ingest } from './ingest';
import { named } from './listening';
import type { LorawanSettings } from './lorawan/settings';
import { type ExternalAddress, openExternalBroker, openOwnBroker } from './mqtt/brokerdoor';
import { Topics } from './mqtt/topics';
import { Queries } from './queries';
import { isOpenToOthers, makePrivateDirectory, type StatePaths, statePaths } from './state';
import { type Entry, Store, type Written } from './store';

export interface ServerOptions {
	/** The state folder; made when it is missing. */
	readonly state: string;
	/** Default 8080, on 127.0.0.1; 0: any that is free. */
	readonly httpPort?: number;
	/** Default 8883; 0: any that is free. Not used with an external broker. */
	readonly mqttsPort?: number;
	/** HTTPS and WebSocket, for devices and operators. Default 8443; 0: any that is free. */
	readonly httpsPort?: number;
	/** The same without TLS, as the guide's section 3 has it (8000); 0: any that is free. Default: not at all. */
	readonly plainPort?: number;
	/** Also tokens as the guide's sketches make them. Default: what RFC 7519 says. */
	readonly acceptGuideTokens?: boolean;
	/** Messages a second of one device over HTTP and WebSocket; default 200. */
	readonly perSecond?: number;
	/** Where devices are listened to. Default 0.0.0.0: devices are elsewhere. */
	readonly host?: string;
	/** What every topic begins with. Default "fajma/esp32". */
	readonly prefix?: string;
	/** A broker that somebody else runs, instead of our own. */
	readonly broker?: ExternalAddress;
	/** Names and addresses that devices reach us by, beside this machine's own; kept for later starts. */
	readonly names?: readonly string[];
	/** The device that a first start enrols. Default "ESP32_001", the guide's. */
	readonly firstDevice?: string;
	/** Network servers that hand on what LoRaWAN brings (readLorawanSettings). Default: none. */
	readonly lorawan?: LorawanSettings;
	/** Epoch ms; default the machine's clock. A replay faster than life gives its own. */
	readonly now?: () => number;
	readonly log?: Log;
}

/** A running server. */
export interface Server {
	/** Where it listens; undefined with an external broker. */
	readonly mqttsPort: number | undefined;
	readonly httpPort: number;
	readonly httpsPort: number;
	/** Undefined where it was not asked for. */
	readonly plainPort: number | undefined;
	readonly paths: StatePaths;
	/** PEM file that devices verify our broker with. */
	readonly caFile: string;
	/** Since this start; `store` and `queries` know what came before. */
	counts(): Counts;
	readonly store: Store;
	readonly queries: Queries;
	/** What happens now, and what devices are told: for a program that has the server in itself. */
	readonly feed: Feed;
	readonly commands: Commands;
	/** Takes no more, commits what waits, closes the store. Twice is fine. */
	close(): Promise<void>;
}

export const defaults = {
	httpPort: 8080,
	httpsPort: 8443,
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
	const host = options.host ?? defaults.host;
	makePrivateDirectory(state);
	if (isOpenToOthers(state)) log('warning', 'server', `${state} is open to other users: chmod 700 ${state}`);
	if (existsSync(paths.credentials)) completeSecrets(state);
	else enrol(state, options.firstDevice ?? defaults.device);
	const tls = await serverCertificates(state, now(), options.names);
	const opened: (() => void | Promise<void>)[] = [];
	const closeAll = async (): Promise<void> => {
		for (const close of opened.splice(0).reverse()) await close();
	};
	try {
		const store = new Store(paths.database, { log, now });
		opened.push(() => store.close());
		const queries = new Queries(store);
		const commands = new Commands(store.database, now);
		const feed = new Feed();
		const onStored = (entry: Entry, written: Written): void => {
			feed.stored(entry, written);
			if (entry.kind === 'message' && entry.channel === 'heartbeat') commands.heard(entry);
		};
		const ingest = new Ingest({ store, now, log, onStored });
		opened.push(() => ingest.close());
		const credentials = new Credentials(state);

		const port = options.mqttsPort ?? defaults.mqttsPort;
		const broker = options.broker
			? openExternalBroker(options.broker, paths.serverId, { ingest, topics, commands, now, log })
			: await openOwnBroker({ ingest, topics, commands, credentials, tls, host, port, now, log });
		opened.push(() => broker.close());

		// Loaded now that devices are served already: it takes a while.
		const { Metrics } = await import('./metrics');
		const metrics = new Metrics({
			counts: () => ingest.counts(),
			waiting: () => ingest.waiting,
			writable: () => ingest.writable,
			connections: () => ({ mqtt: broker.connections, ...doors.connections() }),
			listeners: () => feed.listeners,
		});
		const { Doors } = await import('./doors/doors');
		const doors = await Doors.open({
			ingest,
			queries,
			commands,
			feed,
			metrics,
			credentials,
			tls,
			host,
			httpsPort: options.httpsPort ?? defaults.httpsPort,
			plainPort: options.plainPort,
			acceptGuideTokens: options.acceptGuideTokens ?? false,
			perSecond: options.perSecond,
			lorawan: options.lorawan,
			now,
			log,
		});
		opened.push(() => doors.close());
		log('info', 'server', `what devices must be given is in ${paths.devices}`);
		const renewal = setInterval(() => {
			serverCertificates(state, now())
				.then((renewed) => {
					broker.useCertificate(renewed);
					doors.useCertificate(renewed);
				})
				.catch((error) => log('error', 'tls', `the certificate could not be renewed: ${error.message}`));
		}, certificateCheck).unref();
		opened.push(() => clearInterval(renewal));

		const health = () => {
			const { text, well } = broker.state();
			const { duplicates, rejected, undated } = ingest.counts();
			const { trimmed } = store;
			const state = ingest.writable ? ('writable' as const) : ('failing' as const);
			const status = well && ingest.writable ? ('ok' as const) : ('degraded' as const);
			return { status, rows: queries.rows(), broker: text, store: state, duplicates, rejected, undated, trimmed };
		};
		const httpPort = options.httpPort ?? defaults.httpPort;
		const { openHttp } = await import('./doors/local');
		const http = await named(
			openHttp({ queries, port: httpPort, health, metrics, openapi: () => doors.openapi(), now, log }),
			`127.0.0.1:${httpPort} (--http)`,
		);
		opened.push(() => http.close());

		let closing: Promise<void> | undefined;
		return {
			mqttsPort: broker.port,
			httpPort: http.port,
			httpsPort: doors.httpsPort,
			plainPort: doors.plainPort,
			paths,
			caFile: tls.caFile,
			counts: () => ingest.counts(),
			store,
			queries,
			feed,
			commands,
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
