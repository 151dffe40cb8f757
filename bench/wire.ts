import type { Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';
import { type Issued, issueServer, makeAuthority } from '../hosts/server/issuer';
import { BoardClock } from '../hosts/simulator/board/clocks';
import { tlsMqtt, virtualMqtt } from '../hosts/simulator/net/parts';
import { VirtualNetwork } from '../hosts/simulator/net/virtual';
import { VirtualBroker } from '../hosts/simulator/net/virtual-broker';
import { seededRandom32 } from '../hosts/simulator/random';
import { RealTime, VirtualTime } from '../hosts/simulator/time';
import { publishLength } from '../modules/mqtt/packet';
import { MqttRoute } from '../modules/mqtt/route';
import { encode } from '../modules/text/utf8';
import { readingId, readingMessage } from '../src/messages/reading';
import { ear } from '../test/support/ear';
import { CountingProxy } from './proxy';
import type { Table } from './table';

const TOPIC = 'fajma/esp32/data';
/** Readings sent over real TLS: enough for an average to stand still. */
const SAMPLE = 480;
const BACKLOG = 10_000;
const ROUND_TRIP = 50;
/** The least that PUBACK takes (MQTT 3.1.1 §3.4). */
const PUBACK = 4;

const format = (value: number, digits = 0): string =>
	new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

/** A reading with everything in it, as the firmware writes it. */
function body(sequence: number): ArrayBuffer {
	const reading = {
		stamp: { epochMilliseconds: 1_767_225_600_000 },
		centiCelsius: 3661,
		humidityBasisPoints: 4120,
		heartRateBpm: 72,
		spo2PerMille: 975,
		batteryPercent: 88,
		latitudeTenMicrodegrees: 1_469_370,
		longitudeTenMicrodegrees: -1_744_410,
	};
	const timestamp = reading.stamp.epochMilliseconds + sequence * 30_000;
	return encode(readingMessage('ESP32_001', timestamp, reading, readingId(0x5f1c_09aa, sequence)));
}

/** Sends `from` to `to` over an open route, in order; `done` when every receipt is there. */
function sendAll(route: MqttRoute, from: number, to: number, done: () => void): void {
	let next = from;
	let missing = to - from + 1;
	const pump = (): void => {
		while (next <= to && route.send({ channel: 'data', body: body(next), sequence: next, again: false })) next++;
	};
	ear(route).onWritable = pump;
	ear(route).onReceipt = () => {
		missing--;
		if (missing === 0) done();
		else pump();
	};
	pump();
}

/** Virtual milliseconds from an open route to the last receipt of the backlog. */
function drain(window: number): number {
	const scheduler = new VirtualTime();
	const network = new VirtualNetwork({ scheduler, random32: seededRandom32(1) });
	const broker = new VirtualBroker({ network, host: 'broker', port: 1883 });
	const route = new MqttRoute({
		mqtt: virtualMqtt(network.link({ latency: ROUND_TRIP / 2 })),
		clock: new BoardClock(scheduler),
		log: () => {},
		host: 'broker',
		port: 1883,
		deviceId: 'ESP32_001',
		window,
	});
	let began = 0;
	let ended: number | undefined;
	ear(route).onOpen = () => {
		began = scheduler.now;
		sendAll(route, 1, BACKLOG, () => {
			ended = scheduler.now;
		});
	};
	route.open();
	scheduler.advanceUntil(() => ended !== undefined, 3_600_000);
	if (ended === undefined) throw new Error(`the backlog did not drain with a window of ${window}`);
	route.close();
	broker.crash({ silent: true });
	return ended - began;
}

function listen(server: Server): Promise<number> {
	return new Promise((resolve) => {
		server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
	});
}

/** Bytes of TCP payload for the connection (handshake, CONNECT, SUBSCRIBE and their answers) and for each reading. */
async function overTls(version: 'TLSv1.2' | 'TLSv1.3', authority: Issued, certificate: Issued) {
	const broker = await Aedes.createBroker();
	const server = createTlsServer({ ...certificate, minVersion: version, maxVersion: version }, (socket) => {
		socket.on('error', () => {});
		broker.handle(socket);
	});
	const serverPort = await listen(server);
	const counted = await CountingProxy.open(serverPort);
	const scheduler = new RealTime();
	const route = new MqttRoute({
		mqtt: tlsMqtt({ scheduler, ca: authority.cert }),
		clock: new BoardClock(scheduler),
		log: () => {},
		host: 'localhost',
		port: counted.port,
		deviceId: 'ESP32_001',
		user: 'ESP32_001',
		password: 'a-password-of-some-length',
		will: () => '{"device_id":"ESP32_001","status":"offline"}',
	});
	await new Promise<void>((resolve, reject) => {
		ear(route).onOpen = resolve;
		ear(route).onClosed = reject;
		route.open();
	});
	// The first reading settles what follows the handshake: session tickets, SUBACK.
	const since = async (work: () => Promise<void>, readings: number) => {
		const { up, down } = counted;
		await work();
		return { up: (counted.up - up) / readings, down: (counted.down - down) / readings };
	};
	await new Promise<void>((resolve) => sendAll(route, 1, 1, resolve));
	const connection = { up: counted.up, down: counted.down };
	const alone = await since(async () => {
		for (let sequence = 1001; sequence <= 1000 + SAMPLE; sequence++)
			await new Promise<void>((resolve) => sendAll(route, sequence, sequence, resolve));
	}, SAMPLE);
	const together = await since(() => new Promise((resolve) => sendAll(route, 2001, 2000 + SAMPLE, resolve)), SAMPLE);
	const gone = new Promise((resolve) => broker.once('clientDisconnect', resolve));
	route.close();
	await gone;
	await counted.close();
	await new Promise<void>((resolve) => broker.close(() => resolve()));
	await new Promise((resolve) => server.close(resolve));
	return { connection, alone, together };
}

/** What a reading costs on the air, and what a window is worth. */
export async function wireBench(): Promise<Table> {
	const now = Date.now();
	const authority = await makeAuthority('Bench CA', now - 1000, now + 3_600_000);
	const certificate = await issueServer(authority, ['localhost'], now - 1000, now + 3_600_000);
	const tls13 = await overTls('TLSv1.3', authority, certificate);
	const tls12 = await overTls('TLSv1.2', authority, certificate);
	const length = body(1042).byteLength;
	const packet = publishLength(TOPIC.length, length, 1);
	const both = ({ up, down }: { up: number; down: number }, digits = 0): string =>
		`${format(up, digits)} up, ${format(down, digits)} down`;
	const [one, sixteen] = [drain(1), drain(16)];
	const seconds = (milliseconds: number): string =>
		`${format(milliseconds / 1000, 1)} s (${format((BACKLOG / milliseconds) * 1000)} readings/s)`;

	return {
		title: 'On the wire (bytes of TCP payload)',
		rows: [
			['a reading as JSON', `${format(length)} bytes`, 'every field in it'],
			['a reading over MQTT', both({ up: packet, down: PUBACK }), 'PUBLISH at QoS 1, PUBACK'],
			['a reading alone over MQTT and TLS 1.3', both(tls13.alone, 1), 'a TLS record for it, and one for its receipt'],
			['a reading alone over MQTT and TLS 1.2', both(tls12.alone, 1), 'the same'],
			[
				'a reading of a backlog, TLS 1.3',
				both(tls13.together, 1),
				'window 16: several to a record, where Node joins them',
			],
			['a connection and one reading, TLS 1.3', both(tls13.connection), 'full handshake, EC P-256, one certificate'],
			['a connection and one reading, TLS 1.2', both(tls12.connection), 'the same'],
			[
				`${format(BACKLOG)} readings at ${ROUND_TRIP} ms, window 1`,
				seconds(one),
				`the bound is ${format((BACKLOG * ROUND_TRIP) / 1000)} s`,
			],
			[
				`${format(BACKLOG)} readings at ${ROUND_TRIP} ms, window 16`,
				seconds(sixteen),
				`${format(one / sixteen, 1)} times as fast`,
			],
		],
	};
}
