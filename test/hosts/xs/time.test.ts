import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeStamp } from '../../../hosts/simulator/net/virtual-ntp';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { XsProgram } from '../../support/xs-program';

const NOON = 1_767_268_800_000;
const HOUR = 3_600_000;

/** What the whole program may take of the arena, of which 8,192 bytes are stack, garbage counted: what was measured and a tenth more. */
const BUDGET = 31_600;

let xs: XsProgram;

beforeAll(() => {
	xs = new XsProgram('test/modules/time/xs/main', ['modules/time']);
});

afterAll(() => xs.close());

const ticks = (): number => xs.event('ticks') as number;
const off = (): number => (xs.event('time') as number) - NOON - ticks();

/** The answer of a server that is `wrong` by so much. */
function answer(question: Uint8Array, wrong = 0): Buffer {
	const bytes = Buffer.alloc(48);
	const view = new DataView(bytes.buffer, bytes.byteOffset);
	bytes[0] = 0x24;
	bytes[1] = 2;
	bytes.set(question.subarray(40, 48), 24);
	for (const at of [32, 40]) writeStamp(view, at, NOON + ticks() + wrong);
	return bytes;
}

/** Lets time pass, and the servers, one after the other, answer at once. */
function pass(milliseconds: number, change: (answer: Buffer, address: string) => Buffer = (good) => good): number {
	let questions = 0;
	for (const end = ticks() + milliseconds; ticks() < end; ) {
		const question = xs.event('pass', end - ticks()) as Uint8Array | undefined;
		if (!question) continue;
		const address = `192.0.2.${1 + (questions++ % 3)}`;
		xs.event('answer', change(answer(question), address), address);
		xs.event('pass', 0);
	}
	return questions;
}

test('a day with time servers, a liar among the Dates, and a sleep: right, in a bounded heap', () => {
	xs.event('ticks');
	const before = xs.live();
	xs.event('open', undefined);
	console.log(`a timekeeper that waits: ${xs.live() - before} bytes`);
	expect(xs.event('time')).toBeUndefined();
	expect(pass(2_000)).toBe(1);
	expect(Math.abs(off())).toBeLessThanOrEqual(1);
	pass(24 * HOUR);
	expect(Math.abs(off())).toBeLessThanOrEqual(10);
	xs.event('date', new Date(NOON + ticks() - 9 * HOUR).toUTCString(), ticks() - 100);
	xs.event('date', new Date(NOON + ticks()).toUTCString(), ticks() - 100);
	expect(Math.abs(off())).toBeLessThanOrEqual(10);
	expect(xs.event('said')).toContain('warning date says');
	const kept = xs.event('sleep') as Uint8Array;
	expect(kept.byteLength).toBe(20);
	xs.event('open', NOON + ticks() + 700);
	xs.event('wake', kept);
	expect(off()).toBe(700);
	pass(3 * HOUR);
	expect(Math.abs(off())).toBeLessThanOrEqual(10);
	console.log(xs.figures('time, a day'));
	const { arenaPeak, slotSize } = xs.statistics;
	expect(arenaPeak).toBeLessThanOrEqual((BUDGET * slotSize) / 16);
});

test('2,000 hostile answers on XS: the time stays', () => {
	const random32 = seededRandom32(3);
	const before = off();
	let questions = 0;
	while (questions < 2_000) {
		questions += pass(HOUR, (good, address) => {
			// One of three stays honest, so that the time is agreed with each day.
			if (address === '192.0.2.1' && random32() % 2 === 0) return good;
			for (let spoilt = random32() % 6; spoilt >= 0; spoilt--) good[random32() % 24] = random32();
			good.writeUInt32BE(random32(), 40);
			return random32() % 5 === 0 ? good.subarray(0, random32() % 49) : good;
		});
		xs.event('said');
	}
	expect(Math.abs(off() - before)).toBeLessThan(200);
});
