import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Band, DutyLedger } from '../../../modules/lora/ledger';

const HOUR = 3_600_000;
const bands: readonly Band[] = [
	{ from: 868_000_000, to: 868_600_000, duty: 0.01 },
	{ from: 868_700_000, to: 869_200_000, duty: 0.001 },
	{ from: 869_400_000, to: 869_650_000, duty: 0.1 },
];
const middle = ({ from, to }: Band) => (from + to) / 2;

function clockAt(ticks: number, time: number | undefined) {
	return { ticks, time, alarm: () => ({ set() {}, clear() {} }) };
}

test('however long uplinks, pauses and deep sleeps are, no band ever has more than its share of any hour', () => {
	const step = fc.record({
		band: fc.nat(2),
		airtime: fc.integer({ min: 41, max: 2_793 }),
		pause: fc.oneof(fc.constant(0), fc.nat(400_000)),
		sleeps: fc.boolean(),
		knowsTime: fc.boolean(),
	});
	fc.assert(
		fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
			let now = 0;
			let clock = clockAt(0, 1e12);
			let ledger = new DutyLedger(clock, bands);
			const sent: { band: number; from: number; to: number }[] = [];
			const wait = (milliseconds: number): void => {
				now += milliseconds;
				clock.ticks += milliseconds;
				if (clock.time !== undefined) clock.time += milliseconds;
			};
			for (const { band, airtime, pause, sleeps, knowsTime } of steps) {
				if (sleeps) {
					const kept = ledger.keep();
					now += pause;
					clock = clockAt(0, knowsTime ? 1e12 + now : undefined);
					ledger = new DutyLedger(clock, bands);
					ledger.recall(kept);
				} else wait(pause);
				const frequency = middle(bands[band]!);
				wait(Math.max(0, ledger.readyAt(frequency) - clock.ticks));
				ledger.sent(frequency, airtime);
				sent.push({ band, from: now, to: now + airtime });
				wait(airtime);
			}
			for (const { band, to: end } of sent) {
				let airtime = 0;
				for (const other of sent)
					if (other.band === band) airtime += Math.max(0, Math.min(end, other.to) - Math.max(end - HOUR, other.from));
				expect(airtime).toBeLessThanOrEqual(bands[band]!.duty * HOUR);
			}
		}),
		{ numRuns: 300 },
	);
});

test('the rest goes on in deep sleep where the time is kept, and begins anew where it is not', () => {
	const frequency = middle(bands[0]!);
	const clock = clockAt(500, 1e12);
	const ledger = new DutyLedger(clock, bands);
	ledger.sent(frequency, 332);
	const rest = ledger.readyAt(frequency) - 500;
	expect(rest).toBe(36_000);
	const kept = ledger.keep();
	const after = (time: number | undefined): number => {
		const next = new DutyLedger(clockAt(0, time), bands);
		next.recall(kept);
		return next.readyAt(frequency);
	};
	expect(after(1e12 + 30_000)).toBe(6_000);
	expect(after(1e12 + 40_000)).toBe(0);
	expect(after(undefined)).toBe(36_000);
	// The clock was set back.
	expect(after(1e12 - 5_000)).toBe(36_000);
});

test('other bytes are as nothing; a frequency of no band is an error', () => {
	const ledger = new DutyLedger(clockAt(0, undefined), bands);
	ledger.recall(new Uint8Array(3));
	ledger.recall(new Uint8Array(22).fill(255));
	expect(ledger.readyAt(middle(bands[0]!))).toBe(0);
	expect(() => ledger.sent(433_000_000, 50)).toThrow('433000000 Hz is in no band');
});

test('what was sent before a power cut may have been the longest uplink, just now; after a sleep it is known', () => {
	const frequency = middle(bands[0]!);
	const clock = clockAt(0, 1e12);
	const cut = new DutyLedger(clock, bands);
	cut.presume();
	expect(bands.map((band) => cut.readyAt(middle(band)))).toEqual([303_615, 3_600_000, 28_220]);
	const kept = cut.keep();
	clock.ticks += 1_000;
	const woken = new DutyLedger(clock, bands);
	woken.recall(kept);
	woken.presume();
	expect(woken.readyAt(frequency)).toBe(1_000 + 303_615);
});
