/** Headers that rot, on flash that is worn as well: whatever is lost, no sequence is given out twice. */
import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { VirtualFlash } from '../../../hosts/simulator/board/flash';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { Header } from '../../../modules/journal/header';
import { Journal } from '../../../modules/journal/journal';
import { HEADER_BYTE_LENGTH, Layout } from '../../../modules/journal/layout';
import { Slot } from '../../../modules/journal/slot';
import type { Random32 } from '../../../modules/ports';

const LENGTH = 7;
const BLOCK_LENGTH = 160;

const epochs = seededRandom32(3);
const open = (flash: VirtualFlash): Journal => new Journal({ flash, payloadByteLength: LENGTH, random32: epochs });

const layoutOf = (flash: VirtualFlash): Layout => new Layout(flash.blocks, flash.blockLength, LENGTH);

const { slots } = new Layout(2, BLOCK_LENGTH, LENGTH);

/** The block with the highest header that can be read, −1 when there is none. */
function newestOf(flash: VirtualFlash): number {
	const layout = layoutOf(flash);
	const header = new Header(layout);
	const image = flash.image();
	let [newest, generation] = [-1, 0];
	for (let block = 0; block < flash.blocks; block++) {
		header.bytes.set(image.subarray(layout.headerOffset(block), layout.headerOffset(block) + HEADER_BYTE_LENGTH));
		if (header.decode() && header.generation > generation) [newest, generation] = [block, header.generation];
	}
	return newest;
}

/** Two to a dozen bits of a header. */
function rot(flash: VirtualFlash, block: number, random: Random32): void {
	for (let n = 2 + (random() % 11); n > 0; n--) {
		flash.flip(block * flash.blockLength + (random() % HEADER_BYTE_LENGTH), 1 << (random() % 8));
	}
}

/** Appends until `block` is the newest and holds `records`. */
function goTo(flash: VirtualFlash, journal: Journal, block: number, records: number): number {
	let last = 0;
	while (newestOf(flash) === block) last = journal.append(new Uint8Array(LENGTH));
	while (newestOf(flash) !== block) last = journal.append(new Uint8Array(LENGTH));
	for (let n = 1; n < records; n++) last = journal.append(new Uint8Array(LENGTH).fill(n));
	return last;
}

describe('a newest header that is lost', () => {
	const WORN = 3;
	const worn = (blocks: number, laps: number): { flash: VirtualFlash; journal: Journal } => {
		const flash = new VirtualFlash({ blocks, blockLength: BLOCK_LENGTH, random32: seededRandom32(3) });
		const journal = open(flash);
		for (let n = 0; n < slots * blocks; n++) journal.append(new Uint8Array(LENGTH));
		flash.faults = { erase: (block) => block === WORN };
		for (let n = 0; n < slots * blocks * laps; n++) journal.append(new Uint8Array(LENGTH));
		return { flash, journal };
	};

	it('behind a worn block with an old header costs nothing: its records say what it is', () => {
		for (const records of [1, 2, slots - 1, slots]) {
			const { flash, journal } = worn(8, 2);
			const last = goTo(flash, journal, WORN + 1, records);
			const { backlog } = journal;
			flash.flip((WORN + 1) * BLOCK_LENGTH + 12, 0x05);
			flash.flip((WORN + 1) * BLOCK_LENGTH + 20, 0x21);
			const again = open(flash);
			expect(again.epoch).toBe(journal.epoch);
			expect(again.nextSequence).toBe(last + 1);
			expect(again.backlog).toBe(backlog);
			expect(again.append(new Uint8Array(LENGTH))).toBe(last + 1);
			expect(flash.violations).toBe(0);
		}
	});

	it('and the one before it cost no record either: what they had dropped counts as damaged', () => {
		const { flash, journal } = worn(8, 2);
		const last = goTo(flash, journal, WORN + 2, 4);
		const { backlog, dropped } = journal;
		for (const block of [WORN + 1, WORN + 2]) {
			flash.flip(block * BLOCK_LENGTH + 4, 0x05);
			flash.flip(block * BLOCK_LENGTH + 12, 0x05);
		}
		const again = open(flash);
		expect([again.nextSequence, again.backlog, again.dropped + again.damaged]).toEqual([last + 1, backlog, dropped]);
	});

	it('and cannot even be read, behind a worn block, costs numbers and no record that can be read', () => {
		const { flash, journal } = worn(8, 2);
		const last = goTo(flash, journal, WORN + 1, 4);
		const { faults } = flash;
		flash.faults = { ...faults, read: (offset) => Math.floor(offset / BLOCK_LENGTH) === WORN + 1 };
		const again = open(flash);
		expect(again.nextSequence).toBeGreaterThan(last);
		expect(again.nextSequence).toBeLessThanOrEqual(last + 5 * slots);
		const sequence = again.append(new Uint8Array(LENGTH));
		flash.faults = faults;
		const healed = open(flash);
		const payload = new Uint8Array(LENGTH);
		expect(healed.nextSequence).toBe(sequence + 1);
		expect(healed.next(last - 1, payload)).toBe(last);
	});

	it('when the only header left is of a life long past, is known by its records all the same', () => {
		const flash = new VirtualFlash({ blocks: 3, blockLength: BLOCK_LENGTH, random32: seededRandom32(3) });
		const journal = open(flash);
		journal.append(new Uint8Array(LENGTH));
		flash.faults = { erase: (block) => block === 0 };
		let last = 0;
		for (let n = 0; n < slots * 200 + 3; n++) last = journal.append(new Uint8Array(LENGTH).fill(n));
		const block = newestOf(flash);
		expect(block).not.toBe(0);
		for (const field of [4, 8, 16]) {
			const aged = flash.fork(seededRandom32(5));
			aged.flip(block * BLOCK_LENGTH + field, 0x0c);
			const again = open(aged);
			expect(again.nextSequence).toBe(last + 1);
			expect(again.damaged).toBeLessThanOrEqual(3 * slots);
		}
		// Nor does it take a record: what was made ready for the next generation says how many there were.
		while (newestOf(flash) === block) last = journal.append(new Uint8Array(LENGTH));
		flash.flip(newestOf(flash) * BLOCK_LENGTH + 12, 0x0c);
		for (let i = 0; i < 2; i++) {
			flash.flip(newestOf(flash) * BLOCK_LENGTH + 16, 0);
			expect(open(flash).nextSequence).toBeGreaterThan(last);
		}
	});

	it('and blocks of garbage that wait for their first turn cost no number, boot after boot', () => {
		const random = seededRandom32(1);
		const bytes = Uint8Array.from({ length: 8 * BLOCK_LENGTH }, () => random());
		const flash = new VirtualFlash({ blocks: 8, blockLength: BLOCK_LENGTH, bytes });
		for (let n = 1; n <= slots * 9; n++) {
			const journal = open(flash);
			expect([journal.nextSequence, journal.damaged]).toEqual([n, 0]);
			expect(journal.append(new Uint8Array(LENGTH))).toBe(n);
		}
	});
});

describe('a record', () => {
	it('says which sequence it has', () => {
		const layout = new Layout(8, 4096, 19);
		const slot = new Slot(layout);
		const random = seededRandom32(4);
		for (let n = 0; n < 1_000; n++) {
			const [epoch, sequence] = [random() >>> 0, random() >>> 0];
			slot.encode(
				epoch,
				sequence,
				Uint8Array.from({ length: 19 }, () => random()),
			);
			expect(slot.sequence(epoch)).toBe(sequence);
		}
	});
});

describe('worn blocks and rotten headers', { timeout: 300_000 }, () => {
	/** What happens to one journal: `worn` blocks that go bad one by one, `rotten` headers, reboots, appends and releases. */
	function live(seed: number): { reboots: number; rotten: number } {
		const random = seededRandom32(seed);
		const blocks = 4 + (random() % 6);
		const flash = new VirtualFlash({
			blocks,
			blockLength: BLOCK_LENGTH,
			random32: seededRandom32(seed + 1),
		});
		const bad = new Map<number, 'erase' | 'write' | 'both'>();
		flash.faults = {
			erase: (block) => (bad.get(block) ?? 'write') !== 'write',
			write: (offset) => (bad.get(Math.floor(offset / BLOCK_LENGTH)) ?? 'erase') !== 'erase',
		};
		const highest = new Map<number, number>();
		let journal = open(flash);
		const tally = { reboots: 0, rotten: 0 };
		for (let lap = 0; lap < 6; lap++) {
			// At least three blocks stay sound.
			if (bad.size < blocks - 3 && random() % 2 === 0) {
				bad.set(random() % blocks, (['erase', 'write', 'both'] as const)[random() % 3]!);
			}
			for (let n = random() % (slots * blocks * 2); n > 0; n--) {
				const { epoch } = journal;
				const sequence = journal.append(new Uint8Array(LENGTH).fill(n));
				assert.ok(sequence > (highest.get(journal.epoch) ?? 0), `seed ${seed}: ${sequence} again, lap ${lap}`);
				assert.equal(journal.epoch, epoch);
				highest.set(journal.epoch, sequence);
				if (random() % 4 === 0) journal.release(journal.oldest, journal.oldest + (random() % 6));
			}
			if (random() % 4 === 0) journal.releaseThrough(journal.nextSequence);
			let unreadable = -1;
			for (let n = Math.min(random() % 3, 2 - tally.rotten); n > 0; n--) {
				const newest = newestOf(flash);
				const block = random() % 4 === 0 || newest < 0 ? random() % blocks : newest;
				tally.rotten++;
				if (random() % 4 === 0) unreadable = block;
				rot(flash, block, random);
			}
			const { faults } = flash;
			const all = random() % 2 === 0 ? BLOCK_LENGTH : HEADER_BYTE_LENGTH;
			flash.faults = {
				...faults,
				read: (offset) => Math.floor(offset / BLOCK_LENGTH) === unreadable && offset % BLOCK_LENGTH < all,
			};
			for (let n = 1 + (random() % 2); n > 0; n--) {
				journal = open(flash);
				tally.reboots++;
				// Without a header that can be read, it begins again.
				if (highest.size > 0 && !highest.has(journal.epoch)) return tally;
				const known = highest.get(journal.epoch) ?? 0;
				assert.ok(
					journal.nextSequence > known,
					`seed ${seed}, lap ${lap}: next ${journal.nextSequence} after ${known}`,
				);
			}
			flash.faults = faults;
		}
		assert.equal(flash.violations, 0);
		return tally;
	}

	it('never let a sequence be given out again', () => {
		const tally = { journals: 0, reboots: 0, rotten: 0 };
		for (let seed = 1; seed <= 1_000; seed++) {
			const { reboots, rotten } = live(seed);
			tally.journals++;
			tally.reboots += reboots;
			tally.rotten += rotten;
		}
		console.log(`${tally.journals} worn journals, ${tally.reboots} reboots, ${tally.rotten} rotten headers`);
	});
});
