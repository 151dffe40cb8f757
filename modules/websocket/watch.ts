import { Fault } from '../fault';
import type { Clock } from '../ports';
import type { Outbox } from './outbox';

interface WatchOptions {
	readonly clock: Clock;
	readonly outbox: Outbox;
	/** Milliseconds. */
	readonly pingInterval: number;
	readonly receiptTimeout: number;
}

/**
 * Whether the peer lives: it is asked by a ping when it was silent, and must answer with a pong. Bytes alone prove nothing; whole
 * messages do. Receipts are missed only from a server that has given one: the guide's never does.
 */
export class Watch {
	readonly #options: WatchOptions;
	/** When the last whole message or control frame came, in ticks. */
	#heardAt = 0;
	/** When a ping went out that has no pong yet, in ticks. */
	#pingedAt: number | undefined;
	#givesReceipts = false;

	constructor(options: WatchOptions) {
		this.#options = options;
	}

	/** A connection begins. */
	begin(): void {
		this.#pingedAt = undefined;
		this.heard();
	}

	heard(): void {
		this.#heardAt = this.#options.clock.ticks;
	}

	pinged(): void {
		this.#pingedAt = this.#options.clock.ticks;
	}

	ponged(): void {
		this.#pingedAt = undefined;
		this.heard();
	}

	/** The server answered for a record. */
	answered(): void {
		this.#givesReceipts = true;
	}

	/** The moment at which something is due, in ticks. */
	get due(): number {
		const { outbox, receiptTimeout, pingInterval } = this.#options;
		const waiting = this.#waitingSince;
		if (waiting !== undefined) return waiting + receiptTimeout;
		const { stuckSince } = outbox;
		return stuckSince === undefined ? this.#heardAt + pingInterval : stuckSince + receiptTimeout;
	}

	/** It was silent for long enough to be asked. */
	get isPingDue(): boolean {
		const { outbox, clock, pingInterval } = this.#options;
		if (this.#pingedAt !== undefined || outbox.stuckSince !== undefined) return false;
		return clock.ticks >= this.#heardAt + pingInterval;
	}

	/** Why the peer counts as dead; undefined: it lives. */
	get death(): Fault | undefined {
		const { clock, receiptTimeout } = this.#options;
		const since = Math.min(this.#waitingSince ?? clock.ticks, this.#options.outbox.stuckSince ?? clock.ticks);
		if (clock.ticks - since < receiptTimeout) return undefined;
		const what = this.#pingedAt === since ? 'no pong' : 'nothing came back';
		return new Fault('timeout', `${what} in ${receiptTimeout} ms: the peer is dead`);
	}

	/** Since when a pong, or a receipt that is to be expected, is missing. */
	get #waitingSince(): number | undefined {
		const receipt = this.#givesReceipts ? this.#options.outbox.oldest : undefined;
		if (this.#pingedAt === undefined || receipt === undefined) return this.#pingedAt ?? receipt;
		return Math.min(this.#pingedAt, receipt);
	}
}
