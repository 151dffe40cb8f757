import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makeWorld } from '../test/support/world';
import type { Table } from './table';

const DEVICES = 1_000;
/** The broker's machine restarts in this time. */
const OUTAGE = 5_000;
const SECOND = 1_000;

interface Return {
	/** Attempts in each second after the loss, until all were back. */
	readonly seconds: readonly number[];
	readonly attempts: number;
	/** Milliseconds. */
	readonly took: number;
	readonly taken: number;
	readonly rows: number;
}

function lose(settings: Readonly<Record<string, unknown>>): Return {
	const world = makeWorld({ seed: 4 });
	const devices = Array.from({ length: DEVICES }, (_, index) => {
		const resident = world.addBoard(`ESP32_${index}`, { settings, blocks: 4, link: { latency: 30, jitter: 20 } });
		// They were not all switched on at one moment.
		world.time.advance(30);
		resident.powerOn();
		return resident;
	});
	if (!world.time.advanceUntil(() => world.broker.connected.length === DEVICES, 120_000))
		throw new Error('not all of the devices connected');
	// A broker runs for longer than this.
	world.time.advance(5 * 60_000);
	const lost = world.time.now;
	const attempts: number[] = [];
	for (const { line } of devices) {
		const connect = line.connect.bind(line);
		line.connect = (host, port) => {
			attempts.push(world.time.now - lost);
			return connect(host, port);
		};
	}
	world.broker.crash();
	world.time.advance(OUTAGE);
	world.broker.restart();
	if (!world.time.advanceUntil(() => world.broker.connected.length === DEVICES, 600_000))
		throw new Error('not all of the devices came back');
	const took = world.time.now - lost;
	world.time.advance(60_000);
	for (const { board } of devices) board.device.stopSampling();
	world.time.advance(30_000);
	const taken = devices.reduce((sum, device) => sum + device.taken(), 0);
	const seconds = Array.from({ length: Math.ceil(took / SECOND) }, () => 0);
	for (const at of attempts) if (at < took) seconds[Math.floor(at / SECOND)]!++;
	const rows = world.rows();
	world.close();
	return { seconds, attempts: attempts.length, took, taken, rows };
}

/** A thousand devices lose one broker at one moment, and it comes back: how do they? Writes the plot beside the tables. */
export async function herdBench(): Promise<Table> {
	const { seconds, attempts, took, taken, rows } = lose({});
	const doubling = lose({ reconnectSpreadSeconds: 0 });
	const mean = attempts / (took / SECOND);
	const most = Math.max(...seconds);
	writeFileSync(fileURLToPath(new URL('./herd.svg', import.meta.url)), plot(seconds, mean));
	const others = doubling.attempts / (doubling.took / SECOND);
	return {
		title: 'A thousand devices and one broker that restarts',
		rows: [
			['devices, and how long the broker is away', `${DEVICES}, ${OUTAGE / 1000} s`],
			['until all of them are back', `${(took / 1000).toFixed(1)} s`, 'from the loss on'],
			['connection attempts', String(attempts), 'the least possible: 1,000'],
			['attempts a second, mean', mean.toFixed(1)],
			['attempts a second, most', String(most), `${(most / mean).toFixed(2)} of the mean; aim: under 2 (herd.svg)`],
			[
				'the same with doubling from 1 s, full jitter',
				`${doubling.attempts} attempts, ${Math.max(...doubling.seconds)} in a second`,
				`${(Math.max(...doubling.seconds) / others).toFixed(2)} of the mean; all back in ${(doubling.took / 1000).toFixed(1)} s`,
			],
			['readings taken, and rows at the server', `${taken}, ${rows}`, `${taken - rows} lost`],
		],
	};
}

/** Bars of attempts in each second, with lines at the mean and at twice the mean. */
function plot(seconds: readonly number[], mean: number): string {
	const [width, height, left, bottom] = [640, 240, 44, 30];
	const most = Math.max(2.2 * mean, ...seconds);
	const x = (second: number): number => left + ((width - left - 8) * second) / seconds.length;
	const y = (count: number): number => (height - bottom) * (1 - count / most);
	const bar = (count: number, second: number): string =>
		`<rect x="${x(second).toFixed(1)}" y="${y(count).toFixed(1)}" width="${(x(1) - x(0) - 1).toFixed(1)}" height="${(y(0) - y(count)).toFixed(1)}"/>`;
	const line = (count: number, name: string): string =>
		`<path d="M${left} ${y(count).toFixed(1)}H${width - 8}" stroke="#c33" stroke-dasharray="4 3"/><text x="${left - 4}" y="${(y(count) + 4).toFixed(1)}" text-anchor="end">${name}</text>`;
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<title>Connection attempts in each second after a broker was lost</title>
<rect width="${width}" height="${height}" fill="#fff"/>
<g fill="#47a">${seconds.map(bar).join('')}</g>
<g fill="#333">${line(mean, mean.toFixed(0))}${line(2 * mean, (2 * mean).toFixed(0))}
<text x="${width / 2}" y="${height - 8}" text-anchor="middle">seconds after the loss (0 to ${seconds.length}); lines: mean, twice the mean</text></g>
</svg>
`;
}
