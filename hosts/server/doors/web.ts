import { constants } from 'node:crypto';
import { createServer as createPlainServer, type Server as PlainServer } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Log } from '../../../modules/ports';
import type { TlsFiles } from '../certificates';
import { Doorstep } from '../doorstep';
import { Seldom } from '../seldom';
import type { Turned } from './doorkeeper';

export interface WebOptions {
	/** Undefined: plain HTTP. */
	readonly tls: TlsFiles | undefined;
	readonly host: string;
	/** 0: any that is free. */
	readonly port: number;
	/** Epoch ms. */
	readonly now: () => number;
	readonly log: Log;
	/** Adds the routes. */
	readonly register: (app: FastifyInstance, web: Web) => void | Promise<void>;
	/** Of one address, connections on which nobody has shown who it is. Default 64, and any number of this machine itself. */
	readonly strangers?: number;
	/** For the head of a request, and for all of it, ms. */
	readonly headersTimeout?: number;
	readonly requestTimeout?: number;
	/** How long `close` waits for what is under way, ms. */
	readonly patience?: number;
}

type AnyServer = PlainServer | TlsServer;

const maximumConnections = 5_000;
const maximumHeader = 8_192;
/** What of a refused body is read to keep the connection; a longer one ends it. */
const smallBody = 65_536;

function secured({ key, cert }: TlsFiles) {
	return { key, cert, minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION } as const;
}

/**
 * An HTTP server for devices and operators that strangers cannot wear out: bounded heads, bodies, times and numbers of
 * connections. What it serves is registered from outside.
 */
export class Web {
	readonly #options: WebOptions;
	readonly #app: FastifyInstance;
	readonly #doorstep: Doorstep;
	readonly #seldom: Seldom;
	readonly #sockets = new Set<Socket>();
	#server: AnyServer | undefined;

	private constructor(options: WebOptions) {
		this.#options = options;
		this.#seldom = new Seldom(options.log, options.now);
		const { headersTimeout = 10_000, requestTimeout = 30_000 } = options;
		this.#doorstep = new Doorstep({
			perAddress: options.strangers,
			within: headersTimeout,
			onTurnedAway: (address, why) =>
				this.#seldom.log(`${address} strangers`, 'warning', 'web', `${address} was turned away: ${why}`),
		});
		const limits = {
			maxHeaderSize: maximumHeader,
			headersTimeout,
			requestTimeout,
			// Above a device's interval of 30 s: a TLS handshake costs it a second and 40 KB.
			keepAliveTimeout: 75_000,
			connectionsCheckingInterval: Math.min(1_000, headersTimeout),
		};
		this.#app = fastify({
			bodyLimit: 16_384,
			exposeHeadRoutes: false,
			forceCloseConnections: 'idle',
			routerOptions: { maxParamLength: 128, ignoreTrailingSlash: true },
			serverFactory: (handler) => {
				this.#server = options.tls
					? createTlsServer({ ...secured(options.tls), ...limits, handshakeTimeout: headersTimeout }, handler)
					: createPlainServer(limits, handler);
				return this.#server as PlainServer;
			},
		});
		this.#prepare(this.#app);
		this.#watch(this.#server!);
	}

	/** @throws the listening error, with its `code` (EADDRINUSE) */
	static async open(options: WebOptions): Promise<Web> {
		const web = new Web(options);
		await options.register(web.#app, web);
		await web.#app.listen({ host: options.host, port: options.port });
		return web;
	}

	get port(): number {
		return (this.#server!.address() as AddressInfo).port;
	}

	get connections(): number {
		return this.#sockets.size;
	}

	/** For what is no request: WebSocket. */
	get server(): AnyServer {
		return this.#server!;
	}

	/** Whoever is behind this connection has shown who it is. */
	entered(socket: Socket): void {
		this.#doorstep.entered(socket);
	}

	/**
	 * For connections from now on.
	 * @throws Error when key and certificate do not fit
	 */
	useCertificate(tls: TlsFiles): void {
		if (this.#options.tls) (this.#server as TlsServer).setSecureContext(secured(tls));
	}

	/** Takes nobody more, lets what is under way come to its end, for a while. Twice is fine. */
	async close(): Promise<void> {
		const deadline = setTimeout(() => {
			for (const socket of this.#sockets) socket.destroy();
		}, this.#options.patience ?? 2_000);
		await this.#app.close();
		clearTimeout(deadline);
	}

	#prepare(app: FastifyInstance): void {
		app.removeAllContentTypeParsers();
		// Ours is stricter than any parser, and says in which field the trouble lies; until then a body is bytes.
		app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
		// What a route's schema says is checked by `ingest`, with the same schema, after the sender is known.
		app.setValidatorCompiler(() => () => true);
		app.setSerializerCompiler(() => (data) => JSON.stringify(data));
		app.addHook('onRequest', async (request, reply) => {
			reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
			if (request.headers['content-encoding'] !== undefined)
				return turnAway(request, reply, { status: 415, error: 'content-encoding: none is taken' });
			return undefined;
		});
		app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
			const status = error.statusCode ?? 500;
			if (status >= 500) this.#seldom.log('failed', 'error', 'web', error.message);
			return turnAway(request, reply, {
				status,
				error: status < 500 ? explained(error, request) : 'the server failed to answer',
			});
		});
		app.setNotFoundHandler((request, reply) => turnAway(request, reply, { status: 404, error: 'no such page' }));
	}

	#watch(server: AnyServer): void {
		const { log } = this.#options;
		server.maxConnections = maximumConnections;
		server.on('connection', (socket: Socket) => {
			this.#sockets.add(socket);
			socket.once('close', () => this.#sockets.delete(socket));
			socket.setKeepAlive(true, 60_000);
			this.#doorstep.arrived(socket);
		});
		server.on('tlsClientError', (error: Error, socket: Socket) => {
			log('debug', 'web', `TLS with ${socket.remoteAddress ?? 'somebody'} failed: ${error.message}`);
			socket.destroy();
		});
		server.on('drop', () => this.#seldom.log('drop', 'warning', 'web', 'too many connections: one was turned away'));
	}
}

function explained(error: Error & { code?: string }, { routeOptions }: FastifyRequest): string {
	if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return `body: over ${routeOptions.bodyLimit} bytes`;
	return error.message;
}

/** Answers with an error; a long body that was not read ends the connection instead of being read for nothing. */
export function turnAway(
	request: FastifyRequest,
	reply: FastifyReply,
	{ status, error, retryAfter }: Omit<Turned, 'status'> & { readonly status: number },
): FastifyReply {
	const length = request.headers['content-length'];
	const isLong = length === undefined ? request.headers['transfer-encoding'] !== undefined : Number(length) > smallBody;
	if (isLong) reply.header('connection', 'close');
	if (status === 401) reply.header('www-authenticate', 'Bearer realm="fajma-iot"');
	if (retryAfter !== undefined) reply.header('retry-after', String(Math.max(1, retryAfter)));
	return reply.code(status).send({ status: 'error', error });
}
