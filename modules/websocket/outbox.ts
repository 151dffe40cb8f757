import { Fault } from '../fault';
import type { Clock, Outgoing, OutgoingChannel } from '../ports';
import { encode } from '../text/utf8';
import { Opcode, type WriteOptions } from './client';
import { Flight } from './flight';
import type { Line } from './line';

/** The largest body that goes out, in bytes: with its frame it fits the send buffer of lwIP, 5,744 bytes, inside TLS. */
const LIMIT = 4096;
/** The longest name of a record. */
const ID_LIMIT = 64;

/**
 * What is put after the first brace, so that the server knows what it is; '' where the body says so itself, or is the guide's flat
 * reading, which has no type. A channel that is not here is not taken.
 */
const PREFIXES: Readonly<Partial<Record<OutgoingChannel, string>>> = Object.freeze({
	data: '',
	live: '',
	diagnostics: '',
	heartbeat: '"type":"heartbeat",',
	alert: '"type":"alert",',
	replies: '"type":"reply",',
});

const TEXT: WriteOptions = Object.freeze({ binary: false });
const PING: WriteOptions = Object.freeze({ opcode: Opcode.PING });
const BRACE = 0x7b;

export interface OutboxOwner {
	/** The line threw while it was written to. */
	onFault(fault: Fault): void;
}

/** What goes out over one line after another: how much fits, what has no answer yet, and since when. */
export class Outbox {
	readonly #clock: Clock;
	readonly #owner: OutboxOwner;
	readonly #flight: Flight;
	#line: Line | undefined;
	/** Bytes that a message may have now. */
	#room = 0;
	/** `send` returned false, and a word about room is owed. */
	#owed = false;
	/** Since when something waits for room in the socket, in ticks. */
	#stuckSince: number | undefined;

	/** @param window records in flight, 1 to 64 */
	constructor(window: number, clock: Clock, owner: OutboxOwner) {
		this.#clock = clock;
		this.#owner = owner;
		this.#flight = new Flight(window);
	}

	/** Begins anew on `line`; what was in flight has no receipt. */
	attach(line: Line | undefined): void {
		this.#line = line;
		this.#room = 0;
		this.#owed = false;
		this.#stuckSince = undefined;
		this.#flight.clear();
	}

	/** Records in flight. */
	get inFlight(): number {
		return this.#flight.count;
	}

	/** When the record went out that has waited longest for its receipt, in ticks. */
	get oldest(): number | undefined {
		return this.#flight.oldest;
	}

	/** Since when there is no room for what is to go out, in ticks. */
	get stuckSince(): number | undefined {
		return this.#stuckSince;
	}

	/** True once after `send` returned false. */
	takeOwed(): boolean {
		const owed = this.#owed;
		this.#owed = false;
		return owed;
	}

	/** The line takes a message of `count` bytes now. */
	setRoom(count: number): void {
		this.#room = count;
		this.#stuckSince = undefined;
	}

	/** False: not now. */
	send({ channel, body, sequence, id, again }: Outgoing): boolean {
		const prefix = PREFIXES[channel];
		if (prefix === undefined) throw new Fault('misuse', `channel ${channel} does not go over WebSocket`);
		if (body.byteLength > LIMIT) throw new Fault('range', `a body of ${body.byteLength} bytes, more than ${LIMIT}`);
		const tracked = sequence !== undefined && !this.#flight.has(sequence);
		if (sequence !== undefined) {
			if (id === undefined || id === '' || id.length > ID_LIMIT)
				throw new Fault('misuse', 'a record without a name of 1 to 64 characters gets no receipt');
			// In flight: it is out already. It goes out once more when the sender has lost hope of its receipt.
			if (!tracked && !again) return true;
			if (tracked && this.#flight.isFull) return this.#owe();
		}
		const message = prefix === '' ? body : spliced(prefix, body);
		if (!this.#write(message, TEXT)) {
			this.#lack();
			return this.#owe();
		}
		if (tracked) this.#flight.add(id!, sequence, this.#clock.ticks);
		return true;
	}

	/** False when there is no room for it. */
	say(text: string): boolean {
		return this.#write(encode(text), TEXT) || this.#lack();
	}

	/** False when there is no room for it. */
	ping(): boolean {
		return this.#write(new ArrayBuffer(0), PING) || this.#lack();
	}

	/** The sequence of the record of this name, which waits no more; undefined when nothing waited for it. */
	received(id: string): number | undefined {
		return this.#flight.release(id);
	}

	/** False when it did not fit, or when the line threw. */
	#write(data: ArrayBuffer | Uint8Array, options: WriteOptions): boolean {
		if (this.#line === undefined || this.#room === 0 || data.byteLength > this.#room) return false;
		try {
			this.#room = this.#line.write(data, options);
			return true;
		} catch (thrown) {
			this.#room = 0;
			// Without a message: the client has less room than it said, since it wrote a pong of its own meanwhile.
			if (!(thrown instanceof Error && thrown.message === '')) this.#owner.onFault(Fault.from(thrown, 'closed'));
			return false;
		}
	}

	#owe(): false {
		this.#owed = true;
		return false;
	}

	/** No room in the socket: as good a sign of a dead peer as a missing pong, if it lasts. */
	#lack(): false {
		this.#stuckSince ??= this.#clock.ticks;
		return false;
	}
}

/** `prefix` in the body after its first brace. The body is an object with members. */
function spliced(prefix: string, body: Outgoing['body']): Uint8Array {
	const bytes = body instanceof Uint8Array ? body : new Uint8Array(body);
	if (bytes.length < 3 || bytes[0] !== BRACE) throw new Fault('misuse', 'the body is no object with members');
	const whole = new Uint8Array(prefix.length + bytes.length);
	whole[0] = BRACE;
	for (let at = 0; at < prefix.length; at++) whole[at + 1] = prefix.charCodeAt(at);
	whole.set(bytes.subarray(1), prefix.length + 1);
	return whole;
}
