/**
 * One connection: a client, with its resolver and its socket watched from below.
 *
 * The SDK's client takes any Sec-WebSocket-Accept, keeps a header line and a control frame of any length, takes masked frames and
 * fragments in any order, gives no reason for its end, and is brittle: closed while a name resolves, it opens a socket all the same;
 * what its timers throw nobody catches. So the line puts itself between the client and what is under it: nothing that breaks RFC 6455
 * or is too large gets through, every end has a reason, what is thrown is caught, and after the end nothing is let through.
 *
 *   RESOLVING ── name resolved ──> CONNECTING ── socket writable ──> HANDSHAKE ── 101, first room ──> UP
 *       any of them ── error below, refusal, violation, throw, close frame ──> ENDED (onEnd, once)
 *       any of them ── close() ──> ENDED (silent)
 */
import { Fault, type FaultCode } from '../fault';
import { decode } from '../text/utf8';
import {
	type Client,
	type ClientOptions,
	Opcode,
	type Readable,
	type WebSocketPart,
	type WriteOptions,
} from './client';
import { CloseCode, printable, Violation } from './faults';
import { TapResolver, TapSocket } from './tap';

const Stage = Object.freeze({ RESOLVING: 0, CONNECTING: 1, HANDSHAKE: 2, UP: 3, ENDED: 4 } as const);
type Stage = (typeof Stage)[keyof typeof Stage];

const ending = (code: FaultCode, words: string) => Object.freeze([code, words] as const);

/** What an end without a reason most likely means, by stage. */
const SILENT_ENDS = Object.freeze([
	ending('dns', 'the name of the server did not resolve'),
	ending('connect', 'no connection to the server'),
	ending('closed', 'the connection ended before the server answered'),
	ending('closed', 'the connection ended'),
	ending('closed', 'the connection ended'),
]);

/** What the line was doing, for a time-out's words. */
const DOINGS = Object.freeze(['resolving the name', 'connecting', 'asking for a WebSocket', 'up', 'ended']);

/** Characters of a server's reason that go into a log. */
const REASON_LIMIT = 60;

export interface LineEvents {
	/** The request goes out. */
	onAsked(): void;
	/** The server's Date header, when it answers with one. */
	onDate(date: string): void;
	/** Bytes that may be written; the first time: it is up. */
	onRoom(count: number): void;
	onReadable(client: Client, count: number, options: Readable): void;
	onPing(): void;
	onPong(): void;
	onEnd(fault: Fault): void;
}

type Request = Pick<ClientOptions, 'host' | 'port' | 'path' | 'headers'>;

export class Line {
	readonly #events: LineEvents;
	readonly #client: Client | undefined;
	#stage: Stage = Stage.RESOLVING;
	#socket: TapSocket | undefined;
	/** Why it is about to end: the client's own `onError` follows, with less in it. */
	#reason: Fault | undefined;
	/** How deep in calls that catch what is thrown. */
	#sheltered = 0;

	/** Begins to connect. An end that is known at once comes through `onEnd`, even before this returns. */
	constructor(part: WebSocketPart, request: Request, events: LineEvents) {
		this.#events = events;
		this.#sheltered++;
		try {
			this.#client = new part.io({
				...part,
				...request,
				dns: { io: TapResolver, line: this, part: part.dns },
				socket: { io: TapSocket, line: this, part: part.socket },
				onReadable: (count: number, options: Readable) => this.guard(() => this.#onReadable(count, options)),
				onWritable: (count: number) => this.guard(() => this.#onWritable(count)),
				onControl: (opcode: number, payload: ArrayBuffer) => this.guard(() => this.#onControl(opcode, payload)),
				onError: (reason?: unknown) => this.#end(this.#reason ?? this.#explain(reason)),
				onClose: () => this.#end(this.#reason ?? this.#explain(undefined)),
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
		return DOINGS[this.#stage]!;
	}

	/** Bytes that may be written next. Throws what the client throws. */
	write(data: ArrayBuffer | Uint8Array, options: WriteOptions): number {
		if (this.#client === undefined || this.ended) throw new Fault('closed', 'the connection ended');
		this.#sheltered++;
		try {
			return this.#client.write(data, options) || 0;
		} finally {
			this.#sheltered--;
		}
	}

	/** Ends it; nothing comes through any more. A server that can be told is told why. */
	close(closeCode: number = CloseCode.NORMAL): void {
		const wasUp = this.#stage === Stage.UP;
		this.#become(Stage.ENDED);
		if (wasUp) this.#sayClose(Uint8Array.of(closeCode >> 8, closeCode & 0xff));
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
		if (this.#stage !== Stage.CONNECTING) return;
		this.#become(Stage.HANDSHAKE);
		this.#events.onAsked();
	}

	answered(date: string | undefined): void {
		if (date !== undefined) this.#events.onDate(date);
	}

	/** What is below the client failed; the client is told next, and passes it on with less in it. */
	failed(reason: unknown): void {
		this.#reason ??= this.#explain(reason);
	}

	// What the client tells.

	#onWritable(count: number): void {
		this.#become(Stage.UP);
		this.#events.onRoom(count);
	}

	#onReadable(count: number, options: Readable): void {
		if (this.#client === undefined || this.#stage !== Stage.UP) throw new Fault('protocol', 'a message too early');
		this.#events.onReadable(this.#client, count, options);
	}

	/** Pings the client answers by itself; a close frame it would answer too, but not before the line ends here. */
	#onControl(opcode: number, payload: ArrayBuffer): void {
		if (opcode === Opcode.PING) this.#events.onPing();
		else if (opcode === Opcode.PONG) this.#events.onPong();
		else this.#onClose(payload);
	}

	#onClose(payload: ArrayBuffer): void {
		const bytes = new Uint8Array(payload);
		this.#sayClose(bytes.subarray(0, 2));
		const code = bytes.length < 2 ? undefined : (bytes[0]! << 8) | bytes[1]!;
		const reason = bytes.length > 2 ? ` ${printable(decode(bytes.subarray(2)), REASON_LIMIT)}` : '';
		throw new Fault('closed', `the server closed the WebSocket${code ? `: ${code}` : ''}${reason}`);
	}

	#explain(reason: unknown): Fault {
		if (reason instanceof Fault) return reason;
		const [code, words] = SILENT_ENDS[this.#stage]!;
		const detail = reason instanceof Error ? reason.message : reason;
		return new Fault(code, detail === undefined ? words : `${words}: ${String(detail)}`);
	}

	#end(fault: Fault): void {
		if (this.ended) return;
		if (fault instanceof Violation) this.close(fault.closeCode);
		else {
			this.#become(Stage.ENDED);
			this.#release();
		}
		this.#events.onEnd(fault);
	}

	/** As far as there is room for it: the socket ends next, whether the server heard or not. */
	#sayClose(payload: Uint8Array): void {
		this.#sheltered++;
		try {
			this.#client?.write(payload, { opcode: Opcode.CLOSE });
		} catch {
			// There is no room, or the client is beyond it.
		}
		this.#sheltered--;
	}

	/** Closes the client, and its socket in case the client did not; it may have died half-way, and throw. */
	#release(): void {
		try {
			this.#client?.close();
		} catch {
			// Nothing is lost: the socket, all that it held, is closed next.
		}
		this.#socket?.close();
	}

	#become(stage: Stage): void {
		if (this.#stage !== Stage.ENDED) this.#stage = stage;
	}
}
