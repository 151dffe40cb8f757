import { chmodSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Attempts } from '../../../hosts/server/mqtt/attempts';
import { parseBrokerUrl } from '../../../hosts/server/mqtt/external';
import { PacketGuard } from '../../../hosts/server/mqtt/packetguard';
import { Topics } from '../../../hosts/server/mqtt/topics';
import { defaultStateDirectory } from '../../../hosts/server/state';
import { rig, scratch } from './support';

describe('the guard before the MQTT parser', () => {
	const packet = (length: number) =>
		generate({ cmd: 'publish', topic: 't', payload: Buffer.alloc(length), qos: 0, dup: false, retain: false });

	test('lets every stream of short packets through, however it is cut', () => {
		fc.assert(
			fc.property(
				fc.array(fc.integer({ min: 0, max: 900 })),
				fc.array(fc.integer({ min: 1, max: 300 })),
				(lengths, cuts) => {
					const guard = new PacketGuard(1_000);
					const stream = Buffer.concat(lengths.flatMap((length) => [packet(length), generate({ cmd: 'pingreq' })]));
					let at = 0;
					for (const cut of cuts) {
						expect(guard.accepts(stream.subarray(at, at + cut))).toBe(true);
						at += cut;
					}
					expect(guard.accepts(stream.subarray(at))).toBe(true);
				},
			),
		);
	});

	test('stops a long packet at its header, also behind short ones and byte by byte', () => {
		expect(new PacketGuard(1_000).accepts(packet(1_000).subarray(0, 3))).toBe(false);
		expect(new PacketGuard(1_003).accepts(packet(1_000))).toBe(true);
		expect(new PacketGuard(1_002).accepts(Buffer.concat([packet(10), packet(1_000)]))).toBe(false);
		const guard = new PacketGuard(1_000);
		const [first, second, third] = packet(5_000);
		expect([first, second, third].map((byte) => guard.accepts(Buffer.from([byte!])))).toEqual([true, true, false]);
	});

	test('stops a length that never ends', () => {
		expect(new PacketGuard(2 ** 40).accepts(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80]))).toBe(false);
	});
});

describe('failed attempts', () => {
	test('are free at first, then cost twice as long each time, and are forgotten by a success or in time', () => {
		let now = 0;
		const attempts = new Attempts({ free: 3, firstWait: 1_000, longestWait: 5_000 }, () => now);
		const waits = Array.from({ length: 7 }, () => {
			attempts.failed('a');
			return attempts.wait('a');
		});
		expect(waits).toEqual([0, 0, 1_000, 2_000, 4_000, 5_000, 5_000]);
		expect(attempts.wait('b')).toBe(0);
		now += 4_000;
		expect(attempts.wait('a')).toBe(1_000);
		now += 16 * 60_000;
		attempts.failed('a');
		expect(attempts.wait('a')).toBe(0);
		for (let index = 0; index < 5; index += 1) attempts.failed('a');
		attempts.succeeded('a');
		expect(attempts.wait('a')).toBe(0);
	});

	test('are remembered of ten thousand sources, not of more', () => {
		const attempts = new Attempts({ free: 1, firstWait: 1_000, longestWait: 5_000 }, () => 0);
		for (let index = 0; index <= 10_000; index += 1) attempts.failed(`source ${index}`);
		expect(attempts.wait('source 0')).toBe(0);
		expect(attempts.wait('source 1')).toBe(1_000);
	});
});

describe('topics', () => {
	test('of a device under any prefix', () => {
		const topics = new Topics('clinic/ward-3');
		expect(topics.inbound).toEqual(
			['data', 'heartbeat', 'alert', 'diagnostics', 'replies'].map((name) => `clinic/ward-3/${name}`),
		);
		expect(topics.channel('clinic/ward-3/alert')).toBe('alert');
		for (const topic of ['clinic/ward-3/commands', 'clinic/ward-3', 'alert', 'clinic/ward-3/alert/', 'constructor'])
			expect(topics.channel(topic)).toBeUndefined();
	});

	test.each(['', '/a', 'a/', 'a//b', 'a/#', '+', '$SYS', 'a b', 'a\0', 'x'.repeat(129)])(
		'refuse the prefix %j',
		(prefix) => {
			expect(() => new Topics(prefix)).toThrow(/^prefix: /);
		},
	);
});

describe("a broker's URL", () => {
	test('is a host and a port', () => {
		expect(parseBrokerUrl('mqtts://broker.example')).toEqual({ host: 'broker.example', port: 8883 });
		expect(parseBrokerUrl('mqtts://[::1]:1234/')).toEqual({ host: '::1', port: 1234 });
	});

	test.each([
		'broker.example',
		'mqtt://broker.example',
		'https://broker.example',
		'mqtts://',
		'mqtts://a/b',
		'mqtts://a?x',
	])('cannot be %s', (url) => {
		expect(() => parseBrokerUrl(url)).toThrow(/^broker: must be mqtts:/);
	});

	test('carries no password, and none is quoted', () => {
		expect(() => parseBrokerUrl('mqtts://u:secret@a')).toThrow(/^broker: user and password do not belong/);
		expect(() => parseBrokerUrl('mqtts://u:secret@a')).not.toThrow(/secret/);
	});
});

describe('the state folder', () => {
	afterEach(() => vi.unstubAllEnvs());

	test('that others may enter is used, with a warning', async () => {
		const state = scratch();
		chmodSync(state, 0o755);
		expect((await rig({ state })).lines).toContainEqual({
			level: 'warning',
			source: 'server',
			message: `${state} is open to other users: chmod 700 ${state}`,
		});
		expect((await rig()).lines.filter(({ level }) => level === 'warning')).toEqual([]);
		const made = join(scratch(), 'made');
		await rig({ state: made });
		expect(statSync(made).mode & 0o777).toBe(0o700);
	});

	test('follows XDG_STATE_HOME when it is an absolute path', () => {
		vi.stubEnv('XDG_STATE_HOME', '/somewhere');
		expect(defaultStateDirectory()).toBe('/somewhere/fajma-esp32');
		vi.stubEnv('XDG_STATE_HOME', 'relative');
		expect(defaultStateDirectory()).toBe(`${homedir()}/.local/state/fajma-esp32`);
	});
});
