import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Turned } from './doorkeeper';
import type { Web } from './web';

/** Takes the connection once it is a WebSocket. */
export type Accepted = (socket: WebSocket) => void;

/** @param id what stands in the path */
export type Admit = (request: IncomingMessage, id: string) => Promise<Accepted | Turned>;

/** Bytes of one message. What is over a body's bound fits, so that it can be refused instead of coming again for ever. */
const maximumMessage = 65_536;
/** Upgrades whose sender is being looked at, at once. */
const maximumPending = 256;

/** WebSocket (RFC 6455) under some paths: who asks is known before anything is agreed to. */
export class Upgrades {
	readonly #server = new WebSocketServer({
		noServer: true,
		maxPayload: maximumMessage,
		// A small message can unpack to a big one, and a connection would keep 300 KB for it.
		perMessageDeflate: false,
		clientTracking: false,
	});
	readonly #routes: { readonly prefix: string; readonly admit: Admit }[] = [];
	#pending = 0;

	constructor() {
		this.#server.on('headers', (headers) => void headers.push(`Date: ${new Date().toUTCString()}`));
	}

	/** For `<prefix><id>` and `<prefix><id>/`. */
	route(prefix: string, admit: Admit): void {
		this.#routes.push({ prefix, admit });
	}

	attach(web: Web): void {
		web.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
			socket.on('error', () => socket.destroy());
			void this.#upgrade(web, request, socket, head);
		});
	}

	async #upgrade(web: Web, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
		const path = (request.url ?? '').replace(/\?.*$/, '');
		const route = this.#routes.find(({ prefix }) => path.startsWith(prefix));
		const id = route && /^([A-Za-z0-9_.-]{1,64})\/?$/.exec(path.slice(route.prefix.length))?.[1];
		if (!route || id === undefined) return void refuse(socket, 404, 'no such page');
		if (this.#pending >= maximumPending) return void refuse(socket, 503, 'too many at once', 5);
		this.#pending += 1;
		let admission: Accepted | Turned;
		try {
			admission = await route.admit(request, id);
		} finally {
			this.#pending -= 1;
		}
		if (socket.destroyed) return;
		if (typeof admission !== 'function')
			return void refuse(socket, admission.status, admission.error, admission.retryAfter);
		web.entered(request.socket);
		// Answers 400 itself to what is no WebSocket handshake.
		this.#server.handleUpgrade(request, socket, head, admission);
	}
}

function refuse(socket: Duplex, status: number, error: string, retryAfter?: number): void {
	const body = JSON.stringify({ status: 'error', error });
	const lines = [
		`HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
		`Date: ${new Date().toUTCString()}`,
		'Connection: close',
		'Content-Type: application/json; charset=utf-8',
		`Content-Length: ${Buffer.byteLength(body)}`,
		...(status === 401 ? ['WWW-Authenticate: Bearer realm="fajma-iot"'] : []),
		...(retryAfter === undefined ? [] : [`Retry-After: ${retryAfter}`]),
	];
	socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
