import { randomBytes } from 'node:crypto';
import type { Log } from '../../../modules/ports';
import { serverCertificates } from '../../server/certificates';
import { issueServer, makeAuthority } from '../../server/issuer';
import type { Server } from '../../server/server';
import type { Run } from '../cli/run';
import type { RadioSite } from '../radio/site';
import { DoorProxy } from './proxy';
import type { Door, Scenario } from './scenario';
import { type Mark, Stage } from './stage';

const HOUR = 3_600_000;

/** The server with its doors, behind proxies where a scenario has weather for them. */
export class Theatre {
	/** Where devices find each door, on localhost. */
	readonly ports: Readonly<Record<Door, number>>;
	readonly #scenario: Scenario | undefined;
	readonly #server: Server;
	readonly #proxies: Readonly<Record<Door, DoorProxy>> | undefined;
	#stage: Stage | undefined;
	#run: Run | undefined;

	private constructor(
		scenario: Scenario | undefined,
		server: Server,
		proxies: Readonly<Record<Door, DoorProxy>> | undefined,
	) {
		this.#scenario = scenario;
		this.#server = server;
		this.#proxies = proxies;
		const { httpsPort, mqttsPort = 0 } = server;
		this.ports = proxies
			? { mqtt: proxies.mqtt.port, http: proxies.http.port, websocket: proxies.websocket.port }
			: { mqtt: mqttsPort, http: httpsPort, websocket: httpsPort };
	}

	/** @param state where the server keeps its certificate */
	static async open(scenario: Scenario | undefined, server: Server, state: string): Promise<Theatre> {
		if (!scenario?.steps.some((step) => 'doors' in step)) return new Theatre(scenario, server, undefined);
		const now = Date.now();
		const { ca, cert, key } = await serverCertificates(state, now);
		const somebody = await makeAuthority('Somebody else', now - HOUR, now + 24 * HOUR);
		const stranger = await issueServer(somebody, ['localhost'], now - HOUR, now + 24 * HOUR);
		const random32 = (): number => randomBytes(4).readUInt32LE();
		const open = (port: number): Promise<DoorProxy> =>
			DoorProxy.open({ port, identity: { cert, key }, stranger, ca, random32 });
		const proxies = {
			mqtt: await open(server.mqttsPort!),
			http: await open(server.httpsPort),
			websocket: await open(server.httpsPort),
		};
		return new Theatre(scenario, server, proxies);
	}

	/** The play begins. */
	play(run: Run, log: Log, site?: RadioSite): void {
		if (!this.#scenario) return;
		this.#run = run;
		const indoors = { become: async () => {} };
		this.#stage = new Stage({
			scenario: this.#scenario,
			doors: this.#proxies ?? { mqtt: indoors, http: indoors, websocket: indoors },
			boards: () => run.boards,
			reports: () => run.reports(),
			command: async (deviceId, command, given) => {
				this.#server.commands.issue(deviceId, { command, arguments: given as never }, 'scenario');
			},
			move: (kilometres) => {
				if (site) site.kilometres = kilometres;
			},
			log,
		});
	}

	/** What came of each step; undefined without a scenario. */
	get marks(): readonly Mark[] | undefined {
		return this.#stage?.marks;
	}

	/** No further step; the weather is good again, so that what is left can be delivered. */
	async end(): Promise<void> {
		this.#stage?.close();
		for (const { world } of this.#run?.boards ?? []) world.isReachable = world.resolves = true;
		if (this.#proxies) for (const proxy of Object.values(this.#proxies)) await proxy.become({ is: 'good' });
	}

	async close(): Promise<void> {
		this.#stage?.close();
		if (this.#proxies) for (const proxy of Object.values(this.#proxies)) await proxy.close();
	}
}
