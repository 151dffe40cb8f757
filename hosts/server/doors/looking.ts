import type { FastifyInstance } from 'fastify';
import type { Queries } from '../queries';
import { deviceIdPattern } from '../schema';
import { operatorSecurity as security } from './openapi';
import type { Guard } from './operators';

/** A request that cannot be answered; the message names the parameter and the bound. */
class BadRequest extends Error {
	readonly statusCode = 400;
}

type Query = Record<string, unknown>;

const device = { type: 'string', pattern: deviceIdPattern.source };
const time = { type: 'string', description: 'epoch milliseconds, or ISO 8601 with its zone' };
const range = {
	type: 'object',
	required: ['device_id'],
	properties: { device_id: device, from: time, to: time, limit: { type: 'integer', minimum: 1, maximum: 10_000 } },
};

const kinds = { alerts: 'alert', diagnostics: 'diagnostics', heartbeats: 'heartbeat', replies: 'replies' } as const;

/** What people ask: what came of a device, newest first, and what did not come. */
export function registerLooking(app: FastifyInstance, guard: Partial<Guard>, queries: Queries): void {
	const schema = (summary: string) => ({ summary, security, querystring: range });

	app.get('/api/iot/readings', { ...guard, schema: schema('Readings, and what is missing') }, async (request) => {
		const asked = question(request.query as Query);
		const readings = queries.readings(asked);
		const { deviceId } = asked;
		return { device_id: deviceId, count: readings.length, readings, missing: queries.missing(deviceId) };
	});

	for (const [name, kind] of Object.entries(kinds))
		app.get(`/api/iot/${name}`, { ...guard, schema: schema(`Its ${name}`) }, async (request) => {
			const asked = question(request.query as Query);
			const messages = queries.messages(kind, asked);
			return { device_id: asked.deviceId, count: messages.length, [name]: messages };
		});

	const missing = { summary: 'Sequences that did not come, by journal epoch', security, querystring: range };
	app.get('/api/iot/missing', { ...guard, schema: missing }, async (request) => {
		const deviceId = deviceOf(request.query as Query);
		return { device_id: deviceId, missing: queries.missing(deviceId) };
	});

	app.get(
		'/api/iot/devices',
		{ ...guard, schema: { summary: 'Devices of which there are readings', security } },
		async () => ({
			devices: queries.devices(1_000).map(({ deviceId, rows }) => ({ device_id: deviceId, rows })),
		}),
	);
}

function question(query: Query) {
	const deviceId = deviceOf(query);
	const from = instant(query, 'from') ?? 0;
	const to = instant(query, 'to') ?? Number.MAX_SAFE_INTEGER;
	if (from > to) throw new BadRequest('from: is after to');
	return { deviceId, from, to, limit: limit(query) };
}

function deviceOf(query: Query): string {
	const deviceId = one(query, 'device_id');
	if (deviceId === undefined) throw new BadRequest('device_id: missing');
	if (!deviceIdPattern.test(deviceId))
		throw new BadRequest('device_id: must be 1 to 64 letters, digits, "_", "-" or, not first, "."');
	return deviceId;
}

function one(query: Query, name: string): string | undefined {
	const value = query[name];
	if (Array.isArray(value)) throw new BadRequest(`${name}: given twice`);
	return typeof value === 'string' ? value : undefined;
}

function limit(query: Query): number {
	const text = one(query, 'limit');
	if (text === undefined) return 100;
	if (!/^[0-9]{1,9}$/.test(text)) throw new BadRequest('limit: must be a whole number, 1 to 10000');
	const value = Number(text);
	if (value < 1) throw new BadRequest(`limit: ${value} is below 1`);
	if (value > 10_000) throw new BadRequest(`limit: ${value} is above 10000`);
	return value;
}

const iso = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2}))?$/;

function instant(query: Query, name: string): number | undefined {
	const text = one(query, name);
	if (text === undefined) return undefined;
	if (/^[0-9]{1,15}$/.test(text)) return Number(text);
	// "+" is a space in a query string; whoever forgot to write %2B means a "+".
	const time = iso.test(text.replace(' ', '+')) ? Date.parse(text.replace(' ', '+')) : Number.NaN;
	if (Number.isNaN(time))
		throw new BadRequest(`${name}: must be epoch milliseconds or ISO 8601 with its zone (2026-01-31T12:00:00Z)`);
	return time;
}
