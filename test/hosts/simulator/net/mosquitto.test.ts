import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BoardClock } from '../../../../hosts/simulator/board/clocks';
import { tlsMqtt } from '../../../../hosts/simulator/net/parts';
import { RealTime } from '../../../../hosts/simulator/time';
import type { Fault } from '../../../../modules/fault';
import { MqttRoute } from '../../../../modules/mqtt/route';
import { encode } from '../../../../modules/text/utf8';
import { type Issued, issue, makeAuthority } from '../../../support/certificates';
import { ear } from '../../../support/ear';
import { hasMosquitto, type Mosquitto, startMosquitto } from '../../../support/mosquitto';

const scheduler = new RealTime();
const DAY = 86_400_000;

const ACL = `user ESP32_001
topic write fajma/esp32/+
topic read fajma/esp32/commands
topic read fajma/esp32/commands/ESP32_001
`;

describe.skipIf(!hasMosquitto())('with a real Mosquitto', () => {
	const folder = mkdtempSync(join(tmpdir(), 'route-'));
	const running: Mosquitto[] = [];
	let authority: Issued;

	beforeAll(async () => {
		authority = await makeAuthority();
	});

	afterAll(async () => {
		for (const broker of running) await broker.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	async function start(certificate: Issued): Promise<Mosquitto> {
		const certFile = join(folder, `${running.length}.pem`);
		const keyFile = join(folder, `${running.length}.key`);
		writeFileSync(certFile, certificate.cert);
		writeFileSync(keyFile, certificate.key, { mode: 0o600 });
		const users = { ESP32_001: 'right-password' };
		const broker = await startMosquitto({ certFile, keyFile, users, acl: ACL });
		running.push(broker);
		return broker;
	}

	function makeRoute(port: number, { ca = authority.cert, password = 'right-password' } = {}): MqttRoute {
		return new MqttRoute({
			mqtt: tlsMqtt({ scheduler, ca }),
			clock: new BoardClock(scheduler),
			log: () => {},
			host: 'localhost',
			port,
			deviceId: 'ESP32_001',
			user: 'ESP32_001',
			password,
			window: 8,
		});
	}

	function fault(route: MqttRoute): Promise<Fault> {
		return new Promise((resolve, reject) => {
			ear(route).onClosed = resolve;
			ear(route).onOpen = () => reject(new Error('it opened'));
			route.open();
		});
	}

	test('every record gets its receipt, also across kill -9', async () => {
		const broker = await start(await issue({ authority, names: ['localhost'] }));
		const route = makeRoute(broker.port);
		const done = new Set<number>();
		const tried = new Set<number>();
		const flying = new Set<number>();
		const ends: Fault[] = [];
		await new Promise<void>((resolve) => {
			const pump = () => {
				for (let sequence = 1; sequence <= 400; sequence++) {
					if (done.has(sequence) || flying.has(sequence)) continue;
					const again = tried.has(sequence);
					if (!route.send({ channel: 'data', body: encode(`{"n":${sequence}}`), sequence, again })) return;
					flying.add(sequence);
					tried.add(sequence);
				}
			};
			ear(route).onOpen = pump;
			ear(route).onWritable = pump;
			ear(route).onReceipt = (sequence) => {
				expect(done.has(sequence)).toBe(false);
				done.add(sequence);
				flying.delete(sequence);
				if (done.size === 100) broker.kill9().then(() => broker.restart());
				if (done.size === 400) resolve();
				pump();
			};
			ear(route).onClosed = (end) => {
				ends.push(end);
				flying.clear();
				setTimeout(() => route.state === 'closed' && route.open(), 50);
			};
			route.open();
		});
		expect(ends.length).toBeGreaterThan(0);
		for (const end of ends) expect(end.code).toMatch(/closed|connect/);
		route.close();
	});

	test('a wrong password is refused, in words', async () => {
		const broker = await start(await issue({ authority, names: ['localhost'] }));
		const end = await fault(makeRoute(broker.port, { password: 'wrong-password' }));
		expect([end.code, end.message]).toEqual([
			'refused',
			'not authorised: a wrong user or password, or no right to come in (CONNACK 5)',
		]);
	});

	test.each([
		[
			'another CA',
			() => issue({ authority, names: ['localhost'] }),
			async () => (await makeAuthority()).cert,
			'not from the given CA',
		],
		[
			'an expired certificate',
			() => issue({ authority, names: ['localhost'], notAfter: Date.now() - DAY / 24 }),
			async () => authority.cert,
			'expired',
		],
		[
			'another host name',
			() => issue({ authority, names: ['elsewhere.example'] }),
			async () => authority.cert,
			'another host name',
		],
	])('%s: refused before anything is sent', async (_, certificate, ca, words) => {
		const broker = await start(await certificate());
		const end = await fault(makeRoute(broker.port, { ca: await ca() }));
		expect([end.code, end.message]).toEqual(['tls', expect.stringContaining(words)]);
		expect(broker.log()).not.toContain('ESP32_001');
	});
});
