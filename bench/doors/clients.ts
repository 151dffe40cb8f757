/** Clients of a server's doors that do so little themselves that the server is what is measured. */
import { createHmac } from 'node:crypto';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { connectAsync, type MqttClient } from 'mqtt';
import WebSocket from 'ws';
import type { DeviceCredentials } from '../../hosts/server/enrol';

/** Readings in a batch. */
export const BATCH = 30;
const START = Date.UTC(2026, 0, 1);

const values = { temperature: 36.61, humidity: 41.2, heart_rate: 72, spo2: 97.5, battery_level: 88 };

export function single(id: string, sequence: number): string {
	const place = { latitude: 14.6937, longitude: -17.4441 };
	return JSON.stringify({
		device_id: id,
		timestamp: START + sequence * 1000,
		...values,
		...place,
		reading_id: `5f1c09aa-${sequence}`,
	});
}

function batch(id: string, sequence: number): string {
	const sequences = Array.from({ length: BATCH }, (_, index) => sequence + index);
	return JSON.stringify({
		device_id: id,
		batch_timestamp: START,
		measurements: sequences.map((each) => ({ timestamp: new Date(START + each * 1000).toISOString(), ...values })),
		reading_ids: sequences.map((each) => `5f1c09aa-${each}`),
	});
}

function token({ device_id, device_secret }: DeviceCredentials): string {
	const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
	const iat = Math.floor(Date.now() / 1000);
	const message = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ device_id, iat, exp: iat + 3_600, iss: 'fajma-iot', jti: device_id })}`;
	return `${message}.${createHmac('sha256', device_secret).update(message).digest('base64url')}`;
}

export interface Way {
	readonly port: number;
	readonly ca: string;
}

function tls({ port, ca }: Way): Promise<TLSSocket> {
	return new Promise((resolve, reject) => {
		const socket = connectTls({ host: 'localhost', port, ca }, () => resolve(socket.setNoDelay(true)));
		socket.once('error', reject);
	});
}

/** One connection that is kept, one request at a time: so little is done here that the server is what is measured. */
class Poster {
	readonly #socket: TLSSocket;
	readonly #head: string;
	#text = '';
	#done: (answer: string) => void = () => {};

	constructor(socket: TLSSocket, path: string, device: DeviceCredentials) {
		this.#socket = socket;
		this.#head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token(device)}\r\nX-Device-ID: ${device.device_id}\r\nContent-Type: application/json\r\nContent-Length: `;
		socket.setEncoding('latin1').on('data', (text) => {
			this.#text += text;
			const end = this.#text.indexOf('\r\n\r\n');
			const length = end < 0 ? undefined : /^content-length: *(\d+)/im.exec(this.#text.slice(0, end))?.[1];
			if (length === undefined || this.#text.length < end + 4 + Number(length)) return;
			const answer = this.#text;
			this.#text = '';
			this.#done(answer);
		});
	}

	async post(body: string): Promise<void> {
		const answer = await new Promise<string>((resolve) => {
			this.#done = resolve;
			this.#socket.write(`${this.#head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
		});
		if (!/^HTTP\/1\.1 20[01] /.test(answer)) throw new Error(answer);
	}

	close(): void {
		this.#socket.destroy();
	}
}

const rate = (readings: number, began: number): number => (readings / (performance.now() - began)) * 1000;

/** Readings a second by HTTPS; each client sends its share, one request after the other. */
export async function byHttp(
	way: Way,
	path: string,
	devices: readonly DeviceCredentials[],
	from: number,
	readings: number,
): Promise<number> {
	const posters = await Promise.all(devices.map(async (device) => new Poster(await tls(way), path, device)));
	const isBatch = path.endsWith('batch');
	const step = isBatch ? BATCH : 1;
	const each = Math.ceil(readings / devices.length / step) * step;
	// The first request of a connection proves its token.
	await Promise.all(posters.map((poster, at) => poster.post((isBatch ? batch : single)(devices[at]!.device_id, from))));
	const bodies = devices.map(({ device_id }) =>
		Array.from({ length: each / step }, (_, at) => (isBatch ? batch : single)(device_id, from + (at + 1) * step)),
	);
	const began = performance.now();
	await Promise.all(
		posters.map(async (poster, at) => {
			for (const body of bodies[at]!) await poster.post(body);
		}),
	);
	const result = rate(each * devices.length, began);
	for (const poster of posters) poster.close();
	return result;
}

export async function openSockets({ port, ca }: Way, devices: readonly DeviceCredentials[]): Promise<WebSocket[]> {
	return Promise.all(
		devices.map(async (device) => {
			const headers = { authorization: `Bearer ${token(device)}` };
			const socket = new WebSocket(`wss://localhost:${port}/ws/iot/${device.device_id}/`, { ca, headers });
			await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
			return socket;
		}),
	);
}

/** Readings a second by WebSocket, `window` under way on each; without one, all at once, until `kept` says that all are there. */
export async function byWebSocket(
	way: Way,
	devices: readonly DeviceCredentials[],
	from: number,
	readings: number,
	window: number | undefined,
	kept: (count: number) => Promise<void> = async () => {},
): Promise<number> {
	const sockets = await openSockets(way, devices);
	const each = readings / devices.length;
	const began = performance.now();
	await Promise.all(
		sockets.map(
			(socket, at) =>
				new Promise<void>((resolve) => {
					let sent = 0;
					let acks = 0;
					const say = (): void => socket.send(single(devices[at]!.device_id, from + sent++));
					socket.on('message', () => {
						acks++;
						if (acks === each) resolve();
						else if (sent < each) say();
					});
					for (let left = Math.min(each, window ?? each); left > 0; left--) say();
					if (window === undefined) resolve();
				}),
		),
	);
	await kept(readings);
	const result = rate(readings, began);
	for (const socket of sockets) socket.terminate();
	return result;
}

export async function byMqtt(
	{ port, ca }: Way,
	devices: readonly DeviceCredentials[],
	from: number,
	readings: number,
	inFlight: number,
): Promise<number> {
	const clients: MqttClient[] = await Promise.all(
		devices.map(({ device_id: clientId, user: username, password }) =>
			connectAsync(`mqtts://localhost:${port}`, { ca, clientId, username, password }),
		),
	);
	const each = readings / devices.length;
	const began = performance.now();
	await Promise.all(
		clients.flatMap((client, at) => {
			let next = 0;
			const lane = async (): Promise<void> => {
				while (next < each)
					await client.publishAsync('fajma/esp32/data', single(devices[at]!.device_id, from + next++), { qos: 1 });
			};
			return Array.from({ length: inFlight }, lane);
		}),
	);
	const result = rate(readings, began);
	await Promise.all(clients.map((client) => client.endAsync(true)));
	return result;
}
