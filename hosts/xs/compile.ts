/** The C half of the host: XS from npm, and the files beside this one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { tableOfNatives } from './natives';

/** The smallest package that holds the XS sources (13.3, LGPL). Fetched, checked and compiled; never committed. */
const PACKAGE = '@agoric/xsnap@0.15.0';
const SHA512 = 'ZBm4DZxbtfacxMHVVdJjZi0Y8zOxN77vpu1WwI5RWfPkaRh0aHkz/dVdTGKXalDNzWfz183lljKxlxl3/h0n+A==';

/** The second is taken in by our own defaults.c. */
const LEFT_OUT: readonly string[] = ['xsSnapshot.c', 'xsDefaults.c'];

/** As the SDK configures XS for ESP32, where this older XS knows the switch. */
const DEFINES = [
	'INCLUDE_XSPLATFORM',
	'XSPLATFORM="platform.h"',
	'mxRun=1',
	'mxParse=1',
	'mxMetering=1',
	'mxInstrument=1',
	'mxLockdown=1',
	'mxBoundsCheck=1',
	'mxNoConsole=1',
	'mxHostFunctionPrimitive=1',
	'mxFewGlobalsTable=1',
	'mxRegExpUnicodePropertyEscapes=1',
	'mxStringNormalize=1',
	'mxMinusZero=1',
];

const here = import.meta.dirname;

export interface HostOptions {
	/** Folders whose C is taken in: `modules/tls` … The natives of all others throw when they are called. */
	readonly rooms?: readonly string[];
	/** What their C is linked with: `-lmbedtls` … */
	readonly libraries?: readonly string[];
	/** Which versions these are of: with others, it is compiled anew. */
	readonly versions?: string;
	/** 32 where it can be, since pointers, and so slots, are then as large as on the board. */
	readonly width?: 32 | 64;
}

export interface Host {
	readonly program: string;
	readonly width: 32 | 64;
}

/**
 * Compiles the host, unless it was before.
 * @param folder where everything that is built goes
 * @throws Error that says what is missing
 */
export function compileHost(folder: string, log: (line: string) => void, options: HostOptions = {}): Host {
	const { rooms = [], libraries = [], versions = '' } = options;
	const compiler = process.env.CC ?? 'gcc';
	const own = readdirSync(here).filter((name) => /\.[ch]$/.test(name));
	const natives = tableOfNatives(rooms);
	const hash = createHash('sha256').update(`${compiler} ${PACKAGE} ${SHA512} ${DEFINES.join(' ')}`);
	hash.update(natives.source).update(`${libraries.join(' ')} ${versions}`);
	for (const file of [...own.map((name) => join(here, name)), ...natives.files])
		hash.update(file).update(readFileSync(file));
	hash.update(readFileSync(join(here, 'compile.ts')));
	const name = join(folder, `xs-host-${hash.digest('hex').slice(0, 16)}`);
	const of = (width: 32 | 64): Host => ({ program: `${name}-m${width}`, width });
	const wanted = of(options.width ?? 32);
	if (existsSync(wanted.program)) return wanted;
	const width = options.width ?? widthOf(compiler, log);
	const { program } = of(width);
	if (existsSync(program)) return of(width);

	const sources = fetchSources(folder, log);
	const objects = join(folder, `objects.${process.pid}`);
	mkdirSync(objects, { recursive: true });
	const table = join(objects, 'room-natives.c');
	writeFileSync(table, natives.source);
	const flags = [
		`-m${width}`,
		'-O2',
		'-g1',
		'-fno-common',
		'-fno-pie',
		...DEFINES.map((define) => `-D${define}`),
		...[here, ...['includes', 'platforms', 'sources'].map((part) => join(sources, part))].map((path) => `-I${path}`),
	];
	const engine = readdirSync(join(sources, 'sources')).filter(
		(name) => name.endsWith('.c') && !LEFT_OUT.includes(name),
	);
	const units = [
		// Warnings are for our own code; XS has its own ways.
		...engine.map((name) => ({ file: join(sources, 'sources', name), flags: ['-w'] })),
		...own.filter((name) => name.endsWith('.c')).map((name) => ({ file: join(here, name), flags: ['-Wall'] })),
		...[table, ...natives.files].map((file) => ({ file, flags: ['-Wall'] })),
	];
	log(`compiling XS (${units.length} files, -m${width}): once, about 15 seconds`);
	const object = (file: string): string => join(objects, `${basename(file, '.c')}.o`);
	// xargs runs as many compilers at once as there are cores; each line is the arguments of one.
	const lines = units.map((unit) => [...unit.flags, '-c', unit.file, '-o', object(unit.file)].map(quoted).join(' '));
	const arguments_ = ['-P', String(cpus().length), '-L', '1', compiler, ...flags];
	const done = spawnSync('xargs', arguments_, { input: `${lines.join('\n')}\n`, encoding: 'utf8' });
	if (done.status !== 0) throw new Error(`xs: ${compiler} failed:\n${done.stderr.slice(0, 4000)}`);
	if (done.stderr.trim() !== '') log(done.stderr.trim());
	const fresh = join(objects, 'xs-host');
	const linked = [
		`-m${width}`,
		'-no-pie',
		...units.map((unit) => object(unit.file)),
		'-o',
		fresh,
		...libraries,
		'-lm',
		'-lpthread',
	];
	execFileSync(compiler, linked, { stdio: ['ignore', 'ignore', 'inherit'] });
	renameSync(fresh, program);
	rmSync(objects, { recursive: true });
	return of(width);
}

const quoted = (argument: string): string => `"${argument.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

function widthOf(compiler: string, log: (line: string) => void): 32 | 64 {
	const compiles = (width: number) => {
		const arguments_ = [`-m${width}`, '-x', 'c', '-', '-o', '/dev/null', '-lm'];
		return spawnSync(compiler, arguments_, { input: '#include <stdio.h>\nint main(void) { return 0; }\n' });
	};
	if (compiles(32).status === 0) return 32;
	const wide = compiles(64);
	if (wide.error) throw new Error(`xs: no C compiler ("${compiler}"): install gcc, or name one in CC`);
	if (wide.status !== 0) throw new Error(`xs: ${compiler} cannot compile a program:\n${wide.stderr}`);
	log('no 32-bit C headers (Debian: gcc-multilib): building for 64 bits, where slots are 32 bytes and not 16');
	return 64;
}

/** The folder with `includes`, `platforms` and `sources` of XS, from the checked package. */
function fetchSources(folder: string, log: (line: string) => void): string {
	const sources = join(folder, 'xsnap', 'package', 'moddable', 'xs');
	if (existsSync(sources)) return sources;
	const fresh = join(folder, `xsnap.${process.pid}`);
	mkdirSync(fresh, { recursive: true });
	log(`fetching the XS sources (npm, ${PACKAGE})`);
	const packed = spawnSync('npm', ['pack', PACKAGE, '--silent', '--pack-destination', fresh], { encoding: 'utf8' });
	const name = readdirSync(fresh).find((file) => file.endsWith('.tgz'));
	if (packed.status !== 0 || name === undefined)
		throw new Error(`xs: npm gave no ${PACKAGE}: ${packed.error?.message ?? packed.stderr}`);
	const tarball = join(fresh, name);
	if (createHash('sha512').update(readFileSync(tarball)).digest('base64') !== SHA512)
		throw new Error(`xs: ${PACKAGE} is not the package that was looked at: its SHA-512 differs`);
	execFileSync('tar', ['xzf', tarball, '-C', fresh]);
	renameSync(fresh, join(folder, 'xsnap'));
	return sources;
}
