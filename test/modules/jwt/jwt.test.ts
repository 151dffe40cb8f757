import { inspect } from 'node:util';
import fc from 'fast-check';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { type JwtOptions, TokenSource } from '../../../modules/jwt/jwt';
import type { Clock } from '../../../modules/ports';

const NOON = 1_767_268_800_000;
const SECRET = 'correct horse battery staple, é and all';

function make(time: number | undefined = NOON, options: Partial<JwtOptions> = {}) {
	const clock = { ticks: 0, time, alarm: () => ({ set() {}, clear() {} }) } satisfies Clock as Clock & {
		time: number | undefined;
	};
	const source = new TokenSource({
		clock,
		deviceId: 'ESP32_001',
		secret: SECRET,
		random32: seededRandom32(1),
		...options,
	});
	return { clock, source };
}

const verify = (token: string, at: number, secret = SECRET) =>
	jwtVerify(token, Buffer.from(secret), {
		algorithms: ['HS256'],
		issuer: 'fajma-iot',
		requiredClaims: ['device_id', 'iat', 'exp', 'jti'],
		currentDate: new Date(at),
	});

test('a token is one that a standard library takes, with the claims of wire.md and no other', async () => {
	const { source } = make(NOON + 999);
	const token = source.token()!;
	expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
	expect(Buffer.from(token.split('.')[0]!, 'base64url').toString()).toBe('{"alg":"HS256","typ":"JWT"}');
	expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
	const { payload } = await verify(token, NOON + 999);
	expect(payload).toEqual({
		device_id: 'ESP32_001',
		iat: NOON / 1000,
		exp: NOON / 1000 + 3600,
		iss: 'fajma-iot',
		jti: expect.stringMatching(/^[0-9a-f]{32}$/),
	});
	await expect(verify(token, NOON, `${SECRET}!`)).rejects.toThrow('signature');
	await expect(verify(token, NOON + 3_600_000)).rejects.toThrow('"exp"');
});

test('for any name, secret and moment the library takes the token, and its identifier is like no other', async () => {
	const seen = new Set<unknown>();
	const random32 = seededRandom32(4);
	const secrets = fc.string({ unit: 'grapheme', minLength: 32, maxLength: 80 });
	const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 32 });
	await fc.assert(
		fc.asyncProperty(
			names,
			secrets,
			fc.integer({ min: 1_767_225_600_000, max: 4_102_444_799_999 }),
			async (deviceId, secret, time) => {
				const { source } = make(time, { deviceId, secret, random32 });
				const token = source.token()!;
				source.rejected();
				const next = source.token()!;
				for (const each of [token, next]) {
					const { payload } = await verify(each, time, secret);
					expect(payload).toMatchObject({ device_id: deviceId, iat: Math.floor(time / 1000) });
					seen.add(payload.jti);
				}
				expect(next).not.toBe(token);
			},
		),
		{ seed: 4, numRuns: 200 },
	);
	expect(seen.size).toBe(400);
});

test('it is kept until 300 s before its end', () => {
	const { clock, source } = make();
	const first = source.token();
	clock.time = NOON + 3_299_999;
	expect(source.token()).toBe(first);
	clock.time = NOON + 3_300_000;
	expect(source.token()).not.toBe(first);
});

test.each([
	['nobody told it', undefined],
	['1970', 0],
	['the last second of 2025', 1_767_225_599_999],
	['2100', 4_102_444_800_000],
	['no number', Number.NaN],
	['no end', Number.POSITIVE_INFINITY],
])('no token while the clock is not to be believed: %s', (_, time) => {
	const { clock, source } = make();
	const first = source.token();
	clock.time = time;
	expect(source.token()).toBeUndefined();
	expect(source.rejected()).toBe(false);
	clock.time = NOON;
	expect(source.token()).not.toBe(first);
});

test.each([
	['back before its beginning', -1],
	['forward beyond its end', 3_600_000],
	['forward by ten years', 315_360_000_000],
])('a clock that jumps %s makes a new token at once, right for the new time', async (_, jump) => {
	const { clock, source } = make();
	const first = source.token();
	const time = NOON + jump;
	clock.time = time;
	const second = source.token()!;
	expect(second).not.toBe(first);
	expect((await verify(second, time)).payload.iat).toBe(Math.floor(time / 1000));
});

test('whatever the clock does, the token at hand is good for 300 s from now or there is none', () => {
	const moments = fc.array(fc.option(fc.integer({ min: 1_760_000_000_000, max: 1_790_000_000_000 }), { freq: 5 }), {
		maxLength: 20,
	});
	fc.assert(
		fc.property(moments, (times) => {
			const { clock, source } = make(undefined);
			for (const time of times) {
				clock.time = time ?? undefined;
				const token = source.token();
				if (time === null || time < 1_767_225_600_000) expect(token).toBeUndefined();
				else {
					const { iat, exp } = JSON.parse(Buffer.from(token!.split('.')[1]!, 'base64url').toString());
					expect(iat).toBeLessThanOrEqual(time / 1000);
					expect(exp).toBeGreaterThan(time / 1000 + 299);
				}
			}
		}),
		{ seed: 5, numRuns: 300 },
	);
});

test('a 401 makes one new token and one new try, then no more until the server takes one', () => {
	const { source } = make();
	const tokens = [source.token()];
	expect(source.rejected()).toBe(true);
	tokens.push(source.token());
	expect(source.rejected()).toBe(false);
	tokens.push(source.token());
	expect(source.rejected()).toBe(false);
	tokens.push(source.token());
	source.accepted();
	expect(source.token()).toBe(tokens.at(-1));
	expect(source.rejected()).toBe(true);
	expect(new Set(tokens).size).toBe(4);
});

test.each([
	['secret: 32 to 512 bytes', { secret: 'x'.repeat(31) }],
	['secret: 32 to 512 bytes', { secret: 'é'.repeat(257) }],
	['secret: 32 to 512 bytes', { secret: '' }],
	['secret: not Unicode text', { secret: `${SECRET}\ud800` }],
	['deviceId: 1 to 64 characters', { deviceId: '' }],
	['deviceId: 1 to 64 characters', { deviceId: 'x'.repeat(65) }],
	['lifetimeSeconds: 600 to 86400', { lifetimeSeconds: 599 }],
	['lifetimeSeconds: 600 to 86400', { lifetimeSeconds: 86_401 }],
	['lifetimeSeconds: 600 to 86400', { lifetimeSeconds: Number.NaN }],
])('refused: %s', (message, options) => {
	expect(() => make(NOON, options)).toThrow(expect.objectContaining({ message }));
});

test('a secret of 32 bytes is enough, of however many characters', () => {
	for (const secret of ['x'.repeat(32), 'é'.repeat(16), 'x'.repeat(512)])
		expect(make(NOON, { secret }).source.token()).toBeDefined();
});

test('nothing shows the secret', () => {
	const { source } = make();
	source.token();
	expect(Reflect.ownKeys(source)).toEqual([]);
	const shown = [inspect(source, { showHidden: true, depth: 9 }), JSON.stringify(source), String(source)].join();
	expect(shown).not.toContain(SECRET.slice(0, 8));
});
