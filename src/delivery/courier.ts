import { Fault } from '../../modules/fault';
import type { Journal } from '../../modules/journal/journal';
import type { Alarm, Channel, Clock, Log, Random32, Route } from '../../modules/ports';
import { encode } from '../../modules/text/utf8';
import type { Dating } from '../sensing/dating';
import { type Health, Lane, type LaneOwner, type Waits } from './lane';
import { type Load, loadLanes } from './load';
import { MAIL_BASE, type Mail } from './mail';
import { Readings, type ReadingsOwner } from './readings';

export interface CourierOptions {
	readonly deviceId: string;
	/** What time-outs and back-off run on. */
	readonly clock: Clock;
	readonly log: Log;
	readonly random32: Random32;
	readonly journal: Journal;
	readonly dating: Dating;
	/** What overtakes the readings, the most urgent first. */
	readonly mails?: readonly Mail[];
	/** Best first. */
	readonly routes: readonly Route[];
	/** Milliseconds. */
	readonly backoff: Waits;
	/** How long a receipt or an opening may take before the next route carries too, in milliseconds. */
	readonly patience: number;
	/** How long there is no network before a packed route is opened, in milliseconds. Default: a minute. */
	readonly strandedAfter?: number;
	/** How the routes did before the last deep sleep. */
	readonly before?: readonly Health[];
	readonly owner: CourierOwner;
}

/** What the courier tells. */
export interface CourierOwner {
	/** A route opened, and it is the one that carries. */
	routeOpened(): void;
	/** A route ended, or receipts were written down. */
	deliveryChanged(): void;
	/** A message came from the server. */
	takeMessage(body: ArrayBuffer): void;
}

const STRANDED_AFTER = 60_000;

/** How long to wait before looking again for the time of readings that have none. */
const UNDATED_RETRY_MILLISECONDS = 1_000;

/** So many refusals with no receipt between them, and it is the server that is wrong. */
const REFUSALS_MAX = 16;

/**
 * Carries the journal's readings to the server, and ahead of them its mails, several in flight, and releases each one only on
 * its receipt. What a route does not deliver goes by another; the server keeps each record once.
 *
 * Which lane carries:
 *
 *   the first trusted one ──none──▶ the first that is proving, once no better one is promising ──none──▶ nobody: kept
 *
 * A better lane that is proving gets one record beside the one that carries; its receipt makes it carry. A live route (the
 * WebSocket) is open only while there is something to watch. An urgent mail (an alert) goes by every lane there is. A packed
 * route (LoRaWAN) is open only where there has been no network for a while; the newest readings go by it.
 */
export class Courier implements LaneOwner, ReadingsOwner, Load {
	readonly #options: CourierOptions;
	readonly lanes: readonly Lane[];
	readonly mails: readonly Mail[];
	readonly readings: Readings;
	readonly #pump: Alarm;
	#isStarted = false;
	/** There has been no network for a while. */
	#isStranded = false;
	readonly #stranding: Alarm | undefined;
	#isLive = false;
	/** What is left is not for the packed route. */
	hasNoMore = false;
	#refusals = 0;
	#closed = false;

	constructor(options: CourierOptions) {
		const { clock, log, random32, backoff, patience, before, mails = [] } = options;
		this.#options = options;
		this.mails = mails;
		this.#pump = clock.alarm(this);
		const lanes = { clock, log, random32, backoff, patience, owner: this };
		this.lanes = options.routes.map(
			(route) =>
				new Lane(
					route,
					lanes,
					before?.find(({ name }) => name === route.name),
				),
		);
		if (this.lanes.some(({ isPacked }) => isPacked)) this.#stranding = clock.alarm(this);
		this.readings = new Readings(options, this);
	}

	/** Readings released on a receipt since this boot. */
	get released(): number {
		return this.readings.released;
	}

	/** Records set aside: no server takes them, or they could not be read as a reading. */
	get setAside(): number {
		return this.readings.refused;
	}

	/** Readings and mails that wait for a receipt. */
	get pending(): number {
		return this.readings.pending + (this.#hasMail() ? 1 : 0);
	}

	/** A lane carries. */
	get isOpen(): boolean {
		return this.#carrier() !== undefined;
	}

	/** A route opens or is open; when none is, nothing goes out before the next try. */
	get isTrying(): boolean {
		return this.lanes.some((lane) => lane.isTrying);
	}

	/** Of the routes for when there is no network, none has more to do now. */
	get isSpent(): boolean {
		return this.lanes.every(
			(lane) =>
				!lane.isPacked ||
				!lane.isTrying ||
				(lane.isOpen &&
					!lane.route.isBusy &&
					lane.inFlight === 0 &&
					(lane.isFull || this.pending === 0 || this.hasNoMore)),
		);
	}

	/** Before this moment, in ticks, no route is to be tried. Infinity: there is none. */
	get retryAt(): number {
		return this.lanes.reduce((least, { health }) => Math.min(least, health.retryAt), Number.POSITIVE_INFINITY);
	}

	/** Somebody is measured right now: live routes are wanted. */
	set isLive(isLive: boolean) {
		if (this.#isLive === isLive) return;
		this.#isLive = isLive;
		this.#arrange();
	}

	/** Opens the routes and keeps them open. */
	start(): void {
		this.#isStarted = true;
		this.#isStranded = false;
		this.#stranding?.clear();
		this.#arrange();
	}

	/** There is no network: the routes end and wait for start(). */
	pause(): void {
		const wasStarted = this.#isStarted;
		this.#isStarted = false;
		if (wasStarted) this.waitForNetwork();
		this.#arrange();
		this.#rewind();
	}

	/** From now on it waits for a network, and not for ever. */
	waitForNetwork(): void {
		if (!this.#isStarted) this.#stranding?.set(this.#options.strandedAfter ?? STRANDED_AFTER);
	}

	/** There is no network, and nothing more to wait for. @returns false when there is no route for that */
	strand(): boolean {
		if (!this.#stranding || this.#isStarted || this.#closed) return false;
		this.#isStranded = true;
		this.#arrange();
		return true;
	}

	/** There is something new in the journal or in a mail. */
	wake(): void {
		this.hasNoMore = false;
		if (!this.#closed) this.#pump.set(0);
	}

	/** Sends a message that is worth nothing later (a heartbeat) if a route is open; false when none took it. */
	post(channel: Channel, message: string): boolean {
		const carrier = this.#carrier();
		if (!carrier || carrier.isPacked) return false;
		return carrier.send({ channel, body: encode(message), sequence: undefined });
	}

	/** Sends what is worth something this second only, by the live routes. */
	postLive(message: string): void {
		for (const lane of this.lanes)
			if (lane.route.isLive && lane.isOpen) lane.send({ channel: 'live', body: encode(message), sequence: undefined });
	}

	/** There is no more time: as close(), and the routes that were still at work have failed. */
	giveUp(): void {
		for (const lane of this.lanes) if (lane.isTrying && !this.#isSpare(lane)) lane.giveUp();
		this.close();
	}

	/** Ends the routes politely and writes down the last receipts. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#pump.clear();
		this.#stranding?.clear();
		for (const lane of this.lanes) lane.stop();
		this.readings.flush();
	}

	#carrier(): Lane | undefined {
		const trusted = this.lanes.find(({ state }) => state === 'trusted');
		if (trusted) return trusted;
		for (const lane of this.lanes) {
			if (lane.canCarry) return lane;
			if (lane.isPromising) return undefined;
		}
		return undefined;
	}

	/** Nothing was asked of it: that it is still there is no failure of its own. */
	#isSpare(lane: Lane): boolean {
		return lane.state === 'proving' && lane.inFlight === 0 && lane !== this.#carrier();
	}

	/** Starts the lanes that are wanted now, and stops the others. */
	#arrange(): void {
		if (this.#closed) return;
		const isUrgent = this.mails.some((mail) => mail.everywhere && mail.next(0) !== undefined);
		for (const lane of this.lanes) {
			const isWanted = lane.isPacked
				? this.#isStranded
				: this.#isStarted && (!lane.route.isLive || this.#isLive || isUrgent);
			if (isWanted) {
				lane.start();
				if (isUrgent) lane.hurry();
			} else if (lane.state !== 'idle') {
				lane.stop();
				this.#rewind();
			}
		}
	}

	isOut(sequence: number): boolean {
		return this.lanes.some((lane) => lane.carries(sequence));
	}

	#hasMail(): boolean {
		return this.mails.some((mail) => mail.next(0) !== undefined);
	}

	undated(): void {
		this.#pump.set(UNDATED_RETRY_MILLISECONDS);
	}

	#rewind(): void {
		this.readings.rewind();
		if (!this.#closed) this.#pump.set(0);
	}

	// What the lanes tell.

	opened(lane: Lane): void {
		this.#rewind();
		if (this.#carrier() === lane) this.#options.owner.routeOpened();
	}

	lost(): void {
		this.#rewind();
		this.#options.owner.deliveryChanged();
	}

	writable(): void {
		this.#pump.set(0);
	}

	message(body: ArrayBuffer): void {
		this.#options.owner.takeMessage(body);
	}

	receipt(sequence: number): void {
		this.#refusals = 0;
		if (sequence < MAIL_BASE) this.readings.receipt(sequence);
		else {
			const mail = this.#mailOf(sequence);
			mail?.release(sequence - mail.base);
		}
		this.#pump.set(0);
	}

	refused(lane: Lane, sequence: number, fault: Fault): void {
		// Nothing is set aside any more on the word of such a server.
		if (++this.#refusals > REFUSALS_MAX) {
			this.#options.log('error', 'courier', `${lane.route.name} refuses everything: ${fault.message}`);
			lane.fail();
			return;
		}
		if (sequence < MAIL_BASE) this.readings.refuse(sequence, fault);
		else {
			const mail = this.#mailOf(sequence);
			mail?.refuse(sequence - mail.base, fault);
		}
		this.#pump.set(0);
	}

	#mailOf(sequence: number): Mail | undefined {
		const base = Math.floor(sequence / MAIL_BASE) * MAIL_BASE;
		return this.mails.find((mail) => mail.base === base);
	}

	onAlarm(alarm: Alarm): void {
		if (alarm === this.#stranding) this.strand();
		else this.#turn();
	}

	#turn(): void {
		try {
			this.readings.flush();
			if (this.mails.length > 0) this.#arrange();
			loadLanes(this, this.#carrier());
			this.#options.owner.deliveryChanged();
		} catch (thrown) {
			// The journal reports flash faults by counting; this is what nobody foresaw, and it must not end the machine.
			this.#options.log('error', 'courier', Fault.from(thrown, 'misuse').message);
			this.#pump.set(UNDATED_RETRY_MILLISECONDS);
		}
	}
}
