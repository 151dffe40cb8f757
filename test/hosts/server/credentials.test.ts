import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Credentials } from '../../../hosts/server/credentials';
import { enrol, enrolAll } from '../../../hosts/server/enrol';
import { scratch } from './support';

const verify = (credentials: Credentials, user: string, password: string) =>
	credentials.verify(user, Buffer.from(password));

describe('enrolling a device', () => {
	test('gives it a password of 256 bits, in files that nobody else can read', () => {
		const state = scratch();
		const device = enrol(state, 'ESP32_001');
		expect(device).toEqual({
			device_id: 'ESP32_001',
			user: 'ESP32_001',
			password: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
			device_secret: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
		});
		expect(JSON.parse(readFileSync(join(state, 'devices', 'ESP32_001.json'), 'utf8'))).toEqual(device);
		expect(statSync(join(state, 'devices')).mode & 0o777).toBe(0o700);
		for (const name of ['devices/ESP32_001.json', 'credentials.json'])
			expect(statSync(join(state, name)).mode & 0o777, name).toBe(0o600);
		expect(readFileSync(join(state, 'credentials.json'), 'utf8')).not.toContain(device.password);
	});

	test('again gives it what it has', () => {
		const state = scratch();
		const device = enrol(state, 'ESP32_001');
		expect(enrol(state, 'ESP32_001')).toEqual(device);
		expect(JSON.parse(readFileSync(join(state, 'credentials.json'), 'utf8')).devices.length).toBe(1);
	});

	test('many at once leaves no temporary file behind', () => {
		const state = scratch();
		const ids = ['-', '_', '__proto__', 'constructor', 'a.b-c_D'];
		expect(new Set(enrolAll(state, ids).map(({ password }) => password)).size).toBe(5);
		expect(readdirSync(join(state, 'devices')).length).toBe(5);
		expect(readdirSync(state).sort()).toEqual(['credentials.json', 'devices']);
	});

	test.each(['', '.', '..', 'a/b', '../x', 'a b', 'é', 'x'.repeat(65), 'a\n'])('refuses the id %j', (id) => {
		expect(() => enrol(scratch(), id)).toThrow(/^device_id: /);
	});
});

describe('credentials', () => {
	test('know each device by its own password only', async () => {
		const state = scratch();
		const one = enrol(state, 'one');
		const two = enrol(state, '__proto__');
		const credentials = new Credentials(state);
		expect(await verify(credentials, 'one', one.password)).toBe('one');
		expect(await verify(credentials, '__proto__', two.password)).toBe('__proto__');
		expect(await verify(credentials, 'one', two.password)).toBeUndefined();
		expect(await verify(credentials, 'one', '')).toBeUndefined();
		expect(await verify(credentials, 'three', one.password)).toBeUndefined();
		expect([credentials.isDevice('one'), credentials.isDevice('three')]).toEqual([true, false]);
	});

	test('prove a device that returns without hashing again, and still refuse a wrong password', async () => {
		const state = scratch();
		const { password } = enrol(state, 'one');
		const credentials = new Credentials(state);
		await verify(credentials, 'one', password);
		const begin = performance.now();
		for (let round = 0; round < 100; round += 1) expect(await verify(credentials, 'one', password)).toBe('one');
		expect(performance.now() - begin).toBeLessThan(200);
		expect(await verify(credentials, 'one', `${password}x`)).toBeUndefined();
	});

	test('notice a changed file: who was added comes in, who was taken out does not', async () => {
		const state = scratch();
		const one = enrol(state, 'one');
		const credentials = new Credentials(state);
		expect(await verify(credentials, 'one', one.password)).toBe('one');
		const two = enrol(state, 'two');
		expect(await verify(credentials, 'two', two.password)).toBe('two');
		writeFileSync(join(state, 'credentials.json'), '{"version":1,"devices":[]}');
		expect(await verify(credentials, 'one', one.password)).toBeUndefined();
	});

	test.each([
		['null', 'devices: must be a list'],
		['[]', 'devices: must be a list'],
		['{"devices":{}}', 'devices: must be a list'],
		['{"devices":[null]}', 'devices.0: must hold device_id, user and scrypt (N, r, p, salt, key)'],
		[
			'{"devices":[{"device_id":"d","user":"d"}]}',
			'devices.0: must hold device_id, user and scrypt (N, r, p, salt, key)',
		],
	])('of the shape %s are an error that says what is wrong', (content, message) => {
		const state = scratch();
		const path = join(state, 'credentials.json');
		writeFileSync(path, content);
		expect(() => new Credentials(state)).toThrow(new Error(`${path}: ${message}`));
	});

	test('that are no JSON are an error that does not quote them', () => {
		const state = scratch();
		enrol(state, 'one');
		writeFileSync(join(state, 'credentials.json'), 'secret');
		expect(() => new Credentials(state)).toThrow(/credentials\.json is not JSON$/);
	});
});
