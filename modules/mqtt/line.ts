/**
 * One connection: a client, with its resolver and its socket watched from below (modules/tap).
 *
 * The SDK's client tells little: its `onError` has no reason, a refusal's code and a message's RETAIN flag do not come out, and
 * it is brittle: closed while a name resolves, it throws when the answer comes; closed in its own `onReadable`, it touches the
 * dead socket; an empty message stops its parser for good. So the line also sees what is read.
 *
 *   RESOLVING ── name resolved ──> CONNECTING ── socket writable ──> LOGIN ── CONNACK 0 ──> UP
 *       any of them ── error below, refusal, throw, client's onError ──> ENDED (onEnd, once)
 *       any of them ── close() ──> ENDED (silent)
 */
import { Fault } from '../fault';
import type { Bytes } from '../sockets';
import { type Ending, Stage as Every, ending, type TapEvents, type Targeted, WritingLine } from '../tap/line';
import { TapResolver } from '../tap/resolver';
import type { Client, ClientOptions, ClientPart, Control, Readable, WriteOptions } from './client';
import { Frame } from './frame';
import { Packet, refusal } from './packet';
import { MqttSocket } from './tap';

const Stage = Object.freeze({ ...Every, LOGIN: 2, UP: 3 } as const);

const SILENT_ENDS = Object.freeze([
	ending('dns', 'the name of the broker did not resolve'),
	ending('connect', 'no connection to the broker'),
	ending('closed', 'the connection ended before the broker answered'),
	ending('closed', 'the connection ended'),
	ending('closed', 'the connection ended'),
]);

const DOINGS = Object.freeze(['resolving the name', 'connecting', 'logging in', 'up', 'ended']);

const CONTROL = 0;
const READABLE = 1;
const WRITABLE = 2;

const CALLBACKS = Object.freeze({
	onControl(this: Targeted<Line>, message: Control): void {
		this.target.guard(this.target, CONTROL, message);
	},
	onReadable(this: Targeted<Line>, count: number, options: Readable): void {
		this.target.guard(this.target, READABLE, count, options);
	},
	onWritable(this: Targeted<Line>, count: number): void {
		this.target.guard(this.target, WRITABLE, count);
	},
	onError(this: Targeted<Line>, reason?: unknown): void {
		this.target.gaveUp(reason);
	},
});

export interface LineEvents extends TapEvents {
	onControl(message: Control): void;
	onReadable(client: Client, count: number, options: Readable): void;
	/** Bytes that may be written. */
	onRoom(count: number): void;
}

type Login = Omit<
	ClientOptions,
	'target' | 'dns' | 'socket' | 'onControl' | 'onReadable' | 'onWritable' | 'onError' | 'onClose'
>;

export class Line extends WritingLine<Bytes | undefined, WriteOptions, Client, MqttSocket, LineEvents> {
	readonly #frame = new Frame();

	/** Begins to connect. An end that is known at once comes through `onEnd`, even before this returns. */
	constructor(part: ClientPart, login: Login, events: LineEvents) {
		super(events);
		this.connect(part.io, {
			...part,
			...login,
			dns: { io: TapResolver, line: this, part: part.dns },
			socket: { io: MqttSocket, line: this, part: part.socket },
			target: this,
			...CALLBACKS,
		});
	}

	protected get endings(): readonly Ending[] {
		return SILENT_ENDS;
	}

	protected get doings(): readonly string[] {
		return DOINGS;
	}

	connected(): void {
		if (this.stage === Stage.CONNECTING) this.become(Stage.LOGIN);
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

	#noteRefusal(): void {
		const code = this.#frame.returnCode;
		if (this.stage === Stage.LOGIN && code !== undefined && code !== 0) this.reason ??= refusal(code);
	}

	take(event: number, first: unknown, second: unknown): void {
		if (event === CONTROL) this.#onControl(first as Control);
		else if (event === READABLE) this.#onReadable(first as number, second as Readable);
		else if (this.stage === Stage.UP) this.events.onRoom(first as number);
	}

	#onControl(message: Control): void {
		if (message.operation === Packet.CONNACK) {
			if (message.returnCode) throw this.reason ?? refusal(message.returnCode);
			if (this.stage === Stage.UP) throw new Fault('protocol', 'a second CONNACK');
			this.become(Stage.UP);
		} else if (this.stage !== Stage.UP) throw new Fault('protocol', `packet type ${message.operation} before CONNACK`);
		this.events.onControl(message);
	}

	#onReadable(count: number, options: Readable): void {
		if (this.client === undefined || this.stage !== Stage.UP) throw new Fault('protocol', 'a message before CONNACK');
		const first = options.topic !== undefined && options.retain === undefined;
		this.events.onReadable(this.client, count, first ? { ...options, retain: this.#frame.retained } : options);
	}
}
