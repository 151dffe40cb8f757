import { Fault } from '../../../modules/fault';
import type { ResolverPart, Socket, SocketPart } from '../../../modules/sockets';
import { RealTime } from '../time';
import type { Lifeline, Vanishing } from './lifeline';
import type { Scheduler } from './scheduler';

/** The states that every twin has; those between are its own. */
export const State = Object.freeze({ CLOSED: -1, RESOLVING: 0, CONNECTING: 1 } as const);

export interface TwinOptions {
	readonly host: string;
	readonly port: number;
	readonly target?: unknown;
	readonly dns: ResolverPart;
	readonly socket: SocketPart;
	/** Default: real time. */
	readonly scheduler?: Scheduler;
	readonly lifeline?: Lifeline;
}

/** What the twins of the SDK's clients have in common: a name resolved, a socket made, timers that end with it. */
export abstract class TwinClient<Options extends TwinOptions> implements Vanishing {
	/** For its callbacks, which get the client as `this` (ECMA-419). */
	readonly target: unknown;
	protected readonly options: Options;
	protected readonly scheduler: Scheduler;
	protected state: number = State.RESOLVING;
	protected socket: Socket | undefined;
	/** Bytes that the socket takes now. */
	protected room = 0;
	readonly #timers = new Set<{ cancel(): void }>();

	constructor(options: Options) {
		this.options = options;
		this.target = options.target;
		this.scheduler = options.scheduler ?? new RealTime();
		options.lifeline?.add(this);
		const { host, dns } = options;
		new dns.io(dns as never).resolve({
			host,
			onResolved: (name, address) => this.#connect(name, address),
			onError: (reason) => this.fail(Fault.from(reason ?? `${host} does not resolve`, 'dns')),
		});
	}

	close(): void {
		this.vanish();
		this.socket?.close();
		this.socket = undefined;
	}

	vanish(): void {
		this.state = State.CLOSED;
		for (const timer of this.#timers) timer.cancel();
		this.#timers.clear();
		this.forget();
		this.options.lifeline?.delete(this);
	}

	/** It is closed: what it holds goes. */
	protected abstract forget(): void;
	protected abstract readable(count: number): void;
	protected abstract writable(count: number): void;
	/** Says why, and closes, in the order of the SDK's class. */
	protected abstract fail(fault: Fault): void;

	/** The socket is made. */
	protected connecting(): void {}

	protected put(bytes: Uint8Array): void {
		this.room = this.socket!.write(bytes) ?? 0;
	}

	protected later(delay: number, run: () => void): void {
		const timer = this.scheduler.schedule(delay, () => {
			this.#timers.delete(timer);
			if (this.state !== State.CLOSED) run();
		});
		this.#timers.add(timer);
	}

	/** Asked anew: a callback may have changed it. */
	protected isIn(state: number): boolean {
		return this.state === state;
	}

	#connect(host: string, address: string): void {
		if (this.state !== State.RESOLVING) return;
		this.state = State.CONNECTING;
		try {
			const { socket, port } = this.options;
			this.socket = new socket.io({
				...socket,
				address,
				host,
				port,
				onReadable: (count: number) => this.readable(count),
				onWritable: (count: number) => this.writable(count),
				onError: (reason?: unknown) => this.fail(Fault.from(reason ?? 'the connection ended', 'closed')),
			} as never);
		} catch (thrown) {
			this.fail(Fault.from(thrown, 'connect'));
			return;
		}
		this.connecting();
	}
}

/** Bytes read from the socket at once. */
const CHUNK = 1460;

/** One that gives messages, one after the other: the next is not looked at before the last is read. */
export abstract class MessageTwin<Options extends TwinOptions> extends TwinClient<Options> {
	/** What the user has yet to read of the message at hand. */
	protected payload: Buffer = Buffer.alloc(0);
	#readable = 0;
	#pumping = false;

	read(count: number): ArrayBuffer | undefined;
	read(into: Uint8Array): number | undefined;
	read(into: number | Uint8Array): ArrayBuffer | number | undefined {
		if (this.payload.byteLength === 0) return undefined;
		const wanted = typeof into === 'number' ? into : into.byteLength;
		const part = Uint8Array.from(this.payload.subarray(0, wanted));
		this.payload = this.payload.subarray(part.byteLength);
		if (this.payload.byteLength === 0 && !this.#pumping) this.later(0, () => this.#pump());
		if (typeof into === 'number') return part.buffer;
		into.set(part);
		return part.byteLength;
	}

	/** Deals with the next thing that was read, if there is one whole. */
	protected abstract takeNext(): boolean;
	/** Takes bytes from the socket. */
	protected abstract push(chunk: Uint8Array<ArrayBuffer>): void;

	protected forget(): void {
		this.payload = Buffer.alloc(0);
	}

	protected readable(count: number): void {
		this.#readable = count;
		this.#pump();
	}

	/** Reads and deals with what comes, one after the other, up to a message that the user has yet to read. */
	#pump(): void {
		if (this.#pumping) return;
		this.#pumping = true;
		try {
			while (this.state !== State.CLOSED && this.payload.byteLength === 0) {
				if (this.takeNext()) continue;
				if (this.#readable === 0) break;
				this.#parse();
			}
		} catch (thrown) {
			this.fail(Fault.from(thrown, 'protocol'));
		} finally {
			this.#pumping = false;
		}
	}

	#parse(): void {
		const socket = this.socket!;
		socket.format = 'buffer';
		const chunk = new Uint8Array(socket.read(Math.min(this.#readable, CHUNK)) as ArrayBuffer);
		this.#readable -= chunk.byteLength;
		this.push(chunk);
	}
}
