import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import WebSocket, { type ClientOptions } from 'ws';
import { until } from '../support';
import type { WebRig } from './support';

/** A WebSocket client that keeps what it was told. */
export class Talk {
	readonly socket: WebSocket;
	// biome-ignore lint/suspicious/noExplicitAny: a test looks into any message
	readonly heard: any[] = [];
	closed: { readonly code: number; readonly reason: string } | undefined;
	/** The answer that was no upgrade. */
	status: number | undefined;

	constructor(
		server: WebRig,
		path: string,
		authorization: string | undefined,
		options: ClientOptions & { readonly protocols?: string[] } = {},
	) {
		this.socket = new WebSocket(`wss://localhost:${server.httpsPort}${path}`, options.protocols ?? [], {
			ca: readFileSync(server.caFile),
			...options,
			headers: { ...(authorization !== undefined && { authorization }), ...options.headers },
		});
		this.socket.on('message', (data) => this.heard.push(JSON.parse(String(data))));
		this.socket.on('close', (code, reason) => {
			this.closed = { code, reason: String(reason) };
		});
		this.socket.on('unexpected-response', (_, response) => {
			this.status = response.statusCode;
			response.resume();
			this.socket.terminate();
		});
		this.socket.on('error', () => {});
		onTestFinished(() => this.socket.terminate());
	}

	async open(): Promise<this> {
		await until(() => this.socket.readyState === WebSocket.OPEN || this.status !== undefined, 'an open socket');
		return this;
	}

	say(message: unknown): void {
		this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
	}

	async hears(count: number): Promise<unknown[]> {
		await until(() => this.heard.length >= count, `${count} messages, of which ${JSON.stringify(this.heard)}`);
		return this.heard;
	}
}

/** This device's WebSocket, open. */
export async function deviceTalk(server: WebRig, id: string, options: ClientOptions = {}): Promise<Talk> {
	return new Talk(server, `/ws/iot/${id}/`, `Bearer ${await server.token(id)}`, options).open();
}
