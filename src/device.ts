import { Fault } from '../modules/fault';
import { diagnose } from './diagnostics/diagnosis';
import type { Host } from './host';
import { connectionLines } from './messages/connections';
import { diagnosticsMessage } from './messages/diagnostics';
import { type DeviceStatus, heartbeatMessage } from './messages/heartbeat';
import { liveMessage } from './messages/live';
import { makeParts, type Parts, type PartsOwner } from './parts';
import { KeptClock } from './power/kept-clock';
import { remember, spare } from './power/rest';
import { type DeviceReport, reportOf } from './report';
import type { Reading } from './sensing/reading';
import type { Sampler } from './sensing/sampler';
import type { Settings } from './settings';

export type { DeviceReport };

/** One waking of the device, from the recovery of its journal to sleep or close(). */
export class Device implements PartsOwner {
	/** As much of it as is needed once all is made: what makes the routes may go. */
	readonly #host: Pick<Host, 'clock' | 'log' | 'power' | 'link' | 'sensors' | 'facts'>;
	readonly #parts: Parts;
	#flashFaults = 0;
	#batteryPercent: number | undefined;
	#oldest = 0;
	#closed = false;

	/** @throws Fault 'flash' when no block of the journal's partition can be used. */
	constructor(host: Host, given: Settings) {
		const { clock, log, power, link, sensors, facts } = host;
		this.#host = { clock, log, power, link, sensors, facts };
		this.#parts = makeParts(host, given, this);
		link.onChanged = () => this.#linkChanged();
	}

	get sampler(): Sampler {
		return this.#parts.sampler;
	}

	start(): void {
		const { log, power } = this.#host;
		const { backlog, dropped, damaged, epoch } = this.#parts.journal;
		log('info', 'device', `${this.#parts.settings.deviceId} starts (${power.cause})`);
		const losses = dropped + damaged > 0 ? `, ${dropped} dropped, ${damaged} damaged` : '';
		log('info', 'journal', `epoch ${epoch.toString(16).padStart(8, '0')}, ${backlog} readings to deliver${losses}`);
		this.#parts.desk.start();
		// What an earlier waking left, or the power took the memory of.
		if (this.#parts.alerts.next(0) || this.#parts.desk.next(0)) this.deliverNow();
		this.#parts.courier.waitForNetwork();
		this.#parts.plan.start();
		this.#parts.live?.start();
		this.#parts.diagnostics.start(this.#parts.clock);
	}

	/** Stops taking readings; what is in the journal is still delivered. */
	stopSampling(): void {
		this.#parts.sampler.stop();
		this.#parts.live?.stop();
	}

	report(): DeviceReport {
		return reportOf(this.#host, this.#parts, this.#closed ? this.#oldest : this.#parts.journal.oldest);
	}

	/** Ends politely: the last receipts are written down, the routes say good-bye. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#parts.sampler.stop();
		this.#parts.live?.stop();
		this.#parts.plan.stop();
		this.#parts.desk.close();
		this.#parts.orders.stop();
		this.#parts.courier.close();
		this.#host.link.onChanged = undefined;
		this.#host.link.close();
		for (const sensor of this.#host.sensors) sensor.close();
		this.#oldest = this.#parts.journal.oldest;
		this.#parts.journal.close();
		this.#parts.alerts.close();
	}

	// What the parts tell: to the device itself, since a closure each would be memory.

	routeOpened(): void {
		// One that sleeps says so at its end, and that says it all.
		if (!this.#parts.memory) this.#sendHeartbeat('online');
		this.#parts.diagnostics.look();
	}

	deliveryChanged(): void {
		this.#parts.plan.changed();
	}

	takeMessage(body: ArrayBuffer): void {
		this.#parts.desk.take(body);
	}

	onBattery(percent: number): void {
		if (this.#parts.memory) spare(this.#parts, this.#parts.memory.state, percent, this.#host.log);
	}

	onBeat(): void {
		this.#parts.plan.changed();
	}

	onPresence(isPresent: boolean): void {
		this.#parts.courier.isLive = isPresent;
	}

	onLive(heartRateBpm: number, spo2Percent: number | undefined): void {
		this.#parts.courier.postLive(
			liveMessage(this.#parts.settings.deviceId, this.#parts.dating.time, heartRateBpm, spo2Percent),
		);
	}

	startSampling(): void {
		this.#parts.sampler.start();
	}

	openLink(): void {
		this.#host.link.open();
	}

	beat(): void {
		this.#sendHeartbeat('online');
	}

	/** Reading by reading: what it says, what the flash said, what there is room for; then the plan goes on. */
	onReading(_sequence: number, reading: Reading): void {
		const { backlog, capacity, dropped } = this.#parts.journal;
		this.#batteryPercent = reading.batteryPercent ?? this.#batteryPercent;
		this.#watchFlash();
		this.#parts.rules.observe(reading, this.#parts.clock.ticks);
		this.#parts.rules.observeStorage(backlog, capacity, dropped);
		this.#parts.diagnostics.look();
		this.#parts.plan.reading();
	}

	raise(kind: number, value: number | undefined, threshold: number | undefined): void {
		this.#parts.alerts.raise(kind, value, threshold);
	}

	postReply(message: string): void {
		this.#parts.courier.post('replies', message);
	}

	/** @param milliseconds until the device wakes again */
	farewell(milliseconds: number): void {
		this.#sendHeartbeat('sleeping', milliseconds);
	}

	/** Sends diagnostics, and writes the report of connections into the log. */
	explain(): void {
		this.#parts.diagnostics.ask();
		for (const line of connectionLines(this.report(), this.#parts.settings.language))
			this.#host.log('info', 'device', line);
	}

	/** An alert or a result does not wait for the next delivery. */
	deliverNow(): void {
		if (this.#parts.memory) this.#parts.memory.state.wanted = true;
		this.#parts.courier.wake();
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
			dating: this.#parts.dating,
			bootClock,
			clock: this.#parts.clock,
			state: this.#parts.memory?.state,
			flash: this.#parts.flash,
			journal: this.#parts.journal,
			alerts: this.#parts.alerts,
			courier: this.#parts.courier,
			sampler: this.#parts.sampler,
			batteryPercent: this.#batteryPercent,
		});
		return this.#parts.courier.post('diagnostics', diagnosticsMessage(this.#parts.settings.deviceId, diagnosis));
	}

	/** Ends this waking. Whatever goes wrong in it, the device sleeps; but a command may have said for how long, or to restart. */
	sleep(planned: number): never {
		const { log, power } = this.#host;
		if (this.#parts.orders.isRestarting) return this.restart();
		const milliseconds = Math.max(planned, this.#parts.orders.sleepFor);
		this.#closeWell();
		const clock = this.#parts.clock;
		if (!this.#parts.memory || !(clock instanceof KeptClock)) return power.sleep(milliseconds);
		remember(this.#parts, this.#parts.memory, clock, milliseconds, this.#host);
		log('debug', 'power', `asleep for ${(milliseconds / 1000).toFixed(1)} s`);
		return power.sleep(clock.toAsk(milliseconds));
	}

	#linkChanged(): void {
		const { link, log } = this.#host;
		const strength = link.rssiDbm === undefined ? '' : `, ${link.rssiDbm} dBm`;
		log('info', 'link', `${link.state}${strength}`);
		if (link.state === 'up') this.#parts.courier.start();
		else this.#parts.courier.pause();
		this.#parts.plan.changed();
	}

	/** Bad flash costs a block and no more; but somebody should know, and the counters say how much. */
	#watchFlash(): void {
		const { faults, lastFault, badBlocks } = this.#parts.journal;
		if (faults === this.#flashFaults) return;
		this.#flashFaults = faults;
		const why = lastFault?.message ?? 'flash fault';
		this.#host.log('warning', 'journal', `${why}; ${faults} faults since start, ${badBlocks} blocks out of use`);
	}

	will(): string {
		return this.#heartbeat('offline');
	}

	/** @param sleep milliseconds until the device wakes again */
	#sendHeartbeat(status: DeviceStatus, sleep?: number): void {
		if (!this.#parts.courier.post('heartbeat', this.#heartbeat(status, sleep)))
			this.#host.log('debug', 'heartbeat', 'no route is open, not sent');
	}

	#heartbeat(status: DeviceStatus, sleep?: number): string {
		const { time } = this.#parts.dating;
		const nextWake = time === undefined || sleep === undefined ? undefined : Math.round(time + sleep);
		return heartbeatMessage(
			this.#parts.settings.deviceId,
			status,
			time,
			Math.floor(this.#parts.clock.ticks / 1000),
			nextWake,
		);
	}
}
