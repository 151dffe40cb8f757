import { Fault } from '../fault';
import type { Client, Readable } from './client';

/** Bytes of a refused message that are read, and thrown away, at once. */
const DRAIN = 256;

export interface InboxOwner {
	takeMessage(body: ArrayBuffer): void;
	/** A message that was not taken, and why. */
	turnAway(why: string): void;
	wants(topic: string): boolean;
}

/** Gathers the fragments of inbound messages; what is refused is read to its end, so that the client can go on. */
export class Inbox {
	readonly #limit: number;
	readonly #owner: InboxOwner;
	/** The message that is being gathered; undefined: between two, or one is being drained. */
	#body: Uint8Array | undefined;
	#filled = 0;
	/** The first fragment of a message came and its last has not. */
	#amid = false;

	/** @param limit the largest message that is taken, in bytes */
	constructor(limit: number, owner: InboxOwner) {
		this.#limit = limit;
		this.#owner = owner;
	}

	/** Forgets what was gathered: the connection is gone. */
	clear(): void {
		this.#body = undefined;
		this.#amid = false;
	}

	/** Takes one fragment of `count` bytes from `client`. Throws a Fault 'protocol' when the fragments do not fit together. */
	take(client: Client, count: number, { more, topic, byteLength = count, retain }: Readable): void {
		if (!(count >= 0) || this.#amid === (topic !== undefined)) throw new Fault('protocol', 'broken message fragment');
		if (topic !== undefined) this.#begin(topic, byteLength, retain === true);
		if (this.#body === undefined) this.#drain(client, count);
		else this.#fill(client, this.#body, count);
		this.#amid = more;
		if (more) return;

		const body = this.#body;
		this.#body = undefined;
		if (body === undefined) return;
		if (this.#filled !== body.byteLength) throw new Fault('protocol', 'a message shorter than it said');
		this.#owner.takeMessage(body.buffer as ArrayBuffer);
	}

	#begin(topic: string, byteLength: number, retained: boolean): void {
		const limit = this.#limit;
		const owner = this.#owner;
		this.#body = undefined;
		this.#filled = 0;
		if (!owner.wants(topic)) owner.turnAway('on a topic that was not asked for');
		else if (retained) owner.turnAway('retained: a command must be for now');
		else if (!(byteLength >= 0 && byteLength <= limit)) owner.turnAway(`${byteLength} bytes, more than ${limit}`);
		else this.#body = new Uint8Array(byteLength);
	}

	#fill(client: Client, body: Uint8Array, count: number): void {
		const end = this.#filled + count;
		if (end > body.byteLength) throw new Fault('protocol', 'a message longer than it said');
		while (this.#filled < end) {
			const got = client.read(body.subarray(this.#filled, end));
			if (got === undefined || !(got > 0)) throw new Fault('protocol', 'fewer bytes than announced');
			this.#filled += got;
		}
	}

	#drain(client: Client, count: number): void {
		for (let left = count; left > 0; ) {
			const got = client.read(Math.min(left, DRAIN))?.byteLength ?? 0;
			if (got === 0) throw new Fault('protocol', 'fewer bytes than announced');
			left -= got;
		}
	}
}
