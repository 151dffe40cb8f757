import { describe, expect, test } from 'vitest';
import { type BoardSetUp, makeWorld, type WorldOptions } from '../support/world';

const SECRET = 'a secret of thirty-two characters';
const SETTINGS = { webSocketUrl: 'wss://server.example:8443', deviceSecret: SECRET };

function start({ settings, ...setUp }: BoardSetUp = {}, options: WorldOptions = {}) {
	const world = makeWorld(options);
	const resident = world.addBoard('ESP32_001', { live: true, ...setUp, settings: { ...SETTINGS, ...settings } });
	return { world, resident };
}

describe('a device with WebSocket', () => {
	test('says who it is with a token of its own, and its readings arrive by that route', () => {
		const { world, resident } = start();
		let authorization = '';
		world.webSocket.denial = (token) => {
			authorization = token;
			return undefined;
		};
		resident.powerOn();
		world.time.advance(10 * 60_000);
		expect(authorization).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
		expect(world.webSocket.types[0]).toBe('connection');
		expect(world.rows()).toBeGreaterThan(19);
		expect(world.query('SELECT DISTINCT door FROM readings')).toEqual([{ door: 'websocket' }]);
	});
});
