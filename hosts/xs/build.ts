/**
 * Builds the firmware for XS on this computer: `npx tsx hosts/xs/build.ts`. What is built is named by what it is built from,
 * so that a second run has nothing to do, and kept in build/xs.
 */
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleDevice, type Program } from './bundle';
import { compileHost, type Host, type HostOptions } from './compile';

const folder = join(import.meta.dirname, '..', '..', 'build', 'xs');

/** Milliseconds after which a lock was left by somebody who died. */
const STALE = 300_000;
/** Builds of a kind that stay, whatever their age. */
const KEPT = 6;
/** Milliseconds since a build was last asked for in which it may still be in use. */
const IN_USE = 3_600_000;

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
		const build = { host: compileHost(folder, log, options), modules: bundleDevice(folder, log, program) };
		const now = new Date();
		for (const path of [build.host.program, build.modules]) utimesSync(path, now, now);
		for (const kind of ['js-', 'xs-host-', 'objects.', 'xsnap.']) prune(kind);
		return build;
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

/** Removes what was not used lately, but for a few: each state of the sources leaves a build behind. */
function prune(kind: string): void {
	const found = readdirSync(folder)
		.filter((name) => name.startsWith(kind))
		.map((name) => ({ path: join(folder, name), used: statSync(join(folder, name)).mtimeMs }))
		.sort((one, other) => other.used - one.used);
	for (const { path, used } of found.slice(KEPT)) {
		// Somebody may still run it.
		if (Date.now() - used > IN_USE) rmSync(path, { recursive: true, force: true });
	}
}

/** For vitest's globalSetup. */
export default function setup(): void {
	buildXs();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
	const { host, modules } = buildXs();
	process.stdout.write(`${host.program}\n${modules}\n`);
}
