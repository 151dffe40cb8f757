import type { FastifyInstance } from 'fastify';
import type { Log } from '../../../modules/ports';
import type { TlsFiles } from '../certificates';
import type { Commands, WireCommand } from '../commands/commands';
import type { Credentials } from '../credentials';
import type { Feed } from '../feed';
import type { Ingest } from '../ingest';
import { named } from '../listening';
import { type Codec, loadCodec } from '../lorawan/codec';
import { Downlinks } from '../lorawan/downlinks';
import type { DownlinkTarget, LorawanSettings } from '../lorawan/settings';
import type { Metrics } from '../metrics';
import type { Queries } from '../queries';
import { DeviceSockets } from './devicesockets';
import { Doorkeeper } from './doorkeeper';
import { EventStreams, routeLive } from './live';
import { registerLooking } from './looking';
import { registerLorawan } from './lorawan';
import { collectOpenapi } from './openapi';
import { operatorsOnly, registerCommands } from './operators';
import { Pulse } from './pulse';
import { registerReceiving } from './receiving';
import { Upgrades } from './upgrades';
import { Web } from './web';

export interface DoorsOptions {
	readonly ingest: Pick<Ingest, 'submit' | 'submitAll' | 'refuse'>;
	readonly queries: Queries;
	readonly commands: Commands;
	readonly feed: Feed;
	readonly metrics: Metrics;
	readonly credentials: Credentials;
	readonly tls: TlsFiles;
	readonly host: string;
	/** 0: any that is free. */
	readonly httpsPort: number;
	/** Undefined: no door without TLS. */
	readonly plainPort: number | undefined;
	readonly acceptGuideTokens: boolean;
	readonly perSecond: number | undefined;
	/** Undefined: no door for LoRaWAN's network servers. */
	readonly lorawan: LorawanSettings | undefined;
	/** Epoch ms. */
	readonly now: () => number;
	readonly log: Log;
}

/** In one answer: a device keeps 2 KB of it, and reads it on a heap of 64 KB. */
const maximumCommandBytes = 1_500;

/** The web's doors: HTTPS and WebSocket for devices and operators, and the same without TLS where somebody asked for it. */
export class Doors {
	readonly #options: DoorsOptions;
	readonly #doorkeeper: Doorkeeper;
	readonly #upgrades = new Upgrades();
	readonly #pulse = new Pulse();
	readonly #streams: EventStreams;
	readonly #sockets: DeviceSockets;
	readonly #codec: Codec | undefined;
	readonly #downlinks: Downlinks | undefined;
	#web: Web | undefined;
	#plain: Web | undefined;
	#openapi: () => object = () => ({});

	private constructor(options: DoorsOptions) {
		this.#options = options;
		const { credentials, now, log, acceptGuideTokens, perSecond, commands, feed } = options;
		const rate = perSecond === undefined ? {} : { perSecond };
		this.#doorkeeper = new Doorkeeper({ credentials, now, log, acceptGuideTokens, ...rate });
		this.#sockets = new DeviceSockets(this.#upgrades, {
			...options,
			doorkeeper: this.#doorkeeper,
			pulse: this.#pulse,
			commands: (deviceId, door) => commands.take(deviceId, door),
		});
		routeLive(this.#upgrades, this.#doorkeeper, { feed, pulse: this.#pulse });
		this.#streams = new EventStreams({ feed, pulse: this.#pulse });
		commands.addDelivery(this.#sockets);
		this.#codec = options.lorawan && loadCodec();
		const target = options.lorawan?.downlinks;
		this.#downlinks = target && this.#codec && this.#openDownlinks(target, this.#codec);
	}

	/** @throws Error with a message for a person; nothing is open then */
	static async open(options: DoorsOptions): Promise<Doors> {
		const doors = new Doors(options);
		try {
			await doors.#listen();
		} catch (error) {
			await doors.close();
			throw error;
		}
		return doors;
	}

	get httpsPort(): number {
		return this.#web!.port;
	}

	get plainPort(): number | undefined {
		return this.#plain?.port;
	}

	/** What the doors take, as OpenAPI. */
	openapi(): object {
		return this.#openapi();
	}

	/** Open connections, and those of them that are devices' WebSockets. */
	connections(): { readonly https: number; readonly plain: number; readonly websocket: number } {
		return { https: this.#web?.connections ?? 0, plain: this.#plain?.connections ?? 0, websocket: this.#sockets.size };
	}

	useCertificate(tls: TlsFiles): void {
		this.#web!.useCertificate(tls);
	}

	/** Ends what is live, lets the requests under way come to their end. Twice is fine. */
	async close(): Promise<void> {
		this.#streams.close();
		this.#downlinks?.close();
		await this.#pulse.close();
		await Promise.all([this.#web?.close(), this.#plain?.close()]);
	}

	#openDownlinks(target: DownlinkTarget, codec: Codec): Downlinks {
		const { credentials, commands, now, log } = this.#options;
		const devEuiOf = (deviceId: string) => credentials.devEui(deviceId);
		const onSent = (command: WireCommand) => commands.sent(command, 'lorawan');
		const downlinks = new Downlinks({ target, codec, devEuiOf, onSent, now, log });
		commands.addDelivery(downlinks);
		for (const command of commands.unsent()) downlinks.deliver(command.device_id, [command]);
		return downlinks;
	}

	async #listen(): Promise<void> {
		const { host, httpsPort, plainPort, tls, now, log, acceptGuideTokens } = this.#options;
		const common = { host, now, log, register: (app: FastifyInstance, web: Web) => this.#register(app, web) };
		this.#web = await named(Web.open({ ...common, port: httpsPort, tls }), `${host}:${httpsPort} (--https)`);
		log('info', 'server', `HTTPS and WebSocket on ${host}:${this.#web.port}`);
		if (plainPort !== undefined) {
			const opening = Web.open({ ...common, port: plainPort, tls: undefined });
			this.#plain = await named(opening, `${host}:${plainPort} (--plain-port)`);
			const where = `${host}:${this.#plain.port}`;
			const what = `plain HTTP on ${where}: whoever is on the way reads what passes, and can take the tokens`;
			log('warning', 'server', what);
		}
		if (acceptGuideTokens)
			log('warning', 'server', "the guide's tokens are accepted: they are no JWT, and may be good for ever");
	}

	async #register(app: FastifyInstance, web: Web): Promise<void> {
		const { ingest, queries, commands, credentials, metrics, now, log } = this.#options;
		await collectOpenapi(app);
		app.addHook('onResponse', async (request, reply) => {
			const { url = 'none' } = request.routeOptions;
			metrics.request(url, reply.statusCode, reply.elapsedTime / 1000);
			log('debug', 'web', `${request.method} ${url} ${reply.statusCode} in ${reply.elapsedTime.toFixed(1)} ms`);
		});
		const guard = operatorsOnly(web, this.#doorkeeper);
		registerReceiving(app, web, {
			ingest,
			doorkeeper: this.#doorkeeper,
			now,
			rowId: (entry) => (entry.kind === 'reading' ? queries.rowId(entry) : undefined),
			commands: (deviceId) => commands.take(deviceId, 'http', maximumCommandBytes),
		});
		registerCommands(app, guard, {
			commands,
			// Behind somebody else's broker there are devices that are not enrolled here.
			isDevice: (deviceId) => credentials.isDevice(deviceId) || queries.hasHeardOf(deviceId),
		});
		registerLooking(app, guard, queries);
		const { lorawan } = this.#options;
		const codec = this.#codec;
		if (lorawan && codec)
			registerLorawan(app, web, {
				ingest,
				codec,
				secret: lorawan.secret,
				doorkeeper: this.#doorkeeper,
				deviceOf: (devEui) => credentials.deviceOf(devEui),
				commandIdOf: (deviceId, reference) => commands.find(deviceId, (id) => codec.commandReference(id) === reference),
				onName: (devEui, name) => this.#downlinks?.learn(devEui, name),
				now,
			});
		this.#streams.register(app, guard);
		app.get('/metrics', { ...guard, schema: { hide: true } }, async (_, reply) =>
			reply.type(metrics.contentType).send(await metrics.text()),
		);
		app.get('/openapi.json', { ...guard, schema: { hide: true } }, async () => app.swagger());
		this.#openapi = () => app.swagger();
		this.#upgrades.attach(web);
	}
}
