import { Fault } from '../fault';
import type { Clock } from '../ports';
import type { Plan } from './options';
import type { Outbox } from './outbox';

type Patience = Pick<Plan, 'pingInterval' | 'receiptTimeout'>;

/**
 * Whether the peer lives: it is asked by a ping when it was silent, and must answer with a pong. Bytes alone prove nothing; whole
 * messages do. Receipts are missed only from a server that has given one: the guide's never does.
 */
export class Watch {
	readonly #patience: Patience;
	readonly #clock: Clock;
	readonly #outbox: Outbox;
	/** When the last whole message or control frame came, in ticks. */
	#heardAt = 0;
	/** When a ping went out that has no pong yet, in ticks. */
	#pingedAt: number | undefined;
	#givesReceipts = false;

	constructor(patience: Patience, clock: Clock, outbox: Outbox) {
		this.#patience = patience;
		this.#clock = clock;
		this.#outbox = outbox;
	}

	/** A connection begins. */
	begin(): void {
		this.#pingedAt = undefined;
		this.heard();
	}

	heard(): void {
		this.#heardAt = this.#clock.ticks;
	}

	pinged(): void {
		this.#pingedAt = this.#clock.ticks;
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
		const { receiptTimeout, pingInterval } = this.#patience;
		const waiting = this.#waitingSince;
		if (waiting !== undefined) return waiting + receiptTimeout;
		const { stuckSince } = this.#outbox;
		return stuckSince === undefined ? this.#heardAt + pingInterval : stuckSince + receiptTimeout;
	}

	/** It was silent for long enough to be asked. */
	get isPingDue(): boolean {
		if (this.#pingedAt !== undefined || this.#outbox.stuckSince !== undefined) return false;
		return this.#clock.ticks >= this.#heardAt + this.#patience.pingInterval;
	}

	/** Why the peer counts as dead; undefined: it lives. */
	get death(): Fault | undefined {
		const { receiptTimeout } = this.#patience;
		const clock = this.#clock;
		const since = Math.min(this.#waitingSince ?? clock.ticks, this.#outbox.stuckSince ?? clock.ticks);
		if (clock.ticks - since < receiptTimeout) return undefined;
		const what = this.#pingedAt === since ? 'no pong' : 'nothing came back';
		return new Fault('timeout', `${what} in ${receiptTimeout} ms: the peer is dead`);
	}

	/** Since when a pong, or a receipt that is to be expected, is missing. */
	get #waitingSince(): number | undefined {
		const receipt = this.#givesReceipts ? this.#outbox.oldest : undefined;
		if (this.#pingedAt === undefined || receipt === undefined) return this.#pingedAt ?? receipt;
		return Math.min(this.#pingedAt, receipt);
	}
}
