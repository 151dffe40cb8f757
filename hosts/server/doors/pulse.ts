import type { WebSocket } from 'ws';

/** ms between two pings; who has said nothing at all from one to the next is gone. */
const interval = 30_000;
/** How long a polite end may take, ms. */
const patience = 1_000;

/** Keeps WebSockets alive, finds out which are dead, and ends them all when the server does. */
export class Pulse {
	readonly #heard = new Map<WebSocket, boolean>();
	readonly #timer: NodeJS.Timeout;

	constructor(every = interval) {
		this.#timer = setInterval(() => this.#beat(), every).unref();
	}

	get size(): number {
		return this.#heard.size;
	}

	add(socket: WebSocket): void {
		this.#heard.set(socket, true);
		const heard = () => this.#heard.set(socket, true);
		socket.on('pong', heard);
		socket.on('ping', heard);
		socket.on('message', heard);
		socket.once('close', () => {
			socket.off('pong', heard).off('ping', heard).off('message', heard);
			this.#heard.delete(socket);
		});
		// What breaks the protocol closes the connection; nothing else is to be done about it.
		socket.on('error', () => {});
	}

	/** Says 1001 to all, and ends those that do not answer. */
	async close(): Promise<void> {
		clearInterval(this.#timer);
		const all = [...this.#heard.keys()];
		const ended = all.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())));
		for (const socket of all) socket.close(1001, 'the server stops');
		const late = setTimeout(() => {
			for (const socket of all) socket.terminate();
		}, patience);
		await Promise.all(ended);
		clearTimeout(late);
	}

	#beat(): void {
		for (const [socket, heard] of this.#heard) {
			if (!heard) socket.terminate();
			else {
				this.#heard.set(socket, false);
				socket.ping();
			}
		}
	}
}
