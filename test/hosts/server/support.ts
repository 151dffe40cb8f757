import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { onTestFinished } from 'vitest';
import { type DeviceCredentials, enrol } from '../../../hosts/server/enrol';
import { type Server, type ServerOptions, startServer } from '../../../hosts/server/server';
import type { LogLevel } from '../../../modules/ports';

/** 2026-01-01T12:00:00Z: what the tests take for now. */
export const noon = 1_767_268_800_000;

/** A folder that goes when the test ends. */
export function scratch(): string {
	const folder = mkdtempSync(join(tmpdir(), 'fajma-server-'));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

export interface Line {
	readonly level: LogLevel;
	readonly source: string;
	readonly message: string;
}

export interface Rig extends Server {
	readonly state: string;
	readonly lines: Line[];
	/** Enrolled on first use. */
	device(id: string): DeviceCredentials;
	/** An MQTT.js client for this device that is on its way; ends with the test. */
	prepare(id: string, options?: IClientOptions): MqttClient;
	/** The same, connected. */
	connect(id: string, options?: IClientOptions): Promise<MqttClient>;
}

/** A whole server on free ports in a scratch folder; ends with the test. */
export async function rig(options: Partial<ServerOptions> = {}): Promise<Rig> {
	const state = options.state ?? scratch();
	const lines: Line[] = [];
	const server = await startServer({
		state,
		httpPort: 0,
		httpsPort: 0,
		mqttsPort: 0,
		host: '127.0.0.1',
		log: (level, source, message) => lines.push({ level, source, message }),
		...options,
	});
	onTestFinished(() => server.close());
	const device = (id: string): DeviceCredentials => enrol(state, id);
	const prepare = (id: string, more: IClientOptions = {}): MqttClient => {
		const { user: username, password } = device(id);
		const ca = readFileSync(server.caFile);
		const own = { ca, username, password, clientId: id, reconnectPeriod: 0 };
		const client = connect(`mqtts://localhost:${server.mqttsPort}`, { ...own, ...more });
		client.on('error', () => {});
		onTestFinished(() => void client.end(true));
		return client;
	};
	const connected = async (id: string, more: IClientOptions = {}): Promise<MqttClient> => {
		const client = prepare(id, more);
		await new Promise((resolve, reject) => {
			client.once('connect', resolve);
			client.once('error', reject);
			client.once('close', () => reject(new Error('closed')));
		});
		return client;
	};
	return { ...server, state, lines, device, prepare, connect: connected };
}

/** Resolves when `condition` holds; throws after `timeout` ms. */
export async function until(condition: () => boolean, what: string, timeout = 5_000): Promise<void> {
	const end = performance.now() + timeout;
	while (!condition()) {
		if (performance.now() > end) throw new Error(`${what}: not within ${timeout} ms`);
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}

/** A reading as our firmware sends it. */
export function reading(deviceId: string, sequence: number, more: Record<string, unknown> = {}): string {
	return JSON.stringify({
		device_id: deviceId,
		timestamp: 1_767_225_600_000 + sequence * 1000,
		temperature: 36.61,
		humidity: 41.2,
		heart_rate: 72,
		spo2: 97.5,
		battery_level: 88,
		latitude: 14.6937,
		longitude: -17.4441,
		reading_id: `5f1c09aa-${sequence}`,
		...more,
	});
}
