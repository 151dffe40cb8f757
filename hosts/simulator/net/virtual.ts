/** A network in virtual time: links with latency, loss and outages, hosts that listen, and names that resolve to them. */
import { Fault } from '../../../modules/fault';
import type { Random32 } from '../../../modules/ports';
import type { Path } from './pipe';
import type { Scheduler } from './scheduler';
import { VirtualConnection, type VirtualPeer } from './virtual-connection';

export interface VirtualNetworkOptions {
	readonly scheduler: Scheduler;
	readonly random32: Random32;
}

export interface LinkOptions {
	/** Milliseconds one way. Default 20. */
	readonly latency?: number;
	/** Up to so many milliseconds more, at random. Default 0. */
	readonly jitter?: number;
	/** Bytes a second. Default: no bound. */
	readonly bandwidth?: number;
	/** The chance that a segment is lost, 0 to 1. Default 0. */
	readonly loss?: number;
}

export type OnConnection = (peer: VirtualPeer) => void;

/** Brings a datagram to who sent the one before: from the address that was asked, or, a lie, from another. */
export type Reply = (bytes: Uint8Array, address?: string, port?: number) => void;
export type OnDatagram = (bytes: Uint8Array, reply: Reply) => void;

/** What listens at an address. */
export interface Listener {
	/** Connections are refused from now on; those that stand, stand. */
	close(): void;
}

export class VirtualNetwork {
	readonly scheduler: Scheduler;
	readonly random32: Random32;
	readonly #listeners = new Map<string, OnConnection>();
	readonly #bound = new Map<string, OnDatagram>();
	/** Names of hosts that somebody listened at, once. */
	readonly #names = new Set<string>();
	/** Those of them that do not resolve for now. */
	readonly #lost = new Set<string>();

	constructor({ scheduler, random32 }: VirtualNetworkOptions) {
		this.scheduler = scheduler;
		this.random32 = random32;
	}

	/** Throws a Fault 'misuse' when somebody listens there already. */
	listen(host: string, port: number, onConnection: OnConnection): Listener {
		const address = `${host}:${port}`;
		if (this.#listeners.has(address)) throw new Fault('misuse', `somebody listens at ${address} already`);
		this.#listeners.set(address, onConnection);
		this.#names.add(host);
		return { close: () => this.#listeners.delete(address) };
	}

	/** Takes datagrams. Throws a Fault 'misuse' when somebody takes them there already. */
	bind(host: string, port: number, onDatagram: OnDatagram): Listener {
		const address = `${host}:${port}`;
		if (this.#bound.has(address)) throw new Fault('misuse', `somebody is at ${address} already`);
		this.#bound.set(address, onDatagram);
		this.#names.add(host);
		return { close: () => this.#bound.delete(address) };
	}

	/** A way into the network, for one device. */
	link(options: LinkOptions = {}): VirtualLine {
		return new VirtualLine(this, options);
	}

	/** The name stops resolving, or resolves again. A host that nobody ever listened at does not resolve either. */
	setResolvable(host: string, resolvable: boolean): void {
		if (resolvable) this.#lost.delete(host);
		else this.#lost.add(host);
	}

	/** For the resolver: names are their own addresses here. */
	resolves(host: string): boolean {
		return this.#names.has(host) && !this.#lost.has(host);
	}

	/** For a datagram. */
	bound(host: string, port: number): OnDatagram | undefined {
		return this.#bound.get(`${host}:${port}`);
	}

	/** For a connection that asks to be let in. */
	listener(host: string, port: number): OnConnection | undefined {
		return this.#listeners.get(`${host}:${port}`);
	}
}

/** One device's way into the network. Its settings may change at any time and hold from then on. */
export class VirtualLine {
	readonly network: VirtualNetwork;
	readonly path: Path;
	readonly #connections = new Set<VirtualConnection>();

	constructor(network: VirtualNetwork, { latency = 20, jitter = 0, bandwidth, loss = 0 }: LinkOptions) {
		this.network = network;
		this.path = { latency, jitter, bandwidth, loss, down: false };
	}

	/** Nothing passes any more and nobody is told: connections stand half-open at both ends. */
	down(): void {
		this.path.down = true;
	}

	up(): void {
		this.path.down = false;
	}

	/** Every connection is reset, at both ends. */
	reset(): void {
		for (const connection of [...this.#connections]) connection.reset();
	}

	/** For a socket: asks to be let in. */
	connect(host: string, port: number): VirtualConnection {
		const connection = new VirtualConnection(this, host, port, () => this.#connections.delete(connection));
		this.#connections.add(connection);
		return connection;
	}

	/** For a UDP socket: a datagram, and those that come back. Each arrives once, late, or never. */
	sendDatagram(
		bytes: Uint8Array,
		host: string,
		port: number,
		onReply: (bytes: Uint8Array, address: string, port: number) => void,
	): void {
		this.#pass(() =>
			this.network.bound(host, port)?.(bytes, (answer, address = host, from = port) =>
				this.#pass(() => onReply(answer, address, from)),
			),
		);
	}

	#pass(arrive: () => void): void {
		const { scheduler, random32 } = this.network;
		const { latency, jitter, loss, down } = this.path;
		if (down || (loss > 0 && random32() / 2 ** 32 < loss)) return;
		const delay = latency + (jitter > 0 ? (jitter * random32()) / 2 ** 32 : 0);
		scheduler.schedule(delay, arrive);
	}
}
