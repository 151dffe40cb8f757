/**
 * One connection: a client, with its resolver and its socket watched from below (modules/tap), and one request at a time over it.
 *
 * The SDK's client (8.2.3) tells little and takes everything: its `onError` has no reason, a header without end fills the memory,
 * bytes that nobody asked for are thrown about, and a chunked body is parsed out of a timer, where what it throws ends the machine.
 * So the line also counts what a head takes, and reads chunks itself.
 *
 *   RESOLVING ── name resolved ──> CONNECTING ── socket writable ──> READY ── ask() ──> ASKING ── answer whole ──> READY (onAnswer)
 *       ASKING ── the answer is whole, and nothing can follow it ──> ENDED (onAnswer)
 *       any ── error below, throw, client's onError ──> ENDED (onEnd, once)          any ── close() ──> ENDED (silent)
 *
 * The first ask() comes before READY, and is held by the client until then.
 */
import { Fault } from '../fault';
import { type Ending, type TapEvents, TapLine, type Targeted } from '../tap/line';
import { TapResolver } from '../tap/resolver';
import type { Answer } from './answer';
import { Chunks } from './chunks';
import type { Client, HttpPart, Request } from './client';
import { DOINGS, SILENT_ENDS, Stage } from './endings';
import { Head } from './head';
import { HttpSocket } from './tap';

const HEADERS = 0;
const READABLE = 1;
const WRITABLE = 2;
const DONE = 3;

/** Of each request. */
const CALLBACKS = Object.freeze({
	onHeaders(this: Targeted<Line>, status: number, headers: Map<string, string>): void {
		this.target.guard(this.target, HEADERS, status, headers);
	},
	onReadable(this: Targeted<Line>, count: number): void {
		this.target.guard(this.target, READABLE, count);
	},
	onWritable(this: Targeted<Line>, count: number): void {
		this.target.guard(this.target, WRITABLE, count);
	},
	onDone(this: Targeted<Line>, error: Error | null): void {
		this.target.guard(this.target, DONE, error);
	},
});

export interface LineEvents extends TapEvents {
	/** The first request goes out. */
	onConnected(): void;
	/** The answer is whole; the line may be asked again unless it ended. */
	onAnswer(answer: Answer): void;
}

export interface Question {
	readonly path: string;
	readonly headers: Map<string, string>;
	readonly body: Uint8Array;
	/** Gathers what comes back. */
	readonly answer: Answer;
}

export class Line extends TapLine<Client, HttpSocket, LineEvents> {
	#request: Request | undefined;
	/** Of the question at hand. */
	#headers: Map<string, string> | undefined;
	/** What of the body is still to be written. */
	#body: Uint8Array | undefined;
	#answer: Answer | undefined;
	#answers = 0;
	readonly #head = new Head();

	/** Begins to connect. An end that is known at once comes through `onEnd`, even before this returns. */
	constructor(part: HttpPart, server: { readonly host: string; readonly port: number }, events: LineEvents) {
		super(events);
		const { host, port } = server;
		this.connect(part.io, {
			...part,
			// What it says in Host (RFC 9110 §7.2); the resolver is told the name alone.
			host: port === 443 ? host : `${host}:${port}`,
			port,
			dns: { io: TapResolver, line: this, part: part.dns, name: host },
			socket: { io: HttpSocket, line: this, part: part.socket },
			// The SDK's HTTP client knows no target.
			onError: (reason?: unknown) => this.gaveUp(reason),
		});
	}

	protected get endings(): readonly Ending[] {
		return SILENT_ENDS;
	}

	protected get doings(): readonly string[] {
		return DOINGS;
	}

	get isConnected(): boolean {
		return this.stage === Stage.READY || this.stage === Stage.ASKING;
	}

	/** It answered before, and to what it was last asked nothing has come: it may have been closed since, unseen. */
	get isStale(): boolean {
		return this.#answers > 0 && this.#answer !== undefined && this.#head.isEmpty && !this.#answer.hasBegun;
	}

	/** One question at a time. */
	ask({ path, headers, body, answer }: Question): void {
		if (this.ended || this.#answer) throw new Fault('misuse', 'the line is busy, or ended');
		this.#answer = answer;
		this.#headers = headers;
		this.#body = body;
		this.#head.clear();
		if (this.stage === Stage.READY) this.become(Stage.ASKING);
		this.socket?.beginHead();
		this.sheltered++;
		try {
			const request = this.client!.request({ method: 'POST', path, headers, ...CALLBACKS });
			request.target = this;
			this.#request = request;
		} catch (thrown) {
			this.end(this.reason ?? Fault.from(thrown, 'protocol'));
		}
		this.sheltered--;
	}

	connected(): void {
		if (this.stage > Stage.CONNECTING) return;
		this.become(this.#answer ? Stage.ASKING : Stage.READY);
		this.events.onConnected();
	}

	readable(): void {
		if (this.#answer === undefined) throw new Fault('protocol', 'the server speaks without being asked');
	}

	/** Until the body begins, and bytes are read one by one, all is head: the status line, fields, and the sizes of chunks. */
	read(count: number, byte?: number): void {
		if (byte !== undefined || !this.#answer?.hasBegun) this.#head.count(count, byte);
	}

	take(event: number, first: unknown, second: unknown): void {
		if (event === HEADERS) this.#onHeaders(first as number, second as Map<string, string>);
		else if (event === READABLE) this.#onReadable(first as number);
		else if (event === WRITABLE) this.#onWritable(first as number);
		else if (first === null) this.#onDone();
	}

	#onHeaders(status: number, headers: Map<string, string>): void {
		const answer = this.#answer;
		if (!answer) throw new Fault('protocol', 'an answer to no request');
		// They went out; the client would hold them until the answer was told.
		this.#headers?.clear();
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
		this.#finish(answer.keepsAlive && this.socket?.hasUnread !== true);
	}

	/** The body is read past the client from here on, which has nothing more to say. */
	#takeOver(answer: Answer): void {
		const { socket } = this;
		if (!socket) return;
		const chunks = new Chunks((bytes) => {
			const room = answer.room(bytes.byteLength);
			room?.set(bytes);
			if (room) answer.filled(bytes.byteLength);
		});
		socket.divert((bytes) => {
			if (!answer.isWhole) chunks.push(bytes);
			if (chunks.isDone && !answer.isWhole) answer.finish();
			if (answer.isWhole) this.#finish(false);
		});
		this.client!.close();
	}

	#finish(keep: boolean): void {
		const answer = this.#answer!;
		this.#answer = this.#request = this.#headers = this.#body = undefined;
		this.#answers++;
		if (keep) this.become(Stage.READY);
		else this.close();
		this.events.onAnswer(answer);
	}

	protected override end(fault: Fault): void {
		if (this.ended) return;
		const answer = this.#answer;
		if (answer?.isOpenEnded && fault.code === 'closed') answer.finish();
		// Whatever comes after a whole answer is not part of it.
		if (answer?.isWhole) this.#finish(false);
		else {
			this.close();
			this.events.onEnd(fault);
		}
	}
}
