import { Journal } from '../modules/journal/journal';
import type { Route } from '../modules/ports';
import { Courier } from './delivery/courier';
import type { Host } from './host';
import { heartbeatMessage } from './messages/heartbeat';
import { alwaysOn, type PowerPlan } from './power/plan';
import { Dating } from './sensing/dating';
import { READING_BYTE_LENGTH } from './sensing/reading';
import { Sampler } from './sensing/sampler';
import type { Settings } from './settings';

export interface RouteReport {
	readonly name: string;
	readonly state: Route['state'];
	readonly delivered: number;
	readonly failed: number;
	readonly inFlight: number;
}

/** How the device is, in counts since this boot; `dropped` and `damaged` since the journal was formatted. */
export interface DeviceReport {
	readonly deviceId: string;
	readonly uptimeSeconds: number;
	readonly link: 'down' | 'joining' | 'up';
	readonly rssiDbm: number | undefined;
	readonly sampled: number;
	readonly journaled: number;
	readonly released: number;
	readonly refused: number;
	readonly dropped: number;
	readonly damaged: number;
	readonly backlog: number;
	/** The journal: its epoch, its oldest held sequence, the sequence that the next reading gets. */
	readonly epoch: number;
	readonly oldest: number;
	readonly next: number;
	readonly routes: readonly RouteReport[];
}

/** One waking of the device, from the recovery of its journal to sleep or close(). */
export class Device {
	readonly #host: Host;
	readonly #settings: Settings;
	readonly #journal: Journal;
	readonly #dating: Dating;
	readonly #sampler: Sampler;
	readonly #courier: Courier;
	readonly #plan: PowerPlan;
	#flashFaults = 0;
	#closed = false;

	/** @throws Fault 'flash' when no block of the journal's partition can be used. */
	constructor(host: Host, settings: Settings) {
		this.#host = host;
		this.#settings = settings;
		const { clock, networkClock, log, random32, store, link } = host;
		this.#journal = new Journal({ flash: host.journal, payloadByteLength: READING_BYTE_LENGTH, random32 });
		this.#dating = new Dating({ clock, store });
		this.#courier = new Courier({
			deviceId: settings.deviceId,
			clock: networkClock,
			log,
			random32,
			journal: this.#journal,
			dating: this.#dating,
			routes: host.routes(settings, () => this.#heartbeat('offline')),
			backoff: { minimum: settings.backoffMinimumSeconds * 1000, maximum: settings.backoffMaximumSeconds * 1000 },
			onOpen: () => this.#sendHeartbeat(),
			onMessage: (body) =>
				log('info', 'commands', `a command of ${body.byteLength} bytes, not obeyed: no command is known yet`),
		});
		this.#plan = alwaysOn(networkClock, settings.heartbeatIntervalSeconds * 1000, {
			openLink: () => link.open(),
			deliver: () => this.#courier.wake(),
			heartbeat: () => this.#sendHeartbeat(),
		});
		this.#sampler = new Sampler({
			clock,
			log,
			sensors: host.sensors,
			journal: this.#journal,
			dating: this.#dating,
			interval: Math.round(settings.dataIntervalSeconds * 1000),
			onReading: () => {
				this.#watchFlash();
				this.#plan.reading();
			},
		});
		link.onChanged = () => this.#linkChanged();
	}

	start(): void {
		const { log, power } = this.#host;
		const { backlog, dropped, damaged, epoch } = this.#journal;
		log('info', 'device', `${this.#settings.deviceId} starts (${power.cause})`);
		const losses = dropped + damaged > 0 ? `, ${dropped} dropped, ${damaged} damaged` : '';
		log('info', 'journal', `epoch ${epoch.toString(16).padStart(8, '0')}, ${backlog} readings to deliver${losses}`);
		this.#plan.start();
		this.#sampler.start();
	}

	/** Stops taking readings; what is in the journal is still delivered. */
	stopSampling(): void {
		this.#sampler.stop();
	}

	report(): DeviceReport {
		const { clock, link } = this.#host;
		return {
			deviceId: this.#settings.deviceId,
			uptimeSeconds: Math.floor(clock.ticks / 1000),
			link: link.state,
			rssiDbm: link.rssiDbm,
			sampled: this.#sampler.sampled,
			journaled: this.#sampler.journaled,
			released: this.#courier.released,
			refused: this.#courier.refused,
			dropped: this.#journal.dropped,
			damaged: this.#journal.damaged,
			backlog: this.#journal.backlog,
			epoch: this.#journal.epoch,
			oldest: this.#journal.oldest,
			next: this.#journal.nextSequence,
			routes: this.#courier.lanes.map(({ route, delivered, failed, inFlight }) => ({
				name: route.name,
				state: route.state,
				delivered,
				failed,
				inFlight,
			})),
		};
	}

	/** Ends politely: the last receipts are written down, the routes say good-bye. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#sampler.stop();
		this.#plan.stop();
		this.#courier.close();
		this.#host.link.onChanged = undefined;
		this.#host.link.close();
		for (const sensor of this.#host.sensors) sensor.close();
		this.#journal.close();
	}

	#linkChanged(): void {
		const { link, log } = this.#host;
		const strength = link.rssiDbm === undefined ? '' : `, ${link.rssiDbm} dBm`;
		log('info', 'link', `${link.state}${strength}`);
		if (link.state === 'up') this.#courier.start();
		else this.#courier.pause();
	}

	/** Bad flash costs a block and no more; but somebody should know, and the counters say how much. */
	#watchFlash(): void {
		const { faults, lastFault, badBlocks } = this.#journal;
		if (faults === this.#flashFaults) return;
		this.#flashFaults = faults;
		const why = lastFault?.message ?? 'flash fault';
		this.#host.log('warning', 'journal', `${why}; ${faults} faults since start, ${badBlocks} blocks out of use`);
	}

	#sendHeartbeat(): void {
		if (!this.#courier.post('heartbeat', this.#heartbeat('online')))
			this.#host.log('debug', 'heartbeat', 'no route is open, not sent');
	}

	#heartbeat(status: 'online' | 'offline'): string {
		const uptime = Math.floor(this.#host.clock.ticks / 1000);
		return heartbeatMessage(this.#settings.deviceId, status, this.#dating.time, uptime);
	}
}
