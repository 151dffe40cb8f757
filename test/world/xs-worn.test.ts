/** The whole firmware on XS: three routes, alerts, commands, and the drivers of five sensors, in an arena as large as a board has to spare. */
import { describe, expect } from 'vitest';
import { BUDGET, budget, MINUTE, QUICK, story } from '../hosts/xs/story';
import { messages } from '../support/sleep';
import { HTTP_ONLY } from '../support/web';

const setUp = {
	worn: true,
	settings: {
		...QUICK,
		...HTTP_ONLY,
		mqttUrl: 'mqtts://broker.example',
		webSocketUrl: 'wss://server.example:8443',
		language: 'en',
	},
};

describe('everything at once, on XS', () => {
	story('a command by two routes, and alerts by all', setUp, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(30_000);
		const interval = { command_id: 'w1', command: 'set_interval', arguments: { seconds: 2 } };
		world.webSocket.server.say(JSON.stringify({ type: 'command', ...interval }));
		world.time.advance(5_000);
		const thresholds = {
			command_id: 'm1',
			command: 'set_thresholds',
			arguments: { heart_rate: { low: 30, high: 50 } },
		};
		world.broker.publish('fajma/esp32/commands/ESP32_001', JSON.stringify(thresholds));
		world.time.advance(30_000);
		expect(messages(world, 'alert').map(({ alert_type }) => alert_type)).toContain('heart_rate_high');
		expect(world.webSocket.types).toContain('alert');
		const replies = messages(world, 'replies').map(({ command_id, status }) => `${command_id}: ${status}`);
		expect([...new Set(replies)].sort()).toEqual(['m1: done', 'w1: done']);
	});

	story('half-open lines, no network for eight minutes, and the backlog in batches', setUp, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(MINUTE);
		resident.line.down();
		world.time.advance(2 * MINUTE);
		resident.board.link.reachable = false;
		world.time.advance(8 * MINUTE);
		expect(resident.board.device.report().backlog).toBeGreaterThan(500);
		resident.line.up();
		resident.board.link.reachable = true;
		world.time.advance(MINUTE);
		expect(world.web.counts.batched).toBeGreaterThan(100);
		expect(resident.board.device.report().missing).toEqual({});
	});
});

/** What was measured, and little more: the rest of the arena is for what the SDK's own clients hold. */
budget(2, { ...BUDGET, arenaPeak: 61_000, slotsPeak: 39_000, chunksPeak: 14_500, stackPeak: 9_100 });
