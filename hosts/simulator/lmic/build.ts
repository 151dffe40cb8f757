import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RegionName } from '../radio/region';

export type RadioName = 'sx1276' | 'sx1262';
export const radioNames: readonly RadioName[] = ['sx1276', 'sx1262'];

/** What modules/lmic/lmic-config.h calls a region, and what LMIC does (lmic_config_preconditions.h). */
export const regionNumbers: Readonly<Record<RegionName, { readonly define: number; readonly number: number }>> = {
	EU868: { define: 868, number: 1 },
	US915: { define: 915, number: 2 },
	AU915: { define: 916, number: 5 },
	AS923: { define: 923, number: 7 },
	KR920: { define: 920, number: 8 },
	IN866: { define: 866, number: 9 },
};

export interface TwinBuild {
	/** LMIC's sources at v6.0.1: a clone of mcci-catena/arduino-lmic. */
	readonly lmic: string;
	readonly region: RegionName;
	readonly radio: RadioName;
	/** More for the compiler. */
	readonly flags?: readonly string[];
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const OURS = [
	'modules/lmic/lmic-engine.c',
	'modules/lmic/lmic-aes.c',
	'modules/lmic/lmic-keys.c',
	'hosts/simulator/lmic/twin.c',
];

/** Why LMIC's sources are not in this folder; undefined: they are. */
export function lacking(lmic: string | undefined): string | undefined {
	const how = 'git clone --branch v6.0.1 https://github.com/mcci-catena/arduino-lmic';
	if (lmic === undefined || lmic === '') return `no folder of LMIC is given; it is not in this repository: ${how}`;
	if (!existsSync(join(lmic, 'src/lmic/lmic.c'))) return `${lmic}: there is no src/lmic/lmic.c in it; ${how}`;
	return undefined;
}

/**
 * LMIC with our bridge and the twin of its HAL, built for this machine.
 * @returns the program
 * @throws Error that says what is missing, or what the compiler says
 */
export function buildTwin({ lmic, region, radio, flags = [] }: TwinBuild): string {
	const wrong = lacking(lmic);
	if (wrong !== undefined) throw new Error(wrong);
	const folder = join(root, 'build/lmic');
	mkdirSync(folder, { recursive: true });
	const program = join(
		folder,
		[region.toLowerCase(), radio, ...flags.map((flag) => flag.replace(/\W/g, ''))].join('-'),
	);
	// Whoever runs the one that is there goes on with it.
	const fresh = `${program}.${process.pid}`;
	const sources = join(lmic, 'src/lmic');
	const theirs = readdirSync(sources).filter((name) => name.endsWith('.c'));
	const { status, error, stderr } = spawnSync(
		process.env.CC ?? 'gcc',
		[
			'-std=gnu11',
			'-O2',
			'-w',
			...flags,
			`-I${join(root, 'modules/lmic')}`,
			`-I${sources}`,
			`-I${join(lmic, 'src/se/drivers/default')}`,
			'-DARDUINO_LMIC_PROJECT_CONFIG_H=lmic-config.h',
			`-DMODDEF_LMIC_REGION=${regionNumbers[region].define}`,
			`-DMODDEF_LMIC_RADIO=${radio.slice(2)}`,
			...OURS.map((name) => join(root, name)),
			...theirs.map((name) => join(sources, name)),
			'-lm',
			'-o',
			fresh,
		],
		{ encoding: 'utf8', timeout: 300_000 },
	);
	if (error) throw new Error(`no C compiler: ${error.message}`);
	if (status !== 0) throw new Error(`the compiler: ${stderr.slice(0, 2_000)}`);
	renameSync(fresh, program);
	return program;
}
