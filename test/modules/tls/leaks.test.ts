/**
 * Half of the trials once more, under valgrind: no byte of C is read before it is written, nor outside of its block, and none
 * is left when all is over. What each trial comes to is judged in tls.test.ts, where no clock is slowed down.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findMbedTls } from '../../support/mbedtls';
import { find } from '../../support/programs';
import { buildTls, Machine } from './machine';
import { cases, makeWorld } from './run';

const library = findMbedTls();
/** Of 300,000 bytes, each ciphered several instructions a bit: half a minute here, and nothing new to see. */
const LONG = /300,000/;

/** Each second one: half a minute, where all would take one and a half. */
const trials = cases
	.filter((trial) => !LONG.test(trial.name) && (library?.tls13 || !trial.needs13))
	.filter((_, i) => i % 2 === 0);

/** @throws Error in CI when it is missing */
function findValgrind(): string | undefined {
	const path = find('valgrind');
	if (path || !library) return path;
	const message = 'valgrind is not installed (apt-get install valgrind)';
	if (process.env.CI) throw new Error(`${message}: CI must have it`);
	console.log(`${message}: leaks of modules/tls are not looked for here.`);
	return undefined;
}

const valgrind = findValgrind();

const OPTIONS = [
	'--leak-check=full',
	'--show-leak-kinds=definite,indirect,possible',
	'--errors-for-leak-kinds=definite,indirect,possible',
	'--error-exitcode=99',
	// Takes the place of heap.c, which counts in the other tests.
	'--soname-synonyms=somalloc=NONE',
];

/** Runs trials one after the other in one machine with a board's heap, and reads what valgrind says at its end. */
async function examine(chosen: typeof trials): Promise<{ report: string; status: number | null; blocks: number }> {
	const folder = mkdtempSync(join(tmpdir(), 'valgrind-'));
	const file = join(folder, 'log');
	const world = await makeWorld({ tls13: library?.tls13 ?? false });
	const machine = new Machine(buildTls(), [valgrind ?? '', ...OPTIONS, `--log-file=${file}`]);
	try {
		for (const trial of chosen) {
			const { peer, trial: wish } = await trial.set(world);
			try {
				await machine.run({ port: peer.port, ca: world.root.pem, ...wish });
			} finally {
				peer.close();
			}
		}
		const status = await machine.end();
		const report = readFileSync(file, 'utf8');
		const [, blocks = ''] = /in use at exit: [\d,]+ bytes in ([\d,]+) blocks/.exec(report) ?? [];
		return { report, status, blocks: Number(blocks.replaceAll(',', '')) };
	} finally {
		machine.close();
		rmSync(folder, { recursive: true });
	}
}

describe.runIf(library && valgrind)('TLS under valgrind', () => {
	test('no trial leaks, or touches what it must not', async () => {
		const one = await examine(trials.slice(0, 1));
		const all = await examine(trials);
		for (const { report, status } of [one, all]) {
			expect(report).toContain('ERROR SUMMARY: 0 errors');
			expect(status).toBe(0);
		}
		// What is lost but still named somewhere in XS's arena valgrind takes for reachable: so all must leave what one leaves.
		expect(one.blocks).toBeGreaterThan(0);
		expect(all.blocks).toBe(one.blocks);
		console.log(`TLS under valgrind: ${trials.length} trials in one machine, ${all.blocks} blocks in use at its end`);
	}, 240_000);
});
