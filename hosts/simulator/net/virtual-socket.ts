import { Fault } from '../../../modules/fault';
import type {
	Bytes,
	ResolveRequest,
	Resolver,
	Socket,
	SocketOptions,
	SocketWriteOptions,
} from '../../../modules/sockets';
import { ByteQueue } from './byte-queue';
import type { Lifeline, Vanishing } from './lifeline';
import type { VirtualLine } from './virtual';
import type { VirtualConnection } from './virtual-connection';

/** As in StreamSocket: four segments of lwIP on ESP32. */
const SEND_BUFFER = 5760;

/** Milliseconds after which a resolver that hears nothing gives up: the SDK's asks a server six times in 3 s steps. */
const RESOLVE_TIMEOUT = 18_000;

export interface VirtualTcpOptions extends SocketOptions {
	readonly line: VirtualLine;
	readonly lifeline?: Lifeline;
	/** Bytes that may be on their way. Default: as on ESP32. */
	readonly sendBuffer?: number;
}

/** The device's end of a virtual connection: an ECMA-419 TCP-shaped socket. */
export class VirtualTcp implements Socket, Vanishing {
	format: 'buffer' | 'number' = 'buffer';
	/** For its callbacks, which get the socket as `this` (ECMA-419). */
	readonly target: unknown;
	readonly #options: VirtualTcpOptions;
	readonly #received = new ByteQueue();
	readonly #connection: VirtualConnection;
	#room = 0;
	#open = false;
	#closed = false;

	constructor(options: VirtualTcpOptions) {
		const { line, address, port, lifeline, sendBuffer = SEND_BUFFER, onReadable, onWritable } = options;
		this.#options = options;
		this.target = options.target;
		lifeline?.add(this);
		this.#connection = line.connect(address, port);
		this.#connection.device = {
			onOpen: () => {
				this.#open = true;
				this.#room = sendBuffer;
				onWritable.call(this, this.#room);
			},
			onData: (bytes) => {
				this.#received.push(bytes);
				onReadable.call(this, this.#received.length);
			},
			onAcknowledged: (count) => {
				this.#room += count;
				onWritable.call(this, this.#room);
			},
			onFailed: (fault) => this.#fail(fault),
		};
	}

	read(into?: number | Bytes): number | ArrayBuffer | undefined {
		if (this.#closed) throw new Fault('misuse', 'the socket is closed');
		return this.#received.read(this.format, into);
	}

	/** Throws when `data` does not fit; it took nothing then. */
	write(data: number | Bytes, _options?: SocketWriteOptions): number {
		if (this.#closed || !this.#open) throw new Fault('misuse', 'the socket is not connected');
		const bytes =
			typeof data === 'number' ? Uint8Array.of(data) : data instanceof Uint8Array ? data : new Uint8Array(data);
		if (bytes.byteLength > this.#room) throw new Fault('misuse', 'would block');
		this.#room -= bytes.byteLength;
		this.#connection.write(bytes);
		return this.#room;
	}

	close(): void {
		if (this.#closed) return;
		this.#forget();
		this.#connection.end();
	}

	vanish(): void {
		if (this.#closed) return;
		this.#forget();
		this.#connection.vanish();
	}

	#fail(fault: Fault): void {
		if (this.#closed) return;
		this.#forget();
		this.#options.onError.call(this, fault);
	}

	#forget(): void {
		this.#closed = true;
		this.#options.lifeline?.delete(this);
	}
}

/** The twin of a resolver, in the virtual network: a name is its own address. */
export class VirtualDns implements Resolver, Vanishing {
	readonly #line: VirtualLine;
	readonly #lifeline: Lifeline | undefined;
	#closed = false;

	constructor({ line, lifeline }: { readonly line: VirtualLine; readonly lifeline?: Lifeline }) {
		this.#line = line;
		this.#lifeline = lifeline;
		lifeline?.add(this);
	}

	resolve({ host, onResolved, onError }: ResolveRequest): void {
		const { network, path } = this.#line;
		const answers = !path.down;
		network.scheduler.schedule(answers ? 2 * path.latency : RESOLVE_TIMEOUT, () => {
			this.#lifeline?.delete(this);
			if (this.#closed) return;
			if (answers && network.resolves(host)) onResolved(host, host);
			else onError(new Fault('dns', answers ? `${host} does not resolve` : 'no name server answers'));
		});
	}

	vanish(): void {
		this.#closed = true;
	}
}
