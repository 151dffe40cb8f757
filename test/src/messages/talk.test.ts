import { describe, expect, test } from 'vitest';
import { connectionLines } from '../../../src/messages/connections';
import { diagnosticsMessage } from '../../../src/messages/diagnostics';
import { replyMessage } from '../../../src/messages/reply';
import type { DeviceReport, RouteReport } from '../../../src/report';

const diagnosis = {
	timestamp: 1_767_225_600_000,
	rssiDbm: -61,
	freeHeapBytes: 20_480,
	uptimeSeconds: 42,
	resetReason: 'power on',
	chipRevision: 'v3.1',
	sdkVersion: 'v6.0',
	batteryPercent: 88,
	backlog: 7,
	dropped: 0,
	damaged: 0,
	setAside: 1,
	alerts: 2,
	awakeSeconds: 40,
	wakings: 3,
	flashWrites: 100,
	flashErases: 4,
	flashFaults: 0,
	routes: [{ name: 'mqtt', state: 'trusted', delivered: 90, failed: 3 }],
	sensors: [{ name: 'max3010x', reason: 'no answer' }],
	missing: { spo2Percent: 'no finger' },
};

describe('diagnostics', () => {
	test('have the guide’s eight fields, first, and then what else tells of trouble', () => {
		const message = JSON.parse(diagnosticsMessage('ESP32_001', diagnosis)) as Record<string, unknown>;
		expect(message).toEqual({
			device_id: 'ESP32_001',
			type: 'diagnostics',
			timestamp: 1_767_225_600_000,
			wifi_rssi: -61,
			free_heap: 20_480,
			uptime: 42,
			reset_reason: 'power on',
			chip_revision: 'v3.1',
			sdk_version: 'v6.0',
			battery_level: 88,
			backlog: 7,
			dropped: 0,
			damaged: 0,
			set_aside: 1,
			alerts: 2,
			awake: 40,
			wakings: 3,
			flash_writes: 100,
			flash_erases: 4,
			flash_faults: 0,
			routes: [{ name: 'mqtt', state: 'trusted', delivered: 90, failed: 3 }],
			sensors: [{ name: 'max3010x', reason: 'no answer' }],
			missing: { spo2Percent: 'no finger' },
		});
	});

	test('leave out what nobody knows', () => {
		const message = diagnosticsMessage('ESP32_001', { ...diagnosis, timestamp: undefined, rssiDbm: undefined });
		expect(message).not.toMatch(/timestamp|wifi_rssi|null/);
	});
});

describe('the report of connections', () => {
	const route = (name: string, state: RouteReport['state']): RouteReport => ({ name, state }) as RouteReport;
	const report = {
		link: 'up',
		rssiDbm: -61,
		freeHeapBytes: 20_480,
		uptimeSeconds: 42,
		backlog: 7,
		routes: [route('mqtt', 'open'), route('http', 'opening')],
	} as unknown as DeviceReport;

	test('in French is the guide’s', () => {
		expect(connectionLines(report, 'fr')).toEqual([
			'=== État des Connexions ===',
			'WiFi: Connecté',
			'MQTT: Connecté',
			'WebSocket: Non configuré',
			'HTTP: Déconnecté',
			'Signal WiFi: -61 dBm',
			'Mémoire libre: 20480 bytes',
			'Uptime: 42 secondes',
			'Mesures à livrer: 7',
			'==============================',
		]);
	});

	test('tells of LoRaWAN where there is a radio', () => {
		const lorawan = { ...report.routes[0]!, name: 'lorawan', state: 'open' as const };
		expect(connectionLines({ ...report, routes: [lorawan] }, 'en')).toContain('LoRaWAN: Connected');
		expect(connectionLines(report, 'en').join()).not.toContain('LoRaWAN');
	});

	test('in English says the same, and what nobody knows', () => {
		expect(
			connectionLines({ ...report, link: 'joining', rssiDbm: undefined, freeHeapBytes: undefined, routes: [] }, 'en'),
		).toEqual([
			'=== Connection Status ===',
			'WiFi: Disconnected',
			'MQTT: Not configured',
			'WebSocket: Not configured',
			'HTTP: Not configured',
			'WiFi signal: unknown',
			'Free memory: unknown',
			'Uptime: 42 seconds',
			'Readings to deliver: 7',
			'==============================',
		]);
	});
});

test('a reply is, to the letter, that of the wire format; without a time where nobody told it', () => {
	expect(replyMessage('A', 'c1', 'done', 'x', 5)).toBe(
		'{"device_id":"A","command_id":"c1","status":"done","detail":"x","timestamp":5}',
	);
	expect(replyMessage('A', 'c1', 'failed', '', undefined)).toBe(
		'{"device_id":"A","command_id":"c1","status":"failed","detail":""}',
	);
});
