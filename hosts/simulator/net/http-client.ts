/**
 * The twin of the SDK's `embedded:network/http/client`, with its shape and its order of events; unlike it, it says why it ends,
 * and what comes out of place ends it where the SDK's throws.
 *
 *   RESOLVING ──> CONNECTING ── socket writable ──> IDLE ── a request waits ──> HEAD ── written ──> BODY ── written ──> ANSWER
 *   ANSWER ── whole, and read: onDone(null), a turn later ──> IDLE
 *       any ── failure: onDone(Error) of each request, onError(Fault) ──> CLOSED          any ── close() ──> CLOSED
 */
import { Fault } from '../../../modules/fault';
import type { Bytes, Client, ClientOptions, Request, RequestOptions, Socket } from '../../../modules/http/client';
import { RealTime } from '../time';
import { AnswerReader } from './http-answer';
import type { Lifeline, Vanishing } from './lifeline';
import type { Scheduler } from './scheduler';

const State = Object.freeze({ RESOLVING: 0, CONNECTING: 1, IDLE: 2, HEAD: 3, BODY: 4, ANSWER: 5, CLOSED: 6 } as const);
type State = (typeof State)[keyof typeof State];

export interface NodeHttpClientOptions extends ClientOptions {
	/** Default: real time. */
	readonly scheduler?: Scheduler;
	readonly lifeline?: Lifeline;
}

class NodeRequest implements Request {
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

export class NodeHttpClient implements Client, Vanishing {
	readonly #options: NodeHttpClientOptions;
	readonly #scheduler: Scheduler;
	readonly #timers = new Set<{ cancel(): void }>();
	readonly #requests: NodeRequest[] = [];
	readonly #reader: AnswerReader;
	#state: State = State.RESOLVING;
	#current: NodeRequest | undefined;
	#socket: Socket | undefined;
	#room = 0;
	/** What is still to be written of a head, line by line. */
	#lines: Uint8Array[] = [];
	/** Bytes of the request's body that are still to be written. */
	#left = 0;

	constructor(options: NodeHttpClientOptions) {
		if (!options.host) throw new Error('host required');
		this.#options = options;
		this.#scheduler = options.scheduler ?? new RealTime();
		this.#reader = new AnswerReader({
			onHead: (status, headers) => this.#current?.options.onHeaders(status, headers),
			onBody: (count) => this.#current?.options.onReadable(count),
			onWhole: () => this.#later(0, () => this.#done()),
		});
		options.lifeline?.add(this);
		const resolver = new options.dns.io(options.dns as never);
		resolver.resolve({
			host: options.host,
			onResolved: (host, address) => this.#connect(host, address),
			onError: (reason) => this.#fail(Fault.from(reason ?? `${options.host} does not resolve`, 'dns')),
		});
	}

	request(options: RequestOptions): Request {
		const request = new NodeRequest(this, options);
		this.#requests.push(request);
		if (this.#state === State.IDLE && !this.#current) this.#later(0, () => this.#next());
		return request;
	}

	close(): void {
		this.vanish();
		this.#socket?.close();
		this.#socket = undefined;
	}

	vanish(): void {
		this.#become(State.CLOSED);
		for (const timer of this.#timers) timer.cancel();
		this.#timers.clear();
		this.#current = undefined;
		this.#requests.length = this.#lines.length = 0;
		this.#options.lifeline?.delete(this);
	}

	// What its requests ask of it.

	read(request: NodeRequest, into: number | Uint8Array): ArrayBuffer | number | undefined {
		if (request !== this.#current) throw new Error('bad state');
		return this.#state === State.ANSWER ? this.#reader.read(into) : undefined;
	}

	write(request: NodeRequest, data: Bytes): number {
		if (request !== this.#current || this.#state !== State.BODY) throw new Error('bad state');
		if (data.byteLength > this.#room || data.byteLength > this.#left) throw new Error('would block');
		this.#put(data instanceof Uint8Array ? data : new Uint8Array(data));
		this.#left -= data.byteLength;
		if (this.#left === 0) this.#become(State.ANSWER);
		return Math.min(this.#room, this.#left);
	}

	#connect(host: string, address: string): void {
		if (this.#state !== State.RESOLVING) return;
		this.#become(State.CONNECTING);
		try {
			const { socket, port } = this.#options;
			this.#socket = new socket.io({
				...socket,
				address,
				host,
				port,
				onReadable: (count: number) => this.#onReadable(count),
				onWritable: (count: number) => this.#onWritable(count),
				onError: (reason?: unknown) => this.#fail(Fault.from(reason ?? 'the connection ended', 'closed')),
			} as never);
		} catch (thrown) {
			this.#fail(Fault.from(thrown, 'connect'));
		}
	}

	#onWritable(count: number): void {
		this.#room = count;
		if (this.#state === State.CONNECTING) {
			this.#become(State.IDLE);
			this.#next();
		} else this.#send();
	}

	#onReadable(count: number): void {
		if (this.#state !== State.ANSWER) {
			this.#fail(new Fault('protocol', 'bytes that nobody asked for'));
			return;
		}
		try {
			this.#reader.take(this.#socket!, count);
		} catch (thrown) {
			this.#fail(Fault.from(thrown, 'protocol'));
		}
	}

	#next(): void {
		this.#current = this.#requests.shift();
		if (!this.#current) return;
		const { method, path, headers } = this.#current.options;
		const fields = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
		this.#lines = [`${method} ${path} HTTP/1.1\r\nhost: ${this.#options.host}\r\n`, ...fields, '\r\n'].map((line) =>
			Buffer.from(line),
		);
		const length = [...headers].find(([name]) => name.toLowerCase() === 'content-length');
		this.#left = Number(length?.[1] ?? 0);
		this.#reader.begin();
		this.#become(State.HEAD);
		this.#send();
	}

	/** Writes what fits: of the head a line at a time, as the SDK's class does; the body is its user's to write. */
	#send(): void {
		while (this.#state === State.HEAD && this.#room > 0) {
			const line = this.#lines[0]!;
			const part = line.subarray(0, this.#room);
			this.#put(part);
			if (part.byteLength < line.byteLength) this.#lines[0] = line.subarray(part.byteLength);
			else this.#lines.shift();
			if (this.#lines.length === 0 && this.#isIn(State.HEAD)) this.#become(this.#left > 0 ? State.BODY : State.ANSWER);
		}
		if (this.#state === State.BODY && this.#room > 0)
			this.#current?.options.onWritable(Math.min(this.#room, this.#left));
	}

	#isIn(state: State): boolean {
		return this.#state === state;
	}

	#done(): void {
		const current = this.#current!;
		this.#become(State.IDLE);
		current.options.onDone(null);
		if (this.#isIn(State.IDLE)) this.#next();
	}

	#put(bytes: Uint8Array): void {
		this.#room = this.#socket!.write(bytes) ?? 0;
	}

	#later(delay: number, run: () => void): void {
		const timer = this.#scheduler.schedule(delay, () => {
			this.#timers.delete(timer);
			if (this.#state !== State.CLOSED) run();
		});
		this.#timers.add(timer);
	}

	/** Says so to each request, then why, then closes: in the order of the SDK's class, which swallows what that throws. */
	#fail(fault: Fault): void {
		if (this.#state === State.CLOSED) return;
		// An answer that is whole and not reported yet is reported first.
		if (this.#reader.isRead && this.#current) {
			const { onDone } = this.#current.options;
			this.#current = undefined;
			onDone(null);
			if (this.#isIn(State.CLOSED)) return;
		}
		this.#become(State.CLOSED);
		const waiting = [this.#current, ...this.#requests.splice(0)];
		this.#current = undefined;
		try {
			for (const request of waiting) request?.options.onDone(new Error());
			this.#options.onError(fault);
		} finally {
			this.close();
		}
	}

	#become(state: State): void {
		this.#state = state;
	}
}
