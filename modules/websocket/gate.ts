/**
 * What may pass from the server to the client (RFC 6455 §5): frames that hold the rules and the bounds, headers and control frames
 * whole. The SDK's client checks little of it, keeps what it is sent without bound, and loses its place when a header comes in two
 * pieces and something is written in between.
 */
import { decode } from '../text/utf8';
import { Opcode } from './client';
import { CloseCode, Violation } from './faults';

/** The largest message that passes, in bytes, and the fragments that it may come in. */
export const MESSAGE_LIMIT = 4096;
const FRAGMENT_LIMIT = 64;
/** The largest payload of a control frame (§5.5). */
export const CONTROL_LIMIT = 125;

const FIN = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const CONTROL = 0x08;

export class Gate {
	/** Of the payload of the data frame at hand, bytes that have yet to come. */
	#left = 0;
	/** A message is under way: fragments follow. */
	#isAmid = false;
	/** Of that message so far. */
	#size = 0;
	#fragments = 0;
	#violation: Violation | undefined;

	/** What comes after the bytes that passed breaks the rules. */
	get violation(): Violation | undefined {
		return this.#violation;
	}

	/**
	 * How far the client may read: an index of `bytes`, `end` or less. The rest is to be shown again with what follows it; it is
	 * never longer than a control frame.
	 */
	pass(bytes: Uint8Array, end: number): number {
		let at = 0;
		while (at < end && this.#violation === undefined) {
			const before = at;
			if (this.#left > 0) {
				const part = Math.min(this.#left, end - at);
				this.#left -= part;
				at += part;
			} else {
				at = this.#frame(bytes, at, end);
				if (at === before) return at;
			}
		}
		return at;
	}

	/** The index after a header, or after a whole control frame; `at` when it is not whole yet or may not pass. */
	#frame(bytes: Uint8Array, at: number, end: number): number {
		const first = bytes[at]!;
		if ((first & RESERVED) !== 0) return this.#refuse(at, 'a reserved bit is set');
		if (end - at < 2) return at;
		const second = bytes[at + 1]!;
		if ((second & MASKED) !== 0) return this.#refuse(at, 'a masked frame from a server');
		if ((first & CONTROL) !== 0) return this.#control(bytes, at, end);
		if (second < 126) return this.#data(first, second, at, at + 2);
		// 127: at least 64 KiB, or not the shortest form, which is as wrong.
		if (second === 127) return this.#tooBig(at);
		if (end - at < 4) return at;
		const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
		if (length < 126) return this.#refuse(at, 'a length that is not in its shortest form');
		return this.#data(first, length, at, at + 4);
	}

	#data(first: number, length: number, at: number, next: number): number {
		const opcode = first & 0x0f;
		if (opcode > Opcode.BINARY) return this.#refuse(at, `opcode ${opcode}`);
		if ((opcode === Opcode.CONTINUATION) !== this.#isAmid) return this.#refuse(at, 'fragments out of order');
		if (!this.#isAmid) this.#size = this.#fragments = 0;
		this.#size += length;
		this.#fragments++;
		if (this.#size > MESSAGE_LIMIT || this.#fragments > FRAGMENT_LIMIT) return this.#tooBig(at);
		this.#isAmid = (first & FIN) === 0;
		this.#left = length;
		return next;
	}

	#control(bytes: Uint8Array, at: number, end: number): number {
		const opcode = bytes[at]! & 0x0f;
		const length = bytes[at + 1]!;
		if (opcode > Opcode.PONG) return this.#refuse(at, `opcode ${opcode}`);
		if ((bytes[at]! & FIN) === 0) return this.#refuse(at, 'a control frame in fragments');
		if (length > CONTROL_LIMIT) return this.#refuse(at, `a control frame of more than ${CONTROL_LIMIT} bytes`);
		const next = at + 2 + length;
		if (next > end) return at;
		if (opcode === Opcode.CLOSE) {
			const wrong = wrongClose(bytes.subarray(at + 2, next));
			if (wrong !== undefined) return this.#refuse(at, wrong);
		}
		return next;
	}

	#tooBig(at: number): number {
		const words = `a message of more than ${MESSAGE_LIMIT} bytes or ${FRAGMENT_LIMIT} fragments`;
		return this.#refuse(at, words, CloseCode.TOO_BIG);
	}

	#refuse(at: number, words: string, closeCode: number = CloseCode.PROTOCOL_ERROR): number {
		this.#violation = new Violation(words, closeCode);
		return at;
	}
}

/** What is wrong with the payload of a close frame (§5.5.1, §7.4); undefined: nothing. */
function wrongClose(payload: Uint8Array): string | undefined {
	if (payload.length === 0) return undefined;
	if (payload.length === 1) return 'a close frame of one byte';
	const code = (payload[0]! << 8) | payload[1]!;
	const sent = (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
	if (!sent) return `close code ${code}`;
	try {
		decode(payload.subarray(2));
		return undefined;
	} catch {
		return 'a close reason that is not UTF-8';
	}
}
