import { describe, expect, test } from 'vitest';
import { heartbeatMessage } from '../../../src/messages/heartbeat';
import { readingId, readingMessage } from '../../../src/messages/reading';
import { quantise } from '../../../src/sensing/reading';

const stamp = { epochMilliseconds: 1_767_225_600_000 };

describe('a reading’s message', () => {
	test('is, to the letter, the example of the wire format', () => {
		const reading = quantise(
			{
				temperatureCelsius: 36.61,
				humidityPercent: 41.2,
				heartRateBpm: 72,
				spo2Percent: 97.5,
				batteryPercent: 88,
				latitudeDegrees: 14.6937,
				longitudeDegrees: -17.4441,
			},
			stamp,
		);
		expect(readingMessage('ESP32_001', stamp.epochMilliseconds, reading, readingId(0x5f1c09aa, 1042))).toBe(
			'{"device_id":"ESP32_001","timestamp":1767225600000,"temperature":36.61,"humidity":41.2,"heart_rate":72,"spo2":97.5,' +
				'"battery_level":88,"latitude":14.6937,"longitude":-17.4441,"reading_id":"5f1c09aa-1042"}',
		);
	});

	test('leaves out what was not measured', () => {
		expect(JSON.parse(readingMessage('A', 1, quantise({ heartRateBpm: 60 }, stamp), readingId(1, 2)))).toEqual({
			device_id: 'A',
			timestamp: 1,
			heart_rate: 60,
			reading_id: '00000001-2',
		});
	});

	test('gives every hundredth of a degree and every tenth of SpO2 as it was, with no binary dust', () => {
		for (let centi = -4_000; centi <= 12_382; centi++) {
			const reading = { ...quantise({}, stamp), centiCelsius: centi, spo2PerMille: 1 + (Math.abs(centi) % 1_000) };
			const text = readingMessage('A', 1, reading, 'x');
			expect(text.length).toBeLessThan(110);
			const { temperature, spo2 } = JSON.parse(text);
			expect(Math.round(temperature * 100)).toBe(centi);
			expect(Math.round(spo2 * 10)).toBe(reading.spo2PerMille);
		}
	});
});

describe('a heartbeat', () => {
	test('has the guide’s fields', () => {
		expect(JSON.parse(heartbeatMessage('ESP32_001', 'online', 1_767_225_600_000, 42))).toEqual({
			device_id: 'ESP32_001',
			status: 'online',
			timestamp: 1_767_225_600_000,
			uptime: 42,
		});
	});

	test('goes without a timestamp while nobody has told the time', () => {
		expect(heartbeatMessage('A', 'online', undefined, 1)).toBe('{"device_id":"A","status":"online","uptime":1}');
	});
});
