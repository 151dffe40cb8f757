import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ServerProcess } from './child';
import { reading, scratch } from './support';

function run(...options: string[]): ServerProcess {
	const child = new ServerProcess(options, { NO_COLOR: '1' });
	onTestFinished(() => child.kill('SIGKILL'));
	return child;
}

const free = ['--http', '0', '--https', '0', '--mqtts', '0', '--host', '127.0.0.1'];

describe('npm run server', () => {
	test.each(['SIGINT', 'SIGTERM'] as const)(
		'ends cleanly on %s: a device is disconnected, the last line is the tally',
		async (signal) => {
			const state = scratch();
			const child = run('--state', state, ...free, '--json');
			const port = (await child.says(/MQTT over TLS on 127\.0\.0\.1:(\d+)/))[1];
			await child.says(/ready: http/);
			const { user: username, password } = JSON.parse(readFileSync(join(state, 'devices', 'ESP32_001.json'), 'utf8'));
			const ca = readFileSync(join(state, 'tls', 'ca.pem'));
			const client = await connectAsync(`mqtts://localhost:${port}`, {
				ca,
				username,
				password,
				clientId: 'ESP32_001',
				reconnectPeriod: 0,
			});
			client.on('error', () => {});
			await client.publishAsync('fajma/esp32/data', reading('ESP32_001', 1), { qos: 1 });
			const begin = performance.now();
			child.kill(signal);
			expect(await child.exited).toEqual({ code: 0, signal: null });
			expect(performance.now() - begin).toBeLessThan(5_000);
			client.end(true);
			expect(JSON.parse(child.stdout.trim().split('\n').at(-1)!)).toEqual({
				devices: [],
				server: { rows: 1, duplicates: 0, rejected: 0, messages: 0, undated: 0 },
				lost: null,
			});
			expect(child.stderr).not.toContain(password);
			expect(existsSync(`${join(state, 'readings.db')}-wal`)).toBe(false);
		},
	);

	test('stops by itself after --for, and writes JSON lines when told to', async () => {
		const child = new ServerProcess(['--state', scratch(), ...free, '--for', '0.1'], { LOG: 'json' });
		expect((await child.exited).code).toBe(0);
		const lines = child.stdout
			.trim()
			.split('\n')
			.map((line) => JSON.parse(line));
		expect(lines.map(({ source }) => source)).toContain('server');
		expect(lines.at(-1).msg).toBe('0 new readings, 0 duplicates, 0 refused');
	});

	test('enrols a device and exits', async () => {
		const state = scratch();
		const child = run('--state', state, '--enrol', 'ESP32_002');
		expect((await child.exited).code).toBe(0);
		expect(child.stdout).toBe(`ESP32_002 is enrolled: ${join(state, 'devices', 'ESP32_002.json')}\n`);
		const { password } = JSON.parse(readFileSync(join(state, 'devices', 'ESP32_002.json'), 'utf8'));
		expect(password.length).toBe(43);
	});

	test('says in one line that a port is in use', async () => {
		const other = createServer();
		await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
		onTestFinished(() => void other.close());
		const { port } = other.address() as { port: number };
		const cases = [
			[
				run('--state', scratch(), '--http', String(port), '--https', '0', '--mqtts', '0', '--host', '127.0.0.1'),
				'--http',
			],
			[
				run('--state', scratch(), '--http', '0', '--https', '0', '--mqtts', String(port), '--host', '127.0.0.1'),
				'--mqtts',
			],
			[
				run('--state', scratch(), '--http', '0', '--https', String(port), '--mqtts', '0', '--host', '127.0.0.1'),
				'--https',
			],
		] as const;
		for (const [child, flag] of cases) {
			expect((await child.exited).code).toBe(1);
			expect(child.stderr).toBe(
				`error: 127.0.0.1:${port} (${flag}) is in use by another program; choose another port, or 0 for any\n`,
			);
		}
	});

	test('exits 2 on wrong usage, 0 after --help', async () => {
		const wrong = [
			['--http', '99999'],
			['--for', '-1'],
			['--nonsense'],
			['--broker', 'mqtts://a'],
			['--broker', 'mqtt://a', '--broker-ca', 'x'],
			['--prefix', 'a/#'],
			['--name', 'not a name'],
			['--enrol', '../x', '--state', scratch()],
		];
		const children = wrong.map((options) => run(...options));
		for (const [index, child] of children.entries()) {
			expect((await child.exited).code, wrong[index]!.join(' ')).toBe(2);
			expect(child.stderr, wrong[index]!.join(' ')).toMatch(/^error: .+\n$/);
		}
		const help = run('--help');
		expect((await help.exited).code).toBe(0);
		expect(help.stdout).toMatch(/Examples:\n.*npm run server/s);
	});
});
