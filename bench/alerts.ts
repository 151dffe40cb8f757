import { seededRandom32 } from '../hosts/simulator/random';
import type { Sample } from '../modules/ports';
import { DEVICE_SECRET as deviceSecret, HTTP_ONLY } from '../test/support/web';
import { makeWorld, NOON } from '../test/support/world';
import type { Table } from './table';

const CROSSINGS = 100;
const MINUTE = 60_000;
const INTERVAL = 30;
/** Milliseconds, there and back. */
const ROUND_TRIP = 50;

const routes: Readonly<Record<string, object>> = {
	MQTT: {},
	HTTP: HTTP_ONLY,
	WebSocket: { mqttUrl: '', webSocketUrl: 'wss://server.example:8443', deviceSecret },
};

interface Delays {
	/** Milliseconds from the moment that the value crossed its threshold to the alert's row. */
	readonly crossed: number[];
	/** From the reading that raised the alert. */
	readonly raised: number[];
}

function cross(settings: object, alertReadings: number): Delays {
	const world = makeWorld({ seed: 8 });
	const random32 = seededRandom32(9);
	const sample: Sample = { heartRateBpm: 70, spo2Percent: 98, temperatureCelsius: 36.6, batteryPercent: 90 };
	const hand = { name: 'hand', sample: (): Sample => ({ ...sample }), close() {} };
	const { board, powerOn } = world.addBoard('ESP32_001', {
		sensors: [hand],
		link: { latency: ROUND_TRIP / 2 },
		settings: { dataIntervalSeconds: INTERVAL, alertReadings, ...settings },
	});
	const alerts = () =>
		world.query(
			"SELECT timestamp, received_at FROM messages WHERE kind = 'alert' AND body LIKE '%heart_rate_high%' ORDER BY id",
		);
	powerOn();
	world.time.advance(2 * MINUTE);
	const delays: Delays = { crossed: [], raised: [] };
	for (let index = 0; index < CROSSINGS; index++) {
		world.time.advance(MINUTE + (random32() / 2 ** 32) * MINUTE);
		const began = world.time.now;
		sample.heartRateBpm = 150;
		if (!world.time.advanceUntil(() => alerts().length > index, 10 * MINUTE, 1_000))
			throw new Error(`crossing ${index}: no alert in ten minutes`);
		const { timestamp, received_at } = alerts()[index] as { timestamp: number; received_at: number };
		delays.crossed.push(received_at - NOON - began);
		delays.raised.push(received_at - timestamp);
		sample.heartRateBpm = 70;
		world.time.advance(3 * MINUTE);
	}
	board.device.stopSampling();
	world.close();
	return delays;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** From a crossed threshold to the alert's row, in virtual time, by each route. */
export async function alertsBench(): Promise<Table> {
	const rows: [string, string, string][] = [];
	for (const [name, settings] of Object.entries(routes))
		for (const readings of [1, 2]) {
			const { crossed, raised } = cross(settings, readings);
			const seconds = (value: number): string => (value / 1000).toFixed(1);
			rows.push([
				`${name}, ${readings === 1 ? 'the first reading' : 'two readings in a row (default)'}`,
				`${seconds(mean(crossed))} s, at most ${seconds(Math.max(...crossed))} s`,
				`from the reading that raised it: ${mean(raised).toFixed(0)} ms, at most ${Math.max(...raised)} ms`,
			]);
		}
	return {
		title: `From a crossed threshold to the alert’s row: a reading each ${INTERVAL} s, ${ROUND_TRIP} ms there and back`,
		rows,
	};
}
