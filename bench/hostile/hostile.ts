import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Table } from '../table';
import { clients } from './clients';
import { device } from './device';
import { serverDoors } from './doors';
import { Material } from './material';
import type { Target } from './target';

/** A case that takes longer hangs. */
const HANG_MILLISECONDS = 1_000;
/** What is shown of crashes, at most. */
const SHOWN = 10;
const number = new Intl.NumberFormat('en');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface Tally {
	cases: number;
	taken: number;
	crashes: number;
	hangs: number;
	/** Milliseconds of the longest case. */
	longest: number;
	/** Bytes that live at the end and did not after the first tenth. */
	growth: number;
	seconds: number;
}

async function alive(): Promise<number> {
	// What a WeakRef or an object of C++ holds goes in a later turn than it could.
	for (let times = 3; times > 0; times--) {
		await new Promise(setImmediate);
		collect();
	}
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
}

async function attack({ name, cases, make, renew = Number.POSITIVE_INFINITY }: Target, seed: number): Promise<Tally> {
	const tally: Tally = { cases, taken: 0, crashes: 0, hangs: 0, longest: 0, growth: 0, seconds: 0 };
	const material = new Material(seed);
	const began = performance.now();
	let trial = make(material);
	let before = 0;
	for (let index = 0; index < cases; index++) {
		if (index > 0 && index % renew === 0) {
			await trial.close?.();
			trial = make(material);
		}
		// Between two trials or within one, as it falls: what a database in memory holds is none of it.
		if (index === Math.floor(cases / 10)) before = await alive();
		const start = performance.now();
		try {
			const end = trial.run(material);
			if ((typeof end === 'string' ? end : await end) === 'taken') tally.taken++;
		} catch (thrown) {
			tally.crashes++;
			if (tally.crashes <= SHOWN) console.error(`${name}, case ${index}: ${(thrown as Error).stack ?? thrown}`);
		}
		const took = performance.now() - start;
		tally.longest = Math.max(tally.longest, took);
		if (took > HANG_MILLISECONDS) tally.hangs++;
	}
	tally.growth = (await alive()) - before;
	await trial.close?.();
	tally.seconds = (performance.now() - began) / 1000;
	return tally;
}

/** Hostile input for everything that reads what strangers write: a million cases and more, each the same again. */
export async function hostileBench(): Promise<Table> {
	const rows: [string, string, string][] = [];
	const total = { cases: 0, crashes: 0, hangs: 0, longest: 0, growth: 0, seconds: 0 };
	const only = process.env.HOSTILE_ONLY;
	for (const [index, target] of [...clients, ...device, ...serverDoors].entries()) {
		if (only !== undefined && !target.name.includes(only)) continue;
		const scale = Number(process.env.HOSTILE_SCALE ?? 1);
		const tally = await attack({ ...target, cases: Math.ceil(target.cases * scale) }, index + 1);
		total.cases += tally.cases;
		total.crashes += tally.crashes;
		total.hangs += tally.hangs;
		total.seconds += tally.seconds;
		total.longest = Math.max(total.longest, tally.longest);
		total.growth = Math.max(total.growth, tally.growth);
		rows.push([
			target.name,
			number.format(tally.cases),
			`${Math.round((100 * tally.taken) / tally.cases)} % taken or waited for; ${tally.crashes} crashes, ${tally.hangs} hangs, ${(tally.growth / 1024).toFixed(0)} KiB, longest ${tally.longest.toFixed(0)} ms, ${tally.seconds.toFixed(0)} s`,
		]);
	}
	return {
		title: 'Hostile input',
		rows: [
			...rows,
			['cases in all', number.format(total.cases), `in ${total.seconds.toFixed(0)} s; aim: 1,000,000`],
			['crashes, hangs', `${total.crashes}, ${total.hangs}`, `a hang: over ${HANG_MILLISECONDS} ms`],
			['longest case', `${total.longest.toFixed(0)} ms`],
			[
				'memory that stayed, most of one kind',
				`${(total.growth / 2 ** 20).toFixed(1)} MiB`,
				`after a collection, over nine tenths of its cases; the process at its most: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`,
			],
		],
	};
}
