import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normal, seededRandom32 } from '../../../hosts/simulator/random';
import { type PpgEstimate, PpgEstimator, type PpgOptions } from '../../../modules/ppg/estimator';
import { type Finger, light, type Samples } from './pulse';

/** What the estimator says at the end of each second. */
function watch(samples: Samples, options: PpgOptions): PpgEstimate[] {
	const estimator = new PpgEstimator(options);
	const said: PpgEstimate[] = [];
	samples.red.forEach((red, at) => {
		if (estimator.push(red, samples.infrared[at]!)) said.push({ ...estimator.estimate });
	});
	return said;
}

const watchFinger = (finger: Finger, options: Partial<PpgOptions> = {}): PpgEstimate[] =>
	watch(light(finger), { rateHz: finger.rateHz, ...options });

const rates = (said: readonly PpgEstimate[]): number[] =>
	said.flatMap(({ heartRateBpm }) => (heartRateBpm === undefined ? [] : [heartRateBpm]));

const FULL = 262_143;

describe('a pulse that ends', () => {
	test.each([40, 55, 75, 100, 160])('is not told of three seconds after its last beat: %i a minute', (bpm) => {
		const finger = { rateHz: 25, seconds: 40, bpm, ratio: 0.6 };
		const { red, infrared } = light(finger);
		const random = seededRandom32(bpm);
		const end = 25 * 20;
		for (let at = 0; at < red.length; at++) {
			if (at >= end) {
				red[at] = red[end - 1]!;
				infrared[at] = infrared[end - 1]!;
			}
			red[at]! += 10 * normal(random);
			infrared[at]! += 10 * normal(random);
		}
		for (const samples of [
			{ red, infrared },
			{ red: infrared, infrared },
		]) {
			const said = watch(samples, { rateHz: 25, infrared: samples.red === red });
			expect(rates(said.slice(23))).toEqual([]);
			if (bpm === 75 || bpm === 100) expect(rates(said.slice(15, 20)).length).toBeGreaterThan(3);
		}
	});
});

describe('a finger at rest', () => {
	test.each([32, 36, 48, 60, 75, 90, 110, 140, 170, 200, 218])('%i beats a minute', (bpm) => {
		const said = rates(watchFinger({ rateHz: 50, seconds: 40, bpm, noise: 20, breathing: 0.3 }));
		for (const rate of said) expect(Math.abs(rate - bpm)).toBeLessThan(1.5);
		// Below 50 and above 100, a pulse of so little shape might be an arm's swing: then none is told.
		if (bpm >= 50 && bpm <= 160) expect(said.length).toBeGreaterThan(20);
	});

	test.each([20, 25, 27.3, 30, 50, 100, 400])('sampled %f times a second', (rateHz) => {
		const said = rates(watchFinger({ rateHz, seconds: 30, bpm: 84, noise: 20 }));
		expect(said.length).toBeGreaterThan(15);
		for (const rate of said) expect(Math.abs(rate - 84)).toBeLessThan(1);
	});

	test('the first heart rate comes within 8 seconds, the first saturation within 9', () => {
		const said = watchFinger({ rateHz: 25, seconds: 12, bpm: 95, noise: 10 });
		expect(said.findIndex(({ heartRateBpm }) => heartRateBpm !== undefined)).toBeLessThan(8);
		expect(said.findIndex(({ spo2Percent }) => spo2Percent !== undefined)).toBeLessThan(9);
	});

	test('a dicrotic wave as high as the pulse allows is no beat', () => {
		for (const notch of [0, 0.5, 1, 1.5])
			for (const rate of rates(watchFinger({ rateHz: 25, seconds: 40, bpm: 62, notch, noise: 10 })))
				expect(Math.abs(rate - 62)).toBeLessThan(2);
	});

	test('breathing three times as strong as the pulse is not its rate', () => {
		const said = rates(watchFinger({ rateHz: 25, seconds: 40, bpm: 76, breathing: 3, noise: 10 }));
		expect(said.length).toBeGreaterThan(20);
		for (const rate of said) expect(Math.abs(rate - 76)).toBeLessThan(2);
	});

	test('a rate that rises by a beat a second and falls again is followed; a fast one is told when it holds still', () => {
		const bpm = (second: number): number => 60 + Math.min(70, second) - Math.max(0, Math.min(50, second - 90));
		const said = watchFinger({ rateHz: 25, seconds: 160, bpm, noise: 10 });
		const told = (from: number, to: number): number => rates(said.slice(from, to)).length;
		expect([told(10, 35), told(80, 90), told(150, 160)]).toEqual([25, 10, 10]);
		expect(told(50, 70) + told(105, 120)).toBe(0);
		said.forEach(({ heartRateBpm }, second) => {
			if (heartRateBpm !== undefined) expect(Math.abs(heartRateBpm - bpm(second - 7))).toBeLessThan(5);
		});
	});

	test('beats that come early now and then leave the rate as it is', () => {
		const said = rates(watchFinger({ rateHz: 25, seconds: 90, bpm: 70, premature: 0.08, noise: 10 }));
		expect(said.length).toBeGreaterThan(50);
		for (const rate of said) expect(Math.abs(rate - 70)).toBeLessThan(5);
	});

	test('beats that come anywhere have seldom a rate, and it says so', () => {
		const said = watchFinger({ rateHz: 25, seconds: 90, bpm: 80, chaos: 0.55, noise: 10 });
		expect(rates(said).length).toBeLessThan(50);
		expect(said.map(({ reason }) => reason)).toContain('irregular');
	});

	test('perfusion is what it is', () => {
		const weak = watchFinger({ rateHz: 25, seconds: 12, perfusion: 0.2 }).at(-1)!.perfusionPercent!;
		const strong = watchFinger({ rateHz: 25, seconds: 12, perfusion: 5 }).at(-1)!.perfusionPercent!;
		expect(strong / weak).toBeGreaterThan(20);
		expect(strong).toBeGreaterThan(3);
		expect(strong).toBeLessThan(6);
	});
});

describe('any scale', () => {
	const samples = light({ rateHz: 30, seconds: 25, bpm: 88, noise: 60 });
	const counts = watch(samples, { rateHz: 30, infrared: false });

	test('a law: a gain changes nothing but rounding, whichever way round and whatever is added', () => {
		fc.assert(
			fc.property(
				fc.double({ min: 1e-6, max: 1e3, noNaN: true }),
				fc.boolean(),
				fc.constantFrom(0, -100_000, 5_000),
				(gain, inverted, offset) => {
					const red = samples.red.map((value) => (inverted ? -1 : 1) * gain * value + (gain * offset) / 2);
					const said = watch({ red, infrared: red }, { rateHz: 30, infrared: false });
					said.forEach(({ heartRateBpm }, second) => {
						if (heartRateBpm !== undefined) expect(Math.abs(heartRateBpm - 88)).toBeLessThan(1.5);
						const before = counts[second]!.heartRateBpm;
						expect(heartRateBpm === undefined).toBe(before === undefined);
					});
				},
			),
			{ seed: 7, numRuns: 25 },
		);
	});

	test('8 bits of a camera, of which the pulse takes two', () => {
		const red = samples.red.map((value) => Math.round(value / 400));
		expect(Math.max(...red) - Math.min(...red)).toBeLessThanOrEqual(4);
		for (const rate of rates(watch({ red, infrared: red }, { rateHz: 30, infrared: false })))
			expect(Math.abs(rate - 88)).toBeLessThan(2);
	});

	test('what an amplifier leaves of it, about 0, has a rate and neither perfusion nor oxygen', () => {
		const about0 = (from: Float64Array): Float64Array => {
			const mean = from.reduce((sum, value) => sum + value, 0) / from.length;
			return from.map((value) => value - mean);
		};
		const said = watch({ red: about0(samples.red), infrared: about0(samples.infrared) }, { rateHz: 30 });
		expect(rates(said).length).toBeGreaterThan(10);
		expect(
			said.every(({ perfusionPercent, spo2Percent }) => perfusionPercent === undefined && spo2Percent === undefined),
		).toBe(true);
		expect(said.at(-1)!.oxygenReason).toBe('one channel');
	});
});

describe('it refuses rather than misleads', () => {
	test('ten minutes of noise, of any colour, on one channel and on two, have no rate', () => {
		const random = seededRandom32(5);
		let walk = 0;
		let smooth = 0;
		const noises: readonly (() => number)[] = [
			() => 1000 + 10 * normal(random),
			() => {
				walk = 0.995 * walk + normal(random);
				return 1000 + 20 * walk;
			},
			() => {
				smooth += 0.3 * (normal(random) - smooth);
				return 1000 + 20 * smooth;
			},
		];
		for (const noise of noises)
			for (const infrared of [false, true]) {
				const made = (): Float64Array => Float64Array.from({ length: 25 * 600 }, noise);
				const said = watch({ red: made(), infrared: made() }, { rateHz: 25, infrared });
				expect(rates(said).length).toBeLessThanOrEqual(said.length / 200);
			}
	});

	test('no finger: bare, taken away in the middle, and put back', () => {
		const on = light({ rateHz: 25, seconds: 20, noise: 15 });
		const bare = light({ rateHz: 25, seconds: 10, infrared: 1500, red: 900, perfusion: 0, noise: 15 });
		const join = (...parts: Float64Array[]): Float64Array => Float64Array.from(parts.flatMap((part) => [...part]));
		const samples = {
			red: join(bare.red, on.red, bare.red, on.red),
			infrared: join(bare.infrared, on.infrared, bare.infrared, on.infrared),
		};
		const said = watch(samples, { rateHz: 25, fullScale: FULL });
		const off = [...said.slice(0, 10), ...said.slice(30, 40)];
		expect(off.every(({ reason, spo2Percent }) => reason === 'no finger' && spo2Percent === undefined)).toBe(true);
		expect(rates(said.slice(10, 30)).length).toBeGreaterThan(8);
		expect(said[40]!.reason).toBe('settling');
		expect(rates(said.slice(40)).length).toBeGreaterThan(8);
		// On a scale that nobody told it, the step says as much.
		const unknown = watch(samples, { rateHz: 25 });
		expect(rates([...unknown.slice(0, 10), ...unknown.slice(31, 40)])).toEqual([]);
	});

	test.each([[{ fullScale: FULL }], [{}]])('a converter that is full: %j', (options) => {
		const said = watchFinger({ rateHz: 100, seconds: 15, infrared: FULL + 800, fullScale: FULL, noise: 15 }, options);
		expect(said.every(({ reason, oxygenReason }) => reason === 'saturated' && oxygenReason === 'saturated')).toBe(true);
	});

	test('LED current: down when it is too bright, up when it is too dim, and let alone otherwise', () => {
		const advice = (infrared: number): string =>
			watchFinger({ rateHz: 25, seconds: 2, infrared, red: infrared * 0.8 }, { fullScale: FULL }).at(-1)!.ledAdvice;
		expect([FULL * 1.01, FULL * 0.93, FULL * 0.5, FULL * 0.1, FULL * 0.005].map(advice)).toEqual([
			'down',
			'down',
			'hold',
			'up',
			'hold',
		]);
	});

	test.each([1.1, 1.6, 2, 2.4, 2.8, 3.3])(
		'an arm that swings at %f Hz, after rest: no rate but the heart’s',
		(hertz) => {
			for (const percent of [2, 6])
				for (const infrared of [true, false]) {
					const swing = { hertz, percent, ratio: 1.2, from: 30, to: 75 };
					const said = watchFinger({ rateHz: 25, seconds: 100, bpm: 74, noise: 20, swing }, { infrared });
					for (const rate of rates(said)) expect(Math.abs(rate - 74)).toBeLessThan(5);
					expect(said.slice(40, 70).map(({ reason }) => reason)).toContain('motion');
					expect(rates(said.slice(88)).length).toBeGreaterThan(3);
				}
		},
	);

	test.each([1.8, 2.4, 2.8, 3.3])('an arm that swings at %f Hz from the start, on two channels: no rate', (hertz) => {
		const swing = { hertz, percent: 4, ratio: 1.2, from: 0, to: 60 };
		expect(rates(watchFinger({ rateHz: 25, seconds: 60, bpm: 74, noise: 20, swing }))).toEqual([]);
	});

	test('a camera that sets its exposure anew every ten seconds costs nothing', () => {
		for (const step of [0.97, 0.9, 1.2]) {
			const { red } = light({ rateHz: 30, seconds: 90, bpm: 81, perfusion: 0.8, noise: 20 });
			const exposed = red.map((value, at) => value * (Math.floor(at / 300) % 2 === 1 ? step : 1));
			const said = watch({ red: exposed, infrared: exposed }, { rateHz: 30, infrared: false });
			expect(rates(said).length).toBeGreaterThan(75);
			for (const rate of rates(said)) expect(Math.abs(rate - 81)).toBeLessThan(3);
		}
	});

	test('noise in a narrow band about a heart’s rate has hardly ever one', () => {
		let told = 0;
		for (let seed = 1; seed <= 40; seed++) {
			const random = seededRandom32(seed);
			let last = 0;
			let before = 0;
			const noise = Float64Array.from({ length: 25 * 60 }, () => {
				const now = 1.86 * Math.cos((2 * Math.PI * 1.2) / 25) * last - 0.8649 * before + normal(random);
				before = last;
				last = now;
				return 50_000 + 100 * now;
			});
			told += rates(watch({ red: noise, infrared: noise }, { rateHz: 25, infrared: false })).length;
		}
		expect(told).toBeLessThan(0.03 * 40 * 60);
	});

	test('a stride from the start, on one channel, is not a racing heart', () => {
		for (const hertz of [2.2, 2.5, 2.9, 3.2]) {
			const swing = { hertz, percent: 4, ratio: 1, from: 0, to: 60 };
			const said = watchFinger({ rateHz: 25, seconds: 60, bpm: 74, noise: 20, swing }, { infrared: false });
			for (const rate of rates(said)) expect(Math.abs(rate - 60 * hertz)).toBeGreaterThan(5);
		}
	});

	/** An arm of a runner: forth and back once in two steps, a jolt at each, no two alike, and a racing heart below. */
	function stride(hertz: number, constant: number): Samples {
		const random = seededRandom32(Math.round(hertz * 100));
		let strength = 1;
		const red = Float64Array.from({ length: 25 * 60 }, (_, at) => {
			const turn = (2 * Math.PI * hertz * at) / 25;
			strength += 0.04 * (1 - strength) + 0.07 * normal(random);
			const heart = 0.25 * Math.sin((2 * Math.PI * 2.6 * at) / 25);
			const arm = Math.sin(turn) + 0.9 * Math.sin(2 * turn + 1.2);
			return constant - 300 * (strength * arm + heart + 0.1 * normal(random));
		});
		return { red, infrared: red };
	}

	test.each([1, 1.2, 1.3, 1.4, 1.5, 1.6])(
		'a runner’s arm at %f Hz from the start, on one channel: no rate',
		(hertz) => {
			for (const constant of [0, 50_000])
				expect(rates(watch(stride(hertz, constant), { rateHz: 25, infrared: false }))).toEqual([]);
		},
	);

	test.each([0.8, 1, 1.2, 1.4, 1.6, 1.8])(
		'a sway at %f Hz, of which an amplifier left no constant light: no rate',
		(hertz) => {
			const random = seededRandom32(9);
			const red = Float64Array.from(
				{ length: 25 * 60 },
				(_, at) => 300 * Math.sin((2 * Math.PI * hertz * at) / 25) + 10 * normal(random),
			);
			expect(rates(watch({ red, infrared: red }, { rateHz: 25, infrared: false }))).toEqual([]);
		},
	);

	test('a jolt in the middle costs seconds, not the rate', () => {
		const samples = light({ rateHz: 25, seconds: 40, bpm: 66, noise: 15 });
		for (let at = 500; at < 512; at++) samples.infrared[at]! += 8000;
		const said = watch(samples, { rateHz: 25 });
		for (const rate of rates(said)) expect(Math.abs(rate - 66)).toBeLessThan(3);
		expect(rates(said.slice(27)).length).toBeGreaterThan(10);
	});
});

describe('the estimator', () => {
	test.each([
		[{ rateHz: 19 }, 'rateHz: from 20 to 400'],
		[{ rateHz: 401 }, 'rateHz: from 20 to 400'],
		[{ rateHz: Number.NaN }, 'rateHz: from 20 to 400'],
		[{ rateHz: 100, fullScale: 0 }, 'fullScale: above 0'],
		[{ rateHz: 100, fullScale: Number.POSITIVE_INFINITY }, 'fullScale: above 0'],
	])('%j is refused: %s', (options, message) => {
		expect(() => new PpgEstimator(options)).toThrow(message);
	});

	test('says something new once a second, of the same object', () => {
		const { red, infrared } = light({ rateHz: 27.3, seconds: 30 });
		const estimator = new PpgEstimator({ rateHz: 27.3 });
		const first = estimator.estimate;
		const news = red.reduce((count, value, at) => count + Number(estimator.push(value, infrared[at]!)), 0);
		expect(news).toBe(30);
		expect(estimator.estimate).toBe(first);
	});

	test('after a reset it knows nothing, and comes to the same', () => {
		const { red, infrared } = light({ rateHz: 25, seconds: 20, noise: 10 });
		const estimator = new PpgEstimator({ rateHz: 25 });
		const run = (): string[] => {
			const said: string[] = [];
			red.forEach((value, at) => {
				if (estimator.push(value, infrared[at]!)) said.push(JSON.stringify(estimator.estimate));
			});
			return said;
		};
		const first = run();
		estimator.reset();
		expect(run()).toEqual(first);
	});
});
