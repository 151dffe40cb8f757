import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { VirtualFlash } from '../../../hosts/simulator/board/flash';
import { seededRandom32 as seeded } from '../../../hosts/simulator/random';
import { Fault } from '../../../modules/fault';
import { Journal } from '../../../modules/journal/journal';

const LENGTH = 7;

function make(blocks = 4, blockLength = 256): { flash: VirtualFlash; journal: Journal; reboot: () => Journal } {
	const flash = new VirtualFlash({ blocks, blockLength });
	const reboot = () => new Journal({ flash, payloadByteLength: LENGTH, random32: seeded(9) });
	return { flash, journal: reboot(), reboot };
}

/** A record that tells its own number. */
function record(n: number): Uint8Array {
	const bytes = new Uint8Array(LENGTH).fill(n * 7);
	new DataView(bytes.buffer).setUint32(0, n, true);
	return bytes;
}

function held(journal: Journal): number[] {
	const found: number[] = [];
	const payload = new Uint8Array(LENGTH);
	for (let at = 0; ; ) {
		const sequence = journal.next(at, payload);
		if (sequence === undefined) return found;
		expect(payload).toEqual(record(sequence));
		found.push(sequence);
		at = sequence;
	}
}

describe('a journal', () => {
	it('begins empty, at sequence 1, with an epoch that stays', () => {
		const { journal, reboot } = make();
		expect(journal.nextSequence).toBe(1);
		expect(journal.oldest).toBe(1);
		expect(journal.backlog).toBe(0);
		expect(journal.epoch).toBeGreaterThan(0);
		expect(journal.next(0, new Uint8Array(LENGTH))).toBeUndefined();
		expect(reboot().epoch).toBe(journal.epoch);
	});

	it('gives back what was appended, in order, before and after a reboot', () => {
		const { journal, reboot } = make();
		for (let n = 1; n <= 30; n++) expect(journal.append(record(n))).toBe(n);
		const all = Array.from({ length: 30 }, (_, i) => i + 1);
		expect(held(journal)).toEqual(all);
		const again = reboot();
		expect(held(again)).toEqual(all);
		expect(again.backlog).toBe(30);
		expect(again.nextSequence).toBe(31);
	});

	it('never gives back what was released, before and after a reboot', () => {
		const { journal, reboot } = make();
		for (let n = 1; n <= 30; n++) journal.append(record(n));
		expect(journal.release(3)).toBe(1);
		expect(journal.release(3)).toBe(0);
		expect(journal.release(10, 25)).toBe(16);
		expect(journal.release(20, 99)).toBe(5);
		expect(journal.releaseThrough(2)).toBe(2);
		const left = [4, 5, 6, 7, 8, 9];
		expect(held(journal)).toEqual(left);
		expect(journal.oldest).toBe(4);
		const again = reboot();
		expect(held(again)).toEqual(left);
		expect(again.backlog).toBe(6);
		expect(again.oldest).toBe(4);
	});

	it('drops the oldest block when it is full, and counts what was not released', () => {
		const { journal, reboot, flash } = make();
		const total = 500;
		for (let n = 1; n <= total; n++) expect(journal.append(record(n))).toBe(n);
		expect(journal.dropped + journal.backlog).toBe(total);
		expect(journal.backlog).toBeLessThanOrEqual(journal.capacity);
		expect(held(journal)).toEqual(Array.from({ length: journal.backlog }, (_, i) => journal.dropped + 1 + i));
		const again = reboot();
		expect(again.dropped).toBe(journal.dropped);
		expect(again.damaged).toBe(0);
		expect(held(again)).toEqual(held(journal));
		expect(flash.violations).toBe(0);
	});

	it('overlooks nothing in a walk that begins anywhere, and reads one record a call', () => {
		const { journal, flash } = make(6, 512);
		for (let n = 1; n <= 150; n++) journal.append(record(n));
		journal.release(40, 60);
		const payload = new Uint8Array(LENGTH);
		expect(journal.next(-5, payload)).toBe(1);
		expect(journal.next(39, payload)).toBe(61);
		expect(journal.next(50, payload)).toBe(61);
		expect(journal.next(150, payload)).toBeUndefined();
		expect(journal.next(9999, payload)).toBeUndefined();
		const before = flash.reads;
		expect(held(journal)).toHaveLength(129);
		expect(flash.reads - before).toBeLessThanOrEqual(129 + 6);
	});

	it('writes the release of neighbours at once', () => {
		const { journal, flash } = make(6, 512);
		for (let n = 1; n <= 30; n++) journal.append(record(n));
		const before = flash.writes;
		expect(journal.release(5, 20)).toBe(16);
		expect(flash.writes - before).toBe(1);
	});

	it('tells the same with the same flash, and another epoch after another format', () => {
		const epochs = [1, 2, 3].map((seed) => {
			const flash = new VirtualFlash({ blocks: 4, blockLength: 256 });
			return new Journal({ flash, payloadByteLength: LENGTH, random32: seeded(seed) }).epoch;
		});
		expect(new Set(epochs).size).toBe(3);
		const flash = new VirtualFlash({ blocks: 4, blockLength: 256 });
		expect(new Journal({ flash, payloadByteLength: LENGTH, random32: () => 0 }).epoch).toBe(1);
	});

	it('takes no more RAM for 43,000 records than for none', () => {
		setFlagsFromString('--expose-gc');
		const collect = runInNewContext('gc') as () => void;
		const used = (): number => {
			collect();
			const { heapUsed, external } = process.memoryUsage();
			return heapUsed + external;
		};
		const payload = new Uint8Array(19);
		/** How much more is used with 43,000 records than with 100. */
		const growth = (): number => {
			const flash = new VirtualFlash({ blocks: 256 });
			const journal = new Journal({ flash, payloadByteLength: 19, random32: seeded(1) });
			for (let n = 0; n < 500; n++) journal.append(payload);
			journal.release(1, 400);
			const before = used();
			for (let n = 0; n < 43_000; n++) journal.append(payload);
			const after = used();
			expect(journal.backlog).toBeGreaterThan(42_900);
			return after - before;
		};
		// The first rounds are for the compiler, which keeps what it learns.
		growth();
		expect(Math.min(growth(), growth(), growth())).toBeLessThan(16_384);
	});

	it('refuses sizes that cannot be, wrong lengths and calls after close', () => {
		const flash = new VirtualFlash({ blocks: 4, blockLength: 256 });
		const random32 = seeded(1);
		expect(() => new Journal({ flash, payloadByteLength: 0, random32 })).toThrow(Fault);
		expect(() => new Journal({ flash, payloadByteLength: 300, random32 })).toThrow(Fault);
		const journal = new Journal({ flash, payloadByteLength: LENGTH, random32 });
		expect(() => journal.append(new Uint8Array(6))).toThrow(Fault);
		expect(() => journal.next(0, new Uint8Array(8))).toThrow(Fault);
		journal.close();
		journal.close();
		expect(() => journal.append(record(1))).toThrow(Fault);
		expect(() => journal.release(1)).toThrow(Fault);
		expect(() => journal.next(0, record(1))).toThrow(Fault);
	});
});
