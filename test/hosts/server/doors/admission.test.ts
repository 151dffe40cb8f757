import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { Rates } from '../../../../hosts/server/doors/rates';
import { Tokens } from '../../../../hosts/server/doors/tokens';
import { rotateSecret } from '../../../../hosts/server/enrol';
import { reading } from '../support';
import { sign, type WebRig, webRig } from './support';

const id = 'ESP32_001';
const data = '/api/iot/data';

function tryWith(server: WebRig, headers: Record<string, string>, path = data) {
	return server.ask(path, { method: 'POST', headers, body: reading(id, 1) });
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('who comes in', () => {
	test('is nobody without a token, on any path', async () => {
		const server = await webRig();
		for (const path of ['data', 'batch', 'alert', 'heartbeat', 'diagnostics', 'replies']) {
			const { status, headers, json } = await tryWith(server, {}, `/api/iot/${path}`);
			expect([status, json]).toEqual([401, { status: 'error', error: 'authorization: missing' }]);
			expect(headers['www-authenticate']).toBe('Bearer realm="fajma-iot"');
		}
		for (const table of ['readings', 'messages', 'rejected']) expect(server.rows(table)).toEqual([]);
	});

	test.each([
		['another key', async () => sign('x'.repeat(43), id, Date.now())],
		['no signature', async () => new UnsecuredJWT({ device_id: id, iss: 'fajma-iot', exp: 9e9 }).encode()],
		['a device that nobody knows', async () => sign('x'.repeat(43), 'ESP32_999', Date.now())],
		["another device's key", async (server: WebRig) => sign(server.device('two').device_secret, id, Date.now())],
		[
			'another algorithm',
			async (server: WebRig) =>
				new SignJWT({ device_id: id, iss: 'fajma-iot', exp: 9e9 })
					.setProtectedHeader({ alg: 'HS512' })
					.sign(Buffer.from(server.device(id).device_secret.repeat(2))),
		],
		['the name of a prototype', async () => sign('x'.repeat(43), '__proto__', Date.now())],
		['nonsense', async () => 'a.b.c'],
		['no dots', async () => 'abc'],
	])('is nobody with a token of %s', async (_, make) => {
		const server = await webRig();
		const { status, json } = await tryWith(server, bearer(await make(server)));
		expect([status, json.error]).toEqual([401, 'token: not signed by a device that is known here']);
	});

	test.each([
		[{ exp: undefined }, 'token: exp: missing'],
		[{ exp: 1_000_000_000 }, /^token: exp: over since [0-9]+ s; check the device's clock$/],
		[{ exp: 9_000_000_000 }, 'token: exp: more than 86400 s ahead'],
		[{ nbf: 9_000_000_000 }, "token: nbf: not valid yet; check the device's clock"],
		[{ iss: 'somebody' }, 'token: iss: must be fajma-iot'],
		[{ iss: undefined }, 'token: iss: must be fajma-iot'],
	])('is nobody with the claims %j', async (claims, error) => {
		const server = await webRig();
		const { status, json } = await tryWith(server, bearer(await server.token(id, claims as JWTPayload)));
		expect(status).toBe(401);
		expect(json.error).toEqual(typeof error === 'string' ? error : expect.stringMatching(error));
	});

	test('may be a minute off with its clock, not more', async () => {
		const server = await webRig();
		const seconds = Math.floor(Date.now() / 1000);
		expect((await tryWith(server, bearer(await server.token(id, { exp: seconds - 50 })))).status).toBe(201);
		expect((await tryWith(server, bearer(await server.token(id, { exp: seconds - 70 })))).status).toBe(401);
	});

	test('is the device of the token, whatever it calls itself', async () => {
		const server = await webRig();
		const token = bearer(await server.token(id));
		const other = await tryWith(server, { ...token, 'x-device-id': 'ESP32_002' });
		expect([other.status, other.json.error]).toEqual([403, 'x-device-id: is not ESP32_001, whose token this is']);
		expect((await tryWith(server, bearer(await server.token('ESP32_002')))).status).toBe(403);
		expect(server.rows('readings')).toEqual([]);
	});

	test('has two keys while one replaces the other, and no third', async () => {
		const server = await webRig();
		const first = await server.token(id);
		rotateSecret(server.state, id);
		const second = await server.token(id);
		expect(
			await Promise.all([first, second].map(async (token) => (await tryWith(server, bearer(token))).status)),
		).toEqual([201, 201]);
		rotateSecret(server.state, id);
		expect((await tryWith(server, bearer(first))).status).toBe(401);
		expect((await tryWith(server, bearer(second))).status).toBe(201);
		expect((await tryWith(server, bearer(await server.token(id)))).status).toBe(201);
	});

	test('is nobody from the moment it is taken out, also with a token that was good', async () => {
		const server = await webRig();
		const token = bearer(await server.token(id));
		expect((await tryWith(server, token)).status).toBe(201);
		writeFileSync(join(server.state, 'credentials.json'), '{"version":1,"devices":[]}');
		expect((await tryWith(server, token)).status).toBe(401);
		writeFileSync(join(server.state, 'credentials.json'), '{');
		const broken = await tryWith(server, token);
		expect([broken.status, broken.headers['retry-after']]).toEqual([503, '10']);
	});

	test('is known by a secret also when it was enrolled before there were secrets', async () => {
		const before = await webRig();
		before.device(id);
		await before.close();
		for (const file of ['credentials.json', `devices/${id}.json`]) {
			const path = join(before.state, file);
			const content = JSON.parse(readFileSync(path, 'utf8'));
			delete content.device_secret;
			for (const device of content.devices ?? []) delete device.secrets;
			writeFileSync(path, JSON.stringify(content));
		}
		const server = await webRig({ state: before.state });
		expect((await server.post(id, data, reading(id, 1))).status).toBe(201);
	});

	test('leaves no secret and no token in the log', async () => {
		const server = await webRig();
		const token = await server.token(id);
		await tryWith(server, bearer(token));
		await tryWith(server, bearer(`${token}x`));
		const { device_secret, password } = server.device(id);
		const log = JSON.stringify(server.lines);
		for (const secret of [token, device_secret, password]) expect(log).not.toContain(secret);
	});
});

describe("the guide's token", () => {
	const plain = (text: string | Buffer) => Buffer.from(text).toString('base64');

	function guideToken(secret: string, hexadecimal: boolean, claims: object = {}): string {
		const iat = Math.floor(Date.now() / 1000);
		const all = { device_id: id, iat, exp: iat + 3_600, iss: 'fajma-iot', ...claims };
		const message = `${plain('{"alg":"HS256","typ":"JWT"}')}.${plain(JSON.stringify(all))}`;
		const signature = createHmac('sha256', secret).update(message).digest();
		return `${message}.${plain(hexadecimal ? signature.toString('hex') : signature)}`;
	}

	test.each([true, false])('is taken only when the server was told so (%j)', async (hexadecimal) => {
		const strict = await webRig();
		const token = guideToken(strict.device(id).device_secret, hexadecimal);
		expect((await tryWith(strict, bearer(token))).status).toBe(401);
		await strict.close();
		const server = await webRig({ state: strict.state, acceptGuideTokens: true });
		expect((await tryWith(server, bearer(token))).status).toBe(201);
		// arduinoWebSockets, setAuthorization("Bearer", token)
		expect((await tryWith(server, { authorization: `Basic ${plain(`Bearer:${token}`)}` })).status).toBe(201);
		expect(server.lines.some(({ level, message }) => level === 'warning' && /guide's tokens/.test(message))).toBe(true);
	});

	test('must be signed all the same', async () => {
		const server = await webRig({ acceptGuideTokens: true });
		server.device(id);
		for (const token of [
			guideToken('VOTRE_SECRET_KEY', true),
			guideToken(server.device('two').device_secret, true),
			guideToken(server.device(id).device_secret, true, { exp: 1_000_000_000 }),
			guideToken(server.device(id).device_secret, true, { iss: 'x' }),
			'VOTRE_TOKEN_JWT',
			`${guideToken(server.device(id).device_secret, true)}=`,
		])
			expect((await tryWith(server, bearer(token))).status).toBe(401);
	});
});

test('no text is a token: 20,000 strings, mutations of a good one among them', async () => {
	const secret = 'k'.repeat(43);
	const good = await sign(secret, id, Date.now());
	const credentials = { version: '1', secrets: (of: string) => (of === id ? [Buffer.from(secret)] : []) };
	const tokens = new Tokens({ credentials, now: Date.now, acceptGuideTokens: true });
	const mutated = fc.tuple(fc.nat(good.length - 1), fc.string({ minLength: 1, maxLength: 1 })).map(([at, letter]) => {
		return good.slice(0, at) + letter + good.slice(at + 1);
	});
	// The last letter of a base64url text holds four bits that mean nothing: those are the same signature.
	const same = (text: string) => text === good || text.slice(0, -1) === good.slice(0, -1);
	await fc.assert(
		fc.asyncProperty(fc.oneof(mutated, fc.string({ unit: 'binary', maxLength: 300 })), async (text) => {
			if (same(text)) return;
			if (!('refused' in (await tokens.bearer(text)))) throw new Error(text);
		}),
		{ numRuns: 20_000 },
	);
	expect(await tokens.bearer(good)).toEqual({ deviceId: id });
});

describe('a rate', () => {
	test('is so many at once, then so many a second, for each source', () => {
		let ticks = 0;
		const rates = new Rates({ perSecond: 2, burst: 3, ticks: () => ticks });
		expect([1, 2, 3, 4].map(() => rates.take('a'))).toEqual([0, 0, 0, 500]);
		expect(rates.take('b')).toBe(0);
		ticks += 250;
		expect(rates.take('a')).toBe(250);
		ticks += 250;
		expect([rates.take('a'), rates.take('a')]).toEqual([0, 500]);
		ticks += 1e9;
		expect([1, 2, 3, 4].map(() => rates.take('a') > 0)).toEqual([false, false, false, true]);
	});
});
