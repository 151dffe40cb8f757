import { jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digests, signatures } from '../../modules/jwt/vectors';
import { XsProgram } from '../../support/xs-program';

const NOON = 1_767_268_800_000;
const SECRET = 'a secret of sixty characters, as somebody might provision it';

/** What the whole program may take of the arena, of which 8,192 bytes are stack, garbage counted: what was measured and a tenth more. */
const BUDGET = 22_600;

let xs: XsProgram;

beforeAll(() => {
	xs = new XsProgram('test/modules/jwt/xs/main', ['modules/jwt', 'modules/text']);
});

afterAll(() => xs.close());

const hex = (value: unknown): string => Buffer.from(value as Uint8Array).toString('hex');

test('the published vectors hold on XS', () => {
	for (const { name, message, expected } of digests) expect(hex(xs.event('sha256', message)), name).toBe(expected);
	for (const { name, key, message, expected } of signatures)
		expect(hex(xs.event('hmac', key, message)).slice(0, expected.length), name).toBe(expected);
});

test('tokens made on XS are taken by a standard library, hour after hour, in a bounded heap', async () => {
	expect(xs.event('open', 'ESP32_001', 'too short')).toBe('range: secret: 32 to 512 bytes');
	expect(xs.event('open', 'ESP32_001', SECRET)).toBeUndefined();
	expect(xs.event('token', undefined)).toBeUndefined();
	const seen = new Set<unknown>();
	for (let hour = 0; hour < 48; hour++) {
		const time = NOON + hour * 3_600_000;
		const token = xs.event('token', time) as string;
		expect(xs.event('token', time + 3_299_000)).toBe(token);
		const { payload } = await jwtVerify(token, Buffer.from(SECRET), {
			algorithms: ['HS256'],
			issuer: 'fajma-iot',
			currentDate: new Date(time),
		});
		expect(payload).toMatchObject({ device_id: 'ESP32_001', iat: time / 1000, exp: time / 1000 + 3600 });
		seen.add(payload.jti);
	}
	expect(seen.size).toBe(48);
	expect([xs.event('rejected'), xs.event('rejected'), xs.event('accepted'), xs.event('rejected')]).toEqual([
		true,
		false,
		undefined,
		true,
	]);
	xs.event('token', NOON);
	console.log(xs.figures('jwt, one token'));
	const { arenaPeak, slotSize } = xs.statistics;
	expect(arenaPeak).toBeLessThanOrEqual((BUDGET * slotSize) / 16);
});
