/** A small HTTP/1.1 server for virtual worlds: synchronous and deterministic. Real servers use a real one. */
import { HTTPParser } from 'http-parser-js';
import { Fault } from '../../../modules/fault';
import type { Listener, VirtualNetwork } from './virtual';
import type { VirtualPeer } from './virtual-connection';

/** Milliseconds that a connection is kept with nothing asked: Node's own default. */
const KEEP_ALIVE = 5_000;

export interface VirtualRequest {
	readonly method: string;
	readonly path: string;
	/** Names in lower case. */
	readonly headers: ReadonlyMap<string, string>;
	readonly body: Buffer;
	/** How many came before it on the same connection. */
	readonly index: number;
	/** Answers; an object goes as JSON. Whatever comes after the first answer, or after the connection's end, goes nowhere. */
	reply(status: number, body: object | string, headers?: Readonly<Record<string, string>>): void;
	/** Says exactly this, as often as called: for what no server should say. */
	say(bytes: Uint8Array | string): void;
	/** Ends the connection after what was said. */
	end(): void;
	/** Resets the connection. */
	reset(): void;
}

export interface VirtualHttpServerOptions {
	readonly network: VirtualNetwork;
	readonly host: string;
	readonly port: number;
	/** Answers now, later or never. */
	onRequest: (request: VirtualRequest) => void;
	/** Milliseconds. */
	readonly keepAlive?: number;
}

export class VirtualHttpServer {
	readonly options: VirtualHttpServerOptions;
	readonly #visitors = new Set<Visitor>();
	#listener: Listener | undefined;
	#connections = 0;
	#requests = 0;

	/** Listens at once. */
	constructor(options: VirtualHttpServerOptions) {
		this.options = options;
		this.restart();
	}

	/** That were made since the start of the world. */
	get connections(): number {
		return this.#connections;
	}

	/** That came whole. */
	get requests(): number {
		return this.#requests;
	}

	/** Connections that stand. */
	get open(): number {
		return this.#visitors.size;
	}

	restart(): void {
		if (this.#listener) throw new Fault('misuse', 'the server runs');
		const { network, host, port } = this.options;
		this.#listener = network.listen(host, port, (peer) => {
			this.#connections++;
			const visitor = new Visitor({
				server: this.options,
				peer,
				onRequest: (request) => {
					this.#requests++;
					this.options.onRequest(request);
				},
				onOver: () => this.#visitors.delete(visitor),
			});
			this.#visitors.add(visitor);
		});
	}

	/** The process dies: connections are reset, or with `silent` (the machine's power) just gone. */
	crash({ silent = false } = {}): void {
		this.#listener?.close();
		this.#listener = undefined;
		for (const visitor of [...this.#visitors]) visitor.crash(silent);
		this.#visitors.clear();
	}
}

interface VisitorOptions {
	readonly server: VirtualHttpServerOptions;
	readonly peer: VirtualPeer;
	readonly onRequest: (request: VirtualRequest) => void;
	readonly onOver: () => void;
}

/** The server's side of one connection. */
class Visitor {
	readonly #options: VisitorOptions;
	readonly #parser = new HTTPParser(HTTPParser.REQUEST);
	#head: { readonly method: string; readonly path: string; readonly headers: Map<string, string> } | undefined;
	#body: Buffer[] = [];
	#count = 0;
	#idle: { cancel(): void } | undefined;
	#over = false;

	constructor(options: VisitorOptions) {
		this.#options = options;
		const { peer } = options;
		const parser = this.#parser;
		parser[HTTPParser.kOnHeadersComplete] = ({ method, url, headers }) => {
			const fields = new Map<string, string>();
			for (let at = 0; at < headers.length; at += 2) fields.set(headers[at]!.toLowerCase(), headers[at + 1]!);
			this.#head = { method: HTTPParser.methods[method]!, path: url, headers: fields };
		};
		parser[HTTPParser.kOnBody] = (chunk, offset, length) => {
			this.#body.push(Buffer.from(chunk.subarray(offset, offset + length)));
		};
		parser[HTTPParser.kOnMessageComplete] = () => this.#onWhole();
		peer.onData = (bytes) => {
			this.#idle?.cancel();
			if (parser.execute(Buffer.from(bytes)) instanceof Error) this.crash(false);
		};
		peer.onClose = () => this.#leave();
	}

	crash(silent: boolean): void {
		const { peer } = this.#options;
		this.#leave();
		if (silent) peer.vanish();
		else peer.destroy();
	}

	#leave(): void {
		if (this.#over) return;
		this.#over = true;
		this.#idle?.cancel();
		this.#options.onOver();
	}

	#onWhole(): void {
		const { peer, onRequest } = this.#options;
		let answered = false;
		const say = (bytes: Uint8Array | string): void => {
			if (!this.#over) peer.write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
		};
		const body = Buffer.concat(this.#body.splice(0));
		onRequest({
			...this.#head!,
			body,
			index: this.#count++,
			say,
			reply: (status, content, headers = {}) => {
				if (answered) return;
				answered = true;
				say(answerBytes(status, content, headers));
				this.#expectMore();
			},
			end: () => {
				if (this.#over) return;
				this.#leave();
				peer.end();
			},
			reset: () => this.crash(false),
		});
	}

	#expectMore(): void {
		const { server, peer } = this.#options;
		this.#idle?.cancel();
		if (this.#over) return;
		this.#idle = server.network.scheduler.schedule(server.keepAlive ?? KEEP_ALIVE, () => {
			this.#leave();
			peer.end();
		});
	}
}

/** An answer as bytes, with its length. */
export function answerBytes(
	status: number,
	content: object | string,
	headers: Readonly<Record<string, string>> = {},
): Buffer {
	const text = typeof content === 'string' ? content : JSON.stringify(content);
	const type = typeof content === 'string' ? 'text/html' : 'application/json';
	const fields = { 'Content-Type': type, 'Content-Length': String(Buffer.byteLength(text)), ...headers };
	const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
	return Buffer.from(`HTTP/1.1 ${status} Said so\r\n${lines.join('')}\r\n${text}`);
}
