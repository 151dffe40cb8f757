import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alertType } from '../../../src/alerts/kinds';
import { Rules, type RulesOptions } from '../../../src/alerts/rules';
import { parseThresholds } from '../../../src/alerts/thresholds';
import type { Reading } from '../../../src/sensing/reading';

type Heard = [type: string, value: number | undefined, threshold: number | undefined];

function setUp(thresholds = '', options: Partial<RulesOptions> = {}) {
	const heard: Heard[] = [];
	const make = (): Rules =>
		new Rules({
			limits: parseThresholds(thresholds),
			readings: 3,
			milliseconds: 60_000,
			lostReadings: 4,
			storagePercent: 80,
			owner: { raise: (kind, value, threshold) => void heard.push([alertType(kind)!, value, threshold]) },
			...options,
		});
	return { rules: make(), make, heard };
}

const reading = (values: Partial<Reading>): Reading =>
	({
		centiCelsius: undefined,
		humidityBasisPoints: undefined,
		heartRateBpm: undefined,
		spo2PerMille: undefined,
		batteryPercent: undefined,
		...values,
	}) as Reading;

/** Heart rates, one each `step` milliseconds. */
function beats(rules: Rules, rates: readonly (number | undefined)[], step = 1_000, from = 0): void {
	rates.forEach((heartRateBpm, index) => {
		rules.observe(reading({ heartRateBpm }), from + index * step);
	});
}

describe('a threshold', () => {
	test('alerts once the value was beyond it for so many readings in a row, with the value and the threshold', () => {
		const { rules, heard } = setUp();
		beats(rules, [130, 131, 132]);
		expect(heard).toEqual([]);
		beats(rules, [140], 1_000, 3_000);
		expect(heard).toEqual([['heart_rate_high', 140, 131]]);
	});

	test('alerts sooner when the readings are far between', () => {
		const { rules, heard } = setUp();
		beats(rules, [140, 141], 60_000);
		expect(heard).toEqual([['heart_rate_high', 141, 131]]);
	});

	test('does not alert for single values, nor for a row that a good one breaks', () => {
		const { rules, heard } = setUp();
		beats(rules, [200, 80, 200, 200, 80, 30, 200, 200, 30, 30]);
		expect(heard).toEqual([]);
	});

	test('goes on counting where a reading has no value', () => {
		const { rules, heard } = setUp();
		beats(rules, [150, undefined, 150, undefined, 150]);
		expect(heard).toEqual([['heart_rate_high', 150, 131]]);
	});

	test('alerts again only after the value came back within it by the hysteresis', () => {
		const { rules, heard } = setUp();
		beats(rules, [140, 140, 140, 140, 130, 127, 140, 140, 140]);
		expect(heard).toHaveLength(1);
		beats(rules, [126, 140, 140, 140], 1_000, 9_000);
		expect(heard).toHaveLength(2);
	});

	test('below and above alert each for itself', () => {
		const { rules, heard } = setUp();
		beats(rules, [140, 140, 140, 38, 38, 38, 140, 140, 140]);
		expect(heard.map(([type]) => type)).toEqual(['heart_rate_high', 'heart_rate_low', 'heart_rate_high']);
	});

	test('holds for every quantity, each in its unit', () => {
		const { rules, heard } = setUp('{"humidity":{"low":20,"high":80}}', { readings: 1 });
		rules.observe(
			reading({
				centiCelsius: 3_500,
				humidityBasisPoints: 8_000,
				spo2PerMille: 910,
				batteryPercent: 15,
				heartRateBpm: 40,
			}),
			0,
		);
		expect(heard).toEqual([
			['temperature_low', 3_500, 3_500],
			['humidity_high', 8_000, 8_000],
			['heart_rate_low', 40, 40],
			['spo2_low', 910, 910],
			['battery_low', 15, 15],
		]);
	});

	test('that is turned off alerts nobody, and one that was on is over', () => {
		const { rules, heard } = setUp('', { readings: 1 });
		beats(rules, [140]);
		rules.limits = parseThresholds('{"heart_rate":{"high":null}}');
		beats(rules, [290], 1_000, 1_000);
		rules.limits = parseThresholds('');
		beats(rules, [140], 1_000, 2_000);
		expect(heard).toHaveLength(2);
	});
});

describe('a rate of change', () => {
	const FAST = '{"heart_rate":{"low":null,"high":null,"ratePerMinute":40}}';

	test('alerts at once when the value moves by it within a minute, up or down', () => {
		const { rules, heard } = setUp(FAST);
		beats(rules, [70, 80, 95, 110, 120], 10_000);
		expect(heard).toEqual([['heart_rate_rising', 40, 40]]);
		beats(rules, [120, 70], 60_000, 120_000);
		expect(heard.slice(1)).toEqual([['heart_rate_falling', -50, -40]]);
	});

	test('is no matter of noise between two close readings', () => {
		const { rules, heard } = setUp(FAST);
		beats(rules, [70, 75, 70, 76, 69, 74], 100);
		expect(heard).toEqual([]);
	});

	test('over a long time is that of a minute', () => {
		const { rules, heard } = setUp(FAST);
		beats(rules, [70, 170], 600_000);
		expect(heard).toEqual([]);
	});
});

describe('a quantity that is gone', () => {
	test('alerts after so many readings, if it was there before, once', () => {
		const { rules, heard } = setUp();
		beats(rules, [undefined, undefined, undefined, undefined, undefined]);
		expect(heard).toEqual([]);
		beats(rules, [70, undefined, undefined, undefined, 70, undefined, undefined, undefined, undefined, undefined]);
		expect(heard).toEqual([['heart_rate_lost', undefined, 4]]);
	});

	test('is never lost where that is turned off', () => {
		const { rules, heard } = setUp('', { lostReadings: 0 });
		beats(rules, [70, ...Array(600).fill(undefined)]);
		expect(heard).toEqual([]);
	});
});

describe('the storage', () => {
	test('alerts when it is nearly full, and again only after it was half as full', () => {
		const { rules, heard } = setUp();
		for (const backlog of [10, 79, 80, 85, 79, 41, 80]) rules.observeStorage(backlog, 100, 0);
		expect(heard).toEqual([['storage_nearly_full', 80, 80]]);
		for (const backlog of [39, 81]) rules.observeStorage(backlog, 100, 0);
		expect(heard).toHaveLength(2);
	});

	test('alerts when readings are dropped: once until there was room again, and not for what was dropped before it looked', () => {
		const { rules, heard } = setUp('', { storagePercent: 0 });
		rules.observeStorage(100, 100, 170);
		expect(heard).toEqual([]);
		rules.observeStorage(100, 100, 340);
		rules.observeStorage(100, 100, 510);
		expect(heard).toEqual([['readings_dropped', 340, undefined]]);
		rules.observeStorage(0, 100, 510);
		rules.observeStorage(100, 100, 680);
		expect(heard.slice(1)).toEqual([['readings_dropped', 680, undefined]]);
	});
});

describe('what the rules know', () => {
	const values = fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined });
	const days = fc.array(values, { minLength: 1, maxLength: 60 });

	test('goes on over a sleep as if there had been none', () => {
		fc.assert(
			fc.property(days, fc.nat(59), fc.constantFrom(1_000, 30_000, 90_000), (rates, cut, step) => {
				const thresholds = '{"heart_rate":{"ratePerMinute":30}}';
				const awake = setUp(thresholds);
				beats(awake.rules, rates, step);
				const sleepy = setUp(thresholds);
				beats(sleepy.rules, rates.slice(0, cut), step);
				const woken = sleepy.make();
				woken.recall(sleepy.rules.keep().slice());
				beats(woken, rates.slice(cut), step, cut * step);
				expect(sleepy.heard).toEqual(awake.heard);
			}),
			{ numRuns: 1_000 },
		);
	});

	test('lost once costs at most one repeat of each alert that was on', () => {
		fc.assert(
			fc.property(days, fc.nat(59), (rates, cut) => {
				const count = (heard: Heard[]): number => heard.filter(([type]) => type === 'heart_rate_high').length;
				const whole = setUp('', { readings: 1 });
				beats(whole.rules, rates);
				const broken = setUp('', { readings: 1 });
				beats(broken.rules, rates.slice(0, cut));
				beats(broken.make(), rates.slice(cut), 1_000, cut * 1_000);
				expect(count(broken.heard)).toBeGreaterThanOrEqual(count(whole.heard));
				expect(count(broken.heard)).toBeLessThanOrEqual(count(whole.heard) + 1);
			}),
			{ numRuns: 1_000 },
		);
	});

	test('is forgotten when the alerts are cleared: what still holds alerts again', () => {
		const { rules, heard } = setUp();
		beats(rules, [140, 140, 140, 140]);
		rules.rearm();
		beats(rules, [140, 140, 140, 140], 1_000, 4_000);
		expect(heard).toHaveLength(2);
	});

	test('as garbage is as nothing, and breaks nothing', () => {
		const { make } = setUp();
		fc.assert(
			fc.property(
				fc.oneof(fc.uint8Array({ maxLength: 130 }), fc.uint8Array({ minLength: 125, maxLength: 125 })),
				(bytes) => {
					if (bytes.length === 125) bytes[0] = 1;
					const rules = make();
					rules.recall(bytes);
					beats(rules, [70, 140, undefined, 20]);
					rules.observeStorage(90, 100, 5);
					expect(rules.keep()).toHaveLength(125);
				},
			),
			{ numRuns: 2_000 },
		);
	});
});
