import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, expect, test } from 'vitest';
import { seededRandom32, uniform } from '../../hosts/simulator/random';
import { command } from '../support/commands';

const folder = mkdtempSync(join(tmpdir(), 'fajma-kill-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const KILLS = 50;
const READINGS = 5_000;
const LOSS = 0.05;

/** A way to the server that loses one packet in twenty for good: the connection then hangs a while, and breaks. */
async function lossyWay(target: () => number) {
	const random32 = seededRandom32(11);
	const open = new Set<Socket>();
	let broken = 0;
	const proxy = createServer((device) => {
		const server = connect(target(), '127.0.0.1');
		const ends = [device, server];
		const end = (): void => ends.forEach((socket) => void socket.destroy());
		let hanging = false;
		for (const [from, to] of [ends, ends.toReversed()] as [Socket, Socket][]) {
			open.add(from);
			from.on('error', end);
			from.on('close', () => {
				open.delete(from);
				end();
			});
			from.on('data', (data) => {
				if (hanging) return;
				if (uniform(random32) >= LOSS) return void to.write(data);
				hanging = true;
				broken++;
				setTimeout(end, 100);
			});
		}
	});
	await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
	return {
		port: (proxy.address() as { port: number }).port,
		broken: () => broken,
		close() {
			proxy.close();
			for (const socket of open) socket.destroy();
		},
	};
}

test(`the server is killed ${KILLS} times while ${READINGS} readings flow over a way that loses packets: each becomes one row`, async () => {
	const state = join(folder, 'state');
	let port = 0;
	const start = async () => {
		const server = command('server', '--state', state, '--http', '0', '--https', '0', '--mqtts', String(port));
		await server.wrote(/MQTT over TLS on 0\.0\.0\.0:\d+/);
		port = Number(/MQTT over TLS on 0\.0\.0\.0:(\d+)/.exec(server.output())![1]);
		return server;
	};
	let server = await start();
	const { password } = JSON.parse(readFileSync(join(state, 'devices', 'ESP32_001.json'), 'utf8')) as {
		password: string;
	};
	writeFileSync(join(folder, 'password'), password, { mode: 0o600 });
	const way = await lossyWay(() => port);
	const device = command(
		...(['device', '--json', '--state', state, '--set', `mqttUrl=mqtts://localhost:${way.port}`] as const),
		...['--set', 'mqttUser=ESP32_001', '--ca', join(state, 'tls', 'ca.pem')],
		...['--password-file', join(folder, 'password'), '--set', 'backoffMinimumSeconds=0.1'],
		...['--set', 'backoffMaximumSeconds=1', '--set', 'receiptTimeoutSeconds=2', '--interval', '0.05', '--speed', '4'],
	);
	let kills = 0;
	for (; kills < KILLS; kills++) {
		// Now and then the server is away for longer: an outage, not a restart.
		await new Promise((done) => setTimeout(done, 150 + ((kills * 37) % 400)));
		server.child.kill('SIGKILL');
		await server.ended;
		if (kills % 10 === 9) await new Promise((done) => setTimeout(done, 1_500));
		server = await start();
	}
	const database = new Database(join(state, 'readings.db'), { readonly: true });
	const rows = database.prepare('SELECT count(*) FROM readings').pluck();
	while ((rows.get() as number) < READINGS) await new Promise((done) => setTimeout(done, 200));
	// No more readings; what is in the journal still goes over the same way.
	device.child.kill('SIGINT');
	const { code, result, stderr } = await device.ended;
	way.close();
	server.child.kill('SIGTERM');
	await server.ended;
	const { sampled, released, dropped, backlog } = result.devices[0]!;
	console.log(`${kills} kills, ${way.broken()} broken connections, ${sampled} readings, ${released} delivered`);
	expect(code, stderr.slice(-2_000)).toBe(0);
	expect(sampled).toBeGreaterThanOrEqual(READINGS);
	expect([released, dropped, backlog]).toEqual([sampled, 0, 0]);
	const counts = database
		.prepare(
			'SELECT count(*) AS rows, count(DISTINCT sequence) AS readings, min(sequence) AS first, max(sequence) AS last FROM readings',
		)
		.get();
	database.close();
	expect(counts).toEqual({ rows: sampled, readings: sampled, first: 1, last: sampled });
}, 480_000);
