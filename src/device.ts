import { Fault } from '../modules/fault';
import { Journal } from '../modules/journal/journal';
import type { Clock } from '../modules/ports';
import { AlertBook } from './alerts/book';
import { Rules } from './alerts/rules';
import { type FlashSlice, shareFlash } from './alerts/slice';
import { parseThresholds } from './alerts/thresholds';
import { Changes } from './commands/changes';
import { Desk } from './commands/desk';
import { Orders } from './commands/orders';
import { Courier } from './delivery/courier';
import { MAIL_BASE } from './delivery/mail';
import { diagnose } from './diagnostics/diagnosis';
import { DiagnosticsSchedule } from './diagnostics/schedule';
import type { Host } from './host';
import { connectionLines } from './messages/connections';
import { diagnosticsMessage } from './messages/diagnostics';
import { type DeviceStatus, heartbeatMessage } from './messages/heartbeat';
import { liveMessage } from './messages/live';
import { KeptClock } from './power/kept-clock';
import { Memory } from './power/memory';
import { AlwaysOn, type PowerPlan } from './power/plan';
import type { Retained } from './power/retained';
import { Waking, wakingBackoff } from './power/waking';
import type { DeviceReport } from './report';
import { Dating } from './sensing/dating';
import { Live } from './sensing/live';
import { READING_BYTE_LENGTH, type Reading } from './sensing/reading';
import { Sampler } from './sensing/sampler';
import type { Settings } from './settings';

export type { DeviceReport };

/** Milliseconds that a reading may wait for its sensors: one that is awake all the time has no need to; a pulse takes ten seconds. */
const PATIENCE = 1_500;
const LONGEST_PATIENCE = 15_000;

/** One waking of the device, from the recovery of its journal to sleep or close(). */
export class Device {
	/** As much of it as is needed once all is made: what makes the routes may go. */
	readonly #host: Pick<Host, 'clock' | 'log' | 'power' | 'link' | 'sensors' | 'facts'>;
	/** As they were when this machine began; commands change them. */
	readonly #settings: Settings;
	readonly #flash: { readonly alerts: FlashSlice; readonly readings: FlashSlice };
	readonly #journal: Journal;
	readonly #rules: Rules;
	readonly #alerts: AlertBook;
	readonly #orders: Orders;
	readonly #desk: Desk;
	readonly #diagnostics: DiagnosticsSchedule;
	readonly #dating: Dating;
	readonly sampler: Sampler;
	readonly #courier: Courier;
	/** Of a device that is always on and has what to watch. */
	readonly #live: Live | undefined;
	readonly #plan: PowerPlan;
	/** The host's, or one that goes on over deep sleep. */
	readonly #clock: Clock;
	/** Of a device that sleeps. */
	readonly #memory: Memory | undefined;
	#flashFaults = 0;
	#batteryPercent: number | undefined;
	#oldest = 0;
	#closed = false;

	/** @throws Fault 'flash' when no block of the journal's partition can be used. */
	constructor(host: Host, given: Settings) {
		const { clock: bootClock, sensors, facts } = host;
		const { log, random32, store, link, power } = host;
		this.#host = { clock: bootClock, log, power, link, sensors, facts };
		if (given.logLevel !== '') host.setLogLevel(given.logLevel);
		const changes = new Changes(given, store, log);
		const { settings } = changes;
		this.#settings = settings;
		this.#rules = new Rules({
			limits: parseThresholds(settings.thresholds),
			readings: settings.alertReadings,
			milliseconds: settings.alertSeconds * 1000,
			lostReadings: settings.alertLostReadings,
			storagePercent: settings.alertStoragePercent,
			owner: this,
		});
		this.#diagnostics = new DiagnosticsSchedule({
			interval: settings.diagnosticsIntervalSeconds * 1000,
			owner: this,
		});
		const keepsakes = [this.#rules, this.#diagnostics, ...(host.keepsakes ?? [])];
		const memory = settings.mode === 'sleep' ? new Memory({ power, clock: host.clock, keepsakes }) : undefined;
		this.#memory = memory;
		const state = memory?.state;
		const clock = state ? new KeptClock(host.clock, state) : host.clock;
		const networkClock =
			host.networkClock === host.clock ? clock : state ? new KeptClock(host.networkClock, state) : host.networkClock;
		const interval = Math.round(settings.dataIntervalSeconds * 1000);
		const longestWait = settings.backoffMaximumSeconds * 1000;
		const backoff = state
			? wakingBackoff(interval, settings.deliverEvery, longestWait)
			: {
					minimum: settings.backoffMinimumSeconds * 1000,
					maximum: longestWait,
					spread: settings.reconnectSpreadSeconds * 1000,
				};
		this.#clock = clock;
		this.#flash = shareFlash(host.journal);
		const erasing = state?.spared ? 'late' : 'ahead';
		this.#dating = new Dating({ clock, store, boot: state?.boot });
		// Before the readings' journal: for a moment it has one of its own.
		this.#alerts = new AlertBook({
			deviceId: settings.deviceId,
			language: settings.language,
			flash: this.#flash.alerts,
			random32,
			dating: this.#dating,
			log,
			erasing,
			base: MAIL_BASE,
			owner: this,
		});
		this.#journal = new Journal({
			flash: this.#flash.readings,
			payloadByteLength: READING_BYTE_LENGTH,
			random32,
			erasing,
		});
		this.#orders = new Orders({
			clock,
			changes,
			rules: this.#rules,
			alerts: this.#alerts,
			journal: this.#journal,
			owner: this,
		});
		this.#desk = new Desk({
			deviceId: settings.deviceId,
			clock,
			dating: this.#dating,
			store,
			log,
			actions: this.#orders,
			cause: power.cause,
			base: 2 * MAIL_BASE,
			owner: this,
		});
		this.#courier = new Courier({
			deviceId: settings.deviceId,
			clock: networkClock,
			log,
			random32,
			journal: this.#journal,
			dating: this.#dating,
			mails: [this.#alerts, this.#desk],
			routes: host.routes(settings, () => this.#heartbeat('offline')),
			backoff,
			patience: settings.failoverSeconds * 1000,
			strandedAfter: settings.loraAfterSeconds * 1000,
			...(state && { before: state.health }),
			owner: this,
		});
		this.sampler = new Sampler({
			clock,
			log,
			sensors: host.sensors,
			journal: this.#journal,
			dating: this.#dating,
			interval,
			// Asleep from reading to reading, there was no time ahead of this one.
			patience: state ? Math.min(LONGEST_PATIENCE, settings.awakeCapSeconds * 500) : PATIENCE,
			owner: this,
		});
		if (state?.spared) this.sampler.stretch = settings.batteryLowFactor;
		if (memory && clock instanceof KeptClock)
			this.#plan = new Waking({
				clock,
				networkClock,
				log,
				random32,
				state: memory.state,
				sampler: this.sampler,
				courier: this.#courier,
				link,
				backlog: () => this.#courier.pending + (this.#desk.isBusy ? 1 : 0),
				cause: power.cause,
				deliverEvery: settings.deliverEvery,
				interval,
				backoff,
				awakeCap: settings.awakeCapSeconds * 1000,
				linkPatience: settings.connectTimeoutSeconds * 1000,
				farewell: (sleep) => this.farewell(sleep),
				sleep: (milliseconds) => this.sleep(milliseconds),
			});
		else this.#plan = new AlwaysOn(networkClock, settings.heartbeatIntervalSeconds * 1000, this);
		if (!state && host.sensors.some(({ live }) => live !== undefined))
			this.#live = new Live({ clock, log, sensors: host.sensors, owner: this });
		link.onChanged = () => this.#linkChanged();
	}

	start(): void {
		const { log, power } = this.#host;
		const { backlog, dropped, damaged, epoch } = this.#journal;
		log('info', 'device', `${this.#settings.deviceId} starts (${power.cause})`);
		const losses = dropped + damaged > 0 ? `, ${dropped} dropped, ${damaged} damaged` : '';
		log('info', 'journal', `epoch ${epoch.toString(16).padStart(8, '0')}, ${backlog} readings to deliver${losses}`);
		this.#desk.start();
		// What an earlier waking left, or the power took the memory of.
		if (this.#alerts.next(0) || this.#desk.next(0)) this.deliverNow();
		this.#courier.waitForNetwork();
		this.#plan.start();
		this.#live?.start();
		this.#diagnostics.start(this.#clock);
	}

	/** Stops taking readings; what is in the journal is still delivered. */
	stopSampling(): void {
		this.sampler.stop();
		this.#live?.stop();
	}

	report(): DeviceReport {
		const { clock, link, facts } = this.#host;
		return {
			deviceId: this.#settings.deviceId,
			uptimeSeconds: Math.floor(clock.ticks / 1000),
			link: link.state,
			rssiDbm: link.rssiDbm,
			freeHeapBytes: facts().freeHeapBytes,
			sampled: this.sampler.sampled,
			journaled: this.sampler.journaled,
			missing: this.sampler.missing,
			released: this.#courier.released,
			refused: this.#courier.setAside,
			dropped: this.#journal.dropped,
			damaged: this.#journal.damaged,
			backlog: this.#journal.backlog,
			alerts: this.#alerts.backlog,
			epoch: this.#journal.epoch,
			oldest: this.#closed ? this.#oldest : this.#journal.oldest,
			next: this.#journal.nextSequence,
			routes: this.#courier.lanes.map(({ route, state, delivered, failed, inFlight, roundTripMilliseconds }) => ({
				name: route.name,
				state: route.state,
				health: state,
				delivered,
				failed,
				inFlight,
				roundTripMilliseconds,
			})),
		};
	}

	/** Ends politely: the last receipts are written down, the routes say good-bye. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.sampler.stop();
		this.#live?.stop();
		this.#plan.stop();
		this.#desk.close();
		this.#orders.stop();
		this.#courier.close();
		this.#host.link.onChanged = undefined;
		this.#host.link.close();
		for (const sensor of this.#host.sensors) sensor.close();
		this.#oldest = this.#journal.oldest;
		this.#journal.close();
		this.#alerts.close();
	}

	// What the parts tell: to the device itself, since a closure each would be memory.

	routeOpened(): void {
		// One that sleeps says so at its end, and that says it all.
		if (!this.#memory) this.#sendHeartbeat('online');
		this.#diagnostics.look();
	}

	deliveryChanged(): void {
		this.#plan.changed();
	}

	takeMessage(body: ArrayBuffer): void {
		this.#desk.take(body);
	}

	onBattery(percent: number): void {
		if (this.#memory) this.#spare(percent, this.#memory.state);
	}

	onBeat(): void {
		this.#plan.changed();
	}

	onPresence(isPresent: boolean): void {
		this.#courier.isLive = isPresent;
	}

	onLive(heartRateBpm: number, spo2Percent: number | undefined): void {
		this.#courier.postLive(liveMessage(this.#settings.deviceId, this.#dating.time, heartRateBpm, spo2Percent));
	}

	startSampling(): void {
		this.sampler.start();
	}

	openLink(): void {
		this.#host.link.open();
	}

	beat(): void {
		this.#sendHeartbeat('online');
	}

	/** Reading by reading: what it says, what the flash said, what there is room for; then the plan goes on. */
	onReading(_sequence: number, reading: Reading): void {
		const { backlog, capacity, dropped } = this.#journal;
		this.#batteryPercent = reading.batteryPercent ?? this.#batteryPercent;
		this.#watchFlash();
		this.#rules.observe(reading, this.#clock.ticks);
		this.#rules.observeStorage(backlog, capacity, dropped);
		this.#diagnostics.look();
		this.#plan.reading();
	}

	raise(kind: number, value: number | undefined, threshold: number | undefined): void {
		this.#alerts.raise(kind, value, threshold);
	}

	postReply(message: string): void {
		this.#courier.post('replies', message);
	}

	/** @param milliseconds until the device wakes again */
	farewell(milliseconds: number): void {
		this.#sendHeartbeat('sleeping', milliseconds);
	}

	/** Sends diagnostics, and writes the report of connections into the log. */
	explain(): void {
		this.#diagnostics.ask();
		for (const line of connectionLines(this.report(), this.#settings.language)) this.#host.log('info', 'device', line);
	}

	/** An alert or a result does not wait for the next delivery. */
	deliverNow(): void {
		if (this.#memory) this.#memory.state.wanted = true;
		this.#courier.wake();
	}

	restart(): never {
		this.#closeWell();
		return this.#host.power.restart();
	}

	/** Whatever goes wrong, the machine ends. */
	#closeWell(): void {
		try {
			this.close();
		} catch (thrown) {
			this.#host.log('error', 'device', `not closed well: ${Fault.from(thrown, 'misuse').message}`);
		}
	}

	/** Sends diagnostics; false: no route is open. */
	tell(): boolean {
		const { link, facts, power, clock: bootClock } = this.#host;
		const diagnosis = diagnose({
			facts: facts(),
			power,
			link,
			dating: this.#dating,
			bootClock,
			clock: this.#clock,
			state: this.#memory?.state,
			flash: this.#flash,
			journal: this.#journal,
			alerts: this.#alerts,
			courier: this.#courier,
			sampler: this.sampler,
			batteryPercent: this.#batteryPercent,
		});
		return this.#courier.post('diagnostics', diagnosticsMessage(this.#settings.deviceId, diagnosis));
	}

	/** Ends this waking. Whatever goes wrong in it, the device sleeps; but a command may have said for how long, or to restart. */
	sleep(planned: number): never {
		const { log, power } = this.#host;
		if (this.#orders.isRestarting) return this.restart();
		const milliseconds = Math.max(planned, this.#orders.sleepFor);
		this.#closeWell();
		const clock = this.#clock;
		if (!this.#memory || !(clock instanceof KeptClock)) return power.sleep(milliseconds);
		this.#remember(this.#memory, clock, milliseconds);
		log('debug', 'power', `asleep for ${(milliseconds / 1000).toFixed(1)} s`);
		return power.sleep(clock.toAsk(milliseconds));
	}

	#remember(memory: Memory, clock: KeptClock, milliseconds: number): void {
		try {
			clock.compare();
			memory.save({
				age: Math.round(clock.ticks),
				asleep: milliseconds,
				next: Math.round(this.sampler.next),
				boot: this.#dating.boot,
				awake: memory.state.awake + Math.round(this.#host.clock.ticks),
				health: [this.#plan.health, ...this.#courier.lanes.map(({ health }) => health)].flatMap((each) => each ?? []),
			});
		} catch (thrown) {
			this.#host.log('error', 'device', `nothing is remembered: ${Fault.from(thrown, 'misuse').message}`);
		}
	}

	/** On an empty battery: fewer readings, and no flash erased before it must be; at a third of that, not even then. */
	#spare(percent: number, state: Retained): void {
		const { batteryLowPercent, batteryLowFactor } = this.#settings;
		const spared = percent < batteryLowPercent;
		this.sampler.stretch = spared ? batteryLowFactor : 1;
		const erasing = !spared ? 'ahead' : 3 * percent >= batteryLowPercent ? 'late' : 'never';
		this.#journal.erasing = erasing;
		this.#alerts.erasing = erasing;
		if (spared !== state.spared)
			this.#host.log(
				'warning',
				'power',
				spared ? `the battery is low: ${percent} %` : `the battery is good: ${percent} %`,
			);
		state.spared = spared;
	}

	#linkChanged(): void {
		const { link, log } = this.#host;
		const strength = link.rssiDbm === undefined ? '' : `, ${link.rssiDbm} dBm`;
		log('info', 'link', `${link.state}${strength}`);
		if (link.state === 'up') this.#courier.start();
		else this.#courier.pause();
		this.#plan.changed();
	}

	/** Bad flash costs a block and no more; but somebody should know, and the counters say how much. */
	#watchFlash(): void {
		const { faults, lastFault, badBlocks } = this.#journal;
		if (faults === this.#flashFaults) return;
		this.#flashFaults = faults;
		const why = lastFault?.message ?? 'flash fault';
		this.#host.log('warning', 'journal', `${why}; ${faults} faults since start, ${badBlocks} blocks out of use`);
	}

	/** @param sleep milliseconds until the device wakes again */
	#sendHeartbeat(status: DeviceStatus, sleep?: number): void {
		if (!this.#courier.post('heartbeat', this.#heartbeat(status, sleep)))
			this.#host.log('debug', 'heartbeat', 'no route is open, not sent');
	}

	#heartbeat(status: DeviceStatus, sleep?: number): string {
		const { time } = this.#dating;
		const nextWake = time === undefined || sleep === undefined ? undefined : Math.round(time + sleep);
		return heartbeatMessage(this.#settings.deviceId, status, time, Math.floor(this.#clock.ticks / 1000), nextWake);
	}
}
