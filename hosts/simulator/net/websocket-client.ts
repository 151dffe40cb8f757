/**
 * The twin of the SDK's `embedded:network/websocket/client`, with its shape and its order of events; unlike it, it says why it ends,
 * gives each message in one piece, and takes no frame that breaks RFC 6455.
 *
 *   RESOLVING ──> CONNECTING ── socket writable: GET ──> HANDSHAKE ── 101 ──> CONNECTED ── close heard and said ──> CLOSING
 *       any ── failure: onError(Fault), after a close frame onClose() ──> CLOSED          any ── close() ──> CLOSED
 */
import { randomBytes } from 'node:crypto';
import type { Fault } from '../../../modules/fault';
import type { Client, ClientOptions, WriteOptions } from '../../../modules/websocket/client';
import { Opcode } from '../../../modules/websocket/client';
import { Handshake } from '../../../modules/websocket/handshake';
import { acceptFor } from '../../../modules/websocket/sha1';
import { State as Every, MessageTwin, type TwinOptions } from './twin';
import { FrameReader, frame, type Inbound } from './ws-frames';

const State = Object.freeze({ ...Every, HANDSHAKE: 2, CONNECTED: 3, CLOSING: 4 } as const);

/** Bytes of a message, and fragments: the SDK's class has no bound. */
const MESSAGE_LIMIT = 60_000;
const FRAGMENT_LIMIT = 1_000;
/** What the SDK's class takes off the room it tells: the header of a frame of up to 64 KiB, or of any after a write. */
const HEADER = 8;
const LONGEST_HEADER = 14;
/** Milliseconds from the close frame that was answered to the end, as in the SDK's class. */
const LINGER = 1000;

export interface NodeWebSocketClientOptions extends ClientOptions, Pick<TwinOptions, 'scheduler' | 'lifeline'> {}

export class NodeWebSocketClient extends MessageTwin<NodeWebSocketClientOptions> implements Client {
	static readonly text = Opcode.TEXT;
	static readonly binary = Opcode.BINARY;
	static readonly close = Opcode.CLOSE;
	static readonly ping = Opcode.PING;
	static readonly pong = Opcode.PONG;

	readonly #reader = new FrameReader({ isServer: false, limit: MESSAGE_LIMIT, fragments: FRAGMENT_LIMIT });
	readonly #key = randomBytes(16).toString('base64');
	readonly #handshake = new Handshake(acceptFor(this.#key));
	/** The answer to a ping or a close frame, until there is room for it: as in the SDK's class, there is only one. */
	#pending: Inbound | undefined;
	/** A close frame was sent, or came. */
	#saidClose = false;
	#heardClose = false;
	/** The fragments of a message are being written. */
	#fragmented = false;

	/** Throws an Error without a message, as the SDK's class does, when it is not connected or has no room. */
	write(data: ArrayBuffer | Uint8Array, { opcode, binary = true, more = false }: WriteOptions = {}): number {
		const payload = data instanceof Uint8Array ? data : new Uint8Array(data);
		const length = payload.byteLength;
		const header = length < 126 ? 6 : length < 65_536 ? 8 : 14;
		if (this.state !== State.CONNECTED || length + header > this.room) throw new Error();
		const isData = opcode === undefined;
		const first = this.#fragmented ? Opcode.CONTINUATION : binary ? Opcode.BINARY : Opcode.TEXT;
		if (isData) this.#fragmented = more;
		this.put(frame(opcode ?? first, payload, { fin: !isData || !more, mask: true }));
		if (opcode === Opcode.CLOSE) this.#onCloseSaid();
		return Math.max(0, this.room - LONGEST_HEADER);
	}

	protected override forget(): void {
		super.forget();
		this.#pending = undefined;
	}

	/** The request, with the headers of the SDK's class: its Host has no port. */
	#ask(): void {
		const { path, host, headers } = this.options;
		this.state = State.HANDSHAKE;
		const lines = [
			`GET ${path || '/'} HTTP/1.1`,
			`Host: ${host}`,
			'Upgrade: websocket',
			'Connection: keep-alive, Upgrade',
			'Sec-WebSocket-Version: 13',
			`Sec-WebSocket-Key: ${this.#key}`,
			...[...(headers ?? [])].map(([name, value]) => `${name}: ${value}`),
		];
		this.put(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`));
	}

	protected writable(count: number): void {
		this.room = count;
		if (this.state === State.CONNECTING) this.#ask();
		else if (this.state === State.CONNECTED) {
			if (!this.#answerPending()) return;
			if (this.isIn(State.CONNECTED)) this.options.onWritable.call(this, Math.max(0, this.room - HEADER));
		}
	}

	/** False while there is no room for what is owed. */
	#answerPending(): boolean {
		const pending = this.#pending;
		if (!pending) return true;
		if (pending.payload.byteLength + 6 > this.room) return false;
		this.#pending = undefined;
		this.write(pending.payload, { opcode: pending.opcode });
		return true;
	}

	protected takeNext(): boolean {
		const inbound = this.#reader.shift();
		if (inbound) this.#take(inbound);
		return inbound !== undefined;
	}

	protected push(chunk: Uint8Array<ArrayBuffer>): void {
		const frames = this.state === State.HANDSHAKE ? this.#shake(chunk) : chunk;
		if (frames.byteLength > 0 && this.state !== State.CLOSED) this.#reader.push(frames);
	}

	/** What comes after the answer to the request. */
	#shake(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
		let at = 0;
		while (at < chunk.byteLength && !this.#handshake.isDone) this.#handshake.push(chunk[at++]!);
		if (this.#handshake.isDone) {
			this.#handshake.check();
			this.state = State.CONNECTED;
			if (this.room > HEADER) this.options.onWritable.call(this, this.room - HEADER);
		}
		return chunk.subarray(at);
	}

	#take(inbound: Inbound): void {
		const { opcode, payload } = inbound;
		if (opcode === Opcode.TEXT || opcode === Opcode.BINARY) {
			this.payload = payload;
			this.options.onReadable.call(this, payload.byteLength, { more: false, binary: opcode === Opcode.BINARY });
			return;
		}
		this.options.onControl.call(this, opcode, Uint8Array.from(payload).buffer);
		if (this.state === State.CLOSED) return;
		if (opcode === Opcode.CLOSE) this.#onCloseHeard(inbound);
		else if (opcode === Opcode.PING && !this.#pending && !this.#heardClose) this.#owe({ opcode: Opcode.PONG, payload });
	}

	#onCloseHeard(inbound: Inbound): void {
		if (this.#saidClose) {
			this.close();
			this.options.onClose.call(this);
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
		this.state = State.CLOSING;
		this.later(LINGER, () => {
			this.close();
			this.options.onClose.call(this);
		});
	}

	#owe(answer: Inbound): void {
		this.#pending = answer;
		this.later(0, () => this.writable(this.room));
	}

	/** Closes, then says so, in the order of the SDK's class; after a close frame it is no failure. */
	protected fail(fault: Fault): void {
		if (this.state === State.CLOSED) return;
		this.close();
		if (this.#saidClose || this.#heardClose) this.options.onClose.call(this);
		else this.options.onError.call(this, fault);
	}
}
