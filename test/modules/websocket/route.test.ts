import { describe, expect, test } from 'vitest';
import { makeWorld, message, NOON, reading } from './world';

describe('opening', () => {
	test('asks for the path of the guide with the token, says who it is, and is open', () => {
		const requests: string[] = [];
		const world = makeWorld({
			onUpgrade: ({ path, headers }) => {
				requests.push(`${path} ${headers.get('authorization')} ${headers.get('sec-websocket-version')}`);
				return undefined;
			},
		});
		world.open();
		expect(requests).toEqual(['/ws/iot/ESP32_001/ Bearer token-1 13']);
		expect([world.route.state, world.heard.opens, world.tokens.accepts]).toEqual(['open', 1, 1]);
		const [{ timestamp, ...greeting }] = world.said() as [Record<string, unknown>];
		expect(greeting).toEqual({ type: 'connection', device_id: 'ESP32_001', data: 'ESP32_001 connected' });
		expect(timestamp).toBeGreaterThanOrEqual(NOON);
	});
});

describe('records', () => {
	test('an ack of its id is the receipt', () => {
		const world = makeWorld();
		const guest = world.open();
		expect(world.route.send(reading(7))).toBe(true);
		world.scheduler.advance(100);
		expect(world.said().at(-1)).toEqual({ device_id: 'ESP32_001', reading_id: '5f1c09aa-7' });
		expect(world.route.inFlight).toBe(1);
		guest.say('{"type":"ack","reading_id":"5f1c09aa-7"}');
		world.scheduler.advance(100);
		expect([world.heard.receipts, world.route.inFlight]).toEqual([[7], 0]);
	});

	test('live goes out as it is', () => {
		const world = makeWorld();
		world.open();
		expect(world.route.send(message('live', { type: 'realtime_data', heart_rate: 72 }))).toBe(true);
		world.scheduler.advance(100);
		expect(world.said().at(-1)).toEqual({ type: 'realtime_data', heart_rate: 72 });
	});
});
