import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import type WebSocket from 'ws';
import { type DeviceCredentials, enrolAll } from '../../hosts/server/enrol';
import type { Table } from '../table';
import { openSockets, single } from './clients';
import { ServerChild } from './server-child';

const CROWD = 1_000;
const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** What a thousand connections cost the server. */
export async function crowdBench(): Promise<Table> {
	const folder = mkdtempSync(join(tmpdir(), 'fajma-bench-'));
	const devices = enrolAll(
		folder,
		Array.from({ length: CROWD }, (_, index) => `ESP32_${index}`),
	);
	const rows: [string, string, string][] = [];
	try {
		for (const name of ['WebSocket', 'MQTT']) {
			// Each in a process that has seen nothing else.
			const server = await ServerChild.start(folder);
			const ca = readFileSync(server.ports.caFile, 'utf8');
			// What the first of them load is no cost of each.
			(await (name === 'MQTT' ? openMqtt : openWebSocket)(server, ca, devices.slice(0, 20), 1))();
			await new Promise((resolve) => setTimeout(resolve, 1_000));
			const before = await server.ask();
			const close = await (name === 'MQTT' ? openMqtt : openWebSocket)(server, ca, devices, 2);
			const after = await server.ask();
			const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
			rows.push([
				`${number.format(CROWD)} connections by ${name}`,
				`${mebibytes(after.resident)} resident`,
				`before: ${mebibytes(before.resident)}; ${((after.resident - before.resident) / CROWD / 1024).toFixed(0)} KiB each, of which ${((after.heap - before.heap) / CROWD / 1024).toFixed(0)} KiB JavaScript’s heap; each has delivered a reading`,
			]);
			close();
			await server.end();
		}
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
	return { title: 'A crowd: memory of the server, over TLS', rows };
}

type Opened = () => void;

async function openWebSocket(
	server: ServerChild,
	ca: string,
	devices: readonly DeviceCredentials[],
	sequence: number,
): Promise<Opened> {
	const sockets: WebSocket[] = [];
	for (let at = 0; at < devices.length; at += 20)
		sockets.push(...(await openSockets({ port: server.ports.https, ca }, devices.slice(at, at + 20))));
	await Promise.all(
		sockets.map(
			(socket, at) =>
				new Promise<void>((resolve) => {
					socket.once('message', () => resolve());
					socket.send(single(devices[at]!.device_id, sequence));
				}),
		),
	);
	return () => {
		for (const socket of sockets) socket.terminate();
	};
}

async function openMqtt(
	server: ServerChild,
	ca: string,
	devices: readonly DeviceCredentials[],
	sequence: number,
): Promise<Opened> {
	const clients: MqttClient[] = [];
	const url = `mqtts://localhost:${server.ports.mqtts}`;
	for (let at = 0; at < devices.length; at += 20)
		clients.push(
			...(await Promise.all(
				devices
					.slice(at, at + 20)
					.map(({ device_id: clientId, user: username, password }) =>
						connectAsync(url, { ca, clientId, username, password, keepalive: 300, reconnectPeriod: 0 }),
					),
			)),
		);
	await Promise.all(
		clients.map((client, at) => client.subscribeAsync(`fajma/esp32/commands/${devices[at]!.device_id}`, { qos: 1 })),
	);
	await Promise.all(
		clients.map((client, at) =>
			client.publishAsync('fajma/esp32/data', single(devices[at]!.device_id, sequence), { qos: 1 }),
		),
	);
	return () => {
		for (const client of clients) client.end(true);
	};
}
