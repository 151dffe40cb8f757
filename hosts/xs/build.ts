/**
 * Builds the firmware for XS on this computer: `npx tsx hosts/xs/build.ts`. What is built is named by what it is built from,
 * so that a second run has nothing to do, and kept in build/xs.
 */
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleDevice, type Program } from './bundle';
import { compileHost, type Host, type HostOptions } from './compile';

const folder = join(import.meta.dirname, '..', '..', 'build', 'xs');

/** Milliseconds after which a lock was left by somebody who died. */
const STALE = 300_000;

export interface XsBuild {
	readonly host: Host;
	/** The folder with the modules. */
	readonly modules: string;
}

const log = (line: string): void => {
	process.stderr.write(`xs: ${line}\n`);
};

/**
 * @param program what it runs; default: the firmware
 * @throws Error that says what is missing: a compiler, the package, a source that does not parse
 */
export function buildXs(options: HostOptions = {}, program?: Program): XsBuild {
	mkdirSync(folder, { recursive: true });
	const lock = join(folder, 'lock');
	while (!take(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
	try {
		return { host: compileHost(folder, log, options), modules: bundleDevice(folder, log, program) };
	} finally {
		rmSync(lock, { recursive: true, force: true });
	}
}

/** Test workers ask at the same time: one builds, the others wait for it. */
function take(lock: string): boolean {
	try {
		mkdirSync(lock);
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
	}
	const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
	if (since !== undefined && Date.now() - since > STALE) rmSync(lock, { recursive: true, force: true });
	return false;
}

/** For vitest's globalSetup. */
export default function setup(): void {
	buildXs();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
	const { host, modules } = buildXs();
	process.stdout.write(`${host.program}\n${modules}\n`);
}
