/**
 * One connection: a client, with its resolver and its socket watched from below, and one request at a time over it.
 *
 * The SDK's client (8.2.3) tells little and takes everything: its `onError` has no reason, a header without end fills the memory,
 * bytes that nobody asked for are thrown about, and a chunked body is parsed out of a timer, where what it throws ends the machine.
 * So the line puts itself between the client and what is under it: it keeps the reason of every end, counts what a head takes,
 * catches what is thrown, reads chunks itself, and lets nothing through after the end.
 *
 *   RESOLVING ── name resolved ──> CONNECTING ── socket writable ──> READY ── ask() ──> ASKING ── answer whole ──> READY (onAnswer)
 *       ASKING ── the answer is whole, and nothing can follow it ──> ENDED (onAnswer)
 *       any ── error below, throw, client's onError ──> ENDED (onEnd, once)          any ── close() ──> ENDED (silent)
 *
 * The first ask() comes before READY, and is held by the client until then.
 */
import { Fault } from '../fault';
import type { Answer } from './answer';
import { Chunks } from './chunks';
import type { Client, HttpPart, Request, RequestOptions } from './client';
import { doingOf, endingOf, Stage } from './endings';
import { Head } from './head';
import { TapResolver, TapSocket } from './tap';

export interface LineEvents {
	/** The first request goes out. */
	onConnected(): void;
	/** The answer is whole; the line may be asked again unless it ended. */
	onAnswer(answer: Answer): void;
	onEnd(fault: Fault): void;
}

export interface Question {
	readonly path: string;
	readonly headers: Map<string, string>;
	readonly body: Uint8Array;
	/** Gathers what comes back. */
	readonly answer: Answer;
}

export class Line {
	readonly #events: LineEvents;
	/** Made once, for all requests. */
	readonly #callbacks: Pick<RequestOptions, 'onHeaders' | 'onReadable' | 'onWritable' | 'onDone'>;
	readonly #client: Client | undefined;
	#stage: Stage = Stage.RESOLVING;
	#socket: TapSocket | undefined;
	/** Why it is about to end: the client's own `onError` follows, with less in it. */
	#reason: Fault | undefined;
	/** How deep in calls that catch what is thrown. */
	#sheltered = 0;
	#request: Request | undefined;
	/** What of the body is still to be written. */
	#body: Uint8Array | undefined;
	#answer: Answer | undefined;
	#answers = 0;
	readonly #head = new Head();

	/** Begins to connect. An end that is known at once comes through `onEnd`, even before this returns. */
	constructor(part: HttpPart, server: { readonly host: string; readonly port: number }, events: LineEvents) {
		const { host, port } = server;
		this.#events = events;
		this.#callbacks = {
			onHeaders: (status, headers) => this.guard(() => this.#onHeaders(status, headers)),
			onReadable: (count) => this.guard(() => this.#onReadable(count)),
			onWritable: (count) => this.guard(() => this.#onWritable(count)),
			onDone: (error) => this.guard(() => error === null && this.#onDone()),
		};
		this.#sheltered++;
		try {
			this.#client = new part.io({
				...part,
				// What it says in Host (RFC 9110 §7.2); the resolver is told the name alone.
				host: port === 443 ? host : `${host}:${port}`,
				port,
				dns: { io: TapResolver, line: this, part: part.dns, name: host },
				socket: { io: TapSocket, line: this, part: part.socket },
				onError: (reason?: unknown) => this.#end(this.#reason ?? endingOf(this.#stage, reason)),
			} as never);
		} catch (thrown) {
			this.#end(this.#reason ?? Fault.from(thrown, 'connect'));
		}
		this.#sheltered--;
		if (this.ended) this.#release();
	}

	get ended(): boolean {
		return this.#stage === Stage.ENDED;
	}

	/** What it is doing, in words. */
	get doing(): string {
		return doingOf(this.#stage);
	}

	get isConnected(): boolean {
		return this.#stage === Stage.READY || this.#stage === Stage.ASKING;
	}

	/** It answered before, and to what it was last asked nothing has come: it may have been closed since, unseen. */
	get isStale(): boolean {
		return this.#answers > 0 && this.#answer !== undefined && this.#head.isEmpty && !this.#answer.hasBegun;
	}

	/** One question at a time. */
	ask({ path, headers, body, answer }: Question): void {
		if (this.ended || this.#answer) throw new Fault('misuse', 'the line is busy, or ended');
		this.#answer = answer;
		this.#body = body;
		this.#head.clear();
		if (this.#stage === Stage.READY) this.#become(Stage.ASKING);
		this.#socket?.beginHead();
		this.#sheltered++;
		try {
			this.#request = this.#client!.request({ method: 'POST', path, headers, ...this.#callbacks });
		} catch (thrown) {
			this.#end(this.#reason ?? Fault.from(thrown, 'protocol'));
		}
		this.#sheltered--;
	}

	/** Ends it; nothing comes through any more. */
	close(): void {
		this.#become(Stage.ENDED);
		this.#release();
	}

	// What the taps tell.

	/** Runs a callback from below; what it throws ends the line, and goes no further. */
	guard(callback: () => void): void {
		if (this.ended) return;
		this.#sheltered++;
		try {
			callback();
		} catch (thrown) {
			this.#end(this.#reason ?? Fault.from(thrown, 'protocol'));
		}
		this.#sheltered--;
	}

	/** The socket threw in `write`: so does this, unless a timer of the client wrote and nobody would catch it. */
	threw(thrown: unknown): void {
		if (this.#sheltered > 0) throw thrown;
		this.#end(Fault.from(thrown, 'closed'));
	}

	/** The client made its socket. */
	attach(socket: TapSocket): void {
		this.#socket = socket;
		this.#become(Stage.CONNECTING);
	}

	connected(): void {
		if (this.#stage > Stage.CONNECTING) return;
		this.#become(this.#answer ? Stage.ASKING : Stage.READY);
		this.#events.onConnected();
	}

	readable(): void {
		if (this.#answer === undefined) throw new Fault('protocol', 'the server speaks without being asked');
	}

	/** Until the body begins, and bytes are read one by one, all is head: the status line, fields, and the sizes of chunks. */
	read(count: number, byte?: number): void {
		if (byte !== undefined || !this.#answer?.hasBegun) this.#head.count(count, byte);
	}

	/** What is below the client failed; the client is told next, and passes it on with less in it. */
	failed(reason: unknown): void {
		this.#reason ??= endingOf(this.#stage, reason);
	}

	// What the client tells.

	#onHeaders(status: number, headers: Map<string, string>): void {
		const answer = this.#answer;
		if (!answer) throw new Fault('protocol', 'an answer to no request');
		answer.begin(status, headers);
		if (answer.isWhole && !answer.keepsAlive) this.#finish(false);
		else if (answer.isChunked) this.#takeOver(answer);
	}

	#onReadable(count: number): void {
		const answer = this.#answer!;
		for (let left = count; left !== 0; ) {
			const room = answer.room(left);
			if (room === undefined) {
				this.#finish(false);
				return;
			}
			const got = this.#request!.read(room);
			if (got === undefined || !(got > 0)) throw new Fault('protocol', 'fewer bytes than announced');
			answer.filled(got);
			left -= got;
		}
	}

	#onWritable(count: number): void {
		for (let left = count; left > 0 && this.#body !== undefined; ) {
			const piece = this.#body.subarray(0, left);
			this.#body = piece.byteLength < this.#body.byteLength ? this.#body.subarray(piece.byteLength) : undefined;
			left = this.#request!.write(piece);
		}
	}

	#onDone(): void {
		const answer = this.#answer!;
		if (!answer.isWhole) {
			// A client that has no socket of ours takes chunks apart by itself.
			if (!answer.isChunked) throw new Fault('protocol', 'an answer shorter than it said');
			answer.finish();
		}
		this.#finish(answer.keepsAlive && this.#socket?.hasUnread !== true);
	}

	/** The body is read past the client from here on, which has nothing more to say. */
	#takeOver(answer: Answer): void {
		if (!this.#socket) return;
		const chunks = new Chunks((bytes) => {
			const room = answer.room(bytes.byteLength);
			room?.set(bytes);
			if (room) answer.filled(bytes.byteLength);
		});
		this.#socket.divert((bytes) => {
			if (!answer.isWhole) chunks.push(bytes);
			if (chunks.isDone && !answer.isWhole) answer.finish();
			if (answer.isWhole) this.#finish(false);
		});
		this.#client!.close();
	}

	#finish(keep: boolean): void {
		const answer = this.#answer!;
		this.#answer = this.#request = this.#body = undefined;
		this.#answers++;
		if (keep) this.#become(Stage.READY);
		else this.close();
		this.#events.onAnswer(answer);
	}

	#end(fault: Fault): void {
		if (this.ended) return;
		const answer = this.#answer;
		if (answer?.isOpenEnded && fault.code === 'closed') answer.finish();
		// Whatever comes after a whole answer is not part of it.
		if (answer?.isWhole) this.#finish(false);
		else {
			this.close();
			this.#events.onEnd(fault);
		}
	}

	/** Closes the client, and its socket in case the client did not; it may have died half-way, and throw. */
	#release(): void {
		try {
			this.#client?.close();
		} catch {
			// Nothing is lost: the socket, all that it held, is closed next.
		}
		this.#socket?.end();
	}

	#become(stage: Stage): void {
		if (this.#stage !== Stage.ENDED) this.#stage = stage;
	}
}
