import { Fault } from '../fault';

/** Bytes for a body whose length nobody said, at first; it grows to the limit. */
const FIRST = 256;
const DATE_LIMIT = 64;

const EMPTY = new Uint8Array(0);

/**
 * The answer to one request, as far as it is worth keeping.
 *
 *   HEAD ── begin() ──> BODY ── all of it, or as much as is wanted ──> WHOLE
 *   HEAD ── no body, or none that is wanted ──> WHOLE
 */
const State = Object.freeze({ HEAD: 0, BODY: 1, WHOLE: 2 } as const);
type State = (typeof State)[keyof typeof State];

export class Answer {
	readonly #limit: number;
	#state: State = State.HEAD;
	#status = 0;
	#date: string | undefined;
	#retryAfter: string | undefined;
	#keepAlive = true;
	#chunked = false;
	/** Content-Length; undefined: not said. */
	#length: number | undefined;
	#body = EMPTY;
	#filled = 0;

	/** `limit`: bytes of the body that are kept. */
	constructor(limit: number) {
		this.#limit = limit;
	}

	get status(): number {
		return this.#status;
	}

	/** The header Date as it came, up to 64 characters. */
	get date(): string | undefined {
		return this.#date;
	}

	get retryAfter(): string | undefined {
		return this.#retryAfter;
	}

	/** The body in full; of an error, what was kept of it. */
	get body(): Uint8Array {
		return this.#body.subarray(0, this.#filled);
	}

	get isSuccess(): boolean {
		return this.#status >= 200 && this.#status < 300;
	}

	get hasBegun(): boolean {
		return this.#state !== State.HEAD;
	}

	get isWhole(): boolean {
		return this.#state === State.WHOLE;
	}

	/** The body came in full, and the server keeps the connection: it can be used again. */
	get keepsAlive(): boolean {
		return this.isWhole && this.#keepAlive;
	}

	/** The body has no length, and ends with the connection (RFC 9112 §6.3). */
	get isOpenEnded(): boolean {
		return this.#state === State.BODY && this.#length === undefined && !this.#chunked;
	}

	get isChunked(): boolean {
		return this.#state === State.BODY && this.#chunked;
	}

	/** Throws a Fault 'protocol' when the head is not one that a final answer has, or announces more than is kept. */
	begin(status: number, headers: Map<string, string>): void {
		if (this.#state !== State.HEAD) throw new Fault('protocol', 'a second answer to one request');
		if (!(status >= 200 && status <= 599)) throw new Fault('protocol', `an answer of status ${status}`);
		this.#status = status;
		this.#become(State.BODY);
		this.#date = short(headers.get('date'));
		this.#retryAfter = short(headers.get('retry-after'));
		if (/(^|,)\s*close\s*(,|$)/i.test(headers.get('connection') ?? '')) this.#keepAlive = false;
		// What is behind a redirect is not for us, and is not read.
		if (status >= 300 && status < 400) this.#cut();
		else this.#expect(headers);
	}

	#expect(headers: Map<string, string>): void {
		const encoding = headers.get('content-encoding');
		const coding = headers.get('transfer-encoding');
		const length = headers.get('content-length');
		if (encoding !== undefined && encoding.toLowerCase() !== 'identity') this.#over('a compressed answer');
		else if (coding !== undefined) {
			if (coding.toLowerCase() !== 'chunked') throw new Fault('protocol', 'an answer in an unknown transfer coding');
			this.#chunked = true;
		} else if (this.#status === 204 || this.#status === 205) this.finish();
		else if (length !== undefined) this.#measure(length);
	}

	#measure(length: string): void {
		if (!/^\d{1,15}$/.test(length)) throw new Fault('protocol', 'an answer with a Content-Length that is no number');
		this.#length = Number(length);
		if (this.#length > this.#limit) this.#over(`an answer of ${this.#length} bytes`);
		else if (this.#length === 0) this.finish();
		else this.#body = new Uint8Array(this.#length);
	}

	/**
	 * Where up to `count` more bytes of the body go: then say `filled`. Undefined: no more is wanted, the answer is whole.
	 * Throws a Fault 'protocol' when a body that matters is too long.
	 */
	room(count: number): Uint8Array | undefined {
		if (this.#state !== State.BODY) throw new Fault('protocol', 'a body where there is none');
		if (!(Number.isInteger(count) && count > 0)) throw new Fault('protocol', `a piece of ${count} bytes`);
		const end = this.#filled + count;
		if (end > this.#limit || (this.#length !== undefined && end > this.#length)) {
			this.#over(`an answer of more than ${this.#length ?? this.#limit} bytes`);
			return undefined;
		}
		if (end > this.#body.byteLength) {
			const larger = new Uint8Array(Math.min(this.#limit, Math.max(end, FIRST, 2 * this.#body.byteLength)));
			larger.set(this.body);
			this.#body = larger;
		}
		return this.#body.subarray(this.#filled, end);
	}

	/** So many bytes were put where `room` said. */
	filled(count: number): void {
		this.#filled += count;
		if (this.#filled === this.#length) this.finish();
	}

	/** The end of a body that did not say its length. */
	finish(): void {
		this.#become(State.WHOLE);
	}

	/** An error is one whatever its body says; a success is none without it. */
	#over(words: string): void {
		if (this.isSuccess) throw new Fault('protocol', `${words}, more than is taken`);
		this.#cut();
	}

	/** The rest is not read, so that nothing can follow on this connection. */
	#cut(): void {
		this.#keepAlive = false;
		this.finish();
	}

	#become(state: State): void {
		this.#state = state;
	}
}

function short(text: string | undefined): string | undefined {
	return text !== undefined && text.length <= DATE_LIMIT ? text : undefined;
}
