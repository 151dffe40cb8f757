import type { Fault } from '../../modules/fault';
import type { Outgoing, Route, RouteListener } from '../../modules/ports';

/** A route that a test opens, fills, answers and ends by hand. */
export class FakeRoute implements Route {
	readonly name: string;
	state: Route['state'] = 'closed';
	batchLimit = 1;
	isLive = false;
	listener: RouteListener | undefined;
	/** How many records it takes before it says that there is no room. */
	window = Number.POSITIVE_INFINITY;
	opens = 0;
	closes = 0;
	readonly sent: {
		channel: string;
		sequence: number | undefined;
		batch: readonly number[] | undefined;
		again: boolean;
		message: Record<string, unknown>;
	}[] = [];
	#inFlight = new Set<number>();

	constructor(name = 'fake') {
		this.name = name;
	}

	open(): void {
		this.opens++;
		this.state = 'opening';
	}

	send({ channel, body, sequence, batch, again }: Outgoing): boolean {
		if (this.state !== 'open') throw new Error('not open');
		if (sequence !== undefined && this.#inFlight.size >= this.window) return false;
		if (sequence !== undefined) this.#inFlight.add(sequence);
		this.sent.push({
			channel,
			sequence,
			batch,
			again,
			message: JSON.parse(Buffer.from(new Uint8Array(body)).toString()),
		});
		return true;
	}

	close(): void {
		this.closes++;
		this.state = 'closed';
		this.#inFlight.clear();
	}

	/** The peer accepts the connection. */
	accept(): void {
		this.state = 'open';
		this.listener?.onOpen();
	}

	/** The peer has the record for good. */
	acknowledge(...sequences: number[]): void {
		for (const sequence of sequences) {
			this.#inFlight.delete(sequence);
			this.listener?.onReceipt(sequence);
		}
		this.listener?.onWritable();
	}

	/** The peer will not take the record. */
	refuse(sequence: number, fault: Fault): void {
		this.#inFlight.delete(sequence);
		this.listener?.onRefused(sequence, fault);
		this.listener?.onWritable();
	}

	/** It ends by itself. */
	fail(fault: Fault, retryAfter?: number): void {
		this.state = 'closed';
		this.#inFlight.clear();
		this.listener?.onClosed(fault, retryAfter);
	}

	/** The sequences that were sent, in order, those of batches too. */
	get sequences(): number[] {
		return this.sent.flatMap(({ sequence, batch }) => batch ?? sequence ?? []);
	}
}
