/** The C functions of the rooms that this host takes in, and the table by which TypeScript finds them (natives.c). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '..', '..');

/** The table of these rooms' functions as C, and the C files it points into. */
export function tableOfNatives(rooms: readonly string[]): {
	readonly source: string;
	readonly files: readonly string[];
} {
	const files: string[] = [];
	const functions = new Set<string>();
	for (const room of rooms) {
		const folder = join(repository, room);
		for (const name of readdirSync(folder)) {
			if (name.endsWith('.c')) files.push(join(folder, name));
			if (!name.endsWith('.ts')) continue;
			for (const [, found] of readFileSync(join(folder, name), 'utf8').matchAll(/\bnative\(\s*["'](xs_\w+)["']/g))
				functions.add(found!);
		}
	}
	const names = [...functions].sort();
	const source = [
		'/* Written by build.ts. */',
		'#include "host.h"',
		'#include "natives.h"',
		...names.map((name) => `extern void ${name}(txMachine* the);`),
		'const Native roomNatives[] = {',
		...names.map((name) => `\t{ "${name}", ${name} },`),
		'\t{ C_NULL, C_NULL },',
		'};',
		'',
	].join('\n');
	return { source, files };
}
