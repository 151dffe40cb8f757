import type { Alarm, Clock, Log, Outgoing, Random32, Route } from '../../modules/ports';
import { Backoff } from './backoff';

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

export interface LaneOptions {
	readonly route: Route;
	readonly clock: Clock;
	readonly log: Log;
	readonly random32: Random32;
	/** Milliseconds. */
	readonly backoff: { readonly minimum: number; readonly maximum: number };
	/** How the route did before the last deep sleep. */
	readonly before?: Health | undefined;
	readonly onOpen: () => void;
	/** The route ended; nothing that it carried has a receipt any more. */
	readonly onLost: () => void;
	readonly onReceipt: (sequence: number) => void;
	readonly onWritable: () => void;
	readonly onMessage: (body: ArrayBuffer) => void;
}

/**
 * One route with its upkeep: opens it, opens it again after a growing, jittered wait, counts what it carried.
 *
 *   idle ──start──▶ opening ──open──▶ open
 *     ▲                │ closed         │ closed
 *     │                ▼                ▼
 *     └──stop────── waiting ◀───────────┘     waiting ──alarm──▶ opening
 */
export class Lane {
	readonly #options: LaneOptions;
	readonly #backoff: Backoff;
	readonly #alarm: Alarm;
	readonly #inFlight = new Set<number>();
	#wanted = false;
	/** It ended, and the next try is yet to come. */
	#waiting = false;
	/** Not to be tried before this moment. The first start() heeds it; a network that came back is tried at once. */
	#retryAt: number;
	#started = false;
	#sentThrough = 0;
	#delivered = 0;
	#failed = 0;

	constructor(options: LaneOptions) {
		this.#options = options;
		const { failures, retryAt = 0 } = options.before ?? {};
		this.#backoff = new Backoff({ ...options.backoff, random32: options.random32, failures });
		this.#retryAt = retryAt;
		this.#alarm = options.clock.alarm(() => this.#open());
		const { route } = options;
		route.onOpen = () => options.onOpen();
		route.onClosed = () => this.#closed();
		route.onReceipt = (sequence) => this.#receipt(sequence);
		route.onWritable = () => options.onWritable();
		route.onMessage = (body) => options.onMessage(body);
	}

	get route(): Route {
		return this.#options.route;
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

	get isOpen(): boolean {
		return this.#options.route.state === 'open';
	}

	/** It opens or is open: something may still come of it without another try. */
	get isTrying(): boolean {
		return this.#wanted && !this.#waiting;
	}

	get health(): Health {
		const { before, route } = this.#options;
		return {
			name: route.name,
			failures: this.#backoff.failures,
			retryAt: this.#retryAt,
			delivered: (before?.delivered ?? 0) + this.#delivered,
			failed: (before?.failed ?? 0) + this.#failed,
		};
	}

	/** Opens the route and keeps it open until stop(). */
	start(): void {
		if (this.#wanted) return;
		const { backoff, clock } = this.#options;
		const wait = this.#started ? 0 : Math.max(0, Math.min(this.#retryAt - clock.ticks, backoff.maximum));
		this.#started = true;
		this.#wanted = true;
		this.#waiting = wait > 0;
		this.#alarm.set(Math.ceil(wait));
	}

	/** Closes the route politely, and counts it as failed if it is still at work: nobody has the time to wait for it. */
	giveUp(): void {
		if (this.isTrying) this.#lost();
		this.stop();
	}

	/** Closes the route politely. What is in flight goes back without being counted as failed. */
	stop(): void {
		this.#wanted = false;
		this.#alarm.clear();
		this.#inFlight.clear();
		this.#options.route.close();
	}

	/** Sends a record. False: no room now, onWritable follows. */
	send(message: Omit<Outgoing, 'again'>): boolean {
		const { sequence } = message;
		if (sequence === undefined) return this.#options.route.send({ ...message, again: false });
		if (this.#inFlight.has(sequence)) return true;
		if (!this.#options.route.send({ ...message, again: sequence <= this.#sentThrough })) return false;
		this.#inFlight.add(sequence);
		this.#sentThrough = Math.max(this.#sentThrough, sequence);
		return true;
	}

	#open(): void {
		this.#waiting = false;
		if (this.#wanted) this.#options.route.open();
	}

	#receipt(sequence: number): void {
		// Only a receipt proves that the way works: a broker that accepts and then drops must not be hammered.
		this.#backoff.succeeded();
		if (this.#inFlight.delete(sequence)) this.#delivered++;
		this.#options.onReceipt(sequence);
	}

	#closed(): void {
		const wait = this.#lost();
		if (this.#wanted) this.#alarm.set(wait);
		this.#options.onLost();
	}

	/** Counts a failure; returns how long to wait for the next try. */
	#lost(): number {
		const { log, route, clock } = this.#options;
		const wait = this.#backoff.failed();
		this.#failed += this.#inFlight.size;
		this.#inFlight.clear();
		this.#waiting = true;
		this.#retryAt = clock.ticks + wait;
		log('info', route.name, `next try in ${(wait / 1000).toFixed(1)} s (${this.#backoff.failures} without success)`);
		return wait;
	}
}
