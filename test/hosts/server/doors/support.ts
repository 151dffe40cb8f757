import { readFileSync } from 'node:fs';
import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request as tlsRequest } from 'node:https';
import { type JWTPayload, SignJWT } from 'jose';
import { onTestFinished } from 'vitest';
import type { ServerOptions } from '../../../../hosts/server/server';
import { type Rig, rig } from '../support';

export interface Answer {
	readonly status: number;
	readonly headers: Record<string, string | string[] | undefined>;
	// biome-ignore lint/suspicious/noExplicitAny: a test looks into any answer
	readonly json: any;
	readonly text: string;
}

export interface Ask {
	readonly method?: string;
	readonly headers?: Record<string, string>;
	readonly body?: unknown;
	/** Over the port without TLS. */
	readonly plain?: boolean;
}

export interface WebRig extends Rig {
	/** A token of this device, as it would sign it; `claims` replace its own. */
	token(id: string, claims?: JWTPayload): Promise<string>;
	/** Any request, with verified TLS. A string or Buffer as body goes out as it is. */
	ask(path: string, options?: Ask): Promise<Answer>;
	/** A POST of this device, with a good token. */
	post(id: string, path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
	/** Rows of a table. */
	rows(table: string): Record<string, unknown>[];
}

/** A whole server with its HTTPS door; ends with the test. */
export async function webRig(options: Partial<ServerOptions> = {}): Promise<WebRig> {
	const server = await rig(options);
	const now = options.now ?? Date.now;
	const agent = new Agent({ ca: readFileSync(server.caFile), keepAlive: true });
	const plainAgent = new PlainAgent({ keepAlive: true });
	onTestFinished(() => {
		agent.destroy();
		plainAgent.destroy();
	});
	const token = (id: string, claims: JWTPayload = {}) => sign(server.device(id).device_secret, id, now(), claims);
	const ask = (path: string, { method = 'GET', headers = {}, body, plain = false }: Ask = {}): Promise<Answer> =>
		new Promise((resolve, reject) => {
			const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
			const bytes = raw ? (body as string | Buffer | undefined) : JSON.stringify(body);
			const to = { host: '127.0.0.1', path, method, headers };
			const call = plain
				? plainRequest({ ...to, port: server.plainPort!, agent: plainAgent })
				: tlsRequest({ ...to, port: server.httpsPort, agent });
			call.on('response', (response) => {
				let text = '';
				response.setEncoding('utf8').on('data', (chunk) => {
					text += chunk;
				});
				response.on('error', reject).on('end', () => {
					const isJson = String(response.headers['content-type']).includes('json');
					const json = isJson ? JSON.parse(text) : undefined;
					resolve({ status: response.statusCode!, headers: response.headers, json, text });
				});
			});
			call.on('error', reject).end(bytes);
		});
	return {
		...server,
		token,
		ask,
		post: async (id, path, body, headers = {}) => {
			const authorization = `Bearer ${await token(id)}`;
			const own = { authorization, 'content-type': 'application/json', 'x-device-id': id };
			return ask(path, { method: 'POST', headers: { ...own, ...headers }, body });
		},
		rows: (table) =>
			server.store.database.prepare(`SELECT * FROM ${table} ORDER BY id`).all() as Record<string, unknown>[],
	};
}

/** HS256 over the claims of wire.md. */
export function sign(secret: string, id: string, now: number, claims: JWTPayload = {}): Promise<string> {
	const iat = Math.floor(now / 1000);
	const all = { device_id: id, iat, exp: iat + 3_600, iss: 'fajma-iot', ...claims };
	return new SignJWT(JSON.parse(JSON.stringify(all)))
		.setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
		.sign(Buffer.from(secret));
}
