import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { command } from '../support/commands';

const folder = mkdtempSync(join(tmpdir(), 'fajma-scenario-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** All that may happen, one soon after the other. */
const play = {
	name: 'short',
	description: 'MQTT away: HTTP; everything away: the journal, and a fever; back: drained, alerts first; a command',
	for: 24,
	interval: 0.25,
	settings: { backoffMaximumSeconds: 1, failoverSeconds: 1, alertReadings: 1 },
	steps: [
		{ at: 0, finger: 'off' },
		{ at: 4, until: 9, doors: ['mqtt'], weather: { is: 'refused' }, note: 'MQTT is away' },
		{ at: 11, until: 16, doors: ['mqtt', 'http', 'websocket'], weather: { is: 'refused' }, note: 'all is away' },
		{ at: 12, until: 20, fever: 39.6 },
		{ at: 18, command: 'set_interval', arguments: { seconds: 0.5 } },
		{ at: 20, command: 'set_interval', arguments: { seconds: 1 } },
		{ at: 21, power: 'cut' },
	],
};

interface Mark {
	readonly what: string;
	readonly receiptAfter: Readonly<Record<string, number>>;
	readonly backlog: number;
}

test('npm start plays a scenario, and each route does its part', async () => {
	const file = join(folder, 'short.json');
	writeFileSync(file, JSON.stringify(play));
	const { code, stderr, result } = await command(
		...(['start', '--scenario', file, '--json', '--state', join(folder, 'state')] as const),
	).ended;
	expect(code, stderr).toBe(0);
	expect(result.lost).toBe(0);
	const { released, backlog } = result.devices[0]!;
	expect(backlog).toBe(0);
	expect(result.server.rows).toBe(released);
	const { marks } = (result as unknown as { scenario: { marks: Mark[] } }).scenario;
	const after = (what: string): Mark => marks.find((mark) => mark.what === what)!;
	// HTTP within ten seconds, and everything kept while there is nobody.
	expect(after('MQTT is away').receiptAfter.http).toBeLessThan(10);
	expect(after('a fever of 39.6 °C').receiptAfter).toEqual({});
	expect(after('a fever of 39.6 °C').backlog).toBeGreaterThan(5);
	expect(Object.keys(after('over: all is away').receiptAfter)).not.toEqual([]);
	// The server knows the catalogue: half a second is below its bound. The other command is done.
	expect(stderr).toContain('arguments.seconds: 0.5');
	expect(stderr).toContain('done: a reading every 1 s');
});

test.each([
	[['--scenario', 'no-such-play'], 'no-such-play: no such file, nor one of captive-portal, '],
	[['--scenario', 'outages', '--speed', '2'], '--scenario: plays at --speed 1 only'],
])('%j is refused with exit status 2', async (args, message) => {
	const { code, stderr, stdout } = await command('start', '--state', join(folder, 'none'), ...args).ended;
	expect(code).toBe(2);
	expect(stderr + stdout).toContain(message);
});
