/**
 * One table of cases for classes that have two makers: the Moddable SDK (or ours, on its XS) and the twins on Node. Device code: it
 * runs on both, and knows neither.
 */
import type { HttpPart } from '../../../modules/http/client';
import type { ClientPart } from '../../../modules/mqtt/client';
import type { FlashPartition, KeyValue } from '../../../modules/ports';
import type { ResolverPart, Socket, SocketPart } from '../../../modules/sockets';
import type { WebSocketPart } from '../../../modules/websocket/client';

/** What a peer does, each on a port of its own, in the order of the ports; see peer.ts. */
export const BEHAVIOURS = Object.freeze([
	'authority',
	'echo',
	'greet',
	'big',
	'goodbye',
	'reset',
	'halfClose',
	'slow',
	'deaf',
	'refuse',
	'tlsEcho',
	'tlsOtherAuthority',
	'tlsOtherName',
	'tlsGoodbye',
	'tlsCut',
	'mqtt',
	'mqttRefuse',
	'mqttUnready',
	'mqttNoPong',
	'mqttNonsense',
	'mqttFragments',
	'mqttEmpty',
	'mqttFour',
	'webSocket',
	'webSocketDenied',
	'webSocketNonsense',
	'webSocketUnready',
	'webSocketAccept',
	'webSocketExtension',
	'webSocketList',
	'webSocketFragments',
	'webSocketSplit',
	'webSocketMasked',
	'webSocketReserved',
	'webSocketOrphan',
	'webSocketPingTooLong',
	'webSocketCloseOfOne',
	'webSocketNotUtf8',
	'webSocketGone',
	'http',
] as const);
export type Behaviour = (typeof BEHAVIOURS)[number];

/** Where the cases run. */
export interface Bench {
	readonly maker: Maker;
	readonly tcp: SocketPart;
	readonly tls: SocketPart;
	readonly dns: ResolverPart;
	/** Over plain TCP. */
	readonly mqtt: ClientPart;
	readonly webSocket: WebSocketPart;
	/** Over plain TCP. */
	readonly http: HttpPart;
	/** What is kept under this name; a new name is empty. */
	readonly keyValue: (name: string) => KeyValue;
	/** Four blocks of 4,096 bytes, erased when the name is new. */
	readonly flash: (name: string) => FlashPartition;
	/** A port of the peer on 127.0.0.1. */
	readonly port: (behaviour: Behaviour) => number;
	readonly later: (delay: number, run: () => void) => void;
}

export type Maker = 'sdk' | 'twin';

export interface Case {
	readonly name: string;
	readonly run: (trial: Trial) => void;
	/** Where it does not hold, and why we live with that. */
	readonly differs?: { readonly [Where in Maker]?: string };
	/** Milliseconds that it may take. */
	readonly patience?: number;
}

/** What a test says of itself: nothing is thrown out of a callback, since that ends a machine. */
export class Trial {
	readonly bench: Bench;
	readonly #onEnd: (failure: string | undefined) => void;
	readonly #cleanups: (() => void)[] = [];
	#ended = false;

	constructor(bench: Bench, onEnd: (failure: string | undefined) => void) {
		this.bench = bench;
		this.#onEnd = onEnd;
	}

	get ended(): boolean {
		return this.#ended;
	}

	/** Runs a part of the test; what it throws is the end of it. */
	guard(run: () => void): void {
		if (this.#ended) return;
		try {
			run();
		} catch (thrown) {
			this.fail(thrown instanceof Error ? thrown.message : String(thrown));
		}
	}

	later(delay: number, run: () => void): void {
		this.bench.later(delay, () => this.guard(run));
	}

	/** For the end, however it comes. */
	cleanup(run: () => void): void {
		this.#cleanups.push(run);
	}

	ok(condition: boolean, words: string): void {
		if (!condition) throw new Error(words);
	}

	equal(actual: unknown, expected: unknown, words: string): void {
		if (actual !== expected) throw new Error(`${words}: ${show(actual)}, not ${show(expected)}`);
	}

	throws(run: () => unknown, words: string): void {
		try {
			run();
		} catch {
			return;
		}
		throw new Error(`${words}: nothing was thrown`);
	}

	done(): void {
		this.#end(undefined);
	}

	fail(words: string): void {
		this.#end(words);
	}

	/** Cleans up in a turn of its own: the SDK's MQTT client cannot bear to be closed in its `onReadable`. */
	#end(failure: string | undefined): void {
		if (this.#ended) return;
		this.#ended = true;
		this.bench.later(0, () => {
			for (const cleanup of this.#cleanups) {
				try {
					cleanup();
				} catch {
					// What a test has broken may not be able to close.
				}
			}
			this.#onEnd(failure);
		});
	}
}

export interface SocketEvents {
	readonly onReadable?: (socket: Socket, count: number) => void;
	readonly onWritable?: (socket: Socket, count: number) => void;
	readonly onError?: (socket: Socket, reason: unknown) => void;
	readonly format?: 'buffer' | 'number';
}

/** Makes a socket to a port of the peer. Callbacks from inside the constructor fail the test. */
export function connect(trial: Trial, part: SocketPart, behaviour: Behaviour, events: SocketEvents): Socket {
	let socket: Socket | undefined;
	const tell = (run: (made: Socket) => void): void =>
		trial.guard(() => {
			trial.ok(socket !== undefined, 'a callback from inside the constructor');
			run(socket!);
		});
	const { onReadable, onWritable, onError = (_, reason) => trial.fail(`onError: ${String(reason)}`) } = events;
	socket = new part.io({
		...part,
		address: '127.0.0.1',
		host: 'localhost',
		port: trial.bench.port(behaviour),
		...(events.format && { format: events.format }),
		onReadable: (count: number) => tell((made) => onReadable?.(made, count)),
		onWritable: (count: number) => tell((made) => onWritable?.(made, count)),
		onError: (reason: unknown) => tell((made) => onError(made, reason)),
	} as never);
	trial.cleanup(() => socket?.close());
	return socket;
}

export function text(bytes: number | ArrayBuffer | undefined): string {
	if (!(bytes instanceof ArrayBuffer)) throw new Error(`read gave ${show(bytes)}, no buffer`);
	return String.fromCharCode(...new Uint8Array(bytes));
}

export function bytes(ascii: string): Uint8Array {
	return Uint8Array.from(ascii, (character) => character.charCodeAt(0));
}

function show(value: unknown): string {
	return typeof value === 'string' ? `"${value}"` : String(value);
}
