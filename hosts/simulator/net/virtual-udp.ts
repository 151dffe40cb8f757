import { Fault } from '../../../modules/fault';
import type { Datagram, Udp } from '../../../modules/time/parts';
import type { Lifeline, Vanishing } from './lifeline';
import type { VirtualLine } from './virtual';

/** lwIP on ESP32 keeps as many for a socket that nobody reads (CONFIG_LWIP_UDP_RECVMBOX_SIZE). */
const QUEUE = 6;

export interface VirtualUdpOptions {
	readonly line: VirtualLine;
	readonly lifeline?: Lifeline;
	readonly onReadable?: (count: number) => void;
}

/** A UDP-shaped socket in the virtual network: what is sent may be lost, and nobody is told. */
export class VirtualUdp implements Udp, Vanishing {
	readonly #options: VirtualUdpOptions;
	readonly #queue: Datagram[] = [];
	#closed = false;

	constructor(options: VirtualUdpOptions) {
		this.#options = options;
		options.lifeline?.add(this);
	}

	read(): Datagram | undefined {
		if (this.#closed) throw new Fault('misuse', 'the socket is closed');
		return this.#queue.shift();
	}

	write(buffer: Uint8Array, address: string, port: number): void {
		if (this.#closed) throw new Fault('misuse', 'the socket is closed');
		this.#options.line.sendDatagram(buffer.slice(), address, port, (bytes, from, fromPort) =>
			this.#receive(bytes, from, fromPort),
		);
	}

	close(): void {
		this.vanish();
		this.#options.lifeline?.delete(this);
	}

	vanish(): void {
		this.#closed = true;
	}

	#receive(bytes: Uint8Array, address: string, port: number): void {
		if (this.#closed || this.#queue.length >= QUEUE) return;
		this.#queue.push(datagram(bytes, address, port));
		this.#options.onReadable?.(this.#queue.length);
	}
}

export function datagram(bytes: Uint8Array, address: string, port: number): Datagram {
	return Object.assign(bytes.slice().buffer as ArrayBuffer, { address, port });
}
