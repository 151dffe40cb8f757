import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { Timekeeper } from '../../../modules/time/timekeeper';
import { makeNet, NOON } from './net';

const HOUR = 3_600_000;
const DATE = (time: number): string => new Date(time).toUTCString();

describe('asking', () => {
	test('as soon as there is a network; the answer is right to half the way, and the chip is told', () => {
		const { time, keeper, off, set, log, steps } = makeNet({ link: { latency: 80 } });
		time.advance(5_000);
		expect(keeper.clock.time).toBeUndefined();
		keeper.start();
		time.advance(1_000);
		expect(Math.abs(off()!)).toBeLessThanOrEqual(1);
		expect(keeper.uncertainty).toBeGreaterThan(80);
		expect(keeper.uncertainty).toBeLessThan(100);
		expect([set.length, steps.length, keeper.clock.isTold]).toEqual([1, 1, true]);
		expect(log).toEqual([expect.stringMatching(/^info it is 2026-01-01T12:00:05\.\d+Z$/), 'debug a.time set, ±88 ms']);
	});

	test('another server each time, ever more seldom, and never more often than in 56 s', () => {
		const { time, keeper, ntp, questions } = makeNet();
		keeper.start();
		time.advance(24 * HOUR);
		const asked = ['a.time', 'b.time', 'c.time'].map((host) => ntp(host).asked.length);
		expect(Math.max(...asked) - Math.min(...asked)).toBeLessThanOrEqual(1);
		expect(questions()).toBeGreaterThan(24);
		expect(questions()).toBeLessThan(36);
		const all = ['a.time', 'b.time', 'c.time'].flatMap((host) => ntp(host).asked).sort((a, b) => a - b);
		for (let at = 1; at < all.length; at++) expect(all[at]! - all[at - 1]!).toBeGreaterThan(56_000);
	});

	test('a silent server costs seconds: the next is asked', () => {
		const { time, keeper, ntp, off } = makeNet();
		ntp('a.time').manner.silent = true;
		keeper.start();
		time.advance(5_000);
		expect([ntp('a.time').asked.length, ntp('b.time').asked.length]).toEqual([2, 1]);
		expect(off()).toBeCloseTo(0, 0);
	});

	test('nobody answers, or no name resolves: again, ever more seldom, within 72 minutes', () => {
		const { time, keeper, ntp, network, off, questions } = makeNet({ servers: ['a.time'] });
		ntp('a.time').manner.silent = true;
		keeper.start();
		time.advance(24 * HOUR);
		expect(questions()).toBeGreaterThan(40);
		expect(questions()).toBeLessThan(80);
		network.setResolvable('a.time', false);
		time.advance(10 * HOUR);
		expect(off()).toBeUndefined();
		network.setResolvable('a.time', true);
		ntp('a.time').manner.silent = false;
		time.advance(1.2 * HOUR);
		expect(off()).toBeCloseTo(0, 0);
	});

	test('no network: nothing is asked and no answer is heard; back: at once', () => {
		const { time, keeper, off, questions } = makeNet({ link: { latency: 200 } });
		keeper.start();
		time.advance(700);
		expect(questions()).toBe(1);
		keeper.stop();
		time.advance(HOUR);
		expect([off(), questions()]).toEqual([undefined, 1]);
		keeper.start();
		time.advance(1_000);
		expect(off()).toBeCloseTo(0, 0);
		keeper.stop();
		keeper.stop();
		keeper.start();
		time.advance(40_000);
		expect(questions()).toBe(2);
	});

	test('a third of the datagrams lost, and jitter: the time is known, and as right as it says', () => {
		for (let seed = 1; seed <= 20; seed++) {
			const { time, keeper, off } = makeNet({ seed, link: { latency: 50, jitter: 200, loss: 0.33 } });
			keeper.start();
			expect(time.advanceUntil(() => off() !== undefined, 120_000)).toBe(true);
			for (let minute = 0; minute < 60; minute++) {
				time.advance(60_000);
				expect(Math.abs(off()!)).toBeLessThanOrEqual(keeper.uncertainty! + 1);
			}
		}
	});

	test('a crystal of 80 ppm is learned, and the time stays right between two exchanges', () => {
		const { time, keeper, off } = makeNet({ driftPpm: 80, link: { latency: 15, jitter: 10 } });
		keeper.start();
		time.advance(12 * HOUR);
		expect(keeper.driftPpm).toBeGreaterThan(-90);
		expect(keeper.driftPpm).toBeLessThan(-70);
		keeper.stop();
		time.advance(6 * HOUR);
		expect(Math.abs(off()!)).toBeLessThan(300);
	});

	test('without a server there is no timekeeper', () => {
		expect(() => makeNet({ servers: [] })).toThrow('servers: at least one');
	});
});

describe('servers that are no good', () => {
	test.each([
		['not synchronized', { leap: 3 }],
		['stratum 16', { stratum: 16 }],
		['in 1970', { fixed: 0 }],
		['in 2100', { fixed: Date.UTC(2100, 0, 1) }],
		['in the year before', { fixed: Date.UTC(2025, 11, 30) }],
		['slower than anybody waits', { delay: 10_000 }],
	])('%s: the next is right', (_, manner) => {
		const { time, keeper, ntp, off } = makeNet();
		Object.assign(ntp('a.time').manner, manner);
		keeper.start();
		time.advance(30_000);
		expect(off()).toBeCloseTo(0, 0);
		expect(ntp('a.time').asked.length).toBeLessThanOrEqual(2);
	});

	test('the first one lies: the other two find it out within two minutes', () => {
		const { time, keeper, ntp, off, log } = makeNet();
		ntp('a.time').manner.offset = 400 * 24 * HOUR;
		keeper.start();
		time.advance(120_000);
		expect(off()).toBeCloseTo(0, 0);
		expect(log.some((line) => line.startsWith('warning b.time says'))).toBe(true);
	});

	test('one begins to lie, forwards, back and into 2036: it is not believed, and said', () => {
		const { time, keeper, ntp, off, log } = makeNet();
		keeper.start();
		time.advance(2 * HOUR);
		for (const offset of [HOUR, -HOUR, Date.UTC(2036, 1, 8) - NOON, -NOON]) {
			ntp('b.time').manner.offset = offset;
			time.advance(6 * HOUR);
			expect(Math.abs(off()!)).toBeLessThan(50);
		}
		expect(log.filter((line) => line.startsWith('warning b.time')).length).toBeGreaterThan(4);
	});

	test('a server that takes a second to answer, and says so, tells the time no worse', () => {
		const { time, keeper, ntp, off } = makeNet({ servers: ['a.time'] });
		ntp('a.time').manner.delay = 1_000;
		keeper.start();
		time.advance(5_000);
		expect(off()).toBeCloseTo(0, 0);
		expect(keeper.uncertainty).toBeLessThan(40);
	});

	test('DENY: that one is left alone for good', () => {
		const { time, keeper, ntp, off } = makeNet();
		ntp('a.time').manner.kiss = 'DENY';
		keeper.start();
		time.advance(24 * HOUR);
		expect([ntp('a.time').asked.length, off()]).toEqual([1, 0]);
	});

	test('RATE from the only one: a quarter as often, and less', () => {
		const { time, keeper, ntp, off } = makeNet({ servers: ['a.time'] });
		ntp('a.time').manner.kiss = 'RATE';
		keeper.start();
		time.advance(220_000);
		expect(ntp('a.time').asked.length).toBe(1);
		time.advance(24 * HOUR);
		expect(ntp('a.time').asked.length).toBeLessThan(30);
		ntp('a.time').manner.kiss = undefined;
		time.advance(1.2 * HOUR);
		expect(off()).toBeCloseTo(0, 0);
	});
});

describe('answers that are none', () => {
	test('from another address or port, to another question, twice, of a byte: not heard, and the right one is', () => {
		const { time, keeper, ntp, off } = makeNet({ servers: ['a.time'] });
		ntp('a.time').manner.tamper = (answer, reply) => {
			const lie = answer.slice();
			new DataView(lie.buffer).setUint32(40, 0xf000_0000);
			reply(lie, 'evil.example');
			reply(lie, 'a.time', 1234);
			lie[24] = lie[24]! ^ 1;
			reply(lie);
			reply(new Uint8Array(1));
			reply(answer);
			return answer;
		};
		keeper.start();
		time.advance(1_000);
		expect(off()).toBeCloseTo(0, 0);
	});

	test('a kiss that answers nothing keeps nobody off', () => {
		const { time, keeper, ntp, off } = makeNet({ servers: ['a.time'] });
		ntp('a.time').manner.tamper = (answer, reply) => {
			const kiss = answer.slice();
			kiss[1] = 0;
			kiss.set(Buffer.from('DENY'), 12);
			kiss.fill(0, 24, 32);
			reply(kiss);
			return answer;
		};
		keeper.start();
		time.advance(1_000);
		expect(off()).toBeCloseTo(0, 0);
	});

	test('2,000 servers that send what they like: no throw, no time out of the window, and the next day an honest one is believed', () => {
		const bytes = fc.array(fc.tuple(fc.nat(47), fc.nat(255)), { maxLength: 12 });
		let wrong = 0;
		fc.assert(
			fc.property(bytes, fc.boolean(), fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), (changes, nonce, shift) => {
				const { time, keeper, ntp, off } = makeNet({ servers: ['a.time'] });
				ntp('a.time').manner.tamper = (answer) => {
					const kept = answer.slice(24, 32);
					const view = new DataView(answer.buffer);
					for (const at of [32, 40]) view.setUint32(at, view.getUint32(at) + shift);
					for (const [at, byte] of changes) answer[at] = byte;
					if (nonce) answer.set(kept, 24);
					return answer;
				};
				keeper.start();
				time.advance(1_000);
				const told = keeper.clock.time;
				if (told !== undefined) {
					expect(told).toBeGreaterThanOrEqual(Date.UTC(2026, 0) - 1);
					expect(told).toBeLessThan(Date.UTC(2100, 0, 2));
					if (Math.abs(off()!) > 1_000) wrong++;
				}
				ntp('a.time').manner.tamper = undefined;
				ntp('a.time').manner.kiss = undefined;
				time.advance(30 * HOUR);
				return keeper.clock.time === undefined || Math.abs(off()!) < 1_000;
			}),
			{ seed: 5, numRuns: 2_000 },
		);
		expect(wrong).toBeGreaterThan(10);
	});
});

describe('the Date of the server', () => {
	test('tells the time where no time server can be reached', () => {
		const { time, keeper, off, set } = makeNet();
		time.advance(10_000);
		keeper.serverDate(DATE(NOON + time.now), time.now - 300, time.now);
		expect(Math.abs(off()!)).toBeLessThan(1_200);
		expect(set.length).toBe(1);
	});

	test('is passed over when it is no date, too old, or out of the window', () => {
		const { time, keeper, log } = makeNet();
		time.advance(20_000);
		keeper.serverDate('yesterday', 0, 10);
		keeper.serverDate(DATE(NOON), 0, 15_000);
		keeper.serverDate(DATE(0), 0, 10);
		expect(keeper.clock.time).toBeUndefined();
		expect(log).toEqual([
			'debug a Date that says nothing',
			'debug a Date that says nothing',
			'warning date says 1970-01-01T00:00:00.500Z, which cannot be',
		]);
	});

	test('puts a lying time server right, alone', () => {
		const { time, keeper, ntp, off } = makeNet({ servers: ['a.time'] });
		ntp('a.time').manner.offset = -HOUR;
		keeper.start();
		time.advance(10_000);
		keeper.serverDate(DATE(NOON + time.now), time.now - 100, time.now);
		expect(Math.abs(off()!)).toBeLessThan(1_200);
		time.advance(10 * HOUR);
		expect(Math.abs(off()!)).toBeLessThan(3_000);
	});
});

describe('the time of a LoRaWAN network', () => {
	test('is the time where there is nothing else, and asks no server: there is no way to one', () => {
		const { time, keeper, off, set, questions } = makeNet();
		time.advance(10_000);
		keeper.networkTime(NOON + time.now);
		expect(off()).toBe(0);
		expect([set.length, keeper.clock.isTold, keeper.uncertainty]).toEqual([1, true, 1_000]);
		time.advance(HOUR);
		keeper.networkTime(NOON + time.now - 5_000);
		time.advance(HOUR);
		expect(questions()).toBe(0);
	});

	test('is not believed when it cannot be', () => {
		const { keeper } = makeNet();
		keeper.networkTime(0);
		keeper.networkTime(Number.NaN);
		expect(keeper.clock.time).toBeUndefined();
	});

	test('played again after a power cut, it gives way to the word of our server, and to two time servers', () => {
		const one = makeNet();
		one.keeper.networkTime(NOON - 5 * HOUR + 24 * HOUR);
		one.keeper.serverDate(DATE(NOON + one.time.now), one.time.now, one.time.now);
		expect(Math.abs(one.off()!)).toBeLessThan(1_200);
		const two = makeNet();
		two.keeper.networkTime(NOON + 24 * HOUR);
		two.keeper.start();
		two.time.advance(120_000);
		expect(two.off()).toBeCloseTo(0, 0);
	});
});

describe('over deep sleep', () => {
	test('nothing is kept that nobody told', () => {
		const { keeper } = makeNet({ rtc: NOON });
		expect(keeper.keep()).toBeUndefined();
	});

	test('what the chip kept is the time until somebody tells it, and is not called told', () => {
		const { keeper, off } = makeNet({ rtc: NOON + 5_000 });
		expect([off(), keeper.clock.isTold]).toEqual([5_000, false]);
		expect(makeNet({ rtc: 819_195_899_000 }).keeper.clock.time).toBeUndefined();
	});

	test('asks again only when it is due', () => {
		const first = makeNet();
		first.keeper.start();
		first.time.advance(12 * HOUR);
		const kept = first.keeper.keep()!;
		expect(kept.length).toBe(20);
		const told = new DataView(kept.buffer).getFloat64(0);
		const asks = (rtc: number): boolean => {
			const { time, keeper, questions } = makeNet({ rtc });
			keeper.recall(kept);
			keeper.start();
			time.advance(2_000);
			return questions() > 0;
		};
		expect(asks(told + 1_000)).toBe(false);
		expect(asks(told + 0.8 * HOUR)).toBe(false);
		expect(asks(told + 1.3 * HOUR)).toBe(true);
		// The chip's clock is behind what was told: it was lost.
		expect(asks(told - 1)).toBe(true);
	});

	test('a liar who answers first after the sleep does not move what two had said before', () => {
		const first = makeNet();
		first.keeper.start();
		first.time.advance(600_000);
		const kept = first.keeper.keep()!;
		const again = makeNet({ rtc: NOON + HOUR });
		again.keeper.recall(kept);
		for (const host of ['a.time', 'b.time', 'c.time']) again.ntp(host).manner.offset = HOUR * 30;
		again.keeper.start();
		again.time.advance(5_000);
		expect(again.off()).toBe(HOUR);
		expect(again.log.join()).toMatch(/[bc]\.time says/);
	});

	test('sleep after sleep with one server: its word grows no heavier', () => {
		let kept: Uint8Array | undefined;
		for (let waking = 0; waking < 20; waking++) {
			const { time, keeper } = makeNet({ servers: ['a.time'], rtc: NOON });
			if (kept) keeper.recall(kept);
			keeper.start();
			time.advance(80_000);
			kept = keeper.keep()!;
			expect(kept[16]).toBe(2);
			new DataView(kept.buffer).setFloat64(0, NOON - 2 * HOUR);
		}
	});

	test('bytes of another length or version are not taken', () => {
		const { keeper, time, questions } = makeNet({ rtc: NOON });
		for (const length of [0, 8, 19, 20, 21]) keeper.recall(new Uint8Array(length).fill(0x41));
		keeper.start();
		time.advance(1_000);
		expect(questions()).toBe(1);
	});
});

test('a socket that cannot be made, or throws at each call: said, and tried again', () => {
	for (const when of ['new', 'write', 'close', 'resolve']) {
		const net = makeNet();
		const broken = class {
			constructor() {
				if (when === 'new') throw new Error('no socket');
			}
			read(): undefined {}
			write(): void {
				if (when === 'write') throw new Error('no route');
			}
			close(): void {
				if (when === 'close') throw new Error('no such socket');
			}
			resolve(request: { host: string; onResolved(host: string, address: string): void }): void {
				if (when === 'resolve') throw new Error('no names');
				request.onResolved(request.host, '192.0.2.1');
			}
		};
		const log: string[] = [];
		const keeper = new Timekeeper({
			clock: net.hardware,
			udp: { io: broken },
			dns: { io: broken as never },
			servers: ['a.time', '192.0.2.7'],
			random32: seededRandom32(1),
			earliest: 0,
			log: (level, _, message) => log.push(`${level} ${message}`),
		});
		keeper.start();
		net.time.advance(120_000);
		expect(log.length).toBeGreaterThan(1);
		expect(log[0]).toMatch(/^(warning|debug) /);
		keeper.stop();
	}
});
