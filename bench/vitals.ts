import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { PpgEstimator } from '../modules/ppg/estimator';
import { saturationOf } from '../modules/ppg/oxygen';
import { type Finger, light, type Samples } from '../test/modules/ppg/pulse';
import { XsProgram } from '../test/support/xs-program';
import type { Table } from './table';
import { agreed, peakCounter, rows } from './vitals-reference';

/** Instructions of x86 (32 bits) a computron: callgrind, over the seconds of this bench; see README. */
const INSTRUCTIONS = 53;
/** Cycles an instruction on the board, with its flash cache; and a double by software, of which a second takes about 15,000. */
const CYCLES = 1.5;
const DOUBLES = 15_000 * 80;
const HERTZ = 240e6;

const folder = join(import.meta.dirname, '..', '..', 'shared', 'data', 'ppg');
const fixed = (value: number, digits = 2): string => value.toFixed(digits);
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

class Score {
	#asked = 0;
	readonly #errors: number[] = [];

	add(expected: number, told: number | undefined): void {
		this.#asked++;
		if (told !== undefined) this.#errors.push(Math.abs(told - expected));
	}

	get line(): string {
		const count = this.#errors.length;
		if (count === 0) return 'none told';
		const mean = this.#errors.reduce((sum, error) => sum + error, 0) / count;
		const near = this.#errors.filter((error) => error <= 5).length / count;
		return `${fixed(mean)} beats; ${fixed(100 * near, 1)} % within 5; told ${fixed((100 * count) / this.#asked, 1)} %`;
	}
}

/** The recordings beside the checkout: this estimator, and a counter of peaks, against the oximeters. */
function recordings(): Table['rows'] {
	if (!existsSync(folder)) return [['recordings', 'not here', folder]];
	const lines: [string, string, string][] = [];
	const ours = new Score();
	const peaks = new Score();
	for (const name of readdirSync(folder).filter((each) => each.endsWith('.csv.gz'))) {
		const red = rows(gunzipSync(readFileSync(join(folder, name))).toString()).map(([value]) => Number(value));
		const reference = rows(readFileSync(join(folder, `${name.slice(0, 6)}-reference.csv`), 'utf8'));
		const estimator = new PpgEstimator({ rateHz: 30, infrared: false });
		const each = new Score();
		let second = 0;
		red.forEach((value, at) => {
			if (!estimator.push(value)) return;
			const expected = agreed((reference[second++] ?? []).slice(5).map(Number));
			if (expected === undefined) return;
			each.add(expected, estimator.estimate.heartRateBpm);
			ours.add(expected, estimator.estimate.heartRateBpm);
			peaks.add(expected, at < 240 ? undefined : peakCounter(red.slice(at - 239, at + 1), 30));
		});
		lines.push([`heart rate, recording ${name.slice(0, -7)}`, each.line, '']);
	}
	return [
		['heart rate, six recordings of a camera', ours.line, 'aim: 2 beats, 95 %, 85 %'],
		[
			'the same by a plain counter of peaks, 8 s',
			peaks.line,
			'Maxim’s reference algorithm: 19.0; autocorrelation: 2.04',
		],
		...lines,
	];
}

function watch(finger: Finger, each: (second: number, estimator: PpgEstimator) => void, swapped = false): void {
	const { red, infrared }: Samples = light(finger);
	const estimator = new PpgEstimator({ rateHz: finger.rateHz });
	let second = 0;
	red.forEach((value, at) => {
		const other = infrared[at]!;
		if (swapped ? estimator.push(other, value) : estimator.push(value, other)) each(second++, estimator);
	});
}

function oxygen(): Table['rows'] {
	let told = 0;
	let asked = 0;
	let worst = 0;
	let sum = 0;
	let wrong = 0;
	for (const ratio of [0.35, 0.45, 0.6, 0.75, 0.9, 1, 1.1])
		for (const perfusion of [0.2, 0.5, 1, 3, 10])
			for (const noise of [5, 15, 40]) {
				const finger = {
					rateHz: 50,
					seconds: 30,
					seed: told + 1,
					bpm: 80,
					ratio,
					perfusion,
					noise,
					breathing: 0.5,
					drift: 0.05,
				};
				watch(finger, (second, { estimate }) => {
					if (second >= 8) asked++;
					if (estimate.spo2Percent === undefined) return;
					const error = Math.abs(estimate.spo2Percent - saturationOf(ratio)!);
					told++;
					sum += error;
					worst = Math.max(worst, error);
				});
				watch(
					finger,
					(_, { estimate }) => {
						if (estimate.spo2Percent !== undefined) wrong++;
					},
					true,
				);
			}
	return [
		[
			'saturation, 105 fingers: 70 to 100 %, perfusion 0.2 to 10 %, noise 5 to 40 counts',
			`${fixed(sum / told)} % mean, ${fixed(worst)} % worst`,
			`aim: 1 %; told ${fixed((100 * told) / asked, 0)} % of the time after 8 s`,
		],
		['the same with red and infrared swapped', `${wrong} told`, 'aim: 0'],
	];
}

function latency(): Table['rows'] {
	const heart: number[] = [];
	const saturation: number[] = [];
	for (const bpm of [55, 65, 75, 85, 95, 110, 130])
		for (const perfusion of [0.3, 1, 4]) {
			let first = 0;
			let firstOxygen = 0;
			watch({ rateHz: 25, seconds: 40, seed: bpm, bpm, perfusion, noise: 10, notch: 0.2 }, (second, { estimate }) => {
				if (first === 0 && estimate.heartRateBpm !== undefined) first = second + 1;
				if (firstOxygen === 0 && estimate.spo2Percent !== undefined) firstOxygen = second + 1;
			});
			heart.push(first);
			saturation.push(firstOxygen);
		}
	const of = (seconds: number[]): string => {
		const sorted = seconds.sort((one, other) => one - other);
		return `${sorted[sorted.length >> 1]} s, from ${sorted[0]} to ${sorted.at(-1)}`;
	};
	return [
		[
			'first heart rate, fingers of the model, 55 to 130 a minute',
			of(heart),
			'aim: 8 s; a pulse of little shape is watched longer',
		],
		['first saturation', of(saturation), ''],
	];
}

function onXs(): Table['rows'] {
	const xs = new XsProgram('test/modules/ppg/xs/main', ['modules/ppg']);
	const alive = (): number => {
		xs.figures('');
		const { slots, chunks, slotSize } = xs.statistics;
		return ((slots + chunks) * 16) / slotSize;
	};
	const costs = ([25, 100] as const).map((rateHz) => {
		const { red, infrared } = light({ rateHz, seconds: 40, noise: 20 });
		xs.event(0);
		const without = alive();
		xs.event(rateHz);
		let computrons = 0;
		for (let second = 0; second < 40; second++) {
			const both = new Float64Array(2 * rateHz);
			for (let at = 0; at < rateHz; at++) {
				both[2 * at] = red[second * rateHz + at]!;
				both[2 * at + 1] = infrared[second * rateHz + at]!;
			}
			xs.event(new Uint8Array(both.buffer));
			if (second >= 10) computrons += xs.statistics.computrons / 30;
		}
		return { rateHz, computrons, bytes: alive() - without };
	});
	xs.close();
	return costs.flatMap(({ rateHz, computrons, bytes }) => {
		const cycles = computrons * INSTRUCTIONS * CYCLES + DOUBLES;
		return [
			[
				`computrons a second of signal, two channels at ${rateHz} Hz`,
				whole.format(computrons),
				'the test’s own reading of samples in it',
			],
			[
				`of an ESP32 at 240 MHz, ${rateHz} Hz`,
				`${fixed((100 * cycles) / HERTZ, 1)} %`,
				'aim: 5 %, by the conversion below',
			],
			[`bytes kept, ${rateHz} Hz`, whole.format(bytes), 'aim: 6,144; slots of 16 bytes and chunks'],
		] as const;
	});
}

/** The estimator of heart rate and saturation: error, latency, cost. */
export async function vitalsBench(): Promise<Table> {
	return { title: 'Heart rate and saturation', rows: [...recordings(), ...oxygen(), ...latency(), ...onXs()] };
}
