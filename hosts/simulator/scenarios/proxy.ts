import { createServer, type Server, type Socket } from 'node:net';
import { connect, createSecureContext, TLSSocket } from 'node:tls';
import type { Random32 } from '../../../modules/ports';
import type { Weather } from './scenario';

export interface Identity {
	/** PEM. */
	readonly cert: string;
	readonly key: string;
}

export interface DoorProxyOptions {
	/** The server behind, on 127.0.0.1. */
	readonly port: number;
	/** The server's own certificate, so that devices find the server here. */
	readonly identity: Identity;
	/** Of somebody else, whom no device trusts: a captive portal, an impostor. */
	readonly stranger: Identity;
	/** The authority that signed `identity`: the way on to the server is verified too. PEM. */
	readonly ca: string;
	readonly random32: Random32;
}

/** Bytes of a message that get through before a reset in its middle. */
const TORN_MAX = 200;

/** A man in the middle by consent: stands before one door of the server and is as bad as the weather says. */
export class DoorProxy {
	readonly #options: DoorProxyOptions;
	readonly #pairs = new Set<Pair>();
	#listener: Server | undefined;
	#port = 0;
	#weather: Weather = { is: 'good' };

	private constructor(options: DoorProxyOptions) {
		this.#options = options;
	}

	static async open(options: DoorProxyOptions): Promise<DoorProxy> {
		const proxy = new DoorProxy(options);
		await proxy.#listen();
		return proxy;
	}

	/** Where it listens, on 127.0.0.1. */
	get port(): number {
		return this.#port;
	}

	/** Holds for what is connected now, and for what connects from now on. */
	async become(weather: Weather): Promise<void> {
		this.#weather = weather;
		const { is } = weather;
		const cuts = is === 'refused' || is === 'reset' || is === 'stranger' || is === 'status';
		for (const pair of this.#pairs)
			if (cuts) pair.reset();
			else pair.weather = weather;
		// A listener is not closed before its last connection.
		if (is === 'refused') await this.#unlisten();
		else await this.#listen();
	}

	async close(): Promise<void> {
		for (const pair of this.#pairs) pair.reset();
		await this.#unlisten();
	}

	async #listen(): Promise<void> {
		if (this.#listener) return;
		const listener = createServer((socket) => this.#accept(socket));
		this.#listener = listener;
		await new Promise<void>((resolve, reject) => {
			listener.once('error', reject);
			listener.listen(this.#port, '127.0.0.1', resolve);
		});
		this.#port = (listener.address() as { port: number }).port;
	}

	async #unlisten(): Promise<void> {
		const listener = this.#listener;
		this.#listener = undefined;
		if (listener) await new Promise((resolve) => listener.close(resolve));
	}

	#accept(socket: Socket): void {
		const { options, weather } = { options: this.#options, weather: this.#weather };
		const pair: Pair = new Pair(socket, options, weather, () => this.#pairs.delete(pair));
		this.#pairs.add(pair);
	}
}

/** One device's connection and the one behind it. */
class Pair {
	weather: Weather;
	readonly #raw: Socket;
	readonly #device: TLSSocket;
	readonly #options: DoorProxyOptions;
	readonly #onEnd: () => void;
	#server: TLSSocket | undefined;
	#passed = 0;
	#ended = false;

	constructor(raw: Socket, options: DoorProxyOptions, weather: Weather, onEnd: () => void) {
		this.#raw = raw;
		this.#options = options;
		this.weather = weather;
		this.#onEnd = onEnd;
		const identity = weather.is === 'stranger' ? options.stranger : options.identity;
		raw.on('error', () => this.reset());
		raw.on('close', () => this.reset());
		this.#device = new TLSSocket(raw, { isServer: true, secureContext: createSecureContext(identity) });
		this.#device.on('error', () => this.reset());
		// Silence from the first byte on: not even a handshake.
		if (weather.is === 'silent') return;
		this.#device.once('secure', () => this.#join());
	}

	reset(): void {
		if (this.#ended) return;
		this.#ended = true;
		this.#raw.resetAndDestroy();
		this.#device.destroy();
		this.#server?.destroy();
		this.#onEnd();
	}

	#join(): void {
		const { port, ca } = this.#options;
		if (this.weather.is === 'status') {
			this.#answer(this.weather.status, this.weather.retryAfter);
			return;
		}
		const server = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' });
		this.#server = server;
		server.on('error', () => this.reset());
		server.on('close', () => this.reset());
		this.#device.on('data', (chunk) => this.#pass(chunk, server, false));
		server.on('data', (chunk) => this.#pass(chunk, this.#device, true));
	}

	#pass(chunk: Buffer, to: TLSSocket, isAnswer: boolean): void {
		const { weather } = this;
		switch (weather.is) {
			case 'silent':
				return;
			case 'slow':
				setTimeout(() => this.#write(to, chunk), weather.milliseconds);
				return;
			case 'torn':
				this.#passed += chunk.length;
				if (this.#passed < TORN_MAX) break;
				this.#write(to, chunk.subarray(0, chunk.length >> 1));
				setImmediate(() => this.reset());
				return;
			case 'lost receipts':
				if (!isAnswer || this.#options.random32() / 2 ** 32 >= weather.chance) break;
				this.reset();
				return;
			case 'double receipts':
				if (isAnswer && isPuback(chunk)) this.#write(to, chunk);
		}
		this.#write(to, chunk);
	}

	#write(to: TLSSocket, chunk: Buffer): void {
		if (!this.#ended && to.writable) to.write(chunk);
	}

	/** To whatever is asked. */
	#answer(status: number, retryAfter: number | undefined): void {
		const body = '{"status":"error","error":"the weather is bad"}';
		const again = retryAfter === undefined ? '' : `Retry-After: ${retryAfter}\r\n`;
		this.#device.once('data', () => {
			this.#device.end(
				`HTTP/1.1 ${status} Weather\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${again}Connection: close\r\n\r\n${body}`,
			);
		});
	}
}

/** One whole PUBACK of MQTT 3.1.1 and nothing else. */
function isPuback(chunk: Buffer): boolean {
	return chunk.length === 4 && chunk[0] === 0x40 && chunk[1] === 2;
}
