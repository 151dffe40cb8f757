import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enrolAll } from '../../hosts/server/enrol';
import { issueServer, makeAuthority } from '../../hosts/server/issuer';
import { type Django, hasDjango, startDjango } from '../../test/support/django';
import type { Table } from '../table';
import { BATCH, byHttp, byMqtt, byWebSocket, type Way } from './clients';
import { ServerChild } from './server-child';

/** Clients at once, at every door and at both servers. */
const CLIENTS = 8;
const ROUNDS = 3;
const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** What was measured at both servers, in turns, so that both see the same machine. */
interface Duel {
	readonly ours: number[];
	readonly theirs: number[];
}

/** The guide's own server: Django and Daphne over TLS. Undefined where it is not installed. */
async function startPeer(folder: string): Promise<{ readonly django: Django; readonly way: Way } | undefined> {
	if (!hasDjango()) return undefined;
	const now = Date.now();
	const authority = await makeAuthority('Bench CA', now - 1000, now + 3_600_000);
	const { cert, key } = await issueServer(authority, ['localhost'], now - 1000, now + 3_600_000);
	const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
	writeFileSync(certFile, cert);
	writeFileSync(keyFile, key, { mode: 0o600 });
	const django = await startDjango({ certFile, keyFile });
	return { django, way: { port: django.port, ca: authority.cert } };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const perSecond = (value: number): string => `${number.format(value)}/s`;

/** How fast the server takes readings by each of its doors, beside the guide's own server. */
export async function doorsBench(): Promise<Table> {
	const folder = mkdtempSync(join(tmpdir(), 'fajma-bench-'));
	const state = join(folder, 'state');
	const devices = enrolAll(
		state,
		Array.from({ length: CLIENTS }, (_, index) => `ESP32_${index}`),
	);
	const server = await ServerChild.start(state);
	const peer = await startPeer(folder);
	const { https, mqtts, caFile } = server.ports;
	const ca = readFileSync(caFile, 'utf8');
	const way = { port: https, ca };
	const mqttWay = { port: mqtts, ca };
	let from = 0;
	/** No id comes twice. */
	const numbered = (): number => {
		from += 100_000;
		return from;
	};
	const [data, batches] = ['/api/iot/data', '/api/iot/batch'];
	const isKept = async (count: () => Promise<number> | number, goal: number): Promise<void> => {
		while ((await count()) < goal) await new Promise((resolve) => setTimeout(resolve, 100));
	};
	const single: Duel = { ours: [], theirs: [] };
	const batch: Duel = { ours: [], theirs: [] };
	const socket: Duel = { ours: [], theirs: [] };
	const alone = { socket: [] as number[], socket16: [] as number[], mqtt: [] as number[], mqtt16: [] as number[] };
	try {
		await byHttp(way, data, devices, numbered(), 4_000);
		if (peer) await byHttp(peer.way, data, devices, numbered(), 40);
		for (let round = 0; round < ROUNDS; round++) {
			single.ours.push(await byHttp(way, data, devices, numbered(), 8_000));
			if (peer) single.theirs.push(await byHttp(peer.way, data, devices, numbered(), 240));
			batch.ours.push(await byHttp(way, batches, devices, numbered(), 48_000));
			if (peer) batch.theirs.push(await byHttp(peer.way, batches, devices, numbered(), 240));
			const goal = (await server.ask()).rows + 16_000;
			const ours = async (): Promise<void> => isKept(async () => (await server.ask()).rows, goal);
			socket.ours.push(await byWebSocket(way, devices, numbered(), 16_000, undefined, ours));
			if (peer) {
				const { django } = peer;
				const most = django.socketMessages().length + 240;
				const theirs = async (): Promise<void> => isKept(() => django.socketMessages().length, most);
				socket.theirs.push(await byWebSocket(peer.way, devices, numbered(), 240, undefined, theirs));
			}
			alone.socket.push(await byWebSocket(way, devices, numbered(), 8_000, 1));
			alone.socket16.push(await byWebSocket(way, devices, numbered(), 16_000, 16));
			alone.mqtt.push(await byMqtt(mqttWay, devices, numbered(), 8_000, 1));
			alone.mqtt16.push(await byMqtt(mqttWay, devices, numbered(), 16_000, 16));
		}
		const duel = (name: string, { ours, theirs }: Duel): [string, string, string] => {
			const ratios = theirs.map((theirRate, round) => ours[round]! / theirRate);
			const beside =
				theirs.length === 0
					? 'the guide’s server is not installed here'
					: `the guide’s server: ${perSecond(median(theirs))}; ${median(ratios).toFixed(0)} times as many (${Math.min(...ratios).toFixed(0)} to ${Math.max(...ratios).toFixed(0)}); aim ≥ 20`;
			return [name, perSecond(median(ours)), beside];
		};
		return {
			title: `Doors: readings a second, ${CLIENTS} clients over TLS, median of ${ROUNDS} rounds`,
			rows: [
				duel('HTTP, one in a request', single),
				duel(`HTTP, batches of ${BATCH}`, batch),
				duel('WebSocket, all at once, until all are kept', socket),
				[
					'WebSocket, 1 under way',
					perSecond(median(alone.socket)),
					'an ack after the commit; the guide’s server gives none',
				],
				['WebSocket, 16 under way', perSecond(median(alone.socket16)), ''],
				[
					'MQTT, 1 under way',
					perSecond(median(alone.mqtt)),
					'PUBACK after the commit; the guide’s server has no such door',
				],
				['MQTT, 16 under way', perSecond(median(alone.mqtt16)), ''],
			],
		};
	} finally {
		await peer?.django.stop();
		await server.end();
		rmSync(folder, { recursive: true, force: true });
	}
}
