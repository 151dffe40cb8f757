import { Fault } from '../../modules/fault';
import type { Alarm, Clock, Log, Outgoing, Random32, Route, RouteListener } from '../../modules/ports';
import { Backoff, type BackoffOptions } from './backoff';
import { MAIL_BASE } from './mail';

/** How a route does, over all wakings that are remembered. */
export interface Health {
	readonly name: string;
	/** Failures in a row. */
	readonly failures: number;
	/** Not to be tried before this moment, in ticks of the lane's clock. */
	readonly retryAt: number;
	/** Records with a receipt, and records that came back without one. */
	readonly delivered: number;
	readonly failed: number;
}

/** How long to wait after failures. */
export type Waits = BackoffOptions;

/** What the lanes of one courier share. */
export interface LaneOptions {
	readonly clock: Clock;
	readonly log: Log;
	readonly random32: Random32;
	/** Milliseconds. */
	readonly backoff: Waits;
	/** How long a receipt, or the opening, may take before another route carries too, in milliseconds. */
	readonly patience: number;
	readonly owner: LaneOwner;
}

export interface LaneOwner {
	opened(lane: Lane): void;
	/** The route ended or is overdue, or its opening is late: what it carried has to go another way. */
	lost(): void;
	receipt(sequence: number): void;
	refused(lane: Lane, sequence: number, fault: Fault): void;
	writable(): void;
	message(body: ArrayBuffer): void;
}

/** What is known of the way right now; see Lane. */
export type LaneState = 'idle' | 'waiting' | 'opening' | 'proving' | 'trusted' | 'overdue';

/**
 * One route with its circuit breaker: opens it, opens it again after a growing, jittered wait, and trusts it as far as
 * its receipts go.
 *
 *   idle ──start──▶ opening ──open──▶ proving ──receipt──▶ trusted
 *     ▲                │                │  ╲                  │  ▲
 *     │                │ closed         │   ╲ receipt late    │  │ receipt
 *     │                ▼                ▼    ╲                ▼  │
 *     └──stop────── waiting ◀── closed ─┴─────▶───────────▶ overdue
 *                      └──alarm──▶ opening
 *
 * Proving: it is open, and nothing has come of it yet. Overdue: it is open, and its receipts are late; what it holds goes
 * another way too (the server keeps each record once), and a receipt makes it trusted again.
 */
export class Lane implements RouteListener {
	readonly route: Route;
	readonly #options: LaneOptions;
	readonly #before: Health | undefined;
	readonly #backoff: Backoff;
	/** For the next try while waiting, for a late receipt while open, for a late opening. */
	readonly #alarm: Alarm;
	readonly #inFlight = new Set<number>();
	#state: LaneState = 'idle';
	#openedAt = 0;
	/** Since when it is opening, or nothing has come back: in ticks. */
	#since = 0;
	#isFull = false;
	/** Not to be tried before this moment. The first start() heeds it; a network that came back is tried at once. */
	#retryAt: number;
	#started = false;
	/** Since the last answer: a server that is down is not hammered for the sake of urgency. */
	#hurried = false;
	/**
	 * By kind of record (readings, then each mail), the last one that ever went out. Without a hole: XS, 13.3 and 17.9, reads
	 * beyond the chunk of an array that has one when it collects garbage.
	 */
	readonly #sentThrough: number[] = [];
	#delivered = 0;
	#failed = 0;
	#roundTrip: number | undefined;
	/** The record whose round trip is timed, and when it went out. */
	#timed = 0;
	#timedAt = 0;

	/** @param before how the route did before the last deep sleep */
	constructor(route: Route, options: LaneOptions, before: Health | undefined) {
		this.route = route;
		this.#options = options;
		this.#before = before;
		this.#backoff = new Backoff(options.backoff, options.random32, before?.failures);
		this.#retryAt = before?.retryAt ?? 0;
		this.#alarm = options.clock.alarm(this);
		route.listener = this;
	}

	get state(): LaneState {
		return this.#state;
	}

	/** Records with a receipt by this route. */
	get delivered(): number {
		return this.#delivered;
	}

	/** Records that went out and came back without one. */
	get failed(): number {
		return this.#failed;
	}

	/** Records out, no receipt yet. */
	get inFlight(): number {
		return this.#inFlight.size;
	}

	/** From a record to its receipt, smoothed, in milliseconds; undefined before the first. */
	get roundTripMilliseconds(): number | undefined {
		return this.#roundTrip;
	}

	get isOpen(): boolean {
		return this.#state === 'proving' || this.#state === 'trusted' || this.#state === 'overdue';
	}

	/** It is open, and its receipts are not late. */
	get canCarry(): boolean {
		return this.#state === 'proving' || this.#state === 'trusted';
	}

	/** It opens, and not for so long that others should not wait for it. */
	get isPromising(): boolean {
		return this.#state === 'opening' && this.#options.clock.ticks - this.#since < this.#options.patience;
	}

	/** It opens or is open: something may still come of it without another try. */
	get isTrying(): boolean {
		return this.isOpen || this.#state === 'opening';
	}

	/** It takes packed messages alone, and is for when there is no link. */
	get isPacked(): boolean {
		return this.route.packedRoom !== undefined;
	}

	/** It takes nothing until there is room again. */
	get isFull(): boolean {
		return this.#isFull;
	}

	get health(): Health {
		const before = this.#before;
		return {
			name: this.route.name,
			failures: this.#backoff.failures,
			retryAt: this.#retryAt,
			delivered: (before?.delivered ?? 0) + this.#delivered,
			failed: (before?.failed ?? 0) + this.#failed,
		};
	}

	/** This record is out by this lane, and its receipt is not late. */
	carries(sequence: number): boolean {
		return this.canCarry && this.#inFlight.has(sequence);
	}

	/** Something cannot wait: the next try is now, but for the jitter of a first one. Once until an answer comes. */
	hurry(): void {
		const { backoff, clock, random32 } = this.#options;
		if (this.#state !== 'waiting' || this.#hurried) return;
		this.#hurried = true;
		const wait = (random32() / 2 ** 32) * backoff.minimum;
		if (this.#retryAt - clock.ticks > wait) this.#alarm.set(Math.ceil(wait));
	}

	/** Opens the route and keeps it open until stop(). */
	start(): void {
		if (this.#state !== 'idle') return;
		const { backoff, clock } = this.#options;
		const wait = this.#started ? 0 : Math.max(0, Math.min(this.#retryAt - clock.ticks, backoff.maximum));
		this.#started = true;
		this.#become(wait > 0 ? 'waiting' : 'opening');
		// Opened from the alarm: a route that fails at once then does so outside of any call to the courier.
		this.#alarm.set(Math.ceil(wait));
	}

	/** Closes the route politely, and counts it as failed if it is still at work: nobody has the time to wait for it. */
	giveUp(): void {
		if (this.isTrying) this.#lost();
		this.stop();
	}

	/** The server is not to be trusted: ends the route, and waits as after any failure. */
	fail(): void {
		if (!this.isOpen) return;
		this.route.close();
		this.#closed();
	}

	/** Closes the route politely. What is in flight goes back without being counted as failed. */
	stop(): void {
		this.#become('idle');
		this.#alarm.clear();
		this.#inFlight.clear();
		this.route.close();
	}

	/** Sends a message. False: no room now, onWritable follows. What is in flight already is taken already. */
	send(message: Omit<Outgoing, 'again'>): boolean {
		const { sequence, batch } = message;
		if (sequence === undefined) return this.#take({ ...message, again: false });
		if (batch === undefined && this.#inFlight.has(sequence)) return true;
		const kind = Math.floor(sequence / MAIL_BASE);
		while (this.#sentThrough.length <= kind) this.#sentThrough.push(0);
		const before = this.#sentThrough[kind]!;
		if (!this.#take({ ...message, again: sequence <= before })) return false;
		if (this.#inFlight.size === 0) {
			this.#since = this.#timedAt = this.#options.clock.ticks;
			this.#timed = sequence;
			this.#alarm.set(this.#options.patience);
		}
		if (batch) for (const each of batch) this.#inFlight.add(each);
		else this.#inFlight.add(sequence);
		this.#sentThrough[kind] = Math.max(before, batch?.at(-1) ?? sequence);
		return true;
	}

	#take(outgoing: Outgoing): boolean {
		try {
			const isTaken = this.route.send(outgoing);
			this.#isFull = !isTaken;
			return isTaken;
		} catch (thrown) {
			this.#threw(thrown);
			return false;
		}
	}

	/** A route that throws has failed: whoever sends does so from an alarm, and what leaves an alarm ends the machine. */
	#threw(thrown: unknown): void {
		const { code, message } = Fault.from(thrown, 'misuse');
		this.#options.log('error', this.route.name, `${code}: ${message}`);
		this.route.close();
		this.#closed();
	}

	#become(state: LaneState): void {
		this.#state = state;
		this.#isFull = false;
		this.#since = this.#options.clock.ticks;
	}

	onAlarm(): void {
		const { clock, patience, owner } = this.#options;
		const { route } = this;
		if (this.#state === 'waiting') this.#become('opening');
		if (this.#state === 'opening' && route.state === 'closed') {
			this.#alarm.set(patience);
			try {
				route.open();
			} catch (thrown) {
				this.#threw(thrown);
			}
		} else if (this.canCarry && this.#inFlight.size > 0) {
			const left = this.#since + patience - clock.ticks;
			if (left > 0) this.#alarm.set(Math.ceil(left));
			else {
				this.#options.log('info', route.name, `no receipt in ${patience / 1000} s: others carry too`);
				this.#become('overdue');
				owner.lost();
			}
		} else if (this.#state === 'opening') owner.lost();
	}

	// What the route tells: to the lane itself, since a closure each would be memory.

	onOpen(): void {
		if (this.#state !== 'opening') return;
		this.#alarm.clear();
		this.#become('proving');
		this.#openedAt = this.#options.clock.ticks;
		this.#options.owner.opened(this);
	}

	onReceipt(sequence: number): void {
		// Only a receipt proves that the way works: a broker that accepts and then drops must not be hammered.
		this.#backoff.succeeded();
		this.#answered(sequence);
		if (this.#inFlight.delete(sequence)) this.#delivered++;
		this.#options.owner.receipt(sequence);
	}

	/** A refusal is an answer too: the way works, the record does not. */
	onRefused(sequence: number, fault: Fault): void {
		this.#answered(sequence);
		this.#inFlight.delete(sequence);
		this.#options.owner.refused(this, sequence, fault);
	}

	onWritable(): void {
		this.#isFull = false;
		this.#options.owner.writable();
	}

	onMessage(body: ArrayBuffer): void {
		this.#options.owner.message(body);
	}

	onClosed(_fault: Fault, retryAfter?: number): void {
		this.#closed(retryAfter);
	}

	#answered(sequence: number): void {
		const { clock, patience } = this.#options;
		this.#hurried = false;
		if (sequence === this.#timed) {
			const took = clock.ticks - this.#timedAt;
			this.#roundTrip = this.#roundTrip === undefined ? took : this.#roundTrip + (took - this.#roundTrip) / 8;
			this.#timed = 0;
		}
		if (this.#state === 'overdue') this.#alarm.set(patience);
		if (this.isOpen) this.#state = 'trusted';
		this.#since = clock.ticks;
	}

	#closed(retryAfter = 0): void {
		if (this.#state === 'idle') return;
		this.#alarm.set(this.#lost(retryAfter));
		this.#options.owner.lost();
	}

	/** Counts a failure; returns how long to wait for the next try. */
	#lost(retryAfter = 0): number {
		const { log, clock } = this.#options;
		const { route } = this;
		// What the server asked for, and the jitter on top: it asked all of its devices.
		const wasProved = this.#state === 'trusted' || this.#state === 'overdue';
		const wait =
			retryAfter +
			(wasProved ? this.#backoff.lost(clock.ticks, clock.ticks - this.#openedAt) : this.#backoff.failed(clock.ticks));
		this.#failed += this.#inFlight.size;
		this.#inFlight.clear();
		this.#become('waiting');
		this.#retryAt = clock.ticks + wait;
		log('info', route.name, `next try in ${(wait / 1000).toFixed(1)} s (${this.#backoff.failures} without success)`);
		return wait;
	}
}
