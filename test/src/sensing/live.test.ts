import { expect, test } from 'vitest';
import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { VirtualTime } from '../../../hosts/simulator/time';
import { Fault } from '../../../modules/fault';
import type { Sample } from '../../../modules/ports';
import { Live } from '../../../src/sensing/live';

function setUp(sample: () => Sample | undefined) {
	const world = new VirtualTime();
	const lives: [number, number | undefined][] = [];
	const presences: boolean[] = [];
	const log: string[] = [];
	const live = new Live({
		clock: new BoardClock(world, {}),
		log: (level, source, message) => log.push(`${level} ${source}: ${message}`),
		sensors: [
			{ name: 'thermometer', sample: () => ({ temperatureCelsius: 36 }), close() {} },
			{ name: 'oximeter', sample: () => undefined, live: sample, close() {} },
		],
		owner: {
			onPresence: (isPresent) => presences.push(isPresent),
			onLive: (heartRate, spo2) => lives.push([heartRate, spo2]),
		},
	});
	live.start();
	return { world, live, lives, presences, log };
}

test('a heart rate is told each second, and that somebody is there once', () => {
	const { world, lives, presences } = setUp(() => ({ heartRateBpm: 72, spo2Percent: 97.5 }));
	world.advance(9_500);
	expect(lives).toEqual(Array.from({ length: 10 }, () => [72, 97.5]));
	expect(presences).toEqual([true]);
});

test('a finger that slips for a moment is no absence; one that stays away is', () => {
	let heartRateBpm: number | undefined = 60;
	const { world, lives, presences } = setUp(() => (heartRateBpm ? { heartRateBpm } : undefined));
	world.advance(500);
	heartRateBpm = undefined;
	world.advance(14_000);
	expect(presences).toEqual([true]);
	heartRateBpm = 61;
	world.advance(1_000);
	heartRateBpm = undefined;
	world.advance(20_000);
	expect(presences).toEqual([true, false]);
	expect(lives).toEqual([
		[60, undefined],
		[61, undefined],
	]);
});

test('a part that fails is logged once and asked again', () => {
	let isBroken = true;
	const { world, lives, log } = setUp(() => {
		if (isBroken) throw new Fault('sensor', 'no answer from 0x57');
		return { heartRateBpm: 50 };
	});
	world.advance(3_500);
	isBroken = false;
	world.advance(1_000);
	expect(log).toEqual(['warning live: no answer from 0x57']);
	expect(lives).toEqual([[50, undefined]]);
});

test('nothing is watched after stop()', () => {
	const { world, live, lives } = setUp(() => ({ heartRateBpm: 72 }));
	world.advance(500);
	live.stop();
	world.advance(10_000);
	expect(lives).toHaveLength(1);
});
