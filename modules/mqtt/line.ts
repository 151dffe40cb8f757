/**
 * One connection: a client, with its resolver and its socket watched from below.
 *
 * The SDK's client tells little: its `onError` has no reason, a refusal's code and a message's RETAIN flag do not come out, and
 * it is brittle: closed while a name resolves, it throws when the answer comes; closed in its own `onReadable`, it touches the
 * dead socket; an empty message stops its parser for good. So the line puts itself between the client and what is under it. From
 * there it keeps the reason of every end, sees what is read, catches what is thrown, and lets nothing through after the end.
 *
 *   RESOLVING ── name resolved ──> CONNECTING ── socket writable ──> LOGIN ── CONNACK 0 ──> UP
 *       any of them ── error below, refusal, throw, client's onError ──> ENDED (onEnd, once)
 *       any of them ── close() ──> ENDED (silent)
 */
import { Fault, type FaultCode } from '../fault';
import type { Client, ClientOptions, ClientPart, Control, Readable, WriteOptions } from './client';
import { Frame } from './frame';
import { Packet, refusal } from './packet';
import { TapResolver, TapSocket } from './tap';

const Stage = Object.freeze({ RESOLVING: 0, CONNECTING: 1, LOGIN: 2, UP: 3, ENDED: 4 } as const);
type Stage = (typeof Stage)[keyof typeof Stage];

const ending = (code: FaultCode, words: string) => Object.freeze([code, words] as const);

/** What an end without a reason most likely means, by stage. */
const SILENT_ENDS = Object.freeze([
	ending('dns', 'the name of the broker did not resolve'),
	ending('connect', 'no connection to the broker'),
	ending('closed', 'the connection ended before the broker answered'),
	ending('closed', 'the connection ended'),
	ending('closed', 'the connection ended'),
]);

/** What the line was doing, for a time-out's words. */
const DOINGS = Object.freeze(['resolving the name', 'connecting', 'logging in', 'up', 'ended']);

export interface LineEvents {
	onControl(message: Control): void;
	onReadable(client: Client, count: number, options: Readable): void;
	/** Bytes that may be written. */
	onRoom(count: number): void;
	onEnd(fault: Fault): void;
}

type Login = Omit<ClientOptions, 'dns' | 'socket' | 'onControl' | 'onReadable' | 'onWritable' | 'onError' | 'onClose'>;

export class Line {
	readonly #events: LineEvents;
	readonly #frame = new Frame();
	readonly #client: Client | undefined;
	#stage: Stage = Stage.RESOLVING;
	#socket: TapSocket | undefined;
	/** Why it is about to end: the client's own `onError` follows, with less in it. */
	#reason: Fault | undefined;
	/** How deep in calls that catch what is thrown. */
	#sheltered = 0;

	/** Begins to connect. An end that is known at once comes through `onEnd`, even before this returns. */
	constructor(part: ClientPart, login: Login, events: LineEvents) {
		this.#events = events;
		this.#sheltered++;
		try {
			this.#client = new part.io({
				...part,
				...login,
				dns: { io: TapResolver, line: this, part: part.dns },
				socket: { io: TapSocket, line: this, part: part.socket },
				onControl: (message: Control) => this.guard(() => this.#onControl(message)),
				onReadable: (count: number, options: Readable) => this.guard(() => this.#onReadable(count, options)),
				onWritable: (count: number) => this.guard(() => this.#onWritable(count)),
				onError: (reason?: unknown) => this.#end(this.#reason ?? this.#explain(reason)),
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
	write(body: ArrayBuffer | undefined, options: WriteOptions): number {
		if (this.#client === undefined || this.ended) throw new Fault('closed', 'the connection ended');
		this.#sheltered++;
		try {
			return this.#client.write(body, options) || 0;
		} finally {
			this.#sheltered--;
		}
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
		if (this.#stage === Stage.CONNECTING) this.#become(Stage.LOGIN);
	}

	/** The client read these bytes. */
	read(bytes: Uint8Array): void {
		this.#frame.pushAll(bytes);
		this.#noteRefusal();
	}

	readByte(byte: number): void {
		this.#frame.push(byte);
		this.#noteRefusal();
	}

	/** What is below the client failed; the client is told next, and passes it on with less in it. */
	failed(reason: unknown): void {
		this.#reason ??= this.#explain(reason);
	}

	#noteRefusal(): void {
		const code = this.#frame.returnCode;
		if (this.#stage === Stage.LOGIN && code !== undefined && code !== 0) this.#reason ??= refusal(code);
	}

	// What the client tells.

	#onControl(message: Control): void {
		if (message.operation === Packet.CONNACK) {
			if (message.returnCode) throw this.#reason ?? refusal(message.returnCode);
			if (this.#stage === Stage.UP) throw new Fault('protocol', 'a second CONNACK');
			this.#become(Stage.UP);
		} else if (this.#stage !== Stage.UP) throw new Fault('protocol', `packet type ${message.operation} before CONNACK`);
		this.#events.onControl(message);
	}

	#onReadable(count: number, options: Readable): void {
		if (this.#client === undefined || this.#stage !== Stage.UP) throw new Fault('protocol', 'a message before CONNACK');
		const first = options.topic !== undefined && options.retain === undefined;
		this.#events.onReadable(this.#client, count, first ? { ...options, retain: this.#frame.retained } : options);
	}

	#onWritable(count: number): void {
		if (this.#stage === Stage.UP) this.#events.onRoom(count);
	}

	#explain(reason: unknown): Fault {
		if (reason instanceof Fault) return reason;
		const [code, words] = SILENT_ENDS[this.#stage]!;
		const detail = reason instanceof Error ? reason.message : reason;
		return new Fault(code, detail === undefined ? words : `${words}: ${String(detail)}`);
	}

	#end(fault: Fault): void {
		if (this.ended) return;
		this.close();
		this.#events.onEnd(fault);
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
