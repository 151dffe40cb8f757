import { HTTPParser } from 'http-parser-js';
import { Fault } from '../../../modules/fault';
import type { Socket } from '../../../modules/sockets';

/** Bytes of a body that are parsed at once. */
const PIECE = 1460;

const LF = 10;

export interface AnswerEvents {
	readonly onHead: (status: number, headers: Map<string, string>) => void;
	/** So many bytes of the body may be read. */
	readonly onBody: (count: number) => void;
	/** All came, and all was read. */
	readonly onWhole: () => void;
}

/**
 * Reads one answer after the other off a socket, each to its last byte and no further: heads and chunks byte by byte, as the SDK's
 * class does, so that what stands between sees the same.
 */
export class AnswerReader {
	readonly #events: AnswerEvents;
	#parser = new HTTPParser(HTTPParser.RESPONSE);
	/** The line of the head at hand. */
	#line: number[] = [];
	#chunked = false;
	/** Bytes that the body is still to have; undefined: nobody said, or chunks say. */
	#left: number | undefined;
	#hasHead = false;
	#isWhole = false;
	/** Of the body: parsed, and not read by the user. */
	#pending: Buffer = Buffer.alloc(0);

	constructor(events: AnswerEvents) {
		this.#events = events;
	}

	/** The answer came to its end, and its user has read it. */
	get isRead(): boolean {
		return this.#isWhole && this.#pending.byteLength === 0;
	}

	/** The next answer. */
	begin(): void {
		const parser = new HTTPParser(HTTPParser.RESPONSE);
		this.#parser = parser;
		this.#line = [];
		this.#chunked = this.#hasHead = this.#isWhole = false;
		this.#left = undefined;
		this.#pending = Buffer.alloc(0);
		parser[HTTPParser.kOnHeadersComplete] = ({ statusCode, headers }) => {
			this.#hasHead = true;
			const fields = new Map<string, string>();
			for (let at = 0; at < headers.length; at += 2) fields.set(headers[at]!.toLowerCase(), headers[at + 1]!);
			this.#measure(statusCode, fields);
			this.#events.onHead(statusCode, fields);
		};
		parser[HTTPParser.kOnBody] = (chunk, offset, length) => {
			this.#pending = Buffer.concat([this.#pending, chunk.subarray(offset, offset + length)]);
		};
		parser[HTTPParser.kOnMessageComplete] = () => {
			this.#isWhole = true;
		};
	}

	/** Throws a Fault 'protocol' for what is no HTTP/1.1, and whatever the user's callbacks throw. */
	take(socket: Socket, count: number): void {
		const { onBody, onWhole } = this.#events;
		if (this.isRead) throw new Fault('protocol', 'bytes after the answer');
		for (let readable = count; readable > 0 && !this.#isWhole && this.#pending.byteLength === 0; ) {
			const bytes = this.#hasHead && !this.#chunked ? this.#piece(socket, readable) : this.#byte(socket);
			if (bytes === undefined) return;
			readable -= bytes.byteLength;
			if (!this.#hasHead && !this.#endsLine(bytes)) continue;
			const parsed = this.#parser.execute(this.#hasHead ? bytes : this.#takeLine());
			if (parsed instanceof Error) throw new Fault('protocol', `the answer is not HTTP: ${parsed.message}`);
			if (this.#pending.byteLength > 0) onBody(this.#pending.byteLength);
			else if (this.#isWhole) onWhole();
		}
	}

	/** For the user: of the body at hand. */
	read(into: number | Uint8Array): ArrayBuffer | number | undefined {
		if (this.#pending.byteLength === 0) return undefined;
		const part = Uint8Array.from(this.#pending.subarray(0, typeof into === 'number' ? into : into.byteLength));
		this.#pending = this.#pending.subarray(part.byteLength);
		if (this.#isWhole && this.#pending.byteLength === 0) this.#events.onWhole();
		if (typeof into === 'number') return part.buffer;
		into.set(part);
		return part.byteLength;
	}

	#measure(status: number, headers: Map<string, string>): void {
		this.#chunked = headers.get('transfer-encoding')?.toLowerCase() === 'chunked';
		const length = headers.get('content-length');
		if (this.#chunked || length === undefined || status === 204 || status === 205) return;
		if (!/^\d+$/.test(length)) throw new Fault('protocol', 'a Content-Length that is no number');
		this.#left = Number(length);
	}

	#piece(socket: Socket, readable: number): Buffer | undefined {
		socket.format = 'buffer';
		const bytes = socket.read(Math.min(readable, PIECE, this.#left ?? PIECE));
		if (!(bytes instanceof ArrayBuffer)) return undefined;
		if (this.#left !== undefined) this.#left -= bytes.byteLength;
		return Buffer.from(bytes);
	}

	#byte(socket: Socket): Buffer | undefined {
		socket.format = 'number';
		const byte = socket.read();
		return typeof byte === 'number' ? Buffer.of(byte) : undefined;
	}

	#endsLine(bytes: Buffer): boolean {
		this.#line.push(bytes[0]!);
		return bytes[0] === LF;
	}

	#takeLine(): Buffer {
		return Buffer.from(this.#line.splice(0));
	}
}
