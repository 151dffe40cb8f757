import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../modules/fault';
import { makeSettings, serverAddress, settingNames, settingRules } from '../../src/settings';

describe('settings', () => {
	test('are the defaults of the guide when nothing is given', () => {
		expect(makeSettings(undefined)).toMatchObject({
			deviceId: 'ESP32_001',
			topicPrefix: 'fajma/esp32',
			dataIntervalSeconds: 30,
			heartbeatIntervalSeconds: 300,
			mode: 'always',
			deliverEvery: 12,
			awakeCapSeconds: 30,
			batteryLowPercent: 15,
			batteryLowFactor: 4,
		});
	});

	test('take numbers as text, as a command line gives them', () => {
		expect(makeSettings({ dataIntervalSeconds: '2.5', mqttWindow: '8' })).toMatchObject({
			dataIntervalSeconds: 2.5,
			mqttWindow: 8,
		});
	});

	test.each([
		[{ dataIntervalSeconds: 0 }, 'dataIntervalSeconds: 0 is below 0.05'],
		[{ dataIntervalSeconds: 1e9 }, 'dataIntervalSeconds: 1000000000 is above 86400'],
		[{ dataIntervalSeconds: Number.NaN }, 'dataIntervalSeconds: not a number'],
		[{ dataIntervalSeconds: '' }, 'dataIntervalSeconds: not a number'],
		[{ mqttWindow: 1.5 }, 'mqttWindow: 1.5 is not a whole number'],
		[{ deviceId: '' }, 'deviceId: must be letters, digits, "_", "-" and, not first, "."'],
		[{ deviceId: '..' }, 'deviceId: must be'],
		[{ deviceId: 'a/b' }, 'deviceId: must be letters'],
		[{ deviceId: 'x'.repeat(65) }, 'deviceId: 65 characters, at most 64'],
		[{ deviceId: 7 }, 'deviceId: not a text'],
		[{ topicPrefix: 'fajma/#' }, 'topicPrefix: must be words'],
		[{ mqttUrl: 'mqtt://plain' }, 'mqttUrl: must be mqtts://'],
		[{ mqttUser: 'a\0b' }, 'mqttUser: holds a NUL character'],
		[{ serverCa: 'no certificate' }, 'serverCa: must be a PEM certificate'],
		[{ mode: 'nap' }, 'mode: must be "always" or "sleep"'],
		[{ mode: 'always, sleep' }, 'mode: 13 characters'],
		[{ mode: 'sleep', dataIntervalSeconds: 0.5 }, 'dataIntervalSeconds: 0.5 is below 1, the least with mode sleep'],
		[{ deliverEvery: 0 }, 'deliverEvery: 0 is below 1'],
		[{ deliverEvery: 1_001 }, 'deliverEvery: 1001 is above 1000'],
		[{ awakeCapSeconds: 1 }, 'awakeCapSeconds: 1 is below 5'],
		[{ batteryLowPercent: 101 }, 'batteryLowPercent: 101 is above 100'],
		[{ batteryLowFactor: 0 }, 'batteryLowFactor: 0 is below 1'],
		[{ language: 'wo' }, 'language: must be "en" or "fr"'],
		[{ logLevel: 'loud' }, 'logLevel: must be "error", "warning"'],
		[{ thresholds: '{"spo2":{"low":0}}' }, 'thresholds: spo2.low: 0 is below 1'],
		[{ thresholds: '{' }, 'thresholds: JSON: no name at character 1'],
		[{ alertReadings: 0 }, 'alertReadings: 0 is below 1'],
		[{ loraDevEui: '70b3d5' }, 'loraDevEui: must be empty, or 16 hexadecimal digits'],
		[{ loraJoinEui: '' }, 'loraJoinEui: must be 16 hexadecimal digits'],
		[{ loraAppKey: 'key' }, 'loraAppKey: must be empty, or 32 hexadecimal digits'],
		[{ loraDevEui: '70b3d57ed0000001' }, 'loraAppKey: not set, and loraDevEui is'],
		[{ colour: 'red' }, 'colour: no such setting'],
		[{ backoffMinimumSeconds: 60, backoffMaximumSeconds: 30 }, 'backoffMaximumSeconds: 30 is below'],
		[[], 'settings: not an object'],
		[null, 'settings: not an object'],
		['text', 'settings: not an object'],
	])('refuse %j and say why', (given, message) => {
		expect(() => makeSettings(given)).toThrow(message);
	});

	test('whatever is given, the result is within its bounds or a Fault that names the setting', () => {
		const anything = fc.dictionary(
			fc.constantFrom(...settingNames, '__proto__', 'constructor', 'other'),
			fc.oneof(fc.anything(), fc.double(), fc.string()),
		);
		fc.assert(
			fc.property(anything, (given) => {
				try {
					const settings = makeSettings(given);
					for (const name of settingNames) {
						const rule = settingRules[name];
						const value = settings[name];
						if (rule.kind === 'number') {
							expect(value).toBeGreaterThanOrEqual(rule.minimum);
							expect(value).toBeLessThanOrEqual(rule.maximum);
						} else expect(String(value).length).toBeLessThanOrEqual(rule.maximumLength);
					}
				} catch (thrown) {
					expect(thrown).toBeInstanceOf(Fault);
					expect((thrown as Fault).message).toMatch(/^\w*: /);
				}
			}),
			{ numRuns: 3_000 },
		);
	});

	test('never put a secret into their error', () => {
		expect(() => makeSettings({ mqttPassword: 'hunter2'.repeat(50) })).toThrow(/^(?!.*hunter2)/);
	});
});

describe('the broker’s address', () => {
	test('has port 8883 unless the URL says another', () => {
		expect(serverAddress(makeSettings({ mqttUrl: 'mqtts://broker.example' }), 'mqttUrl')).toEqual({
			host: 'broker.example',
			port: 8883,
		});
		expect(serverAddress(makeSettings({ mqttUrl: 'mqtts://10.0.0.7:18883' }), 'mqttUrl')).toEqual({
			host: '10.0.0.7',
			port: 18883,
		});
	});

	test('is refused when there is none or the port is out of range', () => {
		expect(() => serverAddress(makeSettings({}), 'mqttUrl')).toThrow('mqttUrl: not set');
		expect(() => serverAddress(makeSettings({ mqttUrl: 'mqtts://broker:99999' }), 'mqttUrl')).toThrow(
			'port 99999 is not within',
		);
	});
});
