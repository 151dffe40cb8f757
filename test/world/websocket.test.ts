import { describe, expect, test } from 'vitest';
import { type BoardSetUp, makeWorld, type WorldOptions } from '../support/world';

const MINUTE = 60_000;
const SECRET = 'a secret of thirty-two characters';
const SETTINGS = { webSocketUrl: 'wss://server.example:8443', deviceSecret: SECRET, backoffMaximumSeconds: 10 };

/** A person who is watched each second, until `away`. */
function start({ settings, ...setUp }: BoardSetUp = {}, options: WorldOptions = {}) {
	const world = makeWorld(options);
	const resident = world.addBoard('ESP32_001', { live: true, ...setUp, settings: { ...SETTINGS, ...settings } });
	const doors = () => world.query('SELECT door, count(*) AS rows FROM readings GROUP BY door ORDER BY door');
	return { world, resident, doors };
}

describe('a device with WebSocket', () => {
	test('says who it is with a token of its own, and its readings arrive by that route', () => {
		const { world, resident, doors } = start();
		let authorization = '';
		world.webSocket.denial = (token) => {
			authorization = token;
			return undefined;
		};
		resident.powerOn();
		world.time.advance(10 * MINUTE + 2_000);
		expect(authorization).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
		expect(world.webSocket.types[0]).toBe('connection');
		expect(doors()).toEqual([{ door: 'websocket', rows: 21 }]);
	});

	test('shows a heart rate each second while there is one', () => {
		const { world, resident } = start();
		resident.powerOn();
		world.time.advance(MINUTE);
		const before = world.webSocket.live.length;
		world.time.advance(MINUTE);
		expect(world.webSocket.live.length - before).toBe(60);
		expect(world.webSocket.live.at(-1)).toMatchObject({ device_id: 'ESP32_001', heart_rate: expect.any(Number) });
	});

	test('the guide’s server gives no receipts: live goes there, readings by MQTT, each once', () => {
		const { world, resident, doors } = start();
		world.webSocket.receipts = 0;
		world.webSocket.forgets = true;
		resident.powerOn();
		world.time.advance(10 * MINUTE + 2_000);
		expect(doors()).toEqual([{ door: 'mqtt', rows: 21 }]);
		expect(world.webSocket.live.length).toBeGreaterThan(580);
		expect(world.webSocket.knocks).toBe(1);
	});

	test.each([401, 429, 503])('a server that answers %i does not hold up a reading, and is left in peace', (status) => {
		const { world, resident, doors } = start();
		world.webSocket.denial = () => ({ status, headers: { 'Retry-After': '120' } });
		resident.powerOn();
		world.time.advance(10 * MINUTE + 2_000);
		expect(doors()).toEqual([{ door: 'mqtt', rows: 21 }]);
		expect(world.webSocket.knocks).toBeLessThan(status === 401 ? 200 : 12);
	});

	test('receipts lost, twice and late, resets and half-open lines: every reading, each once', () => {
		for (const seed of [1, 2]) {
			const { world, resident } = start(
				{ link: { latency: 40, jitter: 30, loss: 0.05 }, settings: { dataIntervalSeconds: 2 } },
				{ seed },
			);
			world.server.receiptLoss = 0.1;
			world.webSocket.receipts = 2;
			world.webSocket.delay = 700;
			resident.powerOn();
			for (let round = 0; round < 6; round++) {
				world.time.advance(MINUTE);
				resident.line.reset();
				world.time.advance(20_000);
				resident.line.down();
				world.time.advance(30_000);
				resident.line.up();
				world.time.advance(MINUTE);
				world.crashServer();
				world.broker.restart();
			}
			world.server.receiptLoss = 0;
			resident.board.device.stopSampling();
			world.time.advance(10 * MINUTE);
			const { sampled, backlog } = resident.board.device.report();
			expect([backlog, world.rows()]).toEqual([0, sampled]);
		}
	});
});
