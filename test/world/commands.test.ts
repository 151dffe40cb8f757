import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, test } from 'vitest';
import { command } from '../support/commands';

const folder = mkdtempSync(join(tmpdir(), 'fajma-commands-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const state = (name: string): string => join(folder, name);

describe('npm start', () => {
	test('brings every reading of a short life to a row, and says so in one JSON object', async () => {
		const { code, result } = await command(
			'start',
			'--for',
			'3',
			'--interval',
			'0.2',
			'--json',
			'--state',
			state('short'),
		).ended;
		expect(code).toBe(0);
		const device = result.devices[0]!;
		expect(device.sampled).toBeGreaterThan(10);
		expect(device).toMatchObject({
			device_id: 'ESP32_001',
			journaled: device.sampled,
			released: device.sampled,
			dropped: 0,
			backlog: 0,
			routes: { mqtt: { delivered: device.sampled, failed: 0 } },
		});
		expect(result).toMatchObject({ server: { rows: device.sampled, duplicates: 0, rejected: 0 }, lost: 0 });
	});

	test('keeps keys, passwords and flash where only their owner can read them', () => {
		const walk = (path: string): string[] =>
			readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
				entry.isDirectory() ? [join(path, entry.name), ...walk(join(path, entry.name))] : [join(path, entry.name)],
			);
		for (const path of walk(state('short'))) {
			const stat = statSync(path);
			if (stat.isDirectory()) expect((stat.mode & 0o777).toString(8), path).toBe('700');
			else if (/key|json|flash|credentials/.test(path)) expect((stat.mode & 0o777).toString(8), path).toBe('600');
		}
	});

	test('continues where it was: the same journal, new readings, nothing lost', async () => {
		const { code, result } = await command(
			'start',
			'--for',
			'2',
			'--interval',
			'0.2',
			'--json',
			'--state',
			state('short'),
		).ended;
		expect(code).toBe(0);
		expect(result).toMatchObject({ server: { rows: result.devices[0]!.sampled, duplicates: 0 }, lost: 0 });
	});

	test('delivers, after it was killed, what the kill left in the journal', async () => {
		const killed = command('start', '--interval', '0.05', '--json', '--state', state('killed'));
		await killed.wrote('open to localhost');
		await new Promise((done) => setTimeout(done, 1_000));
		killed.child.kill('SIGKILL');
		await killed.ended;
		const { code, result } = await command(
			'start',
			'--for',
			'2',
			'--interval',
			'0.2',
			'--json',
			'--state',
			state('killed'),
		).ended;
		expect(code).toBe(0);
		expect(result.lost).toBe(0);
		const database = new Database(join(state('killed'), 'readings.db'), { readonly: true });
		const { first, last, rows } = database
			.prepare('SELECT min(sequence) AS first, max(sequence) AS last, count(*) AS rows FROM readings')
			.get() as Record<string, number>;
		database.close();
		expect(first).toBe(1);
		expect(rows).toBe(last);
	});

	test('counts a device that sleeps over all its wakings, and leaves in its journal what it did not deliver yet', async () => {
		// A recording: with parts to wear, each waking would wait for the pulse.
		const recording = join(folder, 'asleep.csv');
		writeFileSync(
			recording,
			`second,heart_rate\n${Array.from({ length: 60 }, (_, second) => `${second},60\n`).join('')}`,
		);
		const sleepy = [
			'--set',
			'mode=sleep',
			'--set',
			'deliverEvery=3',
			'--interval',
			'1',
			'--for',
			'6',
			'--replay',
			recording,
		];
		const { code, result, stderr } = await command('start', ...sleepy, '--json', '--state', state('sleepy')).ended;
		expect(code, stderr).toBe(0);
		const { sampled, released, backlog } = result.devices[0]!;
		expect(sampled).toBeGreaterThan(3);
		expect(stderr).toContain('starts (timer)');
		expect(released).toBeGreaterThanOrEqual(3);
		expect(released + backlog).toBe(sampled);
		expect(result.server.rows).toBe(released);
		expect(result.lost).toBe(0);
	});

	test('ends cleanly at Ctrl-C', async () => {
		const running = command('start', '--interval', '0.2', '--json', '--state', state('interrupted'));
		await running.wrote('open to localhost');
		running.child.kill('SIGINT');
		const { code, result } = await running.ended;
		expect(code).toBe(0);
		expect(result.lost).toBe(0);
	});

	test('refuses a second run on the same boards, and says what to do', async () => {
		const first = command('start', '--interval', '0.2', '--json', '--state', state('shared'));
		await first.wrote('starts (power)');
		const second = await command('start', '--for', '1', '--json', '--state', state('shared')).ended;
		expect(second.code).toBe(1);
		expect(second.stderr).toMatch(/is in use by process \d+; end it, or give another folder with --state/);
		first.child.kill('SIGINT');
		expect((await first.ended).result.lost).toBe(0);
	});

	test.each([
		[['--interval', 'soon'], 'It must be a number'],
		[['--interval', '0'], 'It must be from 0.05 to 86400'],
		[['--devices', '1.5'], 'It must be a whole number'],
		[['--set', 'nothing'], 'It must be KEY=VALUE'],
		[['--colour'], "unknown option '--colour'"],
		[['--set', 'nope=1'], 'nope: no such setting'],
		[['--set', 'mqttWindow=999'], 'mqttWindow: 999 is above 64'],
		[['--set', 'deviceId=X'], 'deviceId: here the devices are ESP32_001 and on'],
	])('%j is refused with exit status 2', async (args, message) => {
		const { code, stderr, stdout } = await command('start', ...args).ended;
		expect(code).toBe(2);
		expect(stderr + stdout).toContain(message);
	});
});

describe('npm run device', () => {
	test.each([
		[['--set', 'colour=red'], 'colour: no such setting'],
		[['--set', 'mqttUrl=mqtt://plain'], 'mqttUrl: must be mqtts://HOST'],
		[['--set', 'dataIntervalSeconds=0'], 'dataIntervalSeconds: 0 is below 0.05'],
		[['--set', 'mqttPassword=hunter2'], 'mqttPassword: not on a command line'],
		[['--set', 'deviceSecret=hunter2'], 'deviceSecret: not on a command line'],
		[[], 'mqttUrl: not set, nor httpUrl or webSocketUrl, and no server has made'],
	])('%j is refused with exit status 2 and the setting’s name', async (args, message) => {
		const { code, stderr, stdout } = await command('device', '--state', state('nobody'), ...args).ended;
		expect(code).toBe(2);
		expect(stderr + stdout).toContain(message);
	});

	test('does not quote a settings file that it cannot read: it may hold a password', async () => {
		const file = join(folder, 'settings.json');
		writeFileSync(file, 'hunter2 {');
		const { code, stderr, stdout } = await command('device', '--config', file).ended;
		expect(code).toBe(2);
		expect(stderr + stdout).toContain('not JSON');
		expect(stderr + stdout).not.toContain('hunter2');
	});
});

describe('--replay', () => {
	const shared = join(import.meta.dirname, '../../../shared/data/ppg');
	const made = join(folder, 'reference.csv');
	// As the public recordings are: four oximeters, one row a second, one row where nobody wrote anything down.
	const rows = Array.from({ length: 300 }, (_, second) =>
		second === 77
			? `${second},,,,`
			: `${second},${(97.4 - (second % 250) / 10).toFixed(1)},97,${57 + (second % 40)},${58 + (second % 30)}`,
	);
	writeFileSync(made, `second,spo2_1,spo2_2,pulse_1,pulse_2\n${rows.join('\n')}\n`);
	let recordings = [made];
	try {
		recordings = [
			made,
			...readdirSync(shared)
				.filter((name) => name.endsWith('-reference.csv'))
				.map((name) => join(shared, name)),
		];
	} catch {
		console.log('The public recordings are not beside this repository: a made one is replayed alone.');
	}

	test.each(recordings)('puts every value of %s, unchanged, into the database', async (recording) => {
		const [header, ...lines] = readFileSync(recording, 'utf8')
			.trimEnd()
			.split(/\r?\n/)
			.map((line) => line.split(','));
		const devices = header!.filter((name) => name.startsWith('pulse_'));
		const at = state(`replay-${recordings.indexOf(recording)}`);
		const { code, result, stderr } = await command(
			...([
				'start',
				'--replay',
				recording,
				'--speed',
				'1000',
				'--devices',
				String(devices.length),
				'--json',
				'--state',
				at,
			] as const),
		).ended;
		expect(code, stderr).toBe(0);
		expect(result).toMatchObject({
			// Not the duplicates: an alert goes by every route.
			server: { rows: devices.length * lines.length, rejected: 0 },
			lost: 0,
		});
		const database = new Database(join(at, 'readings.db'), { readonly: true });
		const select = database.prepare(
			'SELECT heart_rate, spo2, timestamp FROM readings WHERE device_id = ? ORDER BY sequence',
		);
		devices.forEach((pulse, index) => {
			const spo2 = pulse.replace('pulse', 'spo2');
			const given = (line: string[], column: string): number | null => {
				const cell = line[header!.indexOf(column)]!;
				return cell === '' ? null : Number(cell);
			};
			const found = select.all(`ESP32_00${index + 1}`) as {
				heart_rate: number | null;
				spo2: number | null;
				timestamp: number;
			}[];
			expect(found.map(({ heart_rate, spo2 }) => [heart_rate, spo2])).toEqual(
				lines.map((line) => [given(line, pulse), given(line, spo2)]),
			);
			// A second of the recording is a second of the device's life, however fast that was.
			expect(found.map(({ timestamp }) => timestamp - found[0]!.timestamp)).toEqual(
				lines.map((_, second) => second * 1_000),
			);
		});
		database.close();
	});
});
