import { EventEmitter } from 'node:events';
import { openBatch } from '../../hosts/server/doors/batch';
import { DeviceSocket } from '../../hosts/server/doors/devicesocket';
import { Feed } from '../../hosts/server/feed';
import { Ingest, type Outcome } from '../../hosts/server/ingest';
import { loadCodec } from '../../hosts/server/lorawan/codec';
import { uplinkOf } from '../../hosts/server/lorawan/events';
import { arrivalOf } from '../../hosts/server/lorawan/uplinks';
import { type Arrival, type Door, parseBody, Refusal } from '../../hosts/server/message';
import { PacketGuard } from '../../hosts/server/mqtt/packetguard';
import { maximumBody } from '../../hosts/server/schema';
import { Store } from '../../hosts/server/store';
import type { Channel } from '../../modules/ports';
import { good as packets } from '../../test/hosts/simulator/net/hostile';
import type { Material } from './material';
import { type End, must, type Target } from './target';
import { tokens } from './tokens';

const NOON = 1_767_268_800_000;
const deviceId = 'ESP32_001';
const measured = { temperature: 36.6, humidity: 41.2, heart_rate: 72, spo2: 97.5, battery_level: 88 };
const place = { latitude: 14.6937, longitude: -17.4441 };
const flat = { device_id: deviceId, timestamp: NOON, ...measured, ...place, reading_id: '5f1c09aa-1042' };
const buffers = (...all: object[]): Buffer[] => all.map((one) => Buffer.from(JSON.stringify(one)));

const bodies: Readonly<Record<Channel, readonly Buffer[]>> = {
	data: buffers(flat, { device_id: deviceId, timestamp: NOON / 1000, data: measured, location: place }),
	heartbeat: buffers({ device_id: deviceId, status: 'online', timestamp: NOON, uptime: 300 }),
	alert: buffers({
		...{ device_id: deviceId, alert_type: 'heart_rate_high', message: 'm', timestamp: NOON, priority: 'high' },
		...{ alert_id: '5f1c09aa-9', value: 150, threshold: 120 },
	}),
	diagnostics: buffers({ device_id: deviceId, type: 'diagnostics', timestamp: NOON, wifi_rssi: -60, uptime: 1 }),
	replies: buffers({ device_id: deviceId, command_id: 'c', status: 'done', detail: 'd', timestamp: NOON }),
};
const channels = Object.keys(bodies) as Channel[];

const clear = /^[\x20-\x7e]{1,160}: .{1,200}$/;

/** The receiving side behind every door, over a real database in memory. */
class Server {
	readonly feed = new Feed();
	readonly errors: string[] = [];
	readonly ingest: Ingest;
	readonly #store = new Store(':memory:', { rejectedPerDevice: 200, reportsPerDevice: 200 });
	readonly #due: (() => void)[] = [];

	constructor() {
		this.#store.database.pragma('synchronous = OFF');
		this.feed.listen(deviceId, () => {});
		this.ingest = new Ingest({
			store: this.#store,
			now: () => NOON,
			schedule: (run) => this.#due.push(run),
			log: (level, source, message) => level === 'error' && this.errors.push(`${source}: ${message}`),
			onStored: (entry) => this.feed.stored(entry),
		});
	}

	commit(): void {
		for (const run of this.#due.splice(0)) run();
	}

	submit(arrivals: readonly Arrival[]): End {
		let told: readonly Outcome[] | undefined;
		this.ingest.submitAll(arrivals, 1_000, (outcomes) => {
			told = outcomes;
		});
		this.commit();
		must(told?.length === arrivals.length, () => `${told?.length} outcomes of ${arrivals.length}`);
		must(this.errors.length === 0, () => this.errors.join('\n'));
		let end: End = 'refused';
		for (const outcome of told!) {
			if (typeof outcome === 'object') must(clear.test(outcome.refused), () => outcome.refused);
			else must(outcome !== 'busy', () => outcome);
			if (typeof outcome === 'string') end = 'taken';
		}
		return end;
	}

	close(): void {
		this.ingest.close();
		this.#store.close();
	}
}

function refusal(thrown: unknown): End {
	must(thrown instanceof Refusal && clear.test(thrown.message), () => String((thrown as Error).stack ?? thrown));
	return 'refused';
}

/** A target behind which stands a server. */
const behind = (
	name: string,
	cases: number,
	run: (server: Server, material: Material) => End | Promise<End>,
): Target => ({
	name,
	cases,
	renew: 20_000,
	make: () => {
		const server = new Server();
		return { run: (material) => run(server, material), close: () => server.close() };
	},
});

const doors: readonly Door[] = ['mqtt', 'http', 'websocket'];

const single = behind(
	'bodies of one message, every channel, by MQTT, HTTP and WebSocket',
	160_000,
	(server, material) => {
		const channel = material.pick(channels);
		const body = material.json(bodies[channel]);
		return server.submit([{ door: material.pick(doors), deviceId, channel, body, receivedAt: NOON }]);
	},
);

const measurement = { ...measured, timestamp: new Date(NOON).toISOString() };
const batches = buffers(
	{
		device_id: deviceId,
		batch_timestamp: NOON,
		measurements: [measurement, measurement],
		reading_ids: ['5f1c09aa-1', '5f1c09aa-2'],
	},
	{ device_id: deviceId, measurements: [{ ...measured, timestamp: NOON }, measurement] },
);

const batch = behind('bodies of a batch', 80_000, (server, material) => {
	const whole: Arrival = { door: 'http', deviceId, channel: 'data', body: material.json(batches), receivedAt: NOON };
	let arrivals: readonly Arrival[];
	try {
		({ arrivals } = openBatch(whole));
	} catch (thrown) {
		return refusal(thrown);
	}
	return arrivals.length === 0 ? 'taken' : server.submit(arrivals);
});

class Socket extends EventEmitter {
	readonly OPEN = 1;
	readyState = 1;
	bufferedAmount = 0;
	isPaused = false;
	readonly said: string[] = [];
	pause(): void {
		this.isPaused = true;
	}
	resume(): void {
		this.isPaused = false;
	}
	send(text: string): void {
		this.said.push(text);
	}
	close(code: number): void {
		throw new Error(`closed with ${code}`);
	}
	terminate(): void {
		throw new Error('terminated');
	}
}

const typed = [
	...['reading', 'alert', 'reply', 'heartbeat', 'diagnostics'].map((type, index) => ({
		type,
		...JSON.parse(bodies[(['data', 'alert', 'replies', 'heartbeat', 'diagnostics'] as const)[index]!][0]!.toString()),
	})),
	{ type: 'realtime_data', device_id: deviceId, timestamp: NOON, heart_rate: 72 },
	{ type: 'connection', device_id: deviceId, data: 'ESP32 connected' },
].map((one) => Buffer.from(JSON.stringify(one)));

const webSocket: Target = {
	name: 'messages of a device’s WebSocket',
	cases: 80_000,
	renew: 20_000,
	make: () => {
		const server = new Server();
		const socket = new Socket();
		new DeviceSocket(socket as never, {
			deviceId,
			ingest: server.ingest,
			feed: server.feed,
			now: () => NOON,
			rate: () => 0,
		});
		return {
			run: (material) => {
				socket.emit('message', material.json(typed), false);
				server.commit();
				must(server.errors.length === 0 && !socket.isPaused, () => server.errors.join('\n'));
				const said = socket.said.splice(0).map((text) => JSON.parse(text) as { type: string; error?: string });
				must(said.length <= 1, () => JSON.stringify(said));
				for (const { type, error } of said)
					must(type === 'ack' || (type === 'nack' && clear.test(error ?? '')), () => JSON.stringify(said));
				return said[0]?.type === 'nack' ? 'refused' : 'taken';
			},
			close: () => server.close(),
		};
	},
};

const guard: Target = {
	name: 'MQTT: the guard of packets’ lengths',
	cases: 100_000,
	make: () => ({
		run: (material) => {
			const bytes = material.bytes([packets]);
			const whole = new PacketGuard(65_536).accepts(bytes);
			const piecewise = new PacketGuard(65_536);
			let accepted = true;
			for (const piece of material.pieces(bytes)) accepted = accepted && piecewise.accepts(piece);
			must(whole === accepted, () => bytes.toString('hex'));
			return whole ? 'taken' : 'refused';
		},
	}),
};

const devEui = '70b3d57ed0000001';
const uplink = Buffer.from('5f1c09aa0000000710', 'hex');
const payloads = [Buffer.concat([uplink, Buffer.alloc(18, 9)]), Buffer.from('0e4c00480000005a', 'hex')];
const events = payloads.flatMap((bytes, index) => {
	const port = 2 - index;
	const data = bytes.toString('base64');
	return buffers(
		{ end_device_ids: { device_id: 'vest-1', dev_eui: devEui }, uplink_message: { f_port: port, frm_payload: data } },
		{ deviceInfo: { deviceName: 'vest 1', devEui }, fPort: port, data },
	);
});

const webhooks: Target = {
	name: 'LoRaWAN: events of network servers, and payloads',
	cases: 80_000,
	renew: 20_000,
	make: () => {
		const server = new Server();
		const codec = loadCodec();
		return {
			run: (material) => {
				try {
					const isEvent = material.below(2) === 0;
					const network = material.pick(['tts', 'chirpstack'] as const);
					const up = isEvent
						? uplinkOf(network, undefined, parseBody(material.json(events), maximumBody))
						: { devEui, name: undefined, port: 1 + material.below(4), bytes: material.bytes(payloads) };
					return up === undefined ? 'refused' : server.submit([arrivalOf(codec, deviceId, up, NOON, () => 'c1')]);
				} catch (thrown) {
					return refusal(thrown);
				}
			},
			close: () => server.close(),
		};
	},
};

/** What the server reads of what devices, or others, say. */
export const serverDoors: readonly Target[] = [single, batch, webSocket, tokens, guard, webhooks];
