import { Fault } from '../../../modules/fault';
import { Pipe } from './pipe';
import type { VirtualLine } from './virtual';

/** Milliseconds after which an unanswered SYN is sent again, doubling each time, and how often (Linux: 1 s, 6 times). */
const SYN_RETRY = 1000;
const SYN_TRIES = 6;

/** The server's end of a connection. */
export interface VirtualPeer {
	onData: ((bytes: Uint8Array) => void) | undefined;
	/** Once, when the device or the network ended it; not after `end` or `destroy`. */
	onClose: (() => void) | undefined;
	write(bytes: Uint8Array): void;
	/** Ends it after what was written. */
	end(): void;
	/** Resets it. */
	destroy(): void;
	/** The server's power goes: nobody is told. */
	vanish(): void;
}

/** What the device's end hears. */
export interface DeviceEnd {
	onOpen(): void;
	onData(bytes: Uint8Array): void;
	onAcknowledged(count: number): void;
	onFailed(fault: Fault): void;
}

/**
 * A TCP connection between a device and a server, once both know of it.
 *
 *   SYN ── let in ──> open ── either end, a reset, too many losses ──> each end learns of it in its own time, or never
 *   SYN ── refused, or no answer ──> over
 */
export class VirtualConnection {
	device: DeviceEnd | undefined;
	readonly #line: VirtualLine;
	readonly #name: string;
	readonly #onOver: () => void;
	readonly #up: Pipe;
	readonly #downward: Pipe;
	#server: VirtualPeer | undefined;

	constructor(line: VirtualLine, host: string, port: number, onOver: () => void) {
		const { network, path } = line;
		const { scheduler, random32 } = network;
		this.#line = line;
		this.#name = `${host}:${port}`;
		this.#onOver = onOver;
		this.#up = new Pipe({
			scheduler,
			random32,
			path,
			onData: (bytes) => this.#server?.onData?.(bytes),
			onEnd: () => this.#tellServer(),
			onAcknowledged: (count) => this.device?.onAcknowledged(count),
			onBroken: () => this.#tellDevice(new Fault('timeout', `${this.#name} does not answer any more`)),
		});
		this.#downward = new Pipe({
			scheduler,
			random32,
			path,
			onData: (bytes) => {
				if (this.device) this.device.onData(bytes);
				else this.#tellServer();
			},
			onEnd: () => this.#tellDevice(new Fault('closed', `${this.#name} closed the connection`)),
			onAcknowledged: () => {},
			onBroken: () => this.#tellServer(),
		});
		this.#knock(host, port, 0);
	}

	/** From the device to the server. */
	write(bytes: Uint8Array): void {
		this.#up.write(bytes);
	}

	/** The device closes: what it wrote still goes out. */
	end(): void {
		this.device = undefined;
		this.#downward.destroy();
		this.#up.end();
	}

	/** The device's power goes: the server is not told. */
	vanish(): void {
		this.device = undefined;
		this.#up.destroy();
		this.#downward.destroy();
		this.#onOver();
	}

	/** Somebody in between resets it. */
	reset(): void {
		this.#up.destroy();
		this.#downward.destroy();
		this.#line.network.scheduler.schedule(0, () => {
			this.#tellDevice(new Fault('closed', `${this.#name}: the connection was reset`));
			this.#tellServer();
		});
	}

	/** Over the link once and back: `answer` when both ways are free, `retry` when not. */
	#knock(host: string, port: number, tries: number): void {
		const { network, path } = this.#line;
		const { scheduler, random32 } = network;
		if (path.down || random32() / 2 ** 32 < path.loss) {
			if (tries === SYN_TRIES) this.#tellDevice(new Fault('timeout', `${this.#name} does not answer`));
			else scheduler.schedule(SYN_RETRY * 2 ** tries, () => this.device && this.#knock(host, port, tries + 1));
			return;
		}
		scheduler.schedule(path.latency, () => {
			if (!this.device) return;
			const onConnection = network.listener(host, port);
			scheduler.schedule(path.latency, () => {
				if (onConnection) this.device?.onOpen();
				else this.#tellDevice(new Fault('connect', `nobody listens at ${this.#name}`));
			});
			if (onConnection) onConnection(this.#makePeer());
		});
	}

	#makePeer(): VirtualPeer {
		const peer: VirtualPeer = {
			onData: undefined,
			onClose: undefined,
			write: (bytes) => {
				if (this.#server === peer) this.#downward.write(bytes);
			},
			end: () => {
				if (this.#server !== peer) return;
				this.#server = undefined;
				this.#downward.end();
			},
			destroy: () => {
				if (this.#server !== peer) return;
				this.#server = undefined;
				this.#up.destroy();
				this.#downward.destroy();
				const { network, path } = this.#line;
				const fault = new Fault('closed', `${this.#name}: the connection was reset`);
				// A reset is sent once: it may be lost, and the device is then left with half a connection.
				if (!path.down) network.scheduler.schedule(path.latency, () => path.down || this.#tellDevice(fault));
			},
			vanish: () => {
				this.#server = undefined;
				this.#up.deafen();
				this.#downward.destroy();
			},
		};
		this.#server = peer;
		return peer;
	}

	#tellServer(): void {
		const server = this.#server;
		this.#server = undefined;
		this.#downward.destroy();
		this.#onOver();
		server?.onClose?.();
	}

	#tellDevice(fault: Fault): void {
		const device = this.device;
		this.device = undefined;
		this.#up.destroy();
		this.#onOver();
		device?.onFailed(fault);
	}
}
