import { Command, Option } from 'commander';
import { Told } from '../../../modules/lmic/message';
import { buildTwin, type RadioName, radioNames } from '../lmic/build';
import { type HostileCounts, hostileOrders } from '../lmic/hostile';
import { lmicStory, type StoryCounts } from '../lmic/story';
import type { EngineParts } from '../lmic/trial';
import { Twin } from '../lmic/twin';
import type { RegionName } from '../radio/region';
import { regions } from '../radio/regions';
import { numberWithin } from './options';
import { onClosedPipe } from './run';

const names = Object.keys(regions).map((name) => name.toLowerCase());

const program = new Command('npm run lmic --')
	.description(
		'The real LMIC with the bridge of modules/lmic, over a model of the radio, in the air of a simulated network: it joins, sends on ports 1, 2 and 3, obeys commands, sleeps and loses its power, in virtual time.',
	)
	.option(
		'--lmic <folder>',
		"LMIC's sources at v6.0.1 (default: $LMIC); they are not in this repository",
		process.env.LMIC,
	)
	.addOption(new Option('--region <name>', 'where').choices([...names, 'all']).default('all'))
	.addOption(new Option('--radio <chip>', 'which').choices(radioNames).default('sx1276'))
	.addOption(
		new Option('--sleeps <n>', 'deep sleeps of ten minutes').argParser(numberWithin(0, 10_000, true)).default(20),
	)
	.addOption(
		new Option('--cuts <n>', 'power cuts, and as many again while it joins')
			.argParser(numberWithin(0, 10_000, true))
			.default(20),
	)
	.addOption(new Option('--loss <share>', 'of frames, each way').argParser(numberWithin(0, 0.9, false)).default(0.1))
	.addOption(new Option('--seed <n>', 'of chance').argParser(numberWithin(0, 2 ** 32 - 1, true)).default(1))
	.addOption(
		new Option(
			'--hostile <orders>',
			'instead: so many orders of chance for the bridge, and noise for an answer',
		).argParser(numberWithin(1, 10_000_000, true)),
	)
	.option('--sanitize', 'compiled with the address and undefined-behaviour sanitizers')
	.option('--json', 'one JSON object a region')
	.addHelpText(
		'after',
		'\nExit status: 0 when no counter and no nonce was used twice, 1 when one was or it failed, 2 for a wrong option.',
	);

interface Given {
	lmic?: string;
	region: string;
	radio: RadioName;
	sleeps: number;
	cuts: number;
	loss: number;
	seed: number;
	hostile?: number;
	sanitize?: boolean;
	json?: boolean;
}

const SANITIZERS = [
	'-fsanitize=address,undefined',
	'-fno-sanitize-recover=undefined',
	'-fno-sanitize=shift-base',
	'-g',
];

function lines(name: string, counts: StoryCounts): string {
	const { joinedAfterSeconds, acknowledged, asked, frames, retransmitted, joins, joinRequests, ports, shares } = counts;
	const { repeatedCounters, repeatedNonces, garbled, commands, told, flashWrites, virtualHours } = counts;
	return [
		`${name}: joined after ${joinedAfterSeconds.toFixed(1)} s; ${virtualHours.toFixed(1)} h of virtual time`,
		`  frames ${frames}, of them ${retransmitted} once more; joins ${joins} of ${joinRequests} requests`,
		`  acknowledged ${acknowledged} of ${asked}; ports 1, 2, 3 up: ${ports[1] ?? 0}, ${ports[2] ?? 0}, ${ports[3] ?? 0}; port 10 down: ${commands} of ${told}`,
		`  counters repeated ${repeatedCounters}, nonces repeated ${repeatedNonces}, payloads garbled ${garbled}, flash writes ${flashWrites}`,
		`  busiest hour of each band: ${shares.map(({ percent, allowed }) => `${percent.toFixed(3)} of ${allowed} %`).join(', ')}`,
	].join('\n');
}

function said({ orders, told, frames }: HostileCounts): string {
	const messages = Object.values(told).reduce((sum, count) => sum + count, 0);
	return `${orders} orders of chance: ${messages} messages, of them ${told[Told.FAULT] ?? 0} faults; ${frames} frames; it never ended`;
}

function isGood({ repeatedCounters, repeatedNonces, garbled, shares }: StoryCounts): boolean {
	return (
		repeatedCounters + repeatedNonces + garbled === 0 && shares.every(({ percent, allowed }) => percent <= allowed)
	);
}

onClosedPipe(() => process.exit(1));
program.parse();
const { lmic, region, radio, sleeps, cuts, loss, seed, hostile, sanitize, json } = program.opts<Given>();
const asked = Object.values(regions).filter(({ name }) => region === 'all' || name.toLowerCase() === region);
process.exitCode = 0;
for (const each of asked) {
	const name: RegionName = each.name;
	try {
		const built = buildTwin({ lmic: lmic ?? '', region: name, radio, flags: sanitize ? SANITIZERS : [] });
		if (hostile !== undefined) {
			const counts = hostileOrders({ program: built, region: name, radio, orders: hostile, seed });
			console.log(json ? JSON.stringify({ region: name, radio, ...counts }) : `${name}: ${said(counts)}`);
			continue;
		}
		const engine = (parts: EngineParts) => new Twin({ program: built, region: name, radio, ...parts });
		const counts = lmicStory({ engine, region: each, sleeps, cuts, loss, seed });
		console.log(json ? JSON.stringify({ region: name, radio, ...counts }) : lines(name, counts));
		if (!isGood(counts)) process.exitCode = 1;
	} catch (error) {
		console.error(`${name}: ${(error as Error).message}`);
		process.exitCode = 1;
		if (lmic === undefined) break;
	}
}
