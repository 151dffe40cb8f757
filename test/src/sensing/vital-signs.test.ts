import { describe, expect, test } from 'vitest';
import { BUS_FAULTS, VirtualBus } from '../../../hosts/simulator/bus/i2c';
import { Max3010xModel } from '../../../hosts/simulator/bus/max3010x';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { Pulse } from '../../../hosts/simulator/sensors/pulse';
import { VirtualTime } from '../../../hosts/simulator/time';
import { Fault } from '../../../modules/fault';
import { Max3010x } from '../../../modules/max3010x/max3010x';
import { PpgEstimator } from '../../../modules/ppg/estimator';
import { VitalSigns } from '../../../src/sensing/vital-signs';
import { clockOf } from '../../modules/wifi/fake-air';

const HEART_RATE = 74;
const SPO2 = 96.5;

function scene({ alert = false, part = 0x15 } = {}) {
	const time = new VirtualTime();
	const pulse = new Pulse({
		random32: seededRandom32(5),
		heartRateBpm: () => HEART_RATE,
		spo2Percent: () => SPO2,
	});
	let onReadable: (() => void) | undefined;
	class Pin {
		constructor(options: { onReadable: () => void }) {
			onReadable = options.onReadable;
		}
		read(): number {
			return 0;
		}
		close(): void {}
	}
	const model = new Max3010xModel({ scheduler: time, light: pulse, part, onInterrupt: () => onReadable?.() });
	const bus = new VirtualBus([model]);
	const sensor = new VitalSigns({
		clock: clockOf(time),
		hasAlert: alert,
		make: (onAlert) =>
			new Max3010x({
				sensor: { io: bus.SMBus as never },
				...(alert && { alert: { io: Pin as never }, onAlert }),
			}),
		estimator: (options) => new PpgEstimator(options),
	});
	const expectValues = (): void => {
		const sample = sensor.sample();
		expect(Math.abs(sample!.heartRateBpm! - HEART_RATE)).toBeLessThanOrEqual(2);
		expect(Math.abs(sample!.spo2Percent! - SPO2)).toBeLessThanOrEqual(1);
		expect(sensor.missing).toEqual({});
	};
	/** Milliseconds until it is ready. */
	const untilReady = (limit: number): number => {
		const began = time.now;
		expect(time.advanceUntil(() => sensor.ready, limit, 20)).toBe(true);
		return time.now - began;
	};
	return { time, pulse, model, bus, sensor, expectValues, untilReady };
}

describe('vital signs', () => {
	test('both values within the time it states, and as they are', () => {
		const { sensor, untilReady, expectValues, bus, model } = scene();
		expect(sensor.ready).toBe(true);
		sensor.start();
		expect(sensor.sample()).toBeUndefined();
		expect(sensor.missing).toEqual({ heartRateBpm: 'settling', spo2Percent: 'settling' });
		expect(untilReady(sensor.warmUp)).toBeLessThanOrEqual(sensor.warmUp);
		expectValues();
		expect(sensor.live()).toEqual(sensor.sample());
		sensor.stop();
		expect(model.isDark).toBe(true);
		expect(bus.violations).toEqual([]);
	});

	test('by the interrupt it wakes a third as often', () => {
		const counts = [true, false].map((alert) => {
			const { time, sensor, expectValues, bus } = scene({ alert });
			sensor.start();
			time.advance(30_000);
			expectValues();
			expect(bus.violations).toEqual([]);
			return bus.transactions;
		});
		expect(counts[0]).toBeLessThan(counts[1]! * 0.75);
	});

	test('without a finger it is ready soon, says so, and only looks for one; found, it measures', () => {
		const { time, pulse, sensor, untilReady, expectValues, bus } = scene();
		pulse.finger = false;
		sensor.start();
		expect(untilReady(4_000)).toBeLessThan(4_000);
		expect(sensor.sample()?.heartRateBpm).toBeUndefined();
		expect(sensor.missing).toEqual({ heartRateBpm: 'no finger', spo2Percent: 'no finger' });
		time.advance(60_000);
		expect(sensor.missing.heartRateBpm).toBe('no finger');
		pulse.finger = true;
		time.advance(12_000);
		expectValues();
		expect(bus.violations).toEqual([]);
	});

	test('a thin finger and a dark one: the current follows, and the values come', () => {
		for (const gain of [0.12, 4]) {
			const { time, pulse, sensor, expectValues, bus } = scene();
			const { look } = pulse;
			Object.defineProperty(pulse, 'look', {
				value: (seconds: number, red: number, infrared: number, green: number) =>
					look(seconds, red * gain, infrared * gain, green),
			});
			sensor.start();
			time.advance(60_000);
			expect(sensor.currentMilliamperes > 7.2).toBe(gain < 1);
			expectValues();
			expect(bus.violations).toEqual([]);
		}
	});

	test('each fault at each transaction of the first seconds: the values come all the same', () => {
		const whole = scene();
		whole.sensor.start();
		whole.time.advance(1_500);
		const count = whole.bus.transactions;
		whole.sensor.close();
		for (const kind of BUS_FAULTS)
			for (let at = 0; at < count; at++) {
				const { time, sensor, bus, expectValues } = scene();
				bus.fault = (transaction) => (transaction === at ? kind : undefined);
				sensor.start();
				// What was misheard may spoil eight seconds.
				time.advance(22_000);
				expectValues();
				sensor.close();
			}
	});

	test('a bus that is stuck is a Fault, tried again later and later, and forgotten when it is free', () => {
		const { time, sensor, bus, expectValues, untilReady } = scene();
		sensor.start();
		time.advance(12_000);
		bus.stuck = true;
		time.advance(10_000);
		expect(() => sensor.sample()).toThrow(expect.any(Fault));
		expect(Object.keys(sensor.missing)).toEqual(['heartRateBpm', 'spo2Percent']);
		expect(sensor.live()).toBeUndefined();
		const before = bus.transactions;
		time.advance(60_000);
		expect(bus.transactions - before).toBeLessThan(10);
		bus.stuck = false;
		time.advance(60_000);
		untilReady(15_000);
		expectValues();
	});

	test('another chip, and none: a Fault that says so, each time, and nothing else', () => {
		const { time, sensor } = scene({ part: 0x11 });
		sensor.start();
		time.advance(1);
		expect(sensor.ready).toBe(true);
		for (let times = 0; times < 5; times++) {
			expect(() => sensor.sample()).toThrow('not a MAX30101 or MAX30102: part 0x11');
			time.advance(1_000);
		}
	});

	test('a part that loses its power begins anew', () => {
		const { time, sensor, model, expectValues } = scene();
		sensor.start();
		time.advance(12_000);
		model.powerCycle();
		time.advance(14_000);
		expectValues();
	});

	test('samples that were lost make no beat', () => {
		const { time, sensor, bus, expectValues } = scene();
		sensor.start();
		time.advance(12_000);
		bus.stuck = true;
		time.advance(2_000);
		bus.stuck = false;
		time.advance(3_000);
		const rate = sensor.live()?.heartRateBpm;
		if (rate !== undefined) expect(Math.abs(rate - HEART_RATE)).toBeLessThanOrEqual(2);
		time.advance(10_000);
		expectValues();
	});

	test('nothing happens after stop and close; both may be called twice', () => {
		const { time, sensor, bus } = scene();
		sensor.start();
		sensor.start();
		time.advance(5_000);
		sensor.stop();
		sensor.stop();
		const { transactions } = bus;
		time.advance(60_000);
		expect(bus.transactions).toBe(transactions);
		sensor.start();
		time.advance(100);
		sensor.close();
		sensor.close();
		expect(() => sensor.start()).toThrow('closed');
	});
});
