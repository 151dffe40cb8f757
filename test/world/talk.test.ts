/** Whole stories of alerts, commands and diagnostics: from a sensor, or a message of the server, to what the server has in the end. */
import { describe, expect, test } from 'vitest';
import { seededRandom32 } from '../../hosts/simulator/random';
import type { Sample } from '../../modules/ports';
import { MINUTE, messages, SLEEPY, untilDelivered } from '../support/sleep';
import { type BoardSetUp, makeWorld, NOON, type Resident } from '../support/world';

/** A world with one device on whose values a test has its hand. */
function setUp(setUp: BoardSetUp = {}) {
	const world = makeWorld();
	const sample: Sample = { heartRateBpm: 70, spo2Percent: 98, temperatureCelsius: 36.6, batteryPercent: 90 };
	const hand = { name: 'hand', sample: (): Sample => ({ ...sample }), close() {} };
	const resident = world.addBoard('ESP32_001', {
		sensors: [hand],
		...setUp,
		settings: { dataIntervalSeconds: 10, alertLostReadings: 3, language: 'en', ...setUp.settings },
	});
	const send = (
		id: string,
		name: string,
		given: object = {},
		topic = 'commands/ESP32_001',
		more: object = {},
	): void => {
		const body = JSON.stringify({ command_id: id, command: name, arguments: given, ...more });
		world.broker.publish(`fajma/esp32/${topic}`, body, {});
	};
	const replies = (): unknown[] =>
		messages(world, 'replies').map(({ command_id, status, detail }) => [command_id, status, detail]);
	return { world, sample, resident, send, replies, alerts: () => messages(world, 'alert') };
}

const isUp = ({ board }: Resident): boolean =>
	board.isOn && board.device.report().routes.some(({ state }) => state === 'open');

describe('alerts', () => {
	test('reach the server as the second reading beyond a threshold is taken', () => {
		const { world, sample, resident, alerts } = setUp();
		resident.powerOn();
		world.time.advance(MINUTE);
		sample.heartRateBpm = 150;
		world.time.advance(21_000);
		expect(alerts()).toEqual([
			{
				device_id: 'ESP32_001',
				alert_type: 'heart_rate_high',
				message: 'Heart rate 150 bpm, at or above 131 bpm',
				timestamp: expect.any(Number),
				priority: 'high',
				alert_id: expect.stringMatching(/^[0-9a-f]{8}-a1$/),
				value: 150,
				threshold: 131,
			},
		]);
		world.time.advance(10 * MINUTE);
		expect(alerts()).toHaveLength(1);
		expect(resident.board.device.report()).toMatchObject({ alerts: 0, dropped: 0 });
	});

	test('that were raised without a network overtake the readings when it is back, over a power cut too', () => {
		const { world, sample, resident, alerts } = setUp();
		resident.powerOn();
		resident.board.link.reachable = false;
		world.time.advance(20 * MINUTE);
		sample.spo2Percent = 85;
		world.time.advance(30_000);
		resident.cutPower();
		world.time.advance(MINUTE);
		resident.powerOn();
		resident.board.link.reachable = true;
		expect(world.time.advanceUntil(() => alerts().length > 0, MINUTE, 10)).toBe(true);
		expect(world.rows()).toBeLessThan(10);
		expect(alerts()[0]).toMatchObject({ alert_type: 'spo2_low', value: 85, threshold: 91 });
	});

	test('are written before the power can go, and each goes out once it is found again', () => {
		const random32 = seededRandom32(4);
		for (let round = 0; round < 20; round++) {
			const { world, sample, resident, alerts } = setUp();
			resident.powerOn();
			world.time.advance(30_000);
			sample.heartRateBpm = 20;
			resident.flash.cutAt(1 + (random32() % 16));
			world.time.advance(25_000);
			resident.cutPower();
			resident.powerOn();
			world.time.advance(2 * MINUTE);
			const types = alerts().map(({ alert_type }) => alert_type);
			// Lost with the memory of the rules: at most one repeat.
			expect(types.filter((type) => type === 'heart_rate_low').length).toBeGreaterThanOrEqual(1);
			expect(types.filter((type) => type === 'heart_rate_low').length).toBeLessThanOrEqual(2);
			expect(new Set(alerts().map(({ alert_id }) => alert_id)).size).toBe(types.length);
			expect(resident.flash.violations).toBe(0);
			world.close();
		}
	});

	test('of a sleeping device do not wait for the next delivery, and are not repeated in the next waking', () => {
		const { world, sample, resident, alerts } = setUp({ settings: SLEEPY });
		resident.powerOn();
		untilDelivered(world, resident);
		world.time.advance(2 * MINUTE);
		sample.heartRateBpm = 150;
		const at = world.time.now;
		expect(world.time.advanceUntil(() => alerts().length > 0, 3 * MINUTE, 100)).toBe(true);
		expect(world.time.now - at).toBeLessThan(2 * MINUTE + 10_000);
		world.time.advance(60 * MINUTE);
		expect(alerts()).toHaveLength(1);
		expect(resident.board.boots).toBeGreaterThan(50);
	});

	test('tell of a sensor that is lost, an empty battery and a full journal', () => {
		const { world, sample, resident, alerts } = setUp({ blocks: 6, settings: { dataIntervalSeconds: 1 } });
		resident.powerOn();
		world.time.advance(5_000);
		sample.heartRateBpm = undefined as never;
		sample.batteryPercent = 12;
		world.time.advance(10_000);
		expect(alerts().map(({ alert_type }) => alert_type)).toEqual(['battery_low', 'heart_rate_lost']);
		resident.board.link.reachable = false;
		world.time.advance(15 * MINUTE);
		resident.board.link.reachable = true;
		world.time.advance(5 * MINUTE);
		expect(alerts().map(({ alert_type }) => alert_type)).toEqual([
			'battery_low',
			'heart_rate_lost',
			'storage_nearly_full',
			'readings_dropped',
		]);
	});
});

describe('commands', () => {
	test('come by both topics, act without a restart, and stay over a power cut', () => {
		const { world, resident, send, replies, sample, alerts } = setUp();
		resident.powerOn();
		world.time.advance(MINUTE);
		send('c1', 'set_interval', { seconds: 2 });
		send('c2', 'set_thresholds', { heart_rate: { high: 90 } }, 'commands');
		world.time.advance(5_000);
		expect(replies()).toEqual([
			['c1', 'done', 'a reading every 2 s'],
			['c2', 'done', 'set for heart_rate'],
		]);
		const before = resident.taken();
		world.time.advance(MINUTE);
		expect(resident.taken() - before).toBe(30);
		resident.cutPower();
		resident.powerOn();
		sample.heartRateBpm = 95;
		world.time.advance(MINUTE);
		expect(resident.taken() - before).toBeGreaterThanOrEqual(60);
		expect(alerts()).toMatchObject([{ alert_type: 'heart_rate_high', threshold: 90 }]);
		expect(resident.board.boots).toBe(2);
	});

	test('to read, to tell, to restart, to sleep and to change the mode each end once', () => {
		const { world, resident, send, replies } = setUp();
		resident.powerOn();
		world.time.advance(MINUTE);
		send('r1', 'read_now');
		send('r1', 'read_now', {}, 'commands');
		send('d1', 'send_diagnostics');
		world.time.advance(5_000);
		const [[, , detail]] = replies() as [[string, string, string]];
		expect(detail).toMatch(/^reading [0-9a-f]{8}-\d+$/);
		expect(resident.log.join('\n')).toContain('info device: === Connection Status ===');
		send('x1', 'restart');
		world.time.advance(MINUTE);
		expect(resident.board.boots).toBe(2);
		send('s1', 'sleep', { seconds: 120 });
		world.time.advance(5_000);
		expect(resident.board.isAsleep).toBe(true);
		expect(messages(world, 'heartbeat').at(-1)).toMatchObject({ status: 'sleeping', next_wake: expect.any(Number) });
		world.time.advance(3 * MINUTE);
		send('m1', 'set_mode', { mode: 'sleep' });
		world.time.advance(20 * MINUTE);
		expect(replies().slice(1)).toEqual([
			['d1', 'done', 'diagnostics follow'],
			['x1', 'done', 'restarted'],
			['s1', 'done', 'slept for 120 s'],
			['m1', 'done', 'mode sleep'],
		]);
		expect(resident.board.isAsleep).toBe(true);
	});

	test('reach a device that sleeps when it delivers, and their results do not wait', () => {
		const { world, resident, send, replies } = setUp({ settings: SLEEPY });
		resident.powerOn();
		untilDelivered(world, resident);
		send('c1', 'set_interval', { seconds: 120 });
		send('c2', 'sleep', { seconds: 600 });
		world.time.advanceUntil(() => replies().length >= 2, 60 * MINUTE, 100);
		expect(replies()).toEqual([
			['c1', 'done', 'a reading every 120 s'],
			['c2', 'done', 'slept for 600 s'],
		]);
	});

	test('that are interrupted by a power cut anywhere end once', () => {
		const commands = [
			['set_interval', { seconds: 5 }],
			['restart', {}],
			['read_now', {}],
			['set_mode', { mode: 'sleep' }],
			['clear_alerts', {}],
		] as const;
		commands.forEach(([name, given], index) => {
			for (let delay = 0; delay < 400; delay += 40) {
				const { world, resident, send, replies } = setUp();
				resident.powerOn();
				world.time.advanceUntil(() => isUp(resident), MINUTE);
				world.time.advance(2_000);
				send(`c${index}`, name, given);
				world.time.advance(delay);
				if (resident.board.isOn) resident.cutPower();
				else resident.board.cutPower();
				world.time.advance(1_000);
				resident.powerOn();
				world.time.advance(20 * MINUTE);
				// A receipt that the cut took costs a repeat of the same result.
				const results = new Set(messages(world, 'replies').map((reply) => JSON.stringify(reply)));
				expect(results.size, `${name} ${delay}`).toBe(1);
				expect((replies()[0] as string[])[0]).toBe(`c${index}`);
				world.close();
			}
		});
	});

	test('of a flood, with names of all kinds, do not keep readings from the server', () => {
		const { world, resident } = setUp();
		resident.powerOn();
		world.time.advance(MINUTE);
		for (let count = 0; count < 2_000; count++) {
			world.broker.publish('fajma/esp32/commands', JSON.stringify({ [`n${count}`]: { [`m${count}`]: count } }), {});
			world.time.advance(10);
		}
		world.time.advance(MINUTE + 2_000);
		expect(world.rows()).toBe(resident.taken());
		expect(resident.board.device.report().dropped).toBe(0);
	});
});

describe('diagnostics', () => {
	test('come at the boot and each hour, and tell the truth', () => {
		const { world, resident } = setUp();
		resident.powerOn();
		world.time.advance(130 * MINUTE);
		const all = messages(world, 'diagnostics');
		expect(all).toHaveLength(3);
		const report = resident.board.device.report();
		expect(all[2]).toMatchObject({
			type: 'diagnostics',
			wifi_rssi: report.rssiDbm,
			reset_reason: 'power',
			battery_level: 90,
			dropped: 0,
			set_aside: 0,
			wakings: 1,
			sensors: [],
		});
		const { uptime, flash_writes: writes, timestamp } = all[2] as Record<string, number>;
		expect(timestamp! - NOON).toBeGreaterThanOrEqual(2 * 60 * MINUTE);
		expect(uptime).toBeGreaterThanOrEqual(7_200);
		// Each reading was written, and its release.
		expect(writes).toBeGreaterThan(1_440);
	});

	test('of a sleeping device come each hour too, not with each delivery', () => {
		const { world, resident } = setUp({ settings: { ...SLEEPY, deliverEvery: 3 } });
		resident.powerOn();
		world.time.advance(185 * MINUTE);
		const all = messages(world, 'diagnostics') as Record<string, number>[];
		expect(all.length).toBeGreaterThanOrEqual(3);
		expect(all.length).toBeLessThanOrEqual(4);
		expect(all.at(-1)!.wakings).toBeGreaterThan(100);
		expect(all.at(-1)!.awake).toBeLessThan(2_000);
	});

	test('tell which sensor does not answer, and why', () => {
		const broken = {
			name: 'thermometer',
			sample(): Sample {
				throw new Error('no answer at 0x5A');
			},
			close() {},
		};
		const { world, resident, send } = setUp({ sensors: [broken] });
		resident.powerOn();
		world.time.advance(MINUTE);
		send('d1', 'send_diagnostics');
		world.time.advance(5_000);
		expect(messages(world, 'diagnostics').at(-1)).toMatchObject({
			sensors: [{ name: 'thermometer', reason: 'no answer at 0x5A' }],
		});
	});
});

describe('the log', () => {
	test.each([
		['error', 0],
		['warning', 0],
		['info', 3],
	])('tells up to the level %s of the setting', (logLevel, least) => {
		const { world, resident } = setUp({ settings: { logLevel } });
		resident.powerOn();
		world.time.advance(MINUTE);
		const order = ['error', 'warning', 'info', 'debug'];
		for (const line of resident.log)
			expect(order.indexOf(line.split(' ')[0]!)).toBeLessThanOrEqual(order.indexOf(logLevel));
		expect(resident.log.length).toBeGreaterThanOrEqual(least);
	});
});

describe('a secret', () => {
	const secrets = {
		mqttPassword: 'hunter2-hunter2-hunter2',
		deviceSecret: 'correct horse battery staple, and forty more characters',
	};

	test('is in no log, no message and no error, whatever goes wrong', () => {
		const published: string[] = [];
		const world = makeWorld({ broker: { authenticate: () => (world.time.now < 30_000 ? 4 : 0) } });
		const { onPublish } = world.broker.options;
		Object.assign(world.broker.options, {
			onPublish: ((message, acknowledge) => {
				published.push(Buffer.from(message.payload).toString());
				onPublish!(message, acknowledge);
			}) as typeof onPublish,
		});
		const resident = world.addBoard('ESP32_001', {
			settings: {
				...secrets,
				mqttUser: 'ESP32_001',
				logLevel: 'debug',
				dataIntervalSeconds: 5,
				backoffMaximumSeconds: 4,
			},
		});
		resident.store.write('changes', '{"mode":');
		resident.powerOn();
		world.time.advance(MINUTE);
		for (const name of ['send_diagnostics', 'restart', 'fly', 'set_mode'])
			world.broker.publish('fajma/esp32/commands', JSON.stringify({ command_id: name, command: name }), {});
		world.broker.publish('fajma/esp32/commands', JSON.stringify(secrets), {});
		world.time.advance(MINUTE);
		resident.line.reset();
		world.broker.crash();
		world.time.advance(MINUTE);
		world.broker.restart();
		world.time.advance(MINUTE);

		expect(resident.log.filter((line) => line.startsWith('debug')).length).toBeGreaterThan(0);
		expect(published.some((text) => text.includes('"diagnostics"'))).toBe(true);
		const all = [...resident.log, ...published, JSON.stringify(resident.board.device.report())].join('\n');
		for (const secret of Object.values(secrets)) expect(all).not.toContain(secret);
	});
});
