import type { Socket as NodeSocket } from 'node:net';
import { Fault } from '../../../modules/fault';
import type { Bytes, Socket, SocketOptions, SocketWriteOptions } from '../../../modules/sockets';
import { ByteQueue } from './byte-queue';
import type { Lifeline, Vanishing } from './lifeline';
import { reasonOf } from './reasons';

/** What lwIP gives a connection on ESP32: CONFIG_LWIP_TCP_SND_BUF_DEFAULT of ESP-IDF is four segments of 1,440 bytes. */
const SEND_BUFFER = 5760;

/** Bytes unread at which the peer is asked to wait. */
const RECEIVE_BUFFER = 64 * 1024;

/** Milliseconds that closing politely may take before the connection is dropped. */
const LINGER = 1000;

type Callbacks = Partial<Pick<SocketOptions, 'onReadable' | 'onWritable' | 'onError'>>;

export interface StreamSocketOptions extends Omit<SocketOptions, 'onReadable' | 'onWritable' | 'onError'>, Callbacks {
	/** Default: buffer. */
	readonly format?: 'buffer' | 'number';
	/** Bytes that may wait to be sent. Default: as on ESP32. */
	readonly sendBuffer?: number;
	readonly lifeline?: Lifeline;
}

/** An ECMA-419 TCP-shaped socket over a Node stream. */
export class StreamSocket implements Socket, Vanishing {
	/** For its callbacks, which get the socket as `this` (ECMA-419). */
	readonly target: unknown;
	readonly #stream: NodeSocket;
	readonly #options: StreamSocketOptions;
	readonly #received = new ByteQueue();
	/** The pieces of a write that is not whole yet: it goes out as one, and in one TLS record. */
	#pieces: Uint8Array[] = [];
	#gathered = 0;
	#waiting = 0;
	#ready = false;
	#connected = false;
	#closed = false;
	#format: 'buffer' | 'number' = 'buffer';
	/** How it ended; told once all that came before is read. */
	#ended: Fault | undefined;

	/** @param readyEvent the stream's event after which it may be written to */
	constructor(options: StreamSocketOptions, stream: NodeSocket, readyEvent: 'connect' | 'secureConnect') {
		this.#options = options;
		this.#stream = stream;
		this.target = options.target;
		this.#format = options.format ?? 'buffer';
		options.lifeline?.add(this);
		stream.setNoDelay(true);
		stream.on('connect', () => {
			this.#connected = true;
		});
		stream.on(readyEvent, () => {
			this.#connected = this.#ready = true;
			if (!this.#closed) options.onWritable?.call(this, this.#room);
		});
		stream.on('data', (chunk: Buffer) => this.#onData(chunk));
		stream.on('error', (error) => this.#fail(reasonOf(error, this.#peer, this.#ready || !this.#connected)));
		stream.on('end', () => this.#onEnded());
		stream.on('close', () => this.#onEnded());
	}

	get format(): 'buffer' | 'number' {
		return this.#format;
	}

	set format(format: 'buffer' | 'number') {
		if (format !== 'buffer' && format !== 'number') throw new Fault('range', 'the format is buffer or number');
		this.#format = format;
	}

	read(into?: number | Bytes): number | ArrayBuffer | undefined {
		if (this.#closed) throw new Fault('misuse', 'the socket is closed');
		const result = this.#received.read(this.#format, into);
		if (this.#received.length < RECEIVE_BUFFER) this.#stream.resume();
		const ended = this.#ended;
		if (ended && this.#received.length === 0) setImmediate(() => this.#fail(ended));
		return result;
	}

	/** Throws when `data` does not fit; it took nothing then. */
	write(data: number | Bytes, options?: SocketWriteOptions): number {
		if (this.#closed || !this.#ready) throw new Fault('misuse', 'the socket is not connected');
		const source =
			typeof data === 'number' ? Uint8Array.of(data) : data instanceof Uint8Array ? data : new Uint8Array(data);
		if (source.byteLength > this.#room) throw new Fault('misuse', 'would block');
		if (this.#ended) return this.#room;
		this.#pieces.push(source.slice());
		this.#gathered += source.byteLength;
		if (options?.more !== true) this.#flush();
		return this.#room;
	}

	close(): void {
		if (this.#closed) return;
		this.#forget();
		this.#stream.destroySoon();
		this.#stream.unref();
		setTimeout(() => this.#stream.destroy(), LINGER).unref();
	}

	vanish(): void {
		if (this.#closed) return;
		this.#forget();
		this.#stream.destroy();
	}

	get #room(): number {
		return (this.#options.sendBuffer ?? SEND_BUFFER) - this.#waiting - this.#gathered;
	}

	get #peer(): string {
		return `${this.#options.host}:${this.#options.port}`;
	}

	#flush(): void {
		const packet = Buffer.concat(this.#pieces);
		this.#pieces = [];
		this.#gathered = 0;
		this.#waiting += packet.byteLength;
		this.#stream.write(packet, (error) => {
			this.#waiting -= packet.byteLength;
			if (!error && !this.#closed) this.#options.onWritable?.call(this, this.#room);
		});
	}

	#onData(chunk: Buffer): void {
		if (this.#closed) return;
		this.#received.push(chunk);
		if (this.#received.length >= RECEIVE_BUFFER) this.#stream.pause();
		this.#options.onReadable?.call(this, this.#received.length);
	}

	#onEnded(): void {
		const early = this.#connected && !this.#ready;
		this.#fail(
			early
				? new Fault('tls', `${this.#peer} ended the TLS handshake`)
				: new Fault('closed', `${this.#peer} closed the connection`),
		);
	}

	#fail(fault: Fault): void {
		if (this.#closed) return;
		if (this.#received.length > 0) {
			this.#ended ??= fault;
			return;
		}
		this.#forget();
		this.#stream.destroy();
		this.#options.onError?.call(this, this.#ended ?? fault);
	}

	#forget(): void {
		this.#closed = true;
		this.#received.clear();
		this.#options.lifeline?.delete(this);
		this.#stream.removeAllListeners('data').resume();
	}
}
