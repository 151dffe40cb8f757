/**
 * The server's answer to the request for an upgrade (RFC 6455 §4.1, §4.2.2; RFC 9112 §4, §5), read byte by byte in bounded memory.
 *
 *   STATUS ── its line ──> FIELDS ── an empty line ──> DONE
 */
import { Fault } from '../fault';
import { dateOf, retryAfterOf } from '../text/retry-after';
import { Refusal } from './faults';

const Stage = Object.freeze({ STATUS: 0, FIELDS: 1, DONE: 2 } as const);
type Stage = (typeof Stage)[keyof typeof Stage];

/** Bytes of a line that are kept: every line that matters is shorter. */
const LINE = 128;
/** Bytes of an answer, all headers together. */
const LIMIT = 4096;

export class Handshake {
	readonly #accept: string;
	#line: Uint8Array | undefined = new Uint8Array(LINE);
	/** Of the line at hand; may exceed LINE. */
	#length = 0;
	#read = 0;
	#stage: Stage = Stage.STATUS;
	#status = 0;
	#upgrades = false;
	#connects = false;
	#accepts = 0;
	#refusal: Fault | undefined;
	#retryAfter: string | undefined;
	#date: string | undefined;

	/** @param accept the Sec-WebSocket-Accept that proves that the server has read the request */
	constructor(accept: string) {
		this.#accept = accept;
	}

	/** The header was read to its end, and `check` may judge it. */
	get isDone(): boolean {
		return this.#stage === Stage.DONE;
	}

	/** The server's Date header, as it came (RFC 9110 §6.6.1); at most 64 characters. */
	get date(): string | undefined {
		return this.#date;
	}

	/** Takes the next byte. Throws a Fault 'protocol' on what is no HTTP or too long. */
	push(byte: number): void {
		if (++this.#read > LIMIT) throw new Fault('protocol', `an answer of more than ${LIMIT} bytes`);
		if (byte !== 0x0a) {
			if (this.#length < LINE) this.#line![this.#length] = byte;
			this.#length++;
			return;
		}
		const line = this.#take();
		if (this.#stage === Stage.STATUS) this.#takeStatus(line);
		else if (line !== '') this.#takeField(line);
		else {
			this.#stage = Stage.DONE;
			this.#line = undefined;
		}
	}

	/** Throws a Refusal unless the status is 101, a Fault 'protocol' unless all is as RFC 6455 §4.1 says. */
	check(): void {
		if (this.#status !== 101) throw new Refusal(this.#status, retryAfterOf(this.#retryAfter, dateOf(this.#date)));
		if (this.#refusal) throw this.#refusal;
		if (!this.#upgrades || !this.#connects) throw new Fault('protocol', 'the server says 101 and does not upgrade');
		if (this.#accepts !== 1) throw new Fault('protocol', 'the server has not read the request: Sec-WebSocket-Accept');
	}

	/** The line at hand without its end, as Latin-1. */
	#take(): string {
		let end = Math.min(this.#length, LINE);
		const line = this.#line!;
		if (end === this.#length && end > 0 && line[end - 1] === 0x0d) end--;
		this.#length = 0;
		return String.fromCharCode(...line.subarray(0, end));
	}

	#takeStatus(line: string): void {
		const [, status] = /^HTTP\/1\.1 ([1-5]\d\d)(?: |$)/.exec(line) ?? [];
		if (status === undefined) throw new Fault('protocol', 'the answer is not HTTP/1.1');
		this.#status = Number(status);
		this.#stage = Stage.FIELDS;
	}

	#takeField(line: string): void {
		const colon = line.indexOf(':');
		if (colon < 1) {
			// A line that begins with a blank goes on with the one before (RFC 9112 §5.2): none that matters is that long.
			if (line[0] === ' ' || line[0] === '\t') return;
			throw new Fault('protocol', 'a header without a colon');
		}
		const value = line.slice(colon + 1).trim();
		switch (line.slice(0, colon).toLowerCase()) {
			case 'upgrade':
				this.#upgrades ||= value.toLowerCase() === 'websocket';
				break;
			case 'connection':
				this.#connects ||= value.split(',').some((token) => token.trim().toLowerCase() === 'upgrade');
				break;
			case 'sec-websocket-accept':
				this.#accepts += value === this.#accept ? 1 : 2;
				break;
			case 'sec-websocket-extensions':
			case 'sec-websocket-protocol':
				this.#refusal = new Fault('protocol', 'the server chose an extension or a protocol that nobody offered');
				break;
			case 'retry-after':
				this.#retryAfter = value;
				break;
			case 'date':
				if (value.length <= 64) this.#date = value;
				break;
		}
	}
}
