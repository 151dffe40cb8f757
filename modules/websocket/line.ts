/**
 * One connection: a client, with its resolver and its socket watched from below (modules/tap).
 *
 * The SDK's client takes any Sec-WebSocket-Accept, keeps a header line and a control frame of any length, takes masked frames and
 * fragments in any order, gives no reason for its end, and is brittle: closed while a name resolves, it opens a socket all the same;
 * what its timers throw nobody catches. So nothing that breaks RFC 6455 or is too large gets through the tap below it.
 *
 *   RESOLVING ── name resolved ──> CONNECTING ── socket writable ──> HANDSHAKE ── 101, first room ──> UP
 *       any of them ── error below, refusal, violation, throw, close frame ──> ENDED (onEnd, once)
 *       any of them ── close() ──> ENDED (silent)
 */
import { Fault } from '../fault';
import type { Bytes } from '../sockets';
import { type Ending, Stage as Every, ending, type TapEvents, type Targeted, WritingLine } from '../tap/line';
import { TapResolver } from '../tap/resolver';
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
import { WebSocketSocket } from './tap';

const Stage = Object.freeze({ ...Every, HANDSHAKE: 2, UP: 3 } as const);

const SILENT_ENDS = Object.freeze([
	ending('dns', 'the name of the server did not resolve'),
	ending('connect', 'no connection to the server'),
	ending('closed', 'the connection ended before the server answered'),
	ending('closed', 'the connection ended'),
	ending('closed', 'the connection ended'),
]);

const DOINGS = Object.freeze(['resolving the name', 'connecting', 'asking for a WebSocket', 'up', 'ended']);

/** Characters of a server's reason that go into a log. */
const REASON_LIMIT = 60;

const READABLE = 0;
const WRITABLE = 1;
const CONTROL = 2;

const CALLBACKS = Object.freeze({
	onReadable(this: Targeted<Line>, count: number, options: Readable): void {
		this.target.guard(this.target, READABLE, count, options);
	},
	onWritable(this: Targeted<Line>, count: number): void {
		this.target.guard(this.target, WRITABLE, count);
	},
	onControl(this: Targeted<Line>, opcode: number, payload: ArrayBuffer): void {
		this.target.guard(this.target, CONTROL, opcode, payload);
	},
	onError(this: Targeted<Line>, reason?: unknown): void {
		this.target.gaveUp(reason);
	},
	onClose(this: Targeted<Line>): void {
		this.target.gaveUp();
	},
});

export interface LineEvents extends TapEvents {
	/** The request goes out. */
	onAsked(): void;
	/** The server's Date header, when it answers with one. */
	onDate(date: string): void;
	/** Bytes that may be written; the first time: it is up. */
	onRoom(count: number): void;
	onReadable(client: Client, count: number, options: Readable): void;
	onPing(): void;
	onPong(): void;
}

type Request = Pick<ClientOptions, 'host' | 'port' | 'path' | 'headers'>;

export class Line extends WritingLine<Bytes, WriteOptions, Client, WebSocketSocket, LineEvents> {
	/** Begins to connect. An end that is known at once comes through `onEnd`, even before this returns. */
	constructor(part: WebSocketPart, request: Request, events: LineEvents) {
		super(events);
		this.connect(part.io, {
			...part,
			...request,
			dns: { io: TapResolver, line: this, part: part.dns },
			socket: { io: WebSocketSocket, line: this, part: part.socket },
			target: this,
			...CALLBACKS,
		});
	}

	/** Ends it; nothing comes through any more. A server that can be told is told why. */
	override close(closeCode: number = CloseCode.NORMAL): void {
		const wasUp = this.stage === Stage.UP;
		this.become(Stage.ENDED);
		if (wasUp) this.#sayClose(Uint8Array.of(closeCode >> 8, closeCode & 0xff));
		this.release();
	}

	protected get endings(): readonly Ending[] {
		return SILENT_ENDS;
	}

	protected get doings(): readonly string[] {
		return DOINGS;
	}

	connected(): void {
		if (this.stage !== Stage.CONNECTING) return;
		this.become(Stage.HANDSHAKE);
		this.events.onAsked();
	}

	/** The server answered; `date` is its Date header. */
	answered(date: string | undefined): void {
		if (date !== undefined) this.events.onDate(date);
	}

	take(event: number, first: unknown, second: unknown): void {
		if (event === READABLE) this.#onReadable(first as number, second as Readable);
		else if (event === CONTROL) this.#onControl(first as number, second as ArrayBuffer);
		else {
			this.become(Stage.UP);
			this.events.onRoom(first as number);
		}
	}

	#onReadable(count: number, options: Readable): void {
		if (this.client === undefined || this.stage !== Stage.UP) throw new Fault('protocol', 'a message too early');
		this.events.onReadable(this.client, count, options);
	}

	/** Pings the client answers by itself; a close frame it would answer too, but not before the line ends here. */
	#onControl(opcode: number, payload: ArrayBuffer): void {
		if (opcode === Opcode.PING) this.events.onPing();
		else if (opcode === Opcode.PONG) this.events.onPong();
		else this.#onClose(payload);
	}

	#onClose(payload: ArrayBuffer): void {
		const bytes = new Uint8Array(payload);
		this.#sayClose(bytes.subarray(0, 2));
		const code = bytes.length < 2 ? undefined : (bytes[0]! << 8) | bytes[1]!;
		const reason = bytes.length > 2 ? ` ${printable(decode(bytes.subarray(2)), REASON_LIMIT)}` : '';
		throw new Fault('closed', `the server closed the WebSocket${code ? `: ${code}` : ''}${reason}`);
	}

	protected override end(fault: Fault): void {
		if (this.ended) return;
		if (fault instanceof Violation) this.close(fault.closeCode);
		else {
			this.become(Stage.ENDED);
			this.release();
		}
		this.events.onEnd(fault);
	}

	/** As far as there is room for it: the socket ends next, whether the server heard or not. */
	#sayClose(payload: Uint8Array): void {
		this.sheltered++;
		try {
			this.client?.write(payload, { opcode: Opcode.CLOSE });
		} catch {
			// There is no room, or the client is beyond it.
		}
		this.sheltered--;
	}
}
