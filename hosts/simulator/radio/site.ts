import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { DutyLedger } from '../../../modules/lora/ledger';
import { SessionKeeper } from '../../../modules/lora/session';
import type { Log } from '../../../modules/ports';
import type { Settings } from '../../../src/settings';
import { type LoraParts, type LoraPlug, makeLora } from '../../lora';
import type { LorawanSettings } from '../../server/lorawan/settings';
import type { Scheduler } from '../net/scheduler';
import { Air } from './air';
import { chirpstackEvent, ttsEvent } from './events';
import { NetworkServer, type NetworkUplink } from './network';
import type { RegionName } from './region';
import { regions } from './regions';
import { VirtualRadio } from './virtual-radio';

export interface SiteOptions {
	readonly region: RegionName;
	/** From the devices to the gateway. */
	readonly kilometres: number;
	readonly scheduler: Scheduler;
	readonly log: Log;
}

/** What the site saw, for whoever counts. */
export interface SiteCounts {
	readonly joins: number;
	readonly downlinks: number;
	/** New uplinks, by port. */
	readonly uplinks: Readonly<Record<number, number>>;
	/** Counters and nonces that came a second time. Must be 0. */
	readonly repeated: number;
}

const queuePath = /^\/api\/devices\/([0-9a-f]{16})\/queue$/;
/** Decibels by which frames differ: a device that stands still. */
const FADING = 0.5;
const PATIENCE = 10_000;

/**
 * A place with LoRaWAN beside a server of ours: air, gateway, network server. It posts uplinks to the server's doors in turn as
 * The Things Stack and as ChirpStack do, and takes commands as ChirpStack's API does; both over real sockets.
 */
export class RadioSite {
	readonly #options: SiteOptions;
	readonly #air: Air;
	readonly #network: NetworkServer;
	readonly #secret = randomBytes(32).toString('base64url');
	readonly #apiKey = randomBytes(32).toString('base64url');
	readonly #api = createServer((asked, answer) => this.#take(asked, answer));
	readonly #uplinks: Record<number, number> = {};
	/** Devices that were plugged in. */
	readonly #known = new Set<string>();
	#server: { readonly port: number; readonly agent: Agent } | undefined;
	/** One after the other: what a network server knows first, it tells first. */
	#posting: Promise<void> = Promise.resolve();

	private constructor(options: SiteOptions) {
		const { region, kilometres, scheduler } = options;
		this.#options = options;
		const random32 = (): number => randomBytes(4).readUInt32LE();
		this.#air = new Air({ scheduler, random32, distance: kilometres, fading: FADING });
		const epoch = Date.now() - scheduler.now;
		const onUplink = (uplink: NetworkUplink) => this.#handOn(uplink);
		this.#network = new NetworkServer({ air: this.#air, region: regions[region], random32, epoch, onUplink });
	}

	static async open(options: SiteOptions): Promise<RadioSite> {
		const site = new RadioSite(options);
		await new Promise<void>((resolve) => site.#api.listen(0, '127.0.0.1', resolve));
		return site;
	}

	/** What the server must know of this site. */
	get settings(): LorawanSettings {
		const { port } = this.#api.address() as AddressInfo;
		const url = `http://127.0.0.1:${port}`;
		return { secret: this.#secret, downlinks: { network: 'chirpstack', url, apiKey: this.#apiKey } };
	}

	get counts(): SiteCounts {
		const { joins, downlinks, repeatedCounters, repeatedNonces } = this.#network.counts;
		return { joins, downlinks, uplinks: { ...this.#uplinks }, repeated: repeatedCounters + repeatedNonces };
	}

	set kilometres(kilometres: number) {
		this.#air.distance = kilometres;
	}

	/** Where uplinks go, from now on. @param ca PEM */
	serve(httpsPort: number, ca: string): void {
		this.#server = { port: httpsPort, agent: new Agent({ ca, keepAlive: true }) };
	}

	register(devEui: string, appKey: string): void {
		this.#network.register(devEui, Buffer.from(appKey, 'hex'));
	}

	/** A radio for one boot of a board, with the route over it. */
	plug(settings: Settings, boot: Pick<LoraParts, 'clock' | 'store' | 'log' | 'onTime'>): LoraPlug {
		const { clock } = boot;
		const { loraDevEui, loraJoinEui, loraAppKey } = settings;
		const region = regions[this.#options.region];
		// This network begins with the process: with a session of an earlier one a device would speak to nobody for a while.
		if (!this.#known.has(loraDevEui)) new SessionKeeper(boot).forget();
		this.#known.add(loraDevEui);
		const ledger = new DutyLedger(clock, region.bands);
		const radio = new VirtualRadio({
			air: this.#air,
			region,
			clock,
			random32: () => randomBytes(4).readUInt32LE(),
			ledger,
			devEui: Buffer.from(loraDevEui, 'hex'),
			joinEui: Buffer.from(loraJoinEui, 'hex'),
			appKey: Buffer.from(loraAppKey, 'hex'),
		});
		return makeLora({ ...boot, radio, rests: ledger });
	}

	async close(): Promise<void> {
		this.#api.closeAllConnections();
		await new Promise((resolve) => this.#api.close(resolve));
		await this.#posting;
		this.#server?.agent.destroy();
	}

	#handOn(uplink: NetworkUplink): void {
		const { port, counter } = uplink;
		this.#uplinks[port] = (this.#uplinks[port] ?? 0) + 1;
		const now = Date.now();
		const isTts = counter % 2 === 0;
		const path = isTts ? '/api/lorawan/tts' : '/api/lorawan/chirpstack?event=up';
		const event = isTts ? ttsEvent(uplink, now) : chirpstackEvent(uplink, now);
		this.#posting = this.#posting.then(() => this.#post(path, JSON.stringify(event)));
	}

	#post(path: string, body: string): Promise<void> {
		const server = this.#server;
		if (!server) return Promise.resolve();
		return new Promise((resolve) => {
			const { port, agent } = server;
			const headers = { 'content-type': 'application/json', 'x-webhook-secret': this.#secret };
			const to = { host: 'localhost', port, path, method: 'POST', headers, agent, timeout: PATIENCE };
			const call = request(to, (answer) => {
				if (answer.statusCode !== 200) this.#options.log('warning', 'network', `${path}: ${answer.statusCode}`);
				answer.resume().once('end', resolve);
			});
			call.once('timeout', () => call.destroy(new Error('no answer')));
			call.once('error', (error) => {
				this.#options.log('warning', 'network', `${path}: ${error.message}`);
				resolve();
			});
			call.end(body);
		});
	}

	/** ChirpStack's `POST /api/devices/{dev_eui}/queue`. */
	#take(asked: IncomingMessage, answer: ServerResponse): void {
		let text = '';
		asked.setEncoding('utf8').on('data', (chunk: string) => {
			if (text.length < 65_536) text += chunk;
		});
		asked.on('end', () => {
			const [, devEui] = queuePath.exec(asked.url ?? '') ?? [];
			if (asked.headers['grpc-metadata-authorization'] !== `Bearer ${this.#apiKey}`) answer.writeHead(401).end();
			else if (devEui === undefined || !this.#queue(devEui, text)) answer.writeHead(400).end();
			else answer.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"1"}');
		});
	}

	#queue(devEui: string, text: string): boolean {
		try {
			const { queueItem } = JSON.parse(text) as { queueItem: { fPort: number; data: string } };
			return this.#network.push(devEui, { port: queueItem.fPort, payload: Buffer.from(queueItem.data, 'base64') });
		} catch {
			return false;
		}
	}
}
