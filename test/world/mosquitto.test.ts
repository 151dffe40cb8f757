import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { issue, makeAuthority } from '../support/certificates';
import { command } from '../support/commands';
import { hasMosquitto, type Mosquitto, startMosquitto } from '../support/mosquitto';

const folder = mkdtempSync(join(tmpdir(), 'fajma-mosquitto-'));
const DAY = 86_400_000;

const acl = `
user ESP32_001
topic write fajma/esp32/data
topic write fajma/esp32/heartbeat
topic read fajma/esp32/commands
topic read fajma/esp32/commands/ESP32_001

user server
topic read fajma/esp32/#
`;

function file(name: string, content: string): string {
	const path = join(folder, name);
	writeFileSync(path, content, { mode: 0o600 });
	return path;
}

describe.runIf(hasMosquitto())('over somebody else’s broker', () => {
	const brokers: Mosquitto[] = [];
	let ca = '';
	let otherCa = '';
	const ports: Record<string, number> = {};

	beforeAll(async () => {
		const authority = await makeAuthority();
		const other = await makeAuthority();
		ca = file('ca.pem', authority.cert);
		otherCa = file('other-ca.pem', other.cert);
		file('device.password', 'a device’s secret');
		file('wrong.password', 'something else');
		file('server.password', 'the server’s secret');
		const kinds = {
			good: { names: ['localhost'] },
			expired: { names: ['localhost'], notBefore: Date.now() - 20 * DAY, notAfter: Date.now() - DAY },
			misnamed: { names: ['elsewhere.example'] },
		};
		for (const [kind, options] of Object.entries(kinds)) {
			const { cert, key } = await issue({ authority, ...options });
			const broker = await startMosquitto({
				certFile: file(`${kind}.pem`, cert),
				keyFile: file(`${kind}-key.pem`, key),
				users: { ESP32_001: 'a device’s secret', server: 'the server’s secret' },
				acl,
			});
			brokers.push(broker);
			ports[kind] = broker.port;
		}
	});

	afterAll(async () => {
		for (const broker of brokers) await broker.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	const device = (name: string, port: number, caFile: string, password: string, ...more: string[]) =>
		command(
			...(['device', '--json', '--state', join(folder, name), '--ca', caFile] as const),
			...['--password-file', join(folder, `${password}.password`), '--set', `mqttUrl=mqtts://localhost:${port}`],
			...['--set', 'mqttUser=ESP32_001', '--set', 'backoffMaximumSeconds=1', '--interval', '0.2', ...more],
		);

	test('every reading of the device becomes a row of the server, both strangers to the broker', async () => {
		const server = command(
			...(['server', '--json', '--http', '0', '--https', '0', '--state', join(folder, 'server')] as const),
			...['--broker', `mqtts://localhost:${ports.good}`, '--broker-ca', ca],
			...['--broker-user', 'server', '--broker-password-file', join(folder, 'server.password')],
		);
		await server.wrote('ready: http://127.0.0.1:');
		const { code, result, stderr } = await device('good', ports.good!, ca, 'device', '--for', '4').ended;
		expect(code, stderr).toBe(0);
		const { sampled, released, backlog } = result.devices[0]!;
		expect(sampled).toBeGreaterThan(10);
		expect([released, backlog, result.lost]).toEqual([sampled, 0, 0]);
		// The broker's receipt is not the server's commit: give what is on its way a moment.
		await new Promise((done) => setTimeout(done, 1_000));
		server.child.kill('SIGTERM');
		const ended = await server.ended;
		expect(ended.code, ended.stderr).toBe(0);
		expect(ended.result.server).toMatchObject({ rows: sampled, rejected: 0 });
	});

	test.concurrent.each([
		['wrong-ca', 'good', () => otherCa, 'device', /CA|authority|issuer/i],
		['expired', 'expired', () => ca, 'device', /expired/],
		['misnamed', 'misnamed', () => ca, 'device', /host ?name|does not match|not for/i],
		['wrong-password', 'good', () => ca, 'wrong', /wrong user or password/],
	] as const)(
		'%s: refused, the log says which, nothing is sent, nothing is lost, and it tries again',
		async (name, broker, caFile, password, words) => {
			const at = brokers[['good', 'expired', 'misnamed'].indexOf(broker)]!;
			const before = at.log().length;
			const { code, result, stderr } = await device(name, ports[broker]!, caFile(), password, '--for', '3').ended;
			expect(code, stderr).toBe(0);
			expect(stderr).toMatch(words);
			expect(stderr.match(/next try in/g)!.length).toBeGreaterThan(1);
			const { sampled, backlog, routes } = result.devices[0]!;
			expect(backlog).toBe(sampled);
			expect(routes.mqtt.delivered).toBe(0);
			expect(result.lost).toBe(0);
			expect(stderr).not.toContain('secret');
			// A client that was let in is logged with its id.
			expect(at.log().slice(before)).not.toContain('as ESP32_001');
		},
	);
});
