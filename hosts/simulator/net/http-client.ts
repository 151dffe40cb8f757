/**
 * The twin of the SDK's `embedded:network/http/client`, with its shape and its order of events; unlike it, it says why it ends,
 * and what comes out of place ends it where the SDK's throws.
 *
 *   RESOLVING ──> CONNECTING ── socket writable ──> IDLE ── a request waits ──> HEAD ── written ──> BODY ── written ──> ANSWER
 *   ANSWER ── whole, and read: onDone(null), a turn later ──> IDLE
 *       any ── failure: onDone(Error) of each request, onError(Fault) ──> CLOSED          any ── close() ──> CLOSED
 */
import { Fault } from '../../../modules/fault';
import type { Client, ClientOptions, Request, RequestOptions } from '../../../modules/http/client';
import type { Bytes } from '../../../modules/sockets';
import { AnswerReader } from './http-answer';
import { State as Every, TwinClient, type TwinOptions } from './twin';

const State = Object.freeze({ ...Every, IDLE: 2, HEAD: 3, BODY: 4, ANSWER: 5 } as const);

export interface NodeHttpClientOptions extends ClientOptions, Pick<TwinOptions, 'scheduler' | 'lifeline'> {}

class NodeRequest implements Request {
	target: unknown;
	readonly options: RequestOptions;
	readonly #client: NodeHttpClient;

	constructor(client: NodeHttpClient, options: RequestOptions) {
		this.#client = client;
		this.options = options;
	}

	read(count: number): ArrayBuffer | undefined;
	read(into: Uint8Array): number | undefined;
	read(into: number | Uint8Array): ArrayBuffer | number | undefined {
		return this.#client.read(this, into);
	}

	write(data: Bytes): number {
		return this.#client.write(this, data);
	}
}

export class NodeHttpClient extends TwinClient<NodeHttpClientOptions> implements Client {
	readonly #requests: NodeRequest[] = [];
	readonly #reader = new AnswerReader({
		onHead: (status, headers) => this.#current?.options.onHeaders.call(this.#current, status, headers),
		onBody: (count) => this.#current?.options.onReadable.call(this.#current, count),
		onWhole: () => this.later(0, () => this.#done()),
	});
	#current: NodeRequest | undefined;
	/** What is still to be written of a head, line by line. */
	#lines: Uint8Array[] = [];
	/** Bytes of the request's body that are still to be written. */
	#left = 0;

	constructor(options: NodeHttpClientOptions) {
		if (!options.host) throw new Error('host required');
		super(options);
	}

	request(options: RequestOptions): Request {
		const request = new NodeRequest(this, options);
		this.#requests.push(request);
		if (this.state === State.IDLE && !this.#current) this.later(0, () => this.#next());
		return request;
	}

	protected forget(): void {
		this.#current = undefined;
		this.#requests.length = this.#lines.length = 0;
	}

	// What its requests ask of it.

	read(request: NodeRequest, into: number | Uint8Array): ArrayBuffer | number | undefined {
		if (request !== this.#current) throw new Error('bad state');
		return this.state === State.ANSWER ? this.#reader.read(into) : undefined;
	}

	write(request: NodeRequest, data: Bytes): number {
		if (request !== this.#current || this.state !== State.BODY) throw new Error('bad state');
		if (data.byteLength > this.room || data.byteLength > this.#left) throw new Error('would block');
		this.put(data instanceof Uint8Array ? data : new Uint8Array(data));
		this.#left -= data.byteLength;
		if (this.#left === 0) this.state = State.ANSWER;
		return Math.min(this.room, this.#left);
	}

	protected writable(count: number): void {
		this.room = count;
		if (this.state === State.CONNECTING) {
			this.state = State.IDLE;
			this.#next();
		} else this.#send();
	}

	protected readable(count: number): void {
		if (this.state !== State.ANSWER) {
			this.fail(new Fault('protocol', 'bytes that nobody asked for'));
			return;
		}
		try {
			this.#reader.take(this.socket!, count);
		} catch (thrown) {
			this.fail(Fault.from(thrown, 'protocol'));
		}
	}

	#next(): void {
		this.#current = this.#requests.shift();
		if (!this.#current) return;
		const { method, path, headers } = this.#current.options;
		const fields = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
		this.#lines = [`${method} ${path} HTTP/1.1\r\nhost: ${this.options.host}\r\n`, ...fields, '\r\n'].map((line) =>
			Buffer.from(line),
		);
		const length = [...headers].find(([name]) => name.toLowerCase() === 'content-length');
		this.#left = Number(length?.[1] ?? 0);
		this.#reader.begin();
		this.state = State.HEAD;
		this.#send();
	}

	/** Writes what fits: of the head a line at a time, as the SDK's class does; the body is its user's to write. */
	#send(): void {
		while (this.state === State.HEAD && this.room > 0) {
			const line = this.#lines[0]!;
			const part = line.subarray(0, this.room);
			this.put(part);
			if (part.byteLength < line.byteLength) this.#lines[0] = line.subarray(part.byteLength);
			else this.#lines.shift();
			if (this.#lines.length === 0 && this.isIn(State.HEAD)) this.state = this.#left > 0 ? State.BODY : State.ANSWER;
		}
		if (this.state === State.BODY && this.room > 0)
			this.#current?.options.onWritable.call(this.#current, Math.min(this.room, this.#left));
	}

	#done(): void {
		const current = this.#current!;
		this.state = State.IDLE;
		current.options.onDone.call(current, null);
		if (this.isIn(State.IDLE)) this.#next();
	}

	/** Says so to each request, then why, then closes: in the order of the SDK's class, which swallows what that throws. */
	protected fail(fault: Fault): void {
		if (this.state === State.CLOSED) return;
		// An answer that is whole and not reported yet is reported first.
		if (this.#reader.isRead && this.#current) {
			const current = this.#current;
			this.#current = undefined;
			current.options.onDone.call(current, null);
			if (this.isIn(State.CLOSED)) return;
		}
		this.state = State.CLOSED;
		const waiting = [this.#current, ...this.#requests.splice(0)];
		this.#current = undefined;
		try {
			for (const request of waiting) request?.options.onDone.call(request, new Error());
			this.options.onError(fault);
		} finally {
			this.close();
		}
	}
}
