/**
 * The twin of the SDK's `embedded:network/websocket/client`, with its shape and its order of events; unlike it, it says why it ends,
 * gives each message in one piece, and takes no frame that breaks RFC 6455.
 *
 *   RESOLVING ──> CONNECTING ── socket writable: GET ──> HANDSHAKE ── 101 ──> CONNECTED ── close heard and said ──> CLOSING
 *       any ── failure: onError(Fault), after a close frame onClose() ──> CLOSED          any ── close() ──> CLOSED
 */
import { randomBytes } from 'node:crypto';
import { Fault } from '../../../modules/fault';
import type { Client, ClientOptions, Socket, WriteOptions } from '../../../modules/websocket/client';
import { Opcode } from '../../../modules/websocket/client';
import { Handshake } from '../../../modules/websocket/handshake';
import { acceptFor } from '../../../modules/websocket/sha1';
import { RealTime } from '../time';
import type { Lifeline, Vanishing } from './lifeline';
import type { Scheduler } from './scheduler';
import { FrameReader, frame, type Inbound } from './ws-frames';

const State = Object.freeze({
	RESOLVING: 0,
	CONNECTING: 1,
	HANDSHAKE: 2,
	CONNECTED: 3,
	CLOSING: 4,
	CLOSED: 5,
} as const);
type State = (typeof State)[keyof typeof State];

/** Bytes read from the socket at once. */
const CHUNK = 1460;
/** Bytes of a message, and fragments: the SDK's class has no bound. */
const MESSAGE_LIMIT = 60_000;
const FRAGMENT_LIMIT = 1_000;
/** What the SDK's class takes off the room it tells: the header of a frame of up to 64 KiB, or of any after a write. */
const HEADER = 8;
const LONGEST_HEADER = 14;
/** Milliseconds from the close frame that was answered to the end, as in the SDK's class. */
const LINGER = 1000;

export interface NodeWebSocketClientOptions extends ClientOptions {
	/** Default: real time. */
	readonly scheduler?: Scheduler;
	readonly lifeline?: Lifeline;
}

export class NodeWebSocketClient implements Client, Vanishing {
	static readonly text = Opcode.TEXT;
	static readonly binary = Opcode.BINARY;
	static readonly close = Opcode.CLOSE;
	static readonly ping = Opcode.PING;
	static readonly pong = Opcode.PONG;

	readonly #options: NodeWebSocketClientOptions;
	readonly #scheduler: Scheduler;
	readonly #timers = new Set<{ cancel(): void }>();
	readonly #reader = new FrameReader({ isServer: false, limit: MESSAGE_LIMIT, fragments: FRAGMENT_LIMIT });
	readonly #key = randomBytes(16).toString('base64');
	readonly #handshake = new Handshake(acceptFor(this.#key));
	#state: State = State.RESOLVING;
	#socket: Socket | undefined;
	#room = 0;
	#readable = 0;
	/** What the user has yet to read of the message at hand. */
	#payload: Buffer = Buffer.alloc(0);
	#pumping = false;
	/** The answer to a ping or a close frame, until there is room for it: as in the SDK's class, there is only one. */
	#pending: Inbound | undefined;
	/** A close frame was sent, or came. */
	#saidClose = false;
	#heardClose = false;
	/** The fragments of a message are being written. */
	#fragmented = false;

	constructor(options: NodeWebSocketClientOptions) {
		this.#options = options;
		this.#scheduler = options.scheduler ?? new RealTime();
		options.lifeline?.add(this);
		const resolver = new options.dns.io(options.dns as never);
		resolver.resolve({
			host: options.host,
			onResolved: (host, address) => this.#connect(host, address),
			onError: (reason) => this.#fail(Fault.from(reason ?? `${options.host} does not resolve`, 'dns')),
		});
	}

	read(count: number): ArrayBuffer | undefined;
	read(into: Uint8Array): number | undefined;
	read(into: number | Uint8Array): ArrayBuffer | number | undefined {
		if (this.#payload.byteLength === 0) return undefined;
		const wanted = typeof into === 'number' ? into : into.byteLength;
		const part = Uint8Array.from(this.#payload.subarray(0, wanted));
		this.#payload = this.#payload.subarray(part.byteLength);
		if (this.#payload.byteLength === 0 && !this.#pumping) this.#later(0, () => this.#pump());
		if (typeof into === 'number') return part.buffer;
		into.set(part);
		return part.byteLength;
	}

	/** Throws an Error without a message, as the SDK's class does, when it is not connected or has no room. */
	write(data: ArrayBuffer | Uint8Array, { opcode, binary = true, more = false }: WriteOptions = {}): number {
		const payload = data instanceof Uint8Array ? data : new Uint8Array(data);
		const length = payload.byteLength;
		const header = length < 126 ? 6 : length < 65_536 ? 8 : 14;
		if (this.#state !== State.CONNECTED || length + header > this.#room) throw new Error();
		const isData = opcode === undefined;
		const first = this.#fragmented ? Opcode.CONTINUATION : binary ? Opcode.BINARY : Opcode.TEXT;
		if (isData) this.#fragmented = more;
		this.#put(frame(opcode ?? first, payload, { fin: !isData || !more, mask: true }));
		if (opcode === Opcode.CLOSE) this.#onCloseSaid();
		return Math.max(0, this.#room - LONGEST_HEADER);
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
		this.#pending = undefined;
		this.#payload = Buffer.alloc(0);
		this.#options.lifeline?.delete(this);
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

	/** The request, with the headers of the SDK's class: its Host has no port. */
	#ask(): void {
		const { path, host, headers } = this.#options;
		this.#become(State.HANDSHAKE);
		const lines = [
			`GET ${path || '/'} HTTP/1.1`,
			`Host: ${host}`,
			'Upgrade: websocket',
			'Connection: keep-alive, Upgrade',
			'Sec-WebSocket-Version: 13',
			`Sec-WebSocket-Key: ${this.#key}`,
			...[...(headers ?? [])].map(([name, value]) => `${name}: ${value}`),
		];
		this.#put(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`));
	}

	#onWritable(count: number): void {
		this.#room = count;
		if (this.#state === State.CONNECTING) this.#ask();
		else if (this.#state === State.CONNECTED) {
			if (!this.#answerPending()) return;
			if (this.#isConnected) this.#options.onWritable(Math.max(0, this.#room - HEADER));
		}
	}

	get #isConnected(): boolean {
		return this.#state === State.CONNECTED;
	}

	/** False while there is no room for what is owed. */
	#answerPending(): boolean {
		const pending = this.#pending;
		if (!pending) return true;
		if (pending.payload.byteLength + 6 > this.#room) return false;
		this.#pending = undefined;
		this.write(pending.payload, { opcode: pending.opcode });
		return true;
	}

	#onReadable(count: number): void {
		this.#readable = count;
		this.#pump();
	}

	/** Reads and deals with frames, one after the other, up to a message that the user has yet to read. */
	#pump(): void {
		if (this.#pumping) return;
		this.#pumping = true;
		try {
			while (this.#state !== State.CLOSED && this.#payload.byteLength === 0) {
				const inbound = this.#reader.shift();
				if (inbound) this.#take(inbound);
				else if (this.#readable > 0) this.#parse();
				else break;
			}
		} catch (thrown) {
			this.#fail(Fault.from(thrown, 'protocol'));
		} finally {
			this.#pumping = false;
		}
	}

	#parse(): void {
		const socket = this.#socket!;
		socket.format = 'buffer';
		let chunk = new Uint8Array(socket.read(Math.min(this.#readable, CHUNK)) as ArrayBuffer);
		this.#readable -= chunk.byteLength;
		if (this.#state === State.HANDSHAKE) chunk = this.#shake(chunk);
		if (chunk.byteLength > 0 && this.#state !== State.CLOSED) this.#reader.push(chunk);
	}

	/** What comes after the answer to the request. */
	#shake(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
		let at = 0;
		while (at < chunk.byteLength && !this.#handshake.isDone) this.#handshake.push(chunk[at++]!);
		if (this.#handshake.isDone) {
			this.#handshake.check();
			this.#become(State.CONNECTED);
			if (this.#room > HEADER) this.#options.onWritable(this.#room - HEADER);
		}
		return chunk.subarray(at);
	}

	#take(inbound: Inbound): void {
		const { opcode, payload } = inbound;
		if (opcode === Opcode.TEXT || opcode === Opcode.BINARY) {
			this.#payload = payload;
			this.#options.onReadable(payload.byteLength, { more: false, binary: opcode === Opcode.BINARY });
			return;
		}
		this.#options.onControl(opcode, Uint8Array.from(payload).buffer);
		if (this.#state === State.CLOSED) return;
		if (opcode === Opcode.CLOSE) this.#onCloseHeard(inbound);
		else if (opcode === Opcode.PING && !this.#pending && !this.#heardClose) this.#owe({ opcode: Opcode.PONG, payload });
	}

	#onCloseHeard(inbound: Inbound): void {
		if (this.#saidClose) {
			this.close();
			this.#options.onClose();
			return;
		}
		this.#heardClose = true;
		this.#owe(inbound);
	}

	#onCloseSaid(): void {
		if (!this.#heardClose) {
			this.#saidClose = true;
			return;
		}
		this.#become(State.CLOSING);
		this.#later(LINGER, () => {
			this.close();
			this.#options.onClose();
		});
	}

	#owe(answer: Inbound): void {
		this.#pending = answer;
		this.#later(0, () => this.#onWritable(this.#room));
	}

	#put(bytes: Buffer): void {
		this.#room = this.#socket!.write(bytes) ?? 0;
	}

	#later(delay: number, run: () => void): void {
		const timer = this.#scheduler.schedule(delay, () => {
			this.#timers.delete(timer);
			if (this.#state !== State.CLOSED) run();
		});
		this.#timers.add(timer);
	}

	/** Closes, then says so, in the order of the SDK's class; after a close frame it is no failure. */
	#fail(fault: Fault): void {
		if (this.#state === State.CLOSED) return;
		this.close();
		if (this.#saidClose || this.#heardClose) this.#options.onClose();
		else this.#options.onError(fault);
	}

	#become(state: State): void {
		this.#state = state;
	}
}
