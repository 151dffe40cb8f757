import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enrol } from '../hosts/server/enrol';
import { startServer } from '../hosts/server/server';
import { BoardClock } from '../hosts/simulator/board/clocks';
import { tlsHttp, tlsMqtt, tlsWebSocket } from '../hosts/simulator/net/parts';
import { seededRandom32 } from '../hosts/simulator/random';
import { RealTime } from '../hosts/simulator/time';
import { HttpRoute } from '../modules/http/route';
import { TokenSource } from '../modules/jwt/jwt';
import { MqttRoute } from '../modules/mqtt/route';
import type { Outgoing, Route } from '../modules/ports';
import { encode } from '../modules/text/utf8';
import { WebSocketRoute } from '../modules/websocket/route';
import { Batch } from '../src/messages/batch';
import { readingId, readingMessage } from '../src/messages/reading';
import { ear } from '../test/support/ear';
import { CountingProxy } from './proxy';
import type { Table } from './table';

const deviceId = 'ESP32_001';
const EPOCH = 0x5f1c_09aa;
const START = Date.UTC(2026, 0, 1);
/** Divisible by each size of a batch. */
const SAMPLE = 240;
const BATCHES = [5, 10, 20, 30];
const CAPACITY = 10_240;

const measured = {
	centiCelsius: 3661,
	humidityBasisPoints: 4120,
	heartRateBpm: 72,
	spo2PerMille: 975,
	batteryPercent: 88,
	latitudeTenMicrodegrees: 1_469_370,
	longitudeTenMicrodegrees: -1_744_410,
};

/** A number for every reading of this bench: none comes twice. */
let next = 1;

function single(): Outgoing {
	const sequence = next++;
	const timestamp = START + sequence * 30_000;
	const id = readingId(EPOCH, sequence);
	const body = encode(
		readingMessage(deviceId, timestamp, { stamp: { epochMilliseconds: timestamp }, ...measured }, id),
	);
	return { channel: 'data', body, sequence, id, again: false };
}

function several(count: number): Outgoing {
	const sequence = next;
	const batch = new Batch(deviceId, Date.now(), EPOCH.toString(16), CAPACITY);
	for (let left = count; left > 0; left--) {
		const timestamp = START + next * 30_000;
		if (!batch.add(next++, timestamp, { stamp: { epochMilliseconds: timestamp }, ...measured }))
			throw new Error(`no room for ${count} readings`);
	}
	return { channel: 'batch', body: batch.finish(), sequence, id: batch.name, batch: batch.sequences, again: false };
}

/** Until each has its receipt. */
function sendAll(route: Route, messages: readonly Outgoing[]): Promise<void> {
	return new Promise((resolve, reject) => {
		let index = 0;
		let missing = messages.reduce((sum, { batch }) => sum + (batch?.length ?? 1), 0);
		const pump = (): void => {
			while (index < messages.length && route.send(messages[index]!)) index++;
		};
		ear(route).onWritable = pump;
		ear(route).onRefused = (sequence, fault) => reject(new Error(`${sequence} was refused: ${fault.message}`));
		ear(route).onReceipt = () => {
			missing--;
			if (missing === 0) resolve();
			else pump();
		};
		pump();
	});
}

interface Cost {
	readonly up: number;
	readonly down: number;
	readonly turns: number;
}

async function costOf(proxy: CountingProxy, readings: number, work: () => Promise<void>): Promise<Cost> {
	const { up, down, turns } = proxy;
	await work();
	const each = (now: number, before: number): number => (now - before) / readings;
	return { up: each(proxy.up, up), down: each(proxy.down, down), turns: each(proxy.turns, turns) };
}

/** What a reading costs on the air by each route: the firmware's routes, over TLS 1.3, to the real server. */
export async function routesBench(): Promise<Table> {
	const state = mkdtempSync(join(tmpdir(), 'fajma-bench-'));
	const server = await startServer({
		...{ state, httpPort: 0, httpsPort: 0, mqttsPort: 0, host: '127.0.0.1' },
		perSecond: 100_000,
	});
	const { user, password, device_secret: secret } = enrol(state, deviceId);
	const ca = readFileSync(server.caFile, 'utf8');
	const scheduler = new RealTime();
	const clock = new BoardClock(scheduler, { epoch: Date.now() });
	const common = { clock, log: () => {}, host: 'localhost', deviceId };
	const tokens = () => new TokenSource({ clock, deviceId, secret, random32: seededRandom32(1) });
	const makers: Record<string, (port: number) => Route> = {
		MQTT: (port) => new MqttRoute({ ...common, port, mqtt: tlsMqtt({ scheduler, ca }), user, password }),
		WebSocket: (port) =>
			new WebSocketRoute({ ...common, port, webSocket: tlsWebSocket({ scheduler, ca }), tokens: tokens() }),
		HTTP: (port) => new HttpRoute({ ...common, port, http: tlsHttp({ scheduler, ca }), tokens: tokens() }),
	};
	const rows: [string, string, string][] = [];
	const row = (name: string, { up, down, turns }: Cost, note = ''): void => {
		const trips = `${turns.toFixed(turns < 0.995 ? 2 : 1)} round trips`;
		rows.push([name, `${up.toFixed(1)} up, ${down.toFixed(1)} down, ${trips}`, note]);
	};
	for (const [name, make] of Object.entries(makers)) {
		const proxy = await CountingProxy.open(name === 'MQTT' ? server.mqttsPort! : server.httpsPort);
		const route = make(proxy.port);
		await new Promise<void>((resolve, reject) => {
			ear(route).onOpen = resolve;
			ear(route).onClosed = reject;
			route.open();
		});
		await sendAll(route, [single()]);
		row(`${name}: a connection and one reading`, proxy, 'full handshake, EC P-256');
		const alone = await costOf(proxy, SAMPLE, async () => {
			for (let left = SAMPLE; left > 0; left--) await sendAll(route, [single()]);
		});
		row(`${name}: one at a time`, alone, name === 'HTTP' ? 'a POST each, the connection kept' : '');
		if (name !== 'HTTP')
			row(
				`${name}: of a backlog`,
				await costOf(proxy, SAMPLE, () => sendAll(route, Array.from({ length: SAMPLE }, single))),
				'as many under way as its window allows',
			);
		else
			for (const count of BATCHES) {
				const messages = Array.from({ length: SAMPLE / count }, () => several(count));
				row(`HTTP: batches of ${count}`, await costOf(proxy, SAMPLE, () => sendAll(route, messages)));
			}
		route.close();
		await proxy.close();
	}
	const { rows: kept } = server.counts();
	await server.close();
	rmSync(state, { recursive: true, force: true });
	if (kept !== next - 1) throw new Error(`${kept} rows of ${next - 1}`);
	return { title: 'Routes: bytes of TCP payload and round trips a reading, TLS 1.3', rows };
}
