import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DeskBoard, deskBoard } from '../../hosts/simulator/board/desk-board';
import { issue, makeAuthority } from '../support/certificates';
import { type Django, hasDjango, startDjango } from '../support/django';

const SECRET = 'of a device that speaks to a server which never looks at it';

/** The n-th reading can be told from its values. */
const reading = (n: number) => ({
	temperatureCelsius: 36 + n / 100,
	humidityPercent: 40 + n / 10,
	heartRateBpm: 60 + n,
	spo2Percent: 95 + n / 100,
	batteryPercent: 80,
	latitudeDegrees: 14.6937,
	longitudeDegrees: -17.4441,
});

describe.runIf(hasDjango())('a device at the guide’s server as it is written', () => {
	const folder = mkdtempSync(join(tmpdir(), 'fajma-world-django-'));
	let django: Django;
	let desk: DeskBoard;
	let began = 0;
	let taken = 0;

	const until = async (what: string, isSo: () => boolean): Promise<void> => {
		const end = performance.now() + 40_000;
		while (!isSo()) {
			if (performance.now() > end) throw new Error(`${what}: not in 40 s; ${JSON.stringify(desk.report())}`);
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	};

	beforeAll(async () => {
		const authority = await makeAuthority();
		const { cert, key } = await issue({ authority, names: ['localhost'] });
		const certFile = join(folder, 'cert.pem');
		const keyFile = join(folder, 'key.pem');
		writeFileSync(certFile, cert);
		writeFileSync(keyFile, key, { mode: 0o600 });
		django = await startDjango({ certFile, keyFile });
		desk = deskBoard({
			folder: join(folder, 'board'),
			seed: 1,
			speed: 1,
			log: () => {},
			settings: {
				httpUrl: `https://localhost:${django.port}`,
				webSocketUrl: `wss://localhost:${django.port}`,
				deviceSecret: SECRET,
				serverCa: authority.cert,
				dataIntervalSeconds: 0.2,
				failoverSeconds: 1,
			},
			sensor: {
				name: 'counter',
				sample: () => reading(taken++),
				live: () => ({ heartRateBpm: 72, spo2Percent: 97.5 }),
				close() {},
			},
		});
		began = Date.now();
		desk.world.isReachable = false;
		desk.board.powerOn();
		await until('a backlog', () => desk.report().backlog >= 12);
		desk.world.isReachable = true;
		await until('live data', () => django.socketMessages().filter(({ type }) => type === 'realtime_data').length >= 3);
		desk.stopSampling();
		await until('all delivered', () => desk.report().backlog === 0);
	});

	afterAll(async () => {
		desk?.close();
		await django?.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	test('has every reading taken, each once, with its values and its time', () => {
		const rows = django.rows();
		expect(rows).toHaveLength(taken);
		rows.sort((one, other) => one.temperature! - other.temperature!);
		rows.forEach((row, n) => {
			const { temperatureCelsius, humidityPercent, heartRateBpm, spo2Percent, batteryPercent } = reading(n);
			expect(row.device_id).toBe('ESP32_001');
			expect(row.temperature).toBeCloseTo(temperatureCelsius, 5);
			expect(row.humidity).toBeCloseTo(humidityPercent, 5);
			expect(row.heart_rate).toBe(heartRateBpm);
			// A tenth of a percent is what a reading keeps.
			expect(row.spo2).toBeCloseTo(spo2Percent, 0.9);
			expect(row.battery_level).toBe(batteryPercent);
			const time = Date.parse(`${row.timestamp.replace(' ', 'T')}Z`);
			expect(time).toBeGreaterThanOrEqual(began);
			expect(time).toBeLessThanOrEqual(Date.now());
			// In its order: the n-th is about n intervals after the first.
			if (n > 0) expect(time).toBeGreaterThan(Date.parse(`${rows[n - 1]!.timestamp.replace(' ', 'T')}Z`));
		});
	});

	test('sends a backlog in batches, and single readings by themselves', () => {
		expect(django.log()).toMatch(/"POST \/api\/iot\/batch" 200/);
		expect(django.log()).toMatch(/"POST \/api\/iot\/data" 200/);
		expect(django.log()).not.toMatch(/"POST [^"]*" [45]/);
	});

	test('is live on the socket each second, and takes its silence for no receipt', () => {
		const messages = django.socketMessages();
		expect(messages[0]).toMatchObject({ type: 'connection', device_id: 'ESP32_001' });
		const live = messages.filter(({ type }) => type === 'realtime_data');
		expect(live[0]).toMatchObject({ device_id: 'ESP32_001', heart_rate: 72, spo2: 97.5 });
		const times = live.map(({ timestamp }) => Number(timestamp));
		expect(Math.abs(times[0]! - Date.now())).toBeLessThan(60_000);
		// Never more often; a busy machine may be late.
		expect((times.at(-1)! - times[0]!) / (times.length - 1)).toBeGreaterThan(900);
		const { routes } = desk.report();
		expect(routes.find(({ name }) => name === 'websocket')!.delivered).toBe(0);
		expect(routes.find(({ name }) => name === 'http')!.delivered).toBe(taken);
	});
});
