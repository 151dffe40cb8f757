import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Commands } from '../../../../hosts/server/commands/commands';
import { Ingest } from '../../../../hosts/server/ingest';
import { type Issued, issueServer, makeAuthority } from '../../../../hosts/server/issuer';
import { ExternalBroker } from '../../../../hosts/server/mqtt/external';
import { Topics } from '../../../../hosts/server/mqtt/topics';
import { Queries } from '../../../../hosts/server/queries';
import { Store } from '../../../../hosts/server/store';
import { hasMosquitto, type Mosquitto, startMosquitto } from '../../../support/mosquitto';
import { ServerProcess } from '../child';
import { reading, rig, scratch, until } from '../support';

const day = 86_400_000;
const topic = 'fajma/esp32/data';
const acl = `user server
topic read fajma/esp32/#
topic write fajma/esp32/commands/#

user ESP32_001
topic write fajma/esp32/data
topic read fajma/esp32/commands/#

user blind
topic write fajma/esp32/data
`;

interface Site {
	readonly folder: string;
	readonly authority: Issued;
	readonly caFile: string;
	readonly mosquitto: Mosquitto;
}

/** A Mosquitto with TLS, a password file and an ACL; ends with the test. */
async function site(options: { names?: string[]; until?: number } = {}): Promise<Site> {
	const folder = scratch();
	const now = Date.now();
	const authority = await makeAuthority('Test CA', now - 10 * day, now + 10 * day);
	const names = options.names ?? ['localhost', '127.0.0.1'];
	const server = await issueServer(authority, names, now - 5 * day, options.until ?? now + 5 * day);
	const file = (name: string, content: string): string => {
		writeFileSync(join(folder, name), content, { mode: 0o600 });
		return join(folder, name);
	};
	const mosquitto = await startMosquitto({
		certFile: file('server.pem', server.cert),
		keyFile: file('server-key.pem', server.key),
		users: { server: 'swordfish', ESP32_001: 'device', blind: 'blind' },
		acl,
	});
	onTestFinished(() => mosquitto.stop());
	file('password', 'swordfish\n');
	return { folder, authority, caFile: file('ca.pem', authority.cert), mosquitto };
}

async function device({ authority, mosquitto }: Site): Promise<MqttClient> {
	const options = { ca: authority.cert, username: 'ESP32_001', password: 'device', clientId: 'ESP32_001' };
	const client = await connectAsync(`mqtts://localhost:${mosquitto.port}`, {
		...options,
		clean: false,
		reconnectPeriod: 50,
	});
	client.on('error', () => {});
	onTestFinished(() => void client.end(true));
	return client;
}

/** Only the door, with short waits, before a store in memory. */
function door(
	{ authority, mosquitto }: Site,
	change: { ca?: string; host?: string; user?: string; password?: string } = {},
	commands?: Commands,
) {
	const store = new Store(':memory:');
	const gate = { open: true, held: [] as (() => void)[] };
	const ingest = new Ingest({
		store,
		now: Date.now,
		schedule: (run) => (gate.open ? void setImmediate(run) : void gate.held.push(run)),
	});
	const lines: string[] = [];
	const address = {
		host: 'localhost',
		port: mosquitto.port,
		ca: authority.cert,
		user: 'server',
		password: 'swordfish',
		clientId: 'server-1',
		...change,
	};
	const external = new ExternalBroker({
		address,
		ingest,
		topics: new Topics('fajma/esp32'),
		...(commands && { commands }),
		now: Date.now,
		log: (_, __, message) => lines.push(message),
		firstWait: 20,
		longestWait: 50,
	});
	onTestFinished(() => external.close());
	return { external, ingest, lines, gate, rows: () => new Queries(store).rows() };
}

describe('a broker that somebody else runs (Mosquitto)', () => {
	test('delivers to the whole server; what comes while the server is away is waiting when it returns', async () => {
		if (!hasMosquitto()) return;
		const there = await site();
		const state = scratch();
		const broker = {
			url: `mqtts://localhost:${there.mosquitto.port}`,
			caFile: there.caFile,
			user: 'server',
			passwordFile: join(there.folder, 'password'),
		};
		const first = await rig({ state, broker });
		expect(first.mqttsPort).toBeUndefined();
		await until(() => first.lines.some(({ message }) => message.startsWith('connected to')), 'the connection');
		const client = await device(there);
		await client.publishAsync(topic, reading('ESP32_001', 1), { qos: 1 });
		await client.publishAsync(topic, '{"device_id":"ESP32_001","timestamp":1,"spo2":-1}', { qos: 1 });
		await until(() => first.counts().rows === 1 && first.counts().rejected === 1, 'both messages');
		await first.close();
		for (const sequence of [1, 2, 3]) await client.publishAsync(topic, reading('ESP32_001', sequence), { qos: 1 });
		const second = await rig({ state, broker });
		await until(() => second.counts().rows === 2, 'the two that are new');
		expect(second.counts()).toMatchObject({ rows: 2, duplicates: 1 });
	});

	test('carries commands, also those that were given while it was away', async () => {
		if (!hasMosquitto()) return;
		const there = await site();
		const store = new Store(':memory:');
		const commands = new Commands(store.database, Date.now);
		const early = commands.issue('ESP32_001', { command: 'read_now' }, 'nurse').command.command_id;
		expect(commands.one('ESP32_001', early)!.state).toBe('queued');
		const client = await device(there);
		const heard: string[] = [];
		client.on('message', (on, payload, { retain, qos }) =>
			heard.push(`${on} ${retain} ${qos} ${JSON.parse(String(payload)).command_id}`),
		);
		await client.subscribeAsync('fajma/esp32/commands/ESP32_001', { qos: 1 });
		const { external } = door(there, {}, commands);
		await until(() => heard.length === 1, 'the command that waited');
		const late = commands.issue('ESP32_001', { command: 'flush' }, 'nurse').command.command_id;
		await until(() => heard.length === 2, 'the other');
		expect(heard).toEqual([early, late].map((id) => `fajma/esp32/commands/ESP32_001 false 1 ${id}`));
		await until(() => commands.one('ESP32_001', late)!.state === 'sent', 'the word of the broker');
		expect(commands.one('ESP32_001', late)).toMatchObject({ sent_by: 'broker' });
		external.close();
	});

	test('is served by npm run server -- --broker, which ends cleanly and says how much came', async () => {
		if (!hasMosquitto()) return;
		const there = await site();
		const url = `mqtts://localhost:${there.mosquitto.port}`;
		const access = [
			'--broker-ca',
			there.caFile,
			'--broker-user',
			'server',
			'--broker-password-file',
			join(there.folder, 'password'),
		];
		const child = new ServerProcess([
			'--state',
			scratch(),
			'--http',
			'0',
			'--https',
			'0',
			'--json',
			'--broker',
			url,
			...access,
		]);
		onTestFinished(() => child.kill('SIGKILL'));
		await child.says(/connected to localhost/);
		const client = await device(there);
		await client.publishAsync(topic, reading('ESP32_001', 1), { qos: 1 });
		const healthz = `${(await child.says(/ready: (http\S+)/))[1]}healthz`;
		const rows = async (): Promise<number> => ((await (await fetch(healthz)).json()) as { rows: number }).rows;
		while ((await rows()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
		child.kill('SIGTERM');
		expect((await child.exited).code).toBe(0);
		expect(JSON.parse(child.stdout).server).toMatchObject({ rows: 1, duplicates: 0, rejected: 0 });
		expect(child.stderr).not.toContain('swordfish');
	});

	test('hears no PUBACK before the commit: what was not committed comes again', async () => {
		if (!hasMosquitto()) return;
		const there = await site();
		const first = door(there);
		await until(() => first.external.connected, 'the connection');
		first.gate.open = false;
		const client = await device(there);
		for (const sequence of [1, 2, 3]) await client.publishAsync(topic, reading('ESP32_001', sequence), { qos: 1 });
		await until(() => first.gate.held.length > 0, 'the messages');
		first.external.close();
		expect(first.rows()).toBe(0);
		const second = door(there);
		await until(() => second.rows() === 3, 'the same messages again');
		expect(second.ingest.counts()).toMatchObject({ rows: 3, duplicates: 0 });
	});

	test('may restart or die: the server comes back, and every reading that its device sends again is kept once', async () => {
		if (!hasMosquitto()) return;
		const there = await site();
		const { external, ingest, rows } = door(there);
		await until(() => external.connected, 'the connection');
		const client = await device(there);
		await there.mosquitto.restart();
		for (const sequence of [1, 2]) await client.publishAsync(topic, reading('ESP32_001', sequence), { qos: 1 });
		await until(() => rows() === 2, 'the readings after a restart');
		await there.mosquitto.kill9();
		await until(() => !external.connected, 'the loss');
		await there.mosquitto.restart();
		await client.publishAsync(topic, reading('ESP32_001', 3), { qos: 1 });
		await client.publishAsync(topic, reading('ESP32_001', 3), { qos: 1 });
		await until(() => rows() === 3, 'the reading after a crash');
		expect(ingest.counts().rejected).toBe(0);
	});

	test('that floods gets its receipts in bulk', async () => {
		if (!hasMosquitto()) return;
		const there = await site();
		const { external, rows } = door(there);
		await until(() => external.connected, 'the connection');
		const client = await device(there);
		await Promise.all(
			Array.from({ length: 2_000 }, (_, sequence) =>
				client.publishAsync(topic, reading('ESP32_001', sequence), { qos: 1 }),
			),
		);
		await until(() => rows() === 2_000, 'all readings', 15_000);
	});
});

describe('a broker that is not the one, or does not want us: the log says why, and the server keeps trying', () => {
	const refusal = async (there: Site, change: Parameters<typeof door>[1], why: string): Promise<void> => {
		const { external, lines, rows } = door(there, change);
		await until(() => lines.filter((line) => line.includes(why)).length >= 3, why);
		expect(external.connected).toBe(false);
		expect(external.state).toBe(why);
		expect(lines.every((line) => /; trying again in [0-9.]+ s$/.test(line))).toBe(true);
		expect(lines.join()).not.toMatch(/swordfish|secret/);
		expect(rows()).toBe(0);
	};

	test('a wrong CA; not a byte of MQTT is sent', async () => {
		if (!hasMosquitto()) return;
		const there = await site();
		const { cert: ca } = await makeAuthority('Other CA', Date.now() - day, Date.now() + day);
		await refusal(there, { ca }, 'wrong CA: the certificate was not signed by the one given');
		expect(there.mosquitto.log()).not.toContain('server-1');
	});

	test('an expired certificate', async () => {
		if (!hasMosquitto()) return;
		await refusal(await site({ until: Date.now() - day }), {}, 'the certificate has expired');
	});

	test('a wrong host name', async () => {
		if (!hasMosquitto()) return;
		const there = await site({ names: ['broker.example'] });
		await refusal(there, {}, 'wrong host name: the certificate is not for localhost');
	});

	test('a wrong password', async () => {
		if (!hasMosquitto()) return;
		await refusal(await site(), { password: 'secret' }, 'wrong user or password, or no right to connect');
	});

	test('a user without the right to subscribe', async () => {
		if (!hasMosquitto()) return;
		const there = await site();
		const { external, lines } = door(there, { user: 'blind', password: 'blind' });
		// Mosquitto 2.0 may grant a filter whose messages it then withholds; newer ones refuse it.
		await until(() => external.connected || lines.some((line) => line.includes('no right to subscribe')), 'an answer');
	});

	test('nobody there', async () => {
		if (!hasMosquitto()) return;
		const there = await site();
		await there.mosquitto.stop();
		await refusal(there, {}, `nobody listens at localhost:${there.mosquitto.port}`);
	});

	test('a server that starts without its broker starts all the same, and says so', async () => {
		if (!hasMosquitto()) return;
		const there = await site();
		await there.mosquitto.stop();
		const server = await rig({ broker: { url: `mqtts://localhost:${there.mosquitto.port}`, caFile: there.caFile } });
		await until(() => server.lines.length > 0, 'a log line');
		const answer = await fetch(`http://127.0.0.1:${server.httpPort}/healthz`);
		expect(answer.status).toBe(503);
		expect(await answer.json()).toMatchObject({ status: 'degraded', store: 'writable' });
		expect(readFileSync(server.paths.serverId, 'utf8')).toMatch(/^fajma-server-[0-9a-f]{8}\n$/);
	});
});
