import { Fault } from '../fault';
import type { Channel, Clock, Outgoing } from '../ports';
import type { WriteOptions } from './client';
import { Flight } from './flight';
import type { Line } from './line';
import type { Plan } from './options';
import { identifierOf, Packet, publishLength } from './packet';

/** The largest body that goes out, in bytes: with its topic it fits the send buffer of lwIP, 5,744 bytes, inside TLS. */
const LIMIT = 4096;

/** One SUBSCRIBE a connection, before any record: any identifier does, and the last one is the last that records come to. */
const SUBSCRIBE_IDENTIFIER = 65_535;

export interface OutboxOwner {
	/** The line threw while it was written to. */
	onFault(fault: Fault): void;
}

/** What goes out over one line after another: how much fits, what has no answer yet, and since when. */
export class Outbox {
	readonly #plan: Pick<Plan, 'topics' | 'window'>;
	readonly #clock: Clock;
	readonly #owner: OutboxOwner;
	readonly #flight: Flight;
	#line: Line | undefined;
	/** Bytes that the line takes now. */
	#room = 0;
	/** `send` returned false, and a word about room is owed. */
	#owed = false;
	/** Since when a message waits for room in the socket, in ticks. */
	#stuckSince: number | undefined;
	/** When SUBSCRIBE went out, in ticks, until its SUBACK. */
	#subscribedAt: number | undefined;

	constructor(plan: Pick<Plan, 'topics' | 'window'>, clock: Clock, owner: OutboxOwner) {
		this.#plan = plan;
		this.#clock = clock;
		this.#owner = owner;
		this.#flight = new Flight(plan.window);
	}

	/** Begins anew on `line`; what was in flight has no receipt. */
	attach(line: Line | undefined): void {
		this.#line = line;
		this.#room = 0;
		this.#owed = false;
		this.#stuckSince = this.#subscribedAt = undefined;
		this.#flight.clear();
	}

	/** Records in flight. */
	get inFlight(): number {
		return this.#flight.count;
	}

	/** Since when an answer, or room to write, has been missing, in ticks; undefined when nothing is. */
	get waitingSince(): number | undefined {
		const never = Number.POSITIVE_INFINITY;
		const since = Math.min(this.#flight.oldest ?? never, this.#subscribedAt ?? never, this.#stuckSince ?? never);
		return since === never ? undefined : since;
	}

	/** True once after `send` returned false. */
	takeOwed(): boolean {
		const owed = this.#owed;
		this.#owed = false;
		return owed;
	}

	/** The line takes `count` bytes now. */
	setRoom(count: number): void {
		this.#room = count;
		this.#stuckSince = undefined;
	}

	/** Records (with a sequence) go at QoS 1, all else at QoS 0. False: not now. */
	send({ channel, body, sequence, again }: Outgoing): boolean {
		if (body.byteLength > LIMIT) throw new Fault('range', `a body of ${body.byteLength} bytes, more than ${LIMIT}`);
		const topic = this.#plan.topics[channel as Channel];
		if (topic === undefined) throw new Fault('misuse', `channel ${channel} has no topic`);
		const id = sequence === undefined ? 0 : identifierOf(sequence);
		if (sequence !== undefined) {
			const holder = this.#flight.holder(id);
			if (holder === sequence) return true;
			if (holder !== undefined || this.#flight.full) return this.#owe();
			if (id === SUBSCRIBE_IDENTIFIER && this.#subscribedAt !== undefined) return this.#owe();
		}
		const QoS = sequence === undefined ? 0 : 1;
		if (publishLength(topic.length, body.byteLength, QoS) > this.#room) return this.#lack();
		const packet = { operation: Packet.PUBLISH, topic, QoS, byteLength: body.byteLength };
		const written = this.#write(body, sequence === undefined ? packet : { ...packet, id, duplicate: again });
		if (!written) return this.#lack();
		if (sequence !== undefined) this.#flight.add(id, sequence, this.#clock.ticks);
		return true;
	}

	/** Frees the identifier of a PUBACK and returns its sequence; undefined when nothing waited for it. */
	received(id: number): number | undefined {
		return this.#flight.release(id);
	}

	/** False when there is no room for it yet. */
	subscribe(topics: readonly string[]): boolean {
		const items = topics.map((topic) => ({ topic, QoS: 1 }));
		if (!this.#write(undefined, { operation: Packet.SUBSCRIBE, id: SUBSCRIBE_IDENTIFIER, items })) return false;
		this.#subscribedAt = this.#clock.ticks;
		return true;
	}

	/** True when the SUBACK with this identifier was waited for. */
	subscribed(id: number | undefined): boolean {
		if (id !== SUBSCRIBE_IDENTIFIER || this.#subscribedAt === undefined) return false;
		this.#subscribedAt = undefined;
		return true;
	}

	/** Says DISCONNECT, when there is room for it. */
	disconnect(): void {
		this.#write(undefined, { operation: Packet.DISCONNECT });
	}

	/** False when it did not fit, or when the line threw. */
	#write(body: Outgoing['body'] | undefined, options: WriteOptions): boolean {
		if (this.#line === undefined) return false;
		try {
			this.#room = this.#line.write(body, options);
			return true;
		} catch (thrown) {
			this.#room = 0;
			if (!(thrown instanceof Error && thrown.message === 'overflow'))
				this.#owner.onFault(Fault.from(thrown, 'closed'));
			return false;
		}
	}

	#owe(): false {
		this.#owed = true;
		return false;
	}

	/** No room in the socket: as good a sign of a dead peer as a missing receipt, if it lasts. */
	#lack(): false {
		this.#stuckSince ??= this.#clock.ticks;
		return this.#owe();
	}
}
