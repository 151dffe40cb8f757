import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { light } from '../../../modules/ppg/pulse';

const root = resolve(import.meta.dirname, '..', '..', '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'fajma-vitals-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
	const path = join(folder, name);
	writeFileSync(path, content);
	return path;
}

function vitals(arguments_: readonly string[], input?: string) {
	const { status, stdout, stderr } = spawnSync(
		process.execPath,
		['--import', 'tsx', 'hosts/simulator/cli/vitals.ts', ...arguments_],
		{ cwd: root, encoding: 'utf8', input },
	);
	return { status, lines: stdout.trimEnd().split('\n'), stderr };
}

const { red, infrared } = light({ rateHz: 25, seconds: 20.5, bpm: 90, ratio: 0.6, noise: 10 });
const recording = `time,red,ir\n${[...red].map((value, at) => `${at * 40},${value.toFixed(0)},${infrared[at]!.toFixed(0)}`).join('\n')}\n`;

describe('npm run vitals', () => {
	test('says a line a second, to the last whole one', () => {
		const { status, lines } = vitals([file('two.csv', recording), '--rate', '25']);
		expect(status).toBe(0);
		expect(lines[0]).toBe('second,heart_rate,spo2,quality,reason');
		expect(lines[1]).toBe('0,,,0,settling');
		expect(lines.length).toBe(21);
		expect(lines[20]).toMatch(/^19,(89|90)\.\d,9[67]\.\d,\d+,$/);
	});

	test('reads what is compressed, what is piped in, and says it as JSON', () => {
		const packed = vitals([file('two.csv.gz', gzipSync(recording)), '--rate', '25', '--json']);
		const piped = vitals(['-', '--rate', '25', '--json'], recording);
		expect(packed.lines).toEqual(piped.lines);
		expect(JSON.parse(packed.lines[0]!)).toMatchObject({ second: 0, heart_rate: null, reason: 'settling' });
		const last = JSON.parse(packed.lines.at(-1)!);
		expect(last).toMatchObject({ second: 19, reason: null, spo2_reason: null, swapped: false, led_advice: 'hold' });
		expect(last.ratio).toBeCloseTo(0.6, 1);
	});

	test('one channel has a heart rate, and no reason for what nobody asked for', () => {
		const one = vitals([file('one.csv', [...infrared].join('\n')), '--rate', '25']);
		expect(one.lines.at(-1)).toMatch(/^19,(89|90)\.\d,,\d+,$/);
	});

	test('holds a sample over a few that are missing, and gives no value over many', () => {
		const rows = recording.trimEnd().split('\n');
		const blanked = (from: number, to: number, hole: string) =>
			rows.map((row, at) => (at >= from && at < to ? `${row.split(',')[0]},${hole},${hole}` : row)).join('\n');
		const whole = vitals(['-', '--rate', '25'], recording);
		const few = vitals(['-', '--rate', '25'], blanked(300, 302, 'NaN'));
		const rates = (lines: readonly string[]) => lines.map((line) => line.split(',')[1]);
		expect(rates(few.lines).at(-1)).toBe(rates(whole.lines).at(-1));
		expect(few.stderr).toContain('samples missing: 2, from line 301; the one before was held');
		const many = vitals(['-', '--rate', '25'], blanked(300, 450, ''));
		expect(rates(many.lines).slice(16, 19)).toEqual(['', '', '']);
		expect([few.status, many.status]).toEqual([0, 0]);
	});

	test('takes no hole in the first line for a header', () => {
		const { lines, stderr } = vitals(['-', '--rate', '25'], ['NaN', ...[...infrared].slice(1)].join('\n'));
		expect(lines.at(-1)).toMatch(/^19,(89|90)\.\d,,\d+,$/);
		expect(stderr).toContain('samples missing: 1, from line 1;');
	});

	test.each([
		['red\n1\ntwo\n3\n', ['--rate', '25'], 1, 'line 3, red: "two" is not a number'],
		['red,ir\n1,2\n3\n', ['--rate', '25'], 1, 'line 3, ir: missing; there are 1 fields in this line'],
		[`red\n${'1\n'.repeat(100)}Infinity\n`, ['--rate', '25'], 1, 'line 102, red: "Infinity" is not a number'],
		['red,ir\n1,\n,2\n', ['--rate', '25'], 1, 'no row has a number in each channel'],
		['', ['--rate', '25'], 1, 'no rows'],
		['red\n', ['--rate', '25'], 1, 'no rows under its header'],
		['a,b\n1,2\n', ['--rate', '25'], 2, 'name it with --red (there are a, b)'],
		['red\n1\n', ['--rate', '25', '--red', 'rouge'], 2, '--red rouge: no such column; there are red'],
		['red\n1\n', ['--rate', '19'], 2, 'It must be from 20 to 400'],
		['red\n1\n', [], 2, '--rate'],
	])('refuses with the place: %j %j', (content, options, status, message) => {
		const refused = vitals([file('bad.csv', content), ...options]);
		expect(refused.stderr).toContain(message);
		expect(refused.status).toBe(status);
	});

	test('a file that is not there, and one that is no gzip', () => {
		expect(vitals([join(folder, 'none.csv'), '--rate', '25'])).toMatchObject({ status: 1 });
		expect(vitals([file('no.csv.gz', 'red\n1\n'), '--rate', '25']).stderr).toContain('no.csv.gz: ');
	});

	test('--help teaches the columns, the reasons and the status', () => {
		const { status, lines } = vitals(['--help']);
		expect(status).toBe(0);
		for (const word of ['second,heart_rate,spo2,quality,reason', 'swapped', 'Exit status', 'Not a medical'])
			expect(lines.join(' ')).toContain(word);
	});
});
