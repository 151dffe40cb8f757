import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import type { Log } from '../../modules/ports';
import { page } from './page';
import type { Queries } from './queries';
import { deviceIdPattern } from './schema';

export interface HttpOptions {
	readonly queries: Queries;
	/** 0: any that is free. */
	readonly port: number;
	readonly health: () => Health;
	readonly log: Log;
}

export interface Health {
	readonly status: 'ok' | 'degraded';
	/** Rows of readings in all, from every run. */
	readonly rows: number;
	readonly broker: string;
	readonly store: 'writable' | 'failing';
	readonly duplicates: number;
	readonly rejected: number;
	/** Dated by their arrival, because their own time cannot be. */
	readonly undated: number;
	/** Taken out of the quarantine again, to make room. */
	readonly trimmed: number;
}

/** A request that cannot be answered; the message names the parameter and the bound. */
class BadRequest extends Error {
	readonly statusCode = 400;
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

function routes(app: FastifyInstance, { queries, health }: HttpOptions): void {
	app.get('/healthz', async (_, reply) => {
		const state = health();
		return reply.code(state.status === 'ok' ? 200 : 503).send(state);
	});
	app.get('/api/iot/readings', async (request) => {
		const query = request.query as Record<string, unknown>;
		const deviceId = one(query, 'device_id');
		if (deviceId === undefined) throw new BadRequest('device_id: missing');
		if (!deviceIdPattern.test(deviceId))
			throw new BadRequest('device_id: must be 1 to 64 letters, digits, "_", "." or "-"');
		const from = instant(query, 'from') ?? 0;
		const to = instant(query, 'to') ?? Number.MAX_SAFE_INTEGER;
		if (from > to) throw new BadRequest('from: is after to');
		const readings = queries.readings({ deviceId, from, to, limit: limit(query) });
		return { device_id: deviceId, count: readings.length, readings, missing: queries.missing(deviceId) };
	});
	let shown = { html: '', until: 0 };
	app.get('/', async (_, reply) => {
		if (performance.now() > shown.until) {
			const html = page(queries, health());
			shown = { html, until: performance.now() + pageLife };
		}
		return reply.type('text/html; charset=utf-8').send(shown.html);
	});
}

function one(query: Record<string, unknown>, name: string): string | undefined {
	const value = query[name];
	if (Array.isArray(value)) throw new BadRequest(`${name}: given twice`);
	return typeof value === 'string' ? value : undefined;
}

function limit(query: Record<string, unknown>): number {
	const text = one(query, 'limit');
	if (text === undefined) return 100;
	if (!/^[0-9]{1,9}$/.test(text)) throw new BadRequest('limit: must be a whole number, 1 to 10000');
	const value = Number(text);
	if (value < 1) throw new BadRequest(`limit: ${value} is below 1`);
	if (value > 10_000) throw new BadRequest(`limit: ${value} is above 10000`);
	return value;
}

const iso = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2}))?$/;

function instant(query: Record<string, unknown>, name: string): number | undefined {
	const text = one(query, name);
	if (text === undefined) return undefined;
	if (/^[0-9]{1,15}$/.test(text)) return Number(text);
	// "+" is a space in a query string; whoever forgot to write %2B means a "+".
	const time = iso.test(text.replace(' ', '+')) ? Date.parse(text.replace(' ', '+')) : Number.NaN;
	if (Number.isNaN(time))
		throw new BadRequest(`${name}: must be epoch milliseconds or ISO 8601 with its zone (2026-01-31T12:00:00Z)`);
	return time;
}
