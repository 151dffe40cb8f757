import { Fault } from '../fault';
import { decode } from '../text/utf8';
import type { Client, Readable } from './client';
import { CloseCode, Violation } from './faults';
import { MESSAGE_LIMIT } from './gate';

/** Bytes that a message is given room for at first, when its length is not known. */
const FIRST = 256;

export interface InboxOwner {
	/** A whole message of text, at most 4,096 bytes, and what they say. */
	onText(bytes: Uint8Array, text: string): void;
	/** A binary message came, and was thrown away. */
	onBinary(): void;
}

/** Gathers the pieces of inbound messages. */
export class Inbox {
	readonly #owner: InboxOwner;
	/** What was gathered of the message at hand. */
	#body: Uint8Array | undefined;
	#filled = 0;

	constructor(owner: InboxOwner) {
		this.#owner = owner;
	}

	/** Forgets what was gathered: the connection is gone. */
	clear(): void {
		this.#body = undefined;
		this.#filled = 0;
	}

	/** Takes `count` bytes from `client`. Throws a Fault when they are too many or no UTF-8. */
	take(client: Client, count: number, { more, binary }: Readable): void {
		const end = this.#filled + count;
		if (!(count >= 0 && end <= MESSAGE_LIMIT))
			throw new Violation(`a message of more than ${MESSAGE_LIMIT} bytes`, CloseCode.TOO_BIG);
		const body = this.#room(end, more);
		while (this.#filled < end) {
			const got = client.read(body.subarray(this.#filled, end));
			if (got === undefined || !(got > 0)) throw new Fault('protocol', 'fewer bytes than announced');
			this.#filled += got;
		}
		if (more) return;
		this.clear();
		if (binary) this.#owner.onBinary();
		else {
			const bytes = body.subarray(0, end);
			this.#owner.onText(bytes, textOf(bytes));
		}
	}

	/** Room for `end` bytes in all, and for more when more is to come. */
	#room(end: number, more: boolean): Uint8Array {
		const before = this.#body;
		if (before !== undefined && before.byteLength >= end) return before;
		const size = more ? Math.min(MESSAGE_LIMIT, Math.max(FIRST, 2 * end)) : end;
		const body = new Uint8Array(size);
		if (before !== undefined) body.set(before.subarray(0, this.#filled));
		this.#body = body;
		return body;
	}
}

function textOf(bytes: Uint8Array): string {
	try {
		return decode(bytes);
	} catch {
		throw new Violation('a text that is not UTF-8', CloseCode.NOT_UTF8);
	}
}
