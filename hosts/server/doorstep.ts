import type { Socket } from 'node:net';

export interface DoorstepOptions {
	/** Connections of one address that have not logged in yet, at most. */
	readonly perAddress: number | undefined;
	/** From the first byte of TCP to CONNECT, ms. */
	readonly within: number;
	readonly onTurnedAway: (address: string, why: string) => void;
}

interface Waiting {
	readonly address: string;
	readonly deadline: NodeJS.Timeout;
}

const perAddress = 64;

/**
 * Who has connected and not logged in. One stranger must not hold every connection that the server has: so many of one
 * address, for so long. This machine itself is trusted with any number (a simulated fleet starts all at once).
 */
export class Doorstep {
	readonly #options: DoorstepOptions;
	/** By address and port: a TLS connection does not tell the one beneath it. */
	readonly #waiting = new Map<string, Waiting>();
	readonly #counts = new Map<string, number>();

	constructor(options: DoorstepOptions) {
		this.#options = options;
	}

	/** A connection came; it may be ended at once. */
	arrived(socket: Socket): void {
		const address = socket.remoteAddress;
		// Gone already.
		if (address === undefined) return void socket.destroy();
		const count = this.#counts.get(address) ?? 0;
		const limit = this.#options.perAddress ?? (isLocal(address) ? Number.POSITIVE_INFINITY : perAddress);
		if (count >= limit) {
			socket.destroy();
			this.#options.onTurnedAway(address, `${count} connections that have not logged in`);
			return;
		}
		const key = keyOf(socket);
		const { within } = this.#options;
		const deadline = setTimeout(() => {
			socket.destroy();
			this.#options.onTurnedAway(address, `did not say who it is within ${within / 1000} s`);
		}, within).unref();
		this.#waiting.set(key, { address, deadline });
		this.#counts.set(address, count + 1);
		socket.once('close', () => this.#left(key));
	}

	/** It says who it is: how long checking that takes is ours. */
	greeted(socket: Socket): void {
		clearTimeout(this.#waiting.get(keyOf(socket))?.deadline);
	}

	/** It has logged in. */
	entered(socket: Socket): void {
		this.#left(keyOf(socket));
	}

	#left(key: string): void {
		const waiting = this.#waiting.get(key);
		if (!waiting) return;
		clearTimeout(waiting.deadline);
		this.#waiting.delete(key);
		const count = this.#counts.get(waiting.address)! - 1;
		if (count > 0) this.#counts.set(waiting.address, count);
		else this.#counts.delete(waiting.address);
	}
}

function keyOf(socket: Socket): string {
	return `${socket.remoteAddress} ${socket.remotePort}`;
}

function isLocal(address: string): boolean {
	return address === '::1' || /^(::ffff:)?127\./.test(address);
}
