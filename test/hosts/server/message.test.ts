import { describe, expect, test } from 'vitest';
import { type Arrival, type Door, earliest, interpret, Refusal } from '../../../hosts/server/message';
import type { Channel } from '../../../modules/ports';
import { noon, reading } from './support';

function take(body: unknown, channel: Channel = 'data', door: Door = 'mqtt', deviceId?: string) {
	const text = typeof body === 'string' ? body : JSON.stringify(body);
	const arrival: Arrival = { door, deviceId, channel, body: Buffer.from(text), receivedAt: noon };
	return interpret(arrival, noon);
}

function refusal(body: unknown, channel: Channel = 'data', door: Door = 'mqtt', deviceId?: string): string {
	try {
		take(body, channel, door, deviceId);
	} catch (error) {
		expect(error).toBeInstanceOf(Refusal);
		return (error as Error).message;
	}
	throw new Error(`was taken: ${JSON.stringify(body)}`);
}

const sketch = {
	device_id: 'ESP32_001',
	timestamp: 30_001,
	temperature: 36.5999985,
	humidity: 41.2000008,
	heart_rate: 72,
	spo2: 97.5,
	battery_level: 88,
};

describe("what the guide's sketches send", () => {
	test('section 1, data: an uptime stamp is dated by its arrival and kept', () => {
		expect(take(sketch)).toEqual({
			kind: 'reading',
			deviceId: 'ESP32_001',
			epoch: null,
			sequence: null,
			timestamp: noon,
			sourceTimestamp: 30_001,
			undated: false,
			receivedAt: noon,
			door: 'mqtt',
			temperature: 36.5999985,
			humidity: 41.2000008,
			heart_rate: 72,
			spo2: 97.5,
			battery_level: 88,
			latitude: null,
			longitude: null,
		});
	});

	test('section 1, alert and heartbeat', () => {
		const alert = {
			device_id: 'ESP32_001',
			alert_type: 'heart_rate_high',
			message: 'Rythme cardiaque élevé: 150',
			timestamp: 61_000,
			priority: 'high',
		};
		expect(take(alert, 'alert')).toMatchObject({ kind: 'message', channel: 'alert', timestamp: noon, alertId: null });
		const heartbeat = { device_id: 'ESP32_001', status: 'online', timestamp: 300_123, uptime: 300 };
		expect(take(heartbeat, 'heartbeat')).toMatchObject({ body: JSON.stringify(heartbeat), timestamp: noon });
	});

	test('section 2, nested, with epoch seconds', () => {
		const body = {
			device_id: 'ESP32_001',
			timestamp: 1_767_225_600,
			data: { temperature: 36.6, humidity: 41.2, heart_rate: 72 },
			location: { latitude: 14.6937, longitude: -17.4441 },
		};
		expect(take(body, 'data', 'http')).toMatchObject({
			timestamp: 1_767_225_600_000,
			sourceTimestamp: null,
			temperature: 36.6,
			humidity: 41.2,
			heart_rate: 72,
			spo2: null,
			latitude: 14.6937,
			longitude: -17.4441,
		});
	});

	test('section 2, flat', () => {
		expect(take({ ...sketch, timestamp: 1_767_225_600 }, 'data', 'http')).toMatchObject({
			timestamp: 1_767_225_600_000,
			temperature: sketch.temperature,
		});
	});

	test('section 7: zeros for sensors that it does not read are no heart rate and no saturation', () => {
		const body = { ...sketch, humidity: 0, heart_rate: 0, spo2: 0 };
		expect(take(body)).toMatchObject({ humidity: 0, heart_rate: null, spo2: null });
	});

	test('section 10, diagnostics, which carry no time', () => {
		const body = {
			device_id: 'ESP32_001',
			type: 'diagnostics',
			wifi_rssi: -67,
			free_heap: 214_532,
			uptime: 86_400,
			reset_reason: 1,
			chip_revision: 3,
			sdk_version: 'v4.4.6-dirty',
		};
		expect(take(body, 'diagnostics')).toMatchObject({ channel: 'diagnostics', timestamp: noon });
	});

	test('a sensor that gave NaN, which ArduinoJson writes as null, is absent', () => {
		expect(take({ ...sketch, temperature: null })).toMatchObject({ temperature: null, humidity: sketch.humidity });
	});
});

describe('what our firmware sends', () => {
	test('a reading, unchanged', () => {
		expect(take(reading('ESP32_001', 1042))).toMatchObject({
			epoch: 0x5f1c09aa,
			sequence: 1042,
			timestamp: 1_767_225_600_000 + 1_042_000,
			sourceTimestamp: null,
			temperature: 36.61,
			spo2: 97.5,
		});
	});

	test('a reading of which every sensor is absent', () => {
		const body = { device_id: 'd', timestamp: noon, reading_id: '00000000-0' };
		expect(take(body)).toMatchObject({ epoch: 0, sequence: 0, temperature: null, battery_level: null });
	});

	test('keys that nobody knows are ignored', () => {
		expect(take({ ...sketch, mood: { good: ['yes', null] } })).toMatchObject({ heart_rate: 72 });
	});

	test('heartbeats without a time, of every status; replies; an alert out of the journal', () => {
		for (const status of ['online', 'offline', 'sleeping'])
			expect(take({ device_id: 'd', status, uptime: 5, next_wake: noon }, 'heartbeat').timestamp).toBe(noon);
		const reply = { device_id: 'd', command_id: 'c1', status: 'refused', detail: 'expired', timestamp: noon };
		expect(take(reply, 'replies')).toMatchObject({ channel: 'replies' });
		const alert = { device_id: 'd', alert_type: 't', message: '', alert_id: '5f1c09aa-7', value: 150, threshold: 120 };
		expect(take(alert, 'alert')).toMatchObject({ alertId: '5f1c09aa-7', epoch: 0x5f1c09aa, sequence: 7 });
		expect(take({ ...alert, alert_id: 'mine' }, 'alert')).toMatchObject({ alertId: 'mine', epoch: null });
	});
});

describe('time stamps', () => {
	test.each([
		['mqtt', 0, noon, 0],
		['mqtt', 4_294_967_295, noon, 4_294_967_295],
		['mqtt', 1_767_225_600, noon, 1_767_225_600],
		['mqtt', 1_767_225_600_000, 1_767_225_600_000, null],
		['broker', 30_000, noon, 30_000],
		['http', 30_000, noon, 30_000],
		['http', 999_999_999, noon, 999_999_999],
		['http', 1_767_225_600, 1_767_225_600_000, null],
		['http', 1_767_225_600_000, 1_767_225_600_000, null],
	] as const)('over %s, %i is dated %i', (door, timestamp, expected, source) => {
		expect(take({ ...sketch, timestamp }, 'data', door)).toMatchObject({
			timestamp: expected,
			sourceTimestamp: source,
		});
	});

	test.each([
		['mqtt', 4_294_967_296, 'timestamp: 4294967296 is neither an uptime nor epoch milliseconds'],
		['http', 200_000_000_000, 'timestamp: 200000000000 is neither an uptime nor epoch milliseconds'],
		['mqtt', 1_500_000_000_000, `timestamp: 1500000000000 is below ${earliest} (2020-01-01)`],
		[
			'mqtt',
			noon + 86_400_001,
			`timestamp: ${noon + 86_400_001} is above ${noon + 86_400_000} (a day ahead of the server's clock)`,
		],
		[
			'http',
			4_000_000_000,
			`timestamp: 4000000000000 is above ${noon + 86_400_000} (a day ahead of the server's clock)`,
		],
	] as const)('over %s, %i is refused', (door, timestamp, message) => {
		expect(refusal({ ...sketch, timestamp }, 'data', door)).toBe(message);
	});

	test.each([
		[30_000, 30_000],
		[1_500_000_000_000, 1_500_000_000_000],
		[noon + 86_400_001, noon + 86_400_001],
		[-1, -1],
		[1.5, null],
		[1e300, null],
		['now', null],
		[null, null],
		[undefined, null],
	])('a reading with an id and the time %j is kept, dated by its arrival', (timestamp, sourceTimestamp) => {
		const body = reading('ESP32_001', 1, { timestamp });
		expect(take(body)).toMatchObject({ sequence: 1, timestamp: noon, sourceTimestamp, undated: true });
	});

	test('an alert out of the journal is not refused for its time either; one of a sketch is', () => {
		const alert = { device_id: 'd', alert_type: 't', message: 'm', timestamp: 9e15 };
		expect(take({ ...alert, alert_id: '5f1c09aa-7' }, 'alert')).toMatchObject({ timestamp: noon, undated: true });
		const own = take({ ...alert, alert_id: '5f1c09aa-a17' }, 'alert');
		expect(own).toMatchObject({ timestamp: noon, undated: true, epoch: 0x5f1c09aa, sequence: 17 });
		expect(refusal(alert, 'alert')).toMatch(/^timestamp: 9000000000000000 is above/);
	});

	test('a reading with an id, a wrong time and another fault is refused for that fault', () => {
		const spoiled = reading('ESP32_001', 1, { timestamp: -1, heart_rate: 900 });
		expect(refusal(spoiled)).toMatch(/^(timestamp: -1 is below 0|heart_rate: 900 is above 300)$/);
	});
});

describe('refusals name the field and the bound', () => {
	test.each([
		[{ heart_rate: 900 }, 'heart_rate: 900 is above 300'],
		[{ heart_rate: -1 }, 'heart_rate: -1 is below 0'],
		[{ temperature: -40.01 }, 'temperature: -40.01 is below -40'],
		[{ temperature: 125.5 }, 'temperature: 125.5 is above 125'],
		[{ humidity: 101 }, 'humidity: 101 is above 100'],
		[{ spo2: 100.5 }, 'spo2: 100.5 is above 100'],
		[{ battery_level: 256 }, 'battery_level: 256 is above 100'],
		[{ latitude: 90.1 }, 'latitude: 90.1 is above 90'],
		[{ longitude: -180.1 }, 'longitude: -180.1 is below -180'],
		[{ heart_rate: '72' }, 'heart_rate: must be a number or null, not a string'],
		[{ heart_rate: true }, 'heart_rate: must be a number or null, not a boolean'],
		[{ heart_rate: [72] }, 'heart_rate: must be a number or null, not an array'],
		[{ timestamp: 'now' }, 'timestamp: must be a whole number, not a string'],
		[{ timestamp: 1.5 }, 'timestamp: 1.5 is not a whole number'],
		[{ timestamp: -1 }, 'timestamp: -1 is below 0'],
		[{ timestamp: undefined }, 'timestamp: missing'],
		[{ device_id: undefined }, 'device_id: missing'],
		[{ device_id: '' }, 'device_id: must be 1 to 64 letters, digits, "_", "-" or, not first, "."'],
		[{ device_id: 'a/b' }, 'device_id: must be 1 to 64 letters, digits, "_", "-" or, not first, "."'],
		[{ device_id: 'a'.repeat(65) }, 'device_id: must be 1 to 64 letters, digits, "_", "-" or, not first, "."'],
		[{ device_id: 7 }, 'device_id: must be a string, not a number'],
		[{ reading_id: '5F1C09AA-1' }, 'reading_id: must be 8 hexadecimal digits, "-", a sequence number'],
		[{ reading_id: '5f1c09aa-01' }, 'reading_id: must be 8 hexadecimal digits, "-", a sequence number'],
		[{ reading_id: '5f1c09aa-4294967296' }, 'reading_id: sequence 4294967296 is above 4294967295'],
		[{ data: 5 }, 'data: must be an object, not a number'],
		[{ data: { heart_rate: 900 } }, 'data.heart_rate: 900 is above 300'],
		[{ location: { latitude: 'north' } }, 'location.latitude: must be a number or null, not a string'],
		[{ data: { temperature: 1 } }, 'temperature: given twice, flat and in data'],
	])('data with %j', (change, message) => {
		expect(refusal({ ...sketch, ...change })).toBe(message);
	});

	test.each([
		['alert', { device_id: 'd', alert_type: 't' }, 'message: missing'],
		['alert', { device_id: 'd', alert_type: '', message: 'm' }, 'alert_type: must not be empty'],
		['alert', { device_id: 'd', alert_type: 't', message: 'm'.repeat(1025) }, 'message: 1025 characters, at most 1024'],
		['heartbeat', { device_id: 'd' }, 'status: missing'],
		['heartbeat', { device_id: 'd', status: 'on', uptime: -1 }, 'uptime: -1 is below 0'],
		['diagnostics', { device_id: 'd', free_heap: 1.5 }, 'free_heap: 1.5 is not a whole number'],
		[
			'diagnostics',
			{ device_id: 'd', reset_reason: {} },
			'reset_reason: must be a whole number or a string, not an object',
		],
		['replies', { device_id: 'd', command_id: 'c', status: 'perhaps' }, 'status: must be done, refused, failed'],
	] as const)('%s %j', (channel, body, message) => {
		expect(refusal(body, channel)).toBe(message);
	});

	test('bodies that are no JSON object, no UTF-8, or too long', () => {
		expect(refusal('')).toBe('body: ends too early');
		expect(refusal('[]')).toBe('body: must be an object, not an array');
		expect(refusal('null')).toBe('body: must be an object, not null');
		expect(refusal(`{"x":"${'a'.repeat(16_384)}"}`)).toBe('body: 16392 bytes, at most 16384');
		const body = Buffer.from([0x22, 0xff, 0x22]);
		const arrival = { door: 'mqtt', deviceId: undefined, channel: 'data', body, receivedAt: noon } as const;
		expect(() => interpret(arrival, noon)).toThrow('body: not UTF-8');
	});

	test('a device that speaks for another', () => {
		expect(refusal(sketch, 'data', 'mqtt', 'ESP32_002')).toBe('device_id: ESP32_001 is not ESP32_002, who sent it');
	});
});
