import { buildTwin, lacking } from '../hosts/simulator/lmic/build';
import { type DaysCounts, lmicDays } from '../hosts/simulator/lmic/days';
import { busiestHour } from '../hosts/simulator/lmic/records';
import { Twin } from '../hosts/simulator/lmic/twin';
import type { Region } from '../hosts/simulator/radio/region';
import { as923, eu868, eu868Bands } from '../hosts/simulator/radio/regions';
import { joinStorm } from '../hosts/simulator/radio/storm';
import { loraWorld } from '../test/support/lora-world';
import type { Table } from './table';

const DAY = 86_400_000;
const HOUR = 3_600_000;

const format = (value: number, digits = 0): string =>
	new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

/** "0.52 of 1 %" of each band that was used. */
function shares(busiest: readonly number[], { bands }: Region): string {
	return busiest
		.map((milliseconds, at) => [milliseconds, bands[at]!.duty] as const)
		.filter(([milliseconds]) => milliseconds > 0)
		.map(([milliseconds, duty]) => `${format((100 * milliseconds) / HOUR, 3)} of ${format(100 * duty, 1)} %`)
		.join(', ');
}

/** The firmware of a device that sleeps, with no Wi-Fi for so many days. */
export function firmwareDays(region: Region, kilometres: number, days: number) {
	const settings = {
		mode: 'sleep',
		dataIntervalSeconds: 60,
		deliverEvery: 5,
		awakeCapSeconds: 60,
	};
	const { time, board, powerOn, cutPower, network, frames } = loraWorld(region, kilometres, settings);
	board.isReachable = false;
	powerOn();
	for (let day = 0; day < days; day++) {
		time.advance(DAY - 60_000);
		cutPower();
		time.advance(60_000);
		powerOn();
	}
	const busiest = region.bands.map(({ from, to }) =>
		busiestHour(frames.filter(({ frequencyHz }) => frequencyHz >= from && frequencyHz <= to)),
	);
	const { repeatedCounters, repeatedNonces } = network.counts;
	return { frames: frames.length, busiest, repeated: repeatedCounters + repeatedNonces };
}

/** Airtime by band in any hour over a month, of our route and of the real LMIC; joins of many that lost one network. */
export async function airtimeBench(): Promise<Table> {
	const rows: (readonly [string, string, string?])[] = [];
	const days = Number(process.env.DAYS ?? 30);
	for (const [name, region, kilometres] of [
		['EU868, near', eu868, 0.5],
		['EU868, far', eu868, 5.5],
		['EU868, all its bands, far', eu868Bands, 5.5],
	] as const) {
		const { frames, busiest, repeated } = firmwareDays(region, kilometres, days);
		rows.push([
			`our route, ${name}, ${days} days with deep sleep`,
			shares(busiest, region),
			`${format(frames)} frames, ${repeated} counters or nonces repeated`,
		]);
	}
	const lmic = process.env.LMIC;
	const missing = lacking(lmic);
	if (missing !== undefined) rows.push(['the real LMIC', 'not measured', missing]);
	else
		for (const [name, region, distance] of [
			['EU868, near', eu868, 0.5],
			['EU868, far', eu868, 6],
			['EU868, all its bands, far', eu868Bands, 6],
			['AS923', as923, 2],
		] as const) {
			const program = buildTwin({ lmic: lmic!, region: region.name, radio: 'sx1276' });
			const { wakings, cuts, frames, busiest, repeated }: DaysCounts = await lmicDays({
				engine: (parts) => new Twin({ program, region: region.name, radio: 'sx1276', ...parts }),
				region,
				distance,
				loss: 0.1,
				days,
				cutEvery: 40,
			});
			rows.push([
				`the real LMIC, ${name}, ${days} days, ${format(wakings)} wakings, ${cuts} power cuts, always something to send`,
				shares(busiest, region),
				`${format(frames)} frames, ${repeated} counters or nonces repeated`,
			]);
		}
	const storm = joinStorm({ devices: 1_000, hoursAway: 12, seed: 1 });
	rows.push([
		'1,000 devices lose their network for 12 hours: airtime of join requests, at most of a device',
		`${format(storm.firstHour / 1000, 1)} s of 36 in the first hour, ${format(storm.nextTen / 1000, 1)} of 36 in the ten behind it`,
		`requests a minute: ${format(storm.busiestMinute)} in the first minutes, ${format(storm.lastHourMean, 1)} in the last hour`,
	]);
	rows.push([
		'the same, when it is back',
		`half of them joined after ${format(storm.halfMinutes)} min, all but ${storm.missing} after ${format(storm.lastMinutes)} min`,
		`${format(storm.after)} requests for ${format(1_000 - storm.missing)} joins`,
	]);
	return { title: 'LoRaWAN: airtime in any hour, and joins', rows };
}
