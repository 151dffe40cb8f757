import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import type { Log } from '../../../modules/ports';
import type { Metrics } from '../metrics';
import type { Queries } from '../queries';
import { registerLooking } from './looking';
import { type Health, page } from './page';

export interface HttpOptions {
	readonly queries: Queries;
	/** 0: any that is free. */
	readonly port: number;
	readonly health: () => Health;
	readonly metrics: Metrics;
	/** What the doors for devices and operators take. */
	readonly openapi: () => object;
	/** Epoch ms. */
	readonly now: () => number;
	readonly log: Log;
}

/** How long the page is shown as it was, ms: whoever holds down the reload key costs the devices nothing. */
const pageLife = 2_000;
const localNames = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * The door for people on this machine: what arrived, what is missing, how the server is. Plain HTTP, on 127.0.0.1 only.
 * @throws the listening error, with its `code` (EADDRINUSE)
 */
export async function openHttp(options: HttpOptions): Promise<{ port: number; close(): Promise<void> }> {
	const app = fastify({
		bodyLimit: 1_024,
		requestTimeout: 10_000,
		forceCloseConnections: true,
		routerOptions: { maxParamLength: 64 },
	});
	// A page of some other site, whose name was made to point to 127.0.0.1, must read nothing here (DNS rebinding).
	app.addHook('onRequest', async (request, reply) => {
		const name = (request.headers.host ?? '').toLowerCase().replace(/:[0-9]{1,5}$/, '');
		if (!localNames.has(name)) return reply.code(421).send({ error: 'host: only localhost is served here' });
		// Another site's page cannot read the answer, but could keep the server busy with questions.
		if (request.headers['sec-fetch-site'] === 'cross-site')
			return reply.code(403).send({ error: 'sec-fetch-site: not for other sites' });
		reply.headers({
			'cache-control': 'no-store',
			'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
			'x-content-type-options': 'nosniff',
			'referrer-policy': 'no-referrer',
		});
		return undefined;
	});
	// A schema only tells what there is: the routes check themselves.
	app.setValidatorCompiler(() => () => true);
	app.setErrorHandler((error: Error & { statusCode?: number }, _, reply) => {
		const code = error.statusCode ?? 500;
		if (code >= 500) options.log('error', 'http', error.message);
		return reply.code(code).send({ error: code < 500 ? error.message : 'the server failed to answer' });
	});
	app.setNotFoundHandler((_, reply) => reply.code(404).send({ error: 'no such page' }));
	routes(app, options);
	await app.listen({ host: '127.0.0.1', port: options.port });
	return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
}

function routes(app: FastifyInstance, { queries, health, metrics, openapi, now }: HttpOptions): void {
	registerLooking(app, {}, queries);
	app.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()));
	app.get('/openapi.json', async () => openapi());
	app.get('/healthz', async (_, reply) => {
		const state = health();
		return reply.code(state.status === 'ok' ? 200 : 503).send(state);
	});
	let shown = { html: '', until: 0 };
	app.get('/', async (_, reply) => {
		if (performance.now() > shown.until) {
			const html = page(queries, health(), now());
			shown = { html, until: performance.now() + pageLife };
		}
		return reply.type('text/html; charset=utf-8').send(shown.html);
	});
}
