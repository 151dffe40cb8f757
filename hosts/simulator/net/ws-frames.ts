import type { Writable } from 'node:stream';
import * as ws from 'ws';
import { Opcode } from '../../../modules/websocket/client';

/** The two halves that ws builds its own sockets of: exported, and not typed. */
const { Receiver, Sender } = ws as unknown as {
	/** Tells 'message', 'ping', 'pong' and 'conclude' (close) before `write` returns. */
	readonly Receiver: new (options: {
		isServer: boolean;
		maxPayload: number;
		maxFragments: number;
		skipUTF8Validation: boolean;
	}) => Writable;
	readonly Sender: {
		/** A frame in one or two pieces. */
		frame(
			data: Buffer,
			options: { fin: boolean; opcode: number; mask: boolean; readOnly: boolean; rsv1: boolean },
		): Buffer[];
	};
};

export interface FrameOptions {
	/** It is the last fragment of its message, or a control frame. Default true. */
	readonly fin?: boolean;
	/** As a client's frames are. Default false. */
	readonly mask?: boolean;
}

/** One frame (RFC 6455 §5.2). */
export function frame(opcode: number, payload: Uint8Array, { fin = true, mask = false }: FrameOptions = {}): Buffer {
	const data = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
	return Buffer.concat(Sender.frame(data, { fin, opcode, mask, readOnly: true, rsv1: false }));
}

/** The payload of a close frame (§5.5.1). */
export function closePayload(code: number, reason = ''): Buffer {
	const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
	payload.writeUInt16BE(code);
	payload.write(reason, 2);
	return payload;
}

export interface Inbound {
	readonly opcode: number;
	readonly payload: Buffer;
}

interface FrameReaderOptions {
	/** The frames come from a client. */
	readonly isServer: boolean;
	/** Bytes of a message, and fragments of it. */
	readonly limit: number;
	readonly fragments: number;
}

/** Frames in, messages and control frames out, checked by the package ws: without waiting for a turn of Node's event loop. */
export class FrameReader {
	readonly #receiver: Writable;
	readonly #queue: Inbound[] = [];

	constructor({ isServer, limit, fragments }: FrameReaderOptions) {
		this.#receiver = new Receiver({
			isServer,
			maxPayload: limit,
			maxFragments: fragments,
			// As the SDK's class: whoever reads the text has to look.
			skipUTF8Validation: !isServer,
		});
		const add = (opcode: number, payload: Buffer): void => void this.#queue.push({ opcode, payload });
		this.#receiver.on('message', (data: Buffer, isBinary: boolean) =>
			add(isBinary ? Opcode.BINARY : Opcode.TEXT, data),
		);
		this.#receiver.on('ping', (data: Buffer) => add(Opcode.PING, data));
		this.#receiver.on('pong', (data: Buffer) => add(Opcode.PONG, data));
		this.#receiver.on('conclude', (code: number, reason: Buffer) =>
			add(Opcode.CLOSE, code === NO_STATUS ? Buffer.alloc(0) : closePayload(code, reason.toString())),
		);
		// Told below, at once; the event comes a turn later.
		this.#receiver.on('error', () => {});
	}

	/** Throws an Error that says which rule is broken. */
	push(bytes: Uint8Array): void {
		this.#receiver.write(Buffer.from(bytes));
		if (this.#receiver.errored) throw this.#receiver.errored;
	}

	/** The next that is whole. */
	shift(): Inbound | undefined {
		return this.#queue.shift();
	}
}

/** What ws says for a close frame without a code (§7.4.1). */
const NO_STATUS = 1005;
