import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { type Clause, clauseMaker, type Identity } from './clause';
import { batch, nestedReading, reading, token, unsignedToken } from './samples';

interface Answer {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly body: unknown;
	readonly reused: boolean;
}

/** Longer than any answer of ours; a server that says more is not listened to. */
const LONGEST_ANSWER = 1 << 20;

/** The clauses of `POST /api/iot/data` and `POST /api/iot/batch` at a base URL. */
export function httpClauses(url: string, identity: Identity): Clause[] {
	const { deviceId, ca, secret, timeout } = identity;
	const base = new URL(url);
	const isSecure = base.protocol === 'https:';
	const agent = new (isSecure ? Agent : PlainAgent)({ keepAlive: true, maxSockets: 1 });
	const clause = clauseMaker('http');

	const send = async (path: string, body: string, authorization?: string, method = 'POST'): Promise<Answer> =>
		new Promise((resolve, reject) => {
			const headers = {
				'Content-Type': 'application/json',
				'Content-Length': Buffer.byteLength(body),
				'X-Device-ID': deviceId,
				...(authorization !== undefined && { Authorization: authorization }),
			};
			const options = { agent, method, headers, timeout, ...(ca !== undefined && { ca }) };
			const outgoing = (isSecure ? request : plainRequest)(new URL(path, base), options, (response) => {
				let text = '';
				response.setEncoding('utf8').on('data', (chunk: string) => {
					text += chunk;
					if (text.length > LONGEST_ANSWER) outgoing.destroy(new Error('an endless answer'));
				});
				response.on('end', () => {
					let parsed: unknown;
					try {
						parsed = JSON.parse(text);
					} catch {
						parsed = undefined;
					}
					const { statusCode = 0, headers: got } = response;
					resolve({ status: statusCode, headers: got, body: parsed, reused: outgoing.reusedSocket });
				});
			});
			outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in ${timeout / 1000} s`)));
			outgoing.on('error', reject);
			outgoing.end(method === 'GET' ? undefined : body);
		});
	const bearer = async (more: object = {}): Promise<string | undefined> =>
		secret === undefined ? undefined : `Bearer ${await token({ deviceId, secret, ...more })}`;
	const post = async (path: string, body: unknown): Promise<Answer> =>
		send(path, typeof body === 'string' ? body : JSON.stringify(body), await bearer());

	const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
	const seen = ({ status, body }: Answer): string => `${status} ${JSON.stringify(body)?.slice(0, 120) ?? 'no JSON'}`;
	const succeeded = (answer: Answer): true | string =>
		(answer.status >= 200 && answer.status < 300 && isObject(answer.body) && answer.body.status === 'success') ||
		seen(answer);
	const isStatus = (answer: Answer, ...statuses: number[]): true | string =>
		statuses.includes(answer.status) || seen(answer);

	const twice = reading(deviceId);
	const clauses = [
		clause('guide', 'a flat reading is taken: 2xx, JSON, "status":"success"', async () =>
			succeeded(await post('/api/iot/data', twice)),
		),
		clause('guide', 'a reading with one value only is taken', async () =>
			succeeded(await post('/api/iot/data', { device_id: deviceId, timestamp: Date.now(), temperature: 36.5 })),
		),
		clause('guide', 'keys that the server does not know do no harm', async () =>
			succeeded(await post('/api/iot/data', reading(deviceId, { of_another_year: 1 }))),
		),
		clause('guide', 'the nested body of the guide’s sketch is taken', async () =>
			succeeded(await post('/api/iot/data', nestedReading(deviceId))),
		),
		clause('guide', 'a batch is taken as a whole', async () =>
			succeeded(await post('/api/iot/batch', batch(deviceId, 5))),
		),
		clause('guide', 'a reading without device_id is refused with 400', async () =>
			isStatus(await post('/api/iot/data', { timestamp: Date.now(), temperature: 36.5 }), 400, 422),
		),
		clause('guide', 'two requests go over one connection', async () => {
			await post('/api/iot/data', reading(deviceId));
			const { reused } = await post('/api/iot/data', reading(deviceId));
			return reused || 'a connection for each request';
		}),
		clause('wire', 'an answer bears the Date, within a minute of this computer’s', async () => {
			const { date } = (await post('/api/iot/data', reading(deviceId))).headers;
			const off = Math.abs(Date.parse(String(date)) - Date.now());
			return off < 60_000 || `Date: ${date}`;
		}),
		clause('wire', 'a reading that was taken before is taken again, as the same row', async () => {
			const answer = await post('/api/iot/data', twice);
			const good = succeeded(answer);
			if (good !== true) return good;
			return (isObject(answer.body) && answer.body.result === 'duplicate') || seen(answer);
		}),
		clause('wire', 'a batch is answered item by item', async () => {
			const sent = batch(deviceId, 3);
			const { body, status } = await post('/api/iot/batch', sent);
			const results = isObject(body) && Array.isArray(body.results) ? body.results : undefined;
			const ids = results?.map((item) => (isObject(item) ? item.reading_id : undefined));
			return (
				JSON.stringify(ids) === JSON.stringify(sent.reading_ids) || `${status} ${JSON.stringify(body)?.slice(0, 120)}`
			);
		}),
		clause('wire', 'one bad measurement of a batch is refused, and only that one', async () => {
			const answer = await post('/api/iot/batch', batch(deviceId, 3, 1));
			const results = isObject(answer.body) && Array.isArray(answer.body.results) ? answer.body.results : [];
			const statuses = results.map((item) => (isObject(item) ? item.status === 'refused' : undefined));
			return JSON.stringify(statuses) === '[false,true,false]' || seen(answer);
		}),
		clause('wire', 'what is not JSON is refused with 400', async () =>
			isStatus(await post('/api/iot/data', '{"device_id":'), 400, 422),
		),
		clause('wire', 'a value of a wrong type is refused with 400 or 422', async () =>
			isStatus(await post('/api/iot/data', reading(deviceId, { temperature: 'hot' })), 400, 422),
		),
		clause('wire', 'a value that no body has is refused with 400 or 422', async () =>
			isStatus(await post('/api/iot/data', reading(deviceId, { spo2: 250 })), 400, 422),
		),
		clause('wire', 'a batch of 100,000 measurements is refused with 413', async () =>
			isStatus(await post('/api/iot/batch', batch(deviceId, 100_000)), 413),
		),
		clause('wire', 'deeply nested JSON is refused with 400, 413 or 422', async () =>
			isStatus(await post('/api/iot/data', '['.repeat(50_000)), 400, 413, 422),
		),
		clause('wire', 'another method is refused with 404 or 405', async () =>
			isStatus(await send('/api/iot/data', '', await bearer(), 'GET'), 404, 405),
		),
	];
	if (secret === undefined) return clauses;
	const refuses = async (authorization: string | undefined): Promise<true | string> =>
		isStatus(await send('/api/iot/data', JSON.stringify(reading(deviceId)), authorization), 401, 403);
	return [
		...clauses,
		clause('wire', 'nobody without a token comes in', async () => refuses(undefined)),
		clause('wire', 'nobody with a token of another key comes in', async () =>
			refuses(await bearer({ secret: `another ${secret}` })),
		),
		clause('wire', 'nobody with an unsigned token comes in', async () => refuses(`Bearer ${unsignedToken(deviceId)}`)),
		clause('wire', 'nobody with a token of last week comes in', async () =>
			refuses(await bearer({ lifetime: -604_800 })),
		),
		clause('wire', 'nobody with a token of another issuer comes in', async () =>
			refuses(await bearer({ issuer: 'someone' })),
		),
		clause('wire', 'a device cannot speak for another', async () => {
			const foreign = JSON.stringify(reading(`${deviceId}-other`));
			return isStatus(await send('/api/iot/data', foreign, await bearer()), 400, 401, 403, 409, 422);
		}),
	];
}
