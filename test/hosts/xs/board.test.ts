import { describe, expect } from 'vitest';
import { Fault } from '../../../modules/fault';
import type { Sample, Sensor } from '../../../modules/ports';
import { NOON } from '../../support/world';
import { budget, MINUTE, QUICK, story } from './story';

function sensor(sample: () => Sample | undefined): readonly Sensor[] {
	return [{ name: 'probe', sample, close() {} }];
}

describe('a bad board, on XS', () => {
	for (const seed of [1, 2, 3])
		story(
			`twelve power cuts in the middle of flash operations (${seed})`,
			{ settings: QUICK, blocks: 6, world: { seed } },
			({ world, resident }) => {
				resident.powerOn();
				for (let round = 0; round < 12; round++) {
					resident.flash.cutAt(1 + ((seed * 7 + round * 13) % 60));
					expect(world.time.advanceUntil(() => !resident.board.isOn, 2 * MINUTE)).toBe(true);
					resident.powerOn();
					world.time.advance(3_000);
				}
				resident.flash.cutAt(Number.POSITIVE_INFINITY);
				if (!resident.board.isOn) resident.powerOn();
				world.time.advance(MINUTE);
			},
		);

	story('the power goes while a backlog is on its way', { settings: QUICK }, ({ world, resident }) => {
		resident.powerOn();
		resident.board.link.reachable = false;
		world.time.advance(5 * MINUTE);
		resident.board.link.reachable = true;
		for (let round = 0; round < 5; round++) {
			world.time.advance(1_050 + 90 * round);
			resident.cutPower();
			resident.powerOn();
		}
	});

	story('garbage in flash is formatted over', { blocks: 8 }, ({ world, resident }) => {
		for (let at = 0; at < 8 * 4096; at += 3) resident.flash.flip(at, 1 + (at % 255));
		resident.powerOn();
		world.time.advance(5 * MINUTE + 2_000);
		expect(world.rows()).toBe(11);
	});

	story('garbage in the key-value store', { clockless: true }, ({ world, resident }) => {
		resident.store.write('boots', '[[1,null],{"no":true},"\u0000"');
		resident.powerOn();
		world.time.advance(2 * MINUTE);
		resident.board.clock.time = NOON + 2 * MINUTE;
		world.time.advance(MINUTE + 2_000);
		expect(world.rows()).toBe(7);
	});

	story(
		'a journal that overflows drops the oldest and counts them',
		{ blocks: 4, settings: QUICK },
		({ world, resident }) => {
			resident.powerOn();
			resident.board.link.reachable = false;
			world.time.advance(1_000_000);
			const { dropped, backlog } = resident.board.device.report();
			expect(dropped).toBeGreaterThan(300);
			expect(dropped + backlog).toBe(1_001);
			resident.board.link.reachable = true;
			world.time.advance(MINUTE);
		},
	);

	story('flash that wears out while it is written', { blocks: 16, settings: QUICK }, ({ world, resident }) => {
		resident.flash.faults = { write: (offset) => (offset >> 12) % 3 === 0 };
		resident.powerOn();
		world.time.advance(10 * MINUTE);
		resident.flash.faults = {};
		expect(world.rows()).toBeGreaterThan(590);
	});

	story(
		'bad settings are refused by name, and nothing runs',
		{ settings: { dataIntervalSeconds: 'soon' } },
		({ resident }) => {
			expect(() => resident.powerOn()).toThrow(new Fault('range', 'dataIntervalSeconds: not a number'));
			expect(resident.board.isOn).toBe(false);
		},
	);

	let asked = 0;
	const broken = sensor(() => {
		asked++;
		if (asked % 3 === 0) throw new Fault('sensor', 'no answer on the bus');
		return asked % 3 === 1 ? { temperatureCelsius: 36.6 } : undefined;
	});
	story('a sensor that throws, or has nothing, costs no reading', { sensors: broken }, ({ world, resident, said }) => {
		resident.powerOn();
		world.time.advance(5 * MINUTE + 2_000);
		expect(world.rows()).toBe(11);
		expect(said('no answer on the bus')).toBe(3);
	});

	const nonsense = [Number.NaN, Number.POSITIVE_INFINITY, -1e300, '36.6', null, {}, true, [], 36.6];
	let turn = 0;
	const mad = sensor(() => {
		const value = nonsense[turn++ % nonsense.length] as number;
		return { temperatureCelsius: value, heartRateBpm: value, latitudeDegrees: value };
	});
	story('a sensor that talks nonsense makes no fever', { sensors: mad }, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(10 * MINUTE);
		const bodies = world.query('SELECT temperature, heart_rate, latitude FROM readings');
		expect(bodies.filter(({ temperature }) => temperature === 36.6).length).toBe(2);
		expect(bodies.filter(({ temperature }) => temperature !== null && temperature !== 36.6)).toEqual([]);
	});
});

budget(11);
