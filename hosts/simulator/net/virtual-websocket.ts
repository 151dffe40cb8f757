/** A small WebSocket server for virtual worlds: synchronous and deterministic. Real servers use a real one. */
import { Fault } from '../../../modules/fault';
import { Opcode } from '../../../modules/websocket/client';
import { acceptFor } from '../../../modules/websocket/sha1';
import type { Listener, VirtualNetwork } from './virtual';
import type { VirtualPeer } from './virtual-connection';
import { closePayload, FrameReader, frame } from './ws-frames';

/** A request for an upgrade. */
export interface UpgradeRequest {
	readonly path: string;
	/** Names in lower case. */
	readonly headers: ReadonlyMap<string, string>;
}

/** An answer that is no 101. */
export interface Denial {
	readonly status: number;
	readonly headers?: Readonly<Record<string, string>>;
}

export interface VirtualWebSocketServerOptions {
	readonly network: VirtualNetwork;
	readonly host: string;
	readonly port: number;
	/** Undefined lets it in. Default: everybody may. */
	readonly onUpgrade?: (request: UpgradeRequest) => Denial | undefined;
	/** The Date header of an answer; default: none. */
	readonly date?: () => string;
	readonly onText?: (text: string, guest: VirtualGuest) => void;
	/** False: pings are heard and not answered. Default: they are. */
	readonly answersPings?: () => boolean;
}

export class VirtualWebSocketServer {
	readonly options: VirtualWebSocketServerOptions;
	readonly guests = new Set<VirtualGuest>();
	#listener: Listener | undefined;

	/** Listens at once. */
	constructor(options: VirtualWebSocketServerOptions) {
		this.options = options;
		this.restart();
	}

	restart(): void {
		if (this.#listener) throw new Fault('misuse', 'the server runs');
		const { network, host, port } = this.options;
		this.#listener = network.listen(host, port, (peer) => this.guests.add(new VirtualGuest(this, peer)));
	}

	/** The process dies: connections are reset, or with `silent` (the machine's power) just gone. */
	crash({ silent = false } = {}): void {
		this.#listener?.close();
		this.#listener = undefined;
		for (const guest of [...this.guests]) guest.drop(silent);
	}

	/** To all that are in. */
	say(text: string): void {
		for (const guest of this.guests) guest.say(text);
	}
}

/** The server's side of one connection. */
export class VirtualGuest {
	readonly #server: VirtualWebSocketServer;
	readonly #peer: VirtualPeer;
	readonly #reader = new FrameReader({ isServer: true, limit: 65_536, fragments: 64 });
	#request = '';
	#isIn = false;
	#path = '';

	constructor(server: VirtualWebSocketServer, peer: VirtualPeer) {
		this.#server = server;
		this.#peer = peer;
		peer.onData = (bytes) => this.#onData(bytes);
		peer.onClose = () => this.#server.guests.delete(this);
	}

	/** What it asked for, once it did. */
	get path(): string {
		return this.#path;
	}

	/** It was let in. */
	get isIn(): boolean {
		return this.#isIn;
	}

	say(text: string): void {
		this.send(frame(Opcode.TEXT, Buffer.from(text)));
	}

	/** Any bytes: a script may break every rule. */
	send(bytes: Uint8Array): void {
		if (this.#isIn) this.#peer.write(bytes);
	}

	/** The closing handshake. */
	close(code: number, reason = ''): void {
		this.send(frame(Opcode.CLOSE, closePayload(code, reason)));
	}

	/** Reset, or gone without a word. */
	drop(silent = false): void {
		this.#server.guests.delete(this);
		if (silent) this.#peer.vanish();
		else this.#peer.destroy();
	}

	#onData(bytes: Uint8Array): void {
		try {
			if (this.#isIn) this.#take(bytes);
			else this.#listen(bytes);
		} catch {
			this.drop();
		}
	}

	#listen(bytes: Uint8Array): void {
		this.#request += Buffer.from(bytes).toString('latin1');
		const end = this.#request.indexOf('\r\n\r\n');
		if (end < 0) return;
		const [first = '', ...lines] = this.#request.slice(0, end).split('\r\n');
		const headers = new Map(
			lines.map((line) => {
				const colon = line.indexOf(':');
				return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
			}),
		);
		this.#path = first.split(' ')[1] ?? '';
		const { onUpgrade, date } = this.#server.options;
		const denial = onUpgrade?.({ path: this.#path, headers });
		const dated: [string, string][] = date ? [['Date', date()]] : [];
		if (denial) {
			const given = Object.entries(denial.headers ?? {});
			this.#answer(`${denial.status} Denied`, [...given, ...dated, ['Content-Length', '0']]);
			this.#server.guests.delete(this);
			this.#peer.end();
			return;
		}
		this.#answer('101 Switching Protocols', [
			['Upgrade', 'websocket'],
			['Connection', 'Upgrade'],
			['Sec-WebSocket-Accept', acceptFor(headers.get('sec-websocket-key') ?? '')],
			...dated,
		]);
		this.#isIn = true;
		this.#take(Buffer.from(this.#request.slice(end + 4), 'latin1'));
	}

	#answer(status: string, headers: readonly (readonly [string, string])[]): void {
		const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
		this.#peer.write(Buffer.from(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`));
	}

	#take(bytes: Uint8Array): void {
		if (bytes.byteLength === 0) return;
		this.#reader.push(bytes);
		const { onText, answersPings } = this.#server.options;
		for (let each = this.#reader.shift(); each; each = this.#reader.shift()) {
			const { opcode, payload } = each;
			if (opcode === Opcode.TEXT) onText?.(payload.toString(), this);
			else if (opcode === Opcode.PING && (answersPings?.() ?? true)) this.send(frame(Opcode.PONG, payload));
			else if (opcode === Opcode.CLOSE) {
				this.send(frame(Opcode.CLOSE, payload));
				this.#server.guests.delete(this);
				this.#peer.end();
			}
		}
	}
}
