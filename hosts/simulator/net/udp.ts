import { createSocket, type Socket } from 'node:dgram';
import type { Datagram, Udp } from '../../../modules/time/parts';
import type { Lifeline, Vanishing } from './lifeline';
import { datagram } from './virtual-udp';

/** As VirtualUdp: what a board keeps for a socket that nobody reads. */
const QUEUE = 6;

export interface NodeUdpOptions {
	readonly onReadable?: (count: number) => void;
	readonly lifeline?: Lifeline;
	/** Where the operating system is told to listen; default: anywhere. */
	readonly address?: string;
	readonly port?: number;
}

/** The twin of the SDK's `embedded:io/socket/udp` over the computer's own sockets: IPv4. What cannot be sent is lost. */
export class NodeUdp implements Udp, Vanishing {
	readonly #socket: Socket = createSocket('udp4');
	readonly #queue: Datagram[] = [];
	readonly #lifeline: Lifeline | undefined;
	#closed = false;

	constructor({ onReadable, lifeline, address, port = 0 }: NodeUdpOptions) {
		this.#lifeline = lifeline;
		lifeline?.add(this);
		this.#socket.on('message', (message, from) => {
			if (this.#closed || this.#queue.length >= QUEUE) return;
			this.#queue.push(datagram(message, from.address, from.port));
			onReadable?.(this.#queue.length);
		});
		this.#socket.on('error', () => this.close());
		this.#socket.bind(port, address);
	}

	read(): Datagram | undefined {
		return this.#queue.shift();
	}

	/** Throws once it is closed. */
	write(buffer: Uint8Array, address: string, port: number): void {
		// Its error is that nothing arrives.
		this.#socket.send(buffer.slice(), port, address, () => {});
	}

	close(): void {
		this.#lifeline?.delete(this);
		this.vanish();
	}

	vanish(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#socket.close();
	}
}
