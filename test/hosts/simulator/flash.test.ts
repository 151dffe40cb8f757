import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FlashFailure, FlashRuleViolation, PowerCut, VirtualFlash } from '../../../hosts/simulator/board/flash';
import { seededRandom32 } from '../../../hosts/simulator/random';

const make = (seed = 1): VirtualFlash =>
	new VirtualFlash({ blocks: 3, blockLength: 64, random32: seededRandom32(seed) });

function at(flash: VirtualFlash, byteOffset: number, byteLength = 1): number[] {
	const buffer = new Uint8Array(byteLength);
	flash.read(buffer, byteOffset);
	return [...buffer];
}

describe('virtual flash', () => {
	it('begins erased, and counts what is done to it', () => {
		const flash = make();
		expect(flash.status()).toEqual({ size: 192, blockLength: 64, blocks: 3 });
		expect(at(flash, 0, 192)).toEqual(new Array(192).fill(0xff));
		flash.write(Uint8Array.of(1, 2, 3), 5);
		flash.eraseBlock(1, 3);
		expect([flash.reads, flash.writes, flash.erases, flash.bytesRead, flash.bytesWritten]).toEqual([1, 1, 2, 192, 3]);
		expect([...flash.blockErases]).toEqual([0, 1, 1]);
		expect(at(flash, 5, 3)).toEqual([1, 2, 3]);
	});

	it('lets each byte be written once between two erases', () => {
		const flash = make();
		flash.write(Uint8Array.of(0xf0), 10);
		expect(() => flash.write(Uint8Array.of(0xf0), 10)).toThrow(FlashRuleViolation);
		expect(() => flash.write(Uint8Array.of(1, 2), 9)).toThrow(FlashRuleViolation);
		expect(flash.violations).toBe(2);
		expect(at(flash, 9, 2)).toEqual([0xff, 0xf0]);
		flash.eraseBlock(0);
		flash.write(Uint8Array.of(0x0f), 10);
		expect(at(flash, 10)).toEqual([0x0f]);
	});

	it('counts a written 0xFF as written', () => {
		const flash = make();
		flash.write(Uint8Array.of(0xff), 10);
		expect(() => flash.write(Uint8Array.of(0), 10)).toThrow(FlashRuleViolation);
	});

	it.each([-1, 192, 1.5, Number.NaN])('refuses offset %s', (offset) => {
		const flash = make();
		expect(() => flash.read(new Uint8Array(1), offset)).toThrow(FlashRuleViolation);
		expect(() => flash.write(new Uint8Array(1), offset)).toThrow(FlashRuleViolation);
		expect(() => flash.eraseBlock(offset)).toThrow(FlashRuleViolation);
		expect(flash.violations).toBe(3);
	});

	it('is off after a cut until the power is on again', () => {
		const flash = make();
		flash.cutAt(2);
		flash.write(Uint8Array.of(1), 0);
		expect(() => flash.write(Uint8Array.of(2), 1)).toThrow(PowerCut);
		expect(flash.isOff).toBe(true);
		expect(() => at(flash, 0)).toThrow(PowerCut);
		flash.powerOn();
		expect(at(flash, 0)).toEqual([1]);
	});

	it('tears a write into nothing, all, a part or a mix, and never sets a bit that was not to be', () => {
		const seen = new Set<string>();
		for (let seed = 0; seed < 100; seed++) {
			const flash = make(seed);
			flash.cutAt(1);
			const wanted = Uint8Array.of(0x00, 0x55, 0x0f, 0x00);
			expect(() => flash.write(wanted, 0)).toThrow(PowerCut);
			flash.powerOn();
			const found = at(flash, 0, 4);
			for (let i = 0; i < 4; i++) expect(found[i]! & wanted[i]!).toBe(wanted[i]);
			seen.add(found.join());
			// It may be finished, and only finished.
			if (found[0] !== 0xff) expect(() => flash.write(Uint8Array.of(0x01), 0)).toThrow(FlashRuleViolation);
			flash.write(wanted, 0);
			expect(at(flash, 0, 4)).toEqual([...wanted]);
		}
		expect(seen.has('255,255,255,255')).toBe(true);
		expect(seen.has('0,85,15,0')).toBe(true);
		expect(seen.size).toBeGreaterThan(20);
	});

	it('leaves a block whose erase was cut weak, blank or not, until it is erased again', () => {
		let blank = 0;
		let unreliable = 0;
		for (let seed = 0; seed < 100; seed++) {
			const flash = make(seed);
			flash.write(new Uint8Array(64), 0);
			flash.cutAt(1);
			expect(() => flash.eraseBlock(0)).toThrow(PowerCut);
			flash.powerOn();
			if (
				flash
					.image()
					.subarray(0, 64)
					.every((byte) => byte === 0xff)
			) {
				blank++;
				flash.write(new Uint8Array(64), 0);
				if (at(flash, 0, 64).some((byte) => byte !== 0)) unreliable++;
			}
			flash.eraseBlock(0);
			flash.write(new Uint8Array(64), 0);
			expect(at(flash, 0, 64)).toEqual(new Array(64).fill(0));
		}
		expect(blank).toBeGreaterThan(5);
		expect(unreliable).toBe(blank);
	});

	it('fails, flips and sticks where it is told to', () => {
		const flash = make();
		flash.faults = { read: (offset) => offset === 3, write: (offset) => offset === 4, erase: (block) => block === 2 };
		expect(() => at(flash, 3)).toThrow(FlashFailure);
		expect(() => flash.write(Uint8Array.of(0), 4)).toThrow(FlashFailure);
		expect(() => flash.eraseBlock(2)).toThrow(FlashFailure);
		flash.faults = {};
		flash.write(Uint8Array.of(0x00), 20);
		flash.flip(20, 0x81);
		expect(at(flash, 20)).toEqual([0x81]);
		flash.stick(21, 0x0f, 0x05);
		expect(at(flash, 20, 2)).toEqual([0x81, 0xf5]);
		flash.eraseBlock(0);
		expect(at(flash, 21)).toEqual([0xf5]);
		expect(flash.violations).toBe(0);
	});

	it('does the same with the same seed, and a fork goes its own way', () => {
		const run = (): string => {
			const flash = make(5);
			flash.cutAt(1);
			expect(() => flash.write(new Uint8Array(64), 0)).toThrow(PowerCut);
			return flash.image().join();
		};
		expect(run()).toBe(run());
		const flash = make();
		flash.write(Uint8Array.of(7), 0);
		const fork = flash.fork();
		fork.eraseBlock(0);
		expect(at(flash, 0)).toEqual([7]);
		expect(() => flash.write(Uint8Array.of(7), 0)).toThrow(FlashRuleViolation);
	});
});

describe('virtual flash in a file', () => {
	let folder: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'flash-'));
	});
	afterEach(() => rmSync(folder, { recursive: true }));

	it('has written when a call returns, and is there again without a close', () => {
		const file = join(folder, 'flash.bin');
		const flash = VirtualFlash.open(file, { blocks: 3, blockLength: 64 });
		expect(readFileSync(file)).toHaveLength(192);
		flash.write(Uint8Array.of(1, 2, 3), 70);
		expect([...readFileSync(file).subarray(69, 74)]).toEqual([0xff, 1, 2, 3, 0xff]);
		const again = VirtualFlash.open(file, { blocks: 3, blockLength: 64 });
		expect(at(again, 70, 3)).toEqual([1, 2, 3]);
		expect(() => again.write(Uint8Array.of(9), 70)).toThrow(FlashRuleViolation);
		again.eraseBlock(1);
		expect([...readFileSync(file).subarray(70, 73)]).toEqual([0xff, 0xff, 0xff]);
		flash.close();
		flash.close();
		again.close();
	});

	it('refuses a file of another size', () => {
		const file = join(folder, 'flash.bin');
		writeFileSync(file, new Uint8Array(100));
		expect(() => VirtualFlash.open(file, { blocks: 3, blockLength: 64 })).toThrow(RangeError);
		expect(readFileSync(file)).toHaveLength(100);
	});
});
