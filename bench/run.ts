/** `npm run bench -- [NAME …]`: prints the tables that bench/README.md keeps. */
import { cpus, totalmem } from 'node:os';
import { airtimeBench } from './airtime';
import { alertsBench } from './alerts';
import { crowdBench } from './doors/crowd';
import { doorsBench } from './doors/doors';
import { herdBench } from './herd';
import { hostileBench } from './hostile/hostile';
import { ingestBench } from './ingest';
import { journalBench } from './journal';
import { loraBench } from './lora';
import { routesBench } from './routes';
import { sleepBench, sleepBlowsBench } from './sleep';
import type { Table } from './table';
import { vitalsBench } from './vitals';
import { wireBench } from './wire';
import { xsBench } from './xs';

const benches: Readonly<Record<string, () => Promise<Table>>> = {
	journal: journalBench,
	wire: wireBench,
	ingest: ingestBench,
	sleep: sleepBench,
	blows: sleepBlowsBench,
	xs: xsBench,
	vitals: vitalsBench,
	herd: herdBench,
	hostile: hostileBench,
	lora: loraBench,
	airtime: airtimeBench,
	routes: routesBench,
	doors: doorsBench,
	crowd: crowdBench,
	alerts: alertsBench,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(benches, name));
if (asked.includes('--help') || unknown.length > 0) {
	console.log(`npm run bench -- [${Object.keys(benches).join('] [')}]    (all of them unless named)`);
	process.exit(unknown.length > 0 && !asked.includes('--help') ? 2 : 0);
}

console.log(
	`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB\n`,
);
for (const [name, bench] of Object.entries(benches)) {
	if (asked.length > 0 && !asked.includes(name)) continue;
	const { title, rows } = await bench();
	console.log(`## ${title}\n\n| what | figure | beside |\n|---|---|---|`);
	for (const [what, figure, beside = ''] of rows) console.log(`| ${what} | ${figure} | ${beside} |`);
	console.log();
}
