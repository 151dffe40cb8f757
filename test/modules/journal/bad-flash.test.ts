/** Flash that fails, ages or lies: it costs a record or a block, counted, and never the device. */
import { describe, expect, it } from 'vitest';
import { VirtualFlash } from '../../../hosts/simulator/board/flash';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { Fault } from '../../../modules/fault';
import { CRC_START, crcBytes, crcEnd, crcWord } from '../../../modules/journal/crc32';
import { Header } from '../../../modules/journal/header';
import { Journal } from '../../../modules/journal/journal';
import { Layout } from '../../../modules/journal/layout';
import { Slot } from '../../../modules/journal/slot';

const LENGTH = 7;
const BLOCKS = 5;
const BLOCK_LENGTH = 160;
const layout = new Layout(BLOCKS, BLOCK_LENGTH, LENGTH);
const { slots } = layout;

const open = (flash: VirtualFlash): Journal =>
	new Journal({ flash, payloadByteLength: LENGTH, random32: seededRandom32(3) });

function record(n: number): Uint8Array {
	const bytes = new Uint8Array(LENGTH).fill(n * 7);
	new DataView(bytes.buffer).setUint32(0, n, true);
	return bytes;
}

function filled(count: number): { flash: VirtualFlash; journal: Journal } {
	const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH });
	const journal = open(flash);
	for (let n = 1; n <= count; n++) journal.append(record(n));
	return { flash, journal };
}

/** The held sequences, in order; each payload must say the number that `numbers` (default: the sequence) gives. */
function held(journal: Journal, numbers?: Map<number, number>): number[] {
	const found: number[] = [];
	const payload = new Uint8Array(LENGTH);
	for (let after = 0; ; ) {
		const sequence = journal.next(after, payload);
		if (sequence === undefined) return found;
		expect(sequence).toBeGreaterThan(after);
		expect(payload).toEqual(record(numbers === undefined ? sequence : numbers.get(sequence)!));
		found.push(sequence);
		after = sequence;
	}
}

const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe('flipped bits', () => {
	it('up to three in a mark neither release a record nor bring one back', () => {
		const { flash, journal } = filled(slots);
		journal.release(2);
		for (let mask = 1; mask < 256; mask++) {
			const bits = mask.toString(2).replaceAll('0', '').length;
			if (bits > 3) continue;
			const aged = flash.fork();
			aged.flip(layout.markOffset(0, 0), mask);
			aged.flip(layout.markOffset(0, 1), mask);
			const again = open(aged);
			expect(again.backlog).toBe(slots - 1);
			expect(held(again)).toEqual([1, ...range(3, slots)]);
			expect(again.release(1)).toBe(1);
			expect(held(open(aged))).toEqual(range(3, slots));
			expect(aged.violations).toBe(0);
		}
	});

	it('one in a record or in its CRC is put right', () => {
		const { flash } = filled(3);
		for (let bit = 0; bit < layout.slotByteLength * 8; bit++) {
			const aged = flash.fork();
			aged.flip(layout.slotOffset(0, 1) + (bit >> 3), 1 << (bit & 7));
			const again = open(aged);
			expect(held(again)).toEqual([1, 2, 3]);
			expect(again.damaged).toBe(0);
		}
	});

	it('several in a record cost that record, counted once, through reboots, wraps and the drop of its block', () => {
		const { flash } = filled(4);
		flash.flip(layout.slotOffset(0, 1), 0x18);
		let journal = open(flash);
		expect(journal.backlog).toBe(4);
		expect(held(journal)).toEqual([1, 3, 4]);
		expect(held(journal)).toEqual([1, 3, 4]);
		expect([journal.backlog, journal.damaged]).toEqual([3, 1]);
		journal.release(1);
		// Now it lies in front: a boot counts it before anybody counts on it.
		journal = open(flash);
		expect([journal.backlog, journal.damaged, journal.oldest]).toEqual([2, 1, 3]);
		for (let n = 5; n <= slots * 9; n++) {
			journal.append(record(n));
			if (n % 7 === 0) journal = open(flash);
			expect([journal.damaged, journal.dropped + journal.backlog]).toEqual([1, n - 2]);
		}
		expect(flash.violations).toBe(0);
	});

	it('in a record amid good ones is not counted again by the boots after a new block', () => {
		const { flash } = filled(4);
		flash.flip(layout.slotOffset(0, 1), 0x18);
		let journal = open(flash);
		expect(held(journal)).toEqual([1, 3, 4]);
		for (let n = 5; n <= slots + 1; n++) journal.append(record(n));
		journal = open(flash);
		expect(held(journal)).toEqual([1, ...range(3, slots + 1)]);
		expect(journal.damaged).toBe(1);
	});

	it('in more records than can be remembered cost these records and no other', () => {
		const flash = new VirtualFlash({ blocks: 3, blockLength: 512 });
		const big = new Layout(3, 512, LENGTH);
		const first = open(flash);
		for (let n = 1; n <= 38; n++) first.append(record(n));
		for (let index = 5; index < 30; index++) flash.flip(big.slotOffset(0, index), 0x11);
		const journal = open(flash);
		expect(held(journal)).toEqual([...range(1, 5), ...range(31, 38)]);
		expect([journal.backlog, journal.damaged]).toEqual([13, 25]);
		expect(held(open(flash))).toEqual([...range(1, 5), ...range(31, 38)]);
	});

	it('one in any header, stamp included, changes nothing', () => {
		const { flash, journal } = filled(slots * 2 + 3);
		for (const block of [0, 1, 2]) {
			for (let bit = 0; bit < 40 * 8; bit++) {
				const aged = flash.fork();
				aged.flip(layout.headerOffset(block) + (bit >> 3), 1 << (bit & 7));
				const again = open(aged);
				expect(held(again)).toEqual(range(1, slots * 2 + 3));
				expect([again.epoch, again.nextSequence]).toEqual([journal.epoch, journal.nextSequence]);
			}
		}
	});

	it('a header in the middle that is lost costs nothing: the block is known by its records', () => {
		const { flash } = filled(slots * 3);
		flash.flip(layout.headerOffset(1) + 9, 0xff);
		let journal = open(flash);
		expect(held(journal)).toEqual(range(1, slots * 3));
		for (let n = slots * 3 + 1; n <= slots * 9; n++) {
			journal.append(record(n));
			if (n % 5 === 0) journal = open(flash);
			expect([journal.damaged, journal.dropped + journal.backlog]).toEqual([0, n]);
		}
	});

	it('a header in the middle that is lost with its records costs its block, counted as damaged', () => {
		const { flash } = filled(slots * 3);
		for (let i = 0; i < BLOCK_LENGTH; i += 4) flash.flip(layout.headerOffset(1) + i, 0x5a);
		const again = open(flash);
		expect(held(again)).toEqual([...range(1, slots), ...range(slots * 2 + 1, slots * 3)]);
		expect(again.damaged).toBe(slots);
		// The loss is counted once, though the journal goes on, wraps and reboots.
		for (let n = 1; n <= slots * 7; n++) {
			again.append(record(again.nextSequence));
			if (n % 5 === 0) expect(open(flash).damaged).toBe(slots);
		}
		expect(again.damaged).toBe(slots);
		expect(again.dropped + again.damaged + again.backlog).toBe(slots * 10);
	});

	it('the newest header that is lost costs nothing: the block is known by its records', () => {
		const { flash, journal } = filled(slots * 2 + 3);
		journal.release(slots * 2 + 1);
		flash.flip(layout.headerOffset(2) + 9, 0xff);
		const again = open(flash);
		expect(again.nextSequence).toBe(slots * 2 + 4);
		expect(held(again)).toEqual([...range(1, slots * 2), slots * 2 + 2, slots * 2 + 3]);
		expect(again.damaged).toBe(0);
		expect(again.append(record(slots * 2 + 4))).toBe(slots * 2 + 4);
		expect(flash.violations).toBe(0);
	});
});

describe('reads that fail', () => {
	it('of the newest header never let a sequence be used again', () => {
		const { flash } = filled(slots * 2 + 3);
		flash.faults = { read: (offset) => Math.floor(offset / BLOCK_LENGTH) === 2 };
		const again = open(flash);
		expect(held(again)).toEqual(range(1, slots * 2));
		const sequence = again.append(record(slots * 3 + 1));
		expect(sequence).toBeGreaterThan(slots * 2 + 3);
		flash.faults = {};
		// When it can be read again its records are there again.
		expect(held(open(flash))).toEqual([...range(1, slots * 2 + 3), sequence]);
		expect(flash.violations).toBe(0);
	});

	it('of every header throw, and erase nothing', () => {
		const { flash } = filled(slots * 2 + 3);
		flash.faults = { read: () => true };
		const erases = flash.erases;
		expect(() => open(flash)).toThrow(Fault);
		expect(flash.erases).toBe(erases);
		flash.faults = {};
		expect(held(open(flash))).toEqual(range(1, slots * 2 + 3));
	});

	it('of one record pass it over until the next boot', () => {
		const { flash, journal } = filled(6);
		const bad = layout.slotOffset(0, 2);
		flash.faults = { read: (offset, length) => offset <= bad && bad < offset + length && length === LENGTH + 4 };
		expect(held(journal)).toEqual([1, 2, 4, 5, 6]);
		expect([journal.backlog, journal.damaged]).toEqual([5, 1]);
		expect(journal.lastFault?.code).toBe('flash');
		flash.faults = {};
		expect(held(journal)).toEqual([1, 2, 4, 5, 6]);
		expect(held(open(flash))).toEqual([1, 2, 3, 4, 5, 6]);
	});

	it('of a block of marks are forgiven by a later boot, though a header was written meanwhile', () => {
		const { flash } = filled(slots * 2);
		let journal = open(flash);
		flash.faults = { read: (offset) => Math.floor(offset / BLOCK_LENGTH) === 1 };
		expect(held(journal)).toEqual(range(1, slots));
		journal.append(record(slots * 2 + 1));
		expect(journal.damaged).toBe(slots);
		flash.faults = {};
		journal = open(flash);
		expect(held(journal)).toEqual(range(1, slots * 2 + 1));
		expect(journal.damaged).toBe(0);
	});

	it('of a block of marks cost that block, counted once', () => {
		const { flash } = filled(slots * 3);
		const again = open(flash);
		flash.faults = { read: (offset) => Math.floor(offset / BLOCK_LENGTH) === 1 };
		expect(held(again)).toEqual([...range(1, slots), ...range(slots * 2 + 1, slots * 3)]);
		expect([again.backlog, again.damaged]).toEqual([slots * 2, slots]);
	});
});

describe('writes that fail', () => {
	it('burn the slot, and no sequence is used twice', () => {
		const { flash, journal } = filled(2);
		let failures = 1;
		flash.faults = { write: () => failures-- > 0 };
		const sequence = journal.append(record(3));
		expect(sequence).toBeGreaterThanOrEqual(3);
		const numbers = new Map([
			[1, 1],
			[2, 2],
			[sequence, 3],
		]);
		expect(held(journal, numbers)).toEqual([1, 2, sequence]);
		expect(held(open(flash), numbers)).toEqual([1, 2, sequence]);
		expect(open(flash).nextSequence).toBe(sequence + 1);
	});

	it('that leave nothing behind still use their number up', () => {
		const { flash, journal } = filled(2);
		const read = flash.read.bind(flash);
		const write = flash.write.bind(flash);
		let ignore = 1;
		// The chip says yes and does nothing.
		flash.write = (buffer, offset) => {
			if (ignore-- > 0) return;
			write(buffer, offset);
		};
		expect(journal.append(record(4))).toBe(4);
		flash.read = read;
		// Cut before the 4th: the 3rd slot is blank, and only its mark says that it is used.
		const fork = flash.fork();
		fork.eraseBlock(0);
		const { flash: other, journal: second } = filled(2);
		let once = 1;
		let off = false;
		const otherWrite = other.write.bind(other);
		other.write = (buffer, offset) => {
			if (once-- > 0 || off) return;
			otherWrite(buffer, offset);
			off = true;
		};
		expect(() => second.append(record(4))).toThrow(Fault);
		other.write = otherWrite;
		expect(open(other).nextSequence).toBeGreaterThan(3);
		expect(open(other).backlog).toBe(2);
	});

	it('of marks do not make a released record come back before the next boot', () => {
		const { flash, journal } = filled(slots);
		flash.faults = { write: () => true };
		flash.write = () => {
			throw new Error('no');
		};
		expect(journal.release(2)).toBe(1);
		expect(journal.release(2)).toBe(0);
		expect(held(journal)).toEqual([1, ...range(3, slots)]);
		expect(journal.backlog).toBe(slots - 1);
	});

	it('of more than sixteen marks cost their block', () => {
		const flash = new VirtualFlash({ blocks: 3, blockLength: 512 });
		const journal = open(flash);
		for (let n = 1; n <= 30; n++) journal.append(record(n));
		flash.write = () => {
			throw new Error('no');
		};
		for (let n = 1; n <= 16; n++) expect(journal.release(n)).toBe(1);
		expect(held(journal)).toEqual(range(17, 30));
		journal.release(17);
		expect(held(journal)).toEqual([]);
		expect([journal.backlog, journal.damaged]).toEqual([0, 13]);
	});

	it('everywhere make append throw, and the next append tries again', () => {
		const { flash, journal } = filled(3);
		const write = flash.write.bind(flash);
		flash.write = () => {
			throw new Error('no');
		};
		flash.faults = { erase: () => true };
		expect(() => journal.append(record(4))).toThrow(Fault);
		flash.faults = {};
		flash.write = write;
		const sequence = journal.append(record(9));
		expect(sequence).toBeGreaterThan(3);
		expect(open(flash).nextSequence).toBe(sequence + 1);
		expect(flash.violations).toBe(0);
	});
});

describe('erases that fail', () => {
	it('cost the block, and the ring goes round without it', () => {
		const { flash, journal } = filled(1);
		flash.faults = { erase: (block) => block === 2 };
		for (let n = 2; n <= slots * 20; n++) expect(journal.append(record(n))).toBe(n);
		const { backlog } = journal;
		expect(held(journal)).toEqual(range(slots * 20 - backlog + 1, slots * 20));
		expect(journal.dropped + backlog + journal.damaged).toBe(slots * 20);
		const again = open(flash);
		expect(held(again)).toEqual(held(journal));
		expect(again.dropped + again.backlog + again.damaged).toBe(slots * 20);
		expect(flash.violations).toBe(0);
	});

	it('everywhere but in one block still leave a journal', () => {
		const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH });
		flash.faults = { erase: (block) => block !== 3 };
		const journal = open(flash);
		for (let n = 1; n <= slots * 5; n++) expect(journal.append(record(n))).toBe(n);
		expect(journal.dropped + journal.backlog).toBe(slots * 5);
		expect(held(open(flash))).toEqual(held(journal));
	});

	it('everywhere make the first boot throw', () => {
		const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH, bytes: new Uint8Array(800).fill(7) });
		flash.faults = { erase: () => true };
		expect(() => open(flash)).toThrow(Fault);
	});
});

describe('a block that is not what it seems', () => {
	it('with the stamp of an earlier life is erased before it is used', () => {
		const { flash } = filled(1);
		// The end of the block was erased, its stamp not yet: it looks prepared and is weak.
		const image = flash.image();
		const header = new Header(layout);
		header.generation = 1;
		header.encode();
		image.set(header.stamp, layout.headerOffset(1));
		const twin = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH, bytes: image });
		const journal = open(twin);
		expect(twin.blockErases[1]).toBe(1);
		expect(held(journal)).toEqual([1]);
	});

	it('with a bit that sticks at 0 is not used', () => {
		const { flash, journal } = filled(1);
		flash.stick(layout.slotOffset(1, 2), 0x10, 0x00);
		for (let n = 2; n <= slots * 12; n++) journal.append(record(n));
		expect(flash.blockErases[1]).toBeGreaterThan(0);
		expect(journal.badBlocks).toBe(1);
		expect(held(journal)).toEqual(range(slots * 12 - journal.backlog + 1, slots * 12));
		expect(flash.violations).toBe(0);
	});

	it('with a mark that sticks loses no record and never blocks', () => {
		const { flash, journal } = filled(1);
		flash.stick(layout.markOffset(0, 0), 0xff, 0xff);
		expect(journal.release(1)).toBe(1);
		expect(journal.oldest).toBe(2);
		for (let n = 2; n <= slots * 12; n++) expect(journal.append(record(n))).toBe(n);
		expect(held(journal)).not.toContain(1);
	});
});

describe('a record that is all ones', () => {
	it('with a CRC of all ones is not taken for blank', () => {
		// CRC-32 is affine, so the epoch that makes it 0xFFFFFFFF can be solved for.
		const ones = new Uint8Array(LENGTH).fill(0xff);
		const crc = (epoch: number): number => crcEnd(crcBytes(crcWord(crcWord(CRC_START, epoch), 1), ones, 0, LENGTH));
		const rows = Array.from(
			{ length: 32 },
			(_, bit) => [(crc(1 << bit) ^ crc(0)) >>> 0, (1 << bit) >>> 0] as [number, number],
		);
		let [left, epoch] = [(crc(0) ^ 0xffff_ffff) >>> 0, 0];
		for (let bit = 31; bit >= 0; bit--) {
			const at = rows.findIndex(([effect]) => effect >>> bit === 1);
			if (at < 0) continue;
			const [[effect, cause]] = rows.splice(at, 1) as [[number, number]];
			for (const row of rows) {
				if (row[0] >>> bit !== 1) continue;
				row[0] = (row[0] ^ effect) >>> 0;
				row[1] = (row[1] ^ cause) >>> 0;
			}
			if (((left >>> bit) & 1) === 0) continue;
			left = (left ^ effect) >>> 0;
			epoch = (epoch ^ cause) >>> 0;
		}
		expect(crc(epoch)).toBe(0xffff_ffff);
		const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH });
		new Journal({ flash, payloadByteLength: LENGTH, random32: () => epoch }).append(ones);
		const journal = open(flash);
		expect([journal.epoch, journal.backlog, journal.nextSequence]).toEqual([epoch, 1, 2]);
		const payload = new Uint8Array(LENGTH);
		expect(journal.next(0, payload)).toBe(1);
		expect(payload).toEqual(ones);
	});
});

describe('a partition of another making', () => {
	it('with two blocks for the same sequences believes the newer, wherever it lies', () => {
		for (const [older, newer] of [
			[0, 1],
			[1, 0],
		] as const) {
			const bytes = new Uint8Array(BLOCKS * BLOCK_LENGTH).fill(0xff);
			const header = new Header(layout);
			Object.assign(header, { epoch: 5, oldestSequence: 1 });
			const slot = new Slot(layout);
			for (const [block, generation, first] of [
				[older, 3, 1],
				[newer, 5, 1],
				[2, 6, 1 + slots],
			] as const) {
				Object.assign(header, { generation, firstSequence: first });
				header.encode();
				bytes.set(header.bytes, layout.headerOffset(block));
				for (let i = 0; i < slots && block !== 2; i++) {
					slot.encode(5, first + i, record(block === newer ? first + i : 77));
					bytes.set(slot.bytes, layout.slotOffset(block, i));
				}
			}
			const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH, bytes });
			expect(held(open(flash))).toEqual(range(1, slots));
		}
	});

	it('with another record length is formatted, with another epoch', () => {
		const { flash, journal } = filled(20);
		const other = new Journal({ flash, payloadByteLength: LENGTH + 1, random32: seededRandom32(4) });
		expect(other.backlog).toBe(0);
		expect(other.nextSequence).toBe(1);
		expect(other.epoch).not.toBe(journal.epoch);
	});

	it('whose numbers have run out begins again with another epoch, and counts what it drops', () => {
		for (const field of ['sequence', 'generation'] as const) {
			const header = new Header(layout);
			Object.assign(header, { generation: 9, epoch: 5, firstSequence: 100, oldestSequence: 100, dropped: 3 });
			if (field === 'sequence') header.firstSequence = header.oldestSequence = 0xffff_ffff - slots;
			else header.generation = 0xffff_fffd;
			header.encode();
			const bytes = new Uint8Array(BLOCKS * BLOCK_LENGTH).fill(0xff);
			bytes.set(header.bytes);
			const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH, bytes });
			const journal = open(flash);
			expect(journal.epoch).toBe(5);
			const first = header.firstSequence;
			for (let i = 0; i < slots; i++) expect(journal.append(record(first + i))).toBe(first + i);
			expect(held(open(flash))).toHaveLength(slots);
			expect(journal.append(record(1))).toBe(1);
			expect(journal.epoch).not.toBe(5);
			expect(journal.dropped).toBe(3 + slots);
			const again = open(flash);
			expect([again.epoch, again.dropped, again.backlog]).toEqual([journal.epoch, 3 + slots, 1]);
			expect(flash.violations).toBe(0);
		}
	});
});

describe('a fault in every flash operation of a script', { timeout: 300_000 }, () => {
	const kinds = ['read', 'write', 'erase'] as const;
	it.each([1, 2, 9, Number.POSITIVE_INFINITY])('that lasts for %s operations loses nothing uncounted', (lasting) => {
		let runs = 0;
		for (const kind of kinds) {
			for (let at = 1; ; at++) {
				const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH, random32: seededRandom32(at) });
				let count = 0;
				let block = -1;
				const fails = (offset: number): boolean => {
					const here = Math.floor(offset / BLOCK_LENGTH);
					count++;
					if (count === at) block = here;
					return count >= at && count < at + lasting && here === block;
				};
				flash.faults = { [kind]: (place: number) => fails(kind === 'erase' ? place * BLOCK_LENGTH : place) };
				script(flash);
				runs++;
				if (count < at) break;
			}
		}
		console.log(`${runs} scripts with a fault that lasts for ${lasting} operations`);
	});

	function script(flash: VirtualFlash): void {
		const random = seededRandom32(2);
		let journal = open(flash);
		const numbers = new Map<number, number>();
		let released = 0;
		let newest = 0;
		for (let n = 1; n <= 60; n++) {
			const sequence = journal.append(record(n));
			expect(sequence).toBeGreaterThan(newest);
			newest = sequence;
			numbers.set(sequence, n);
			if (random() % 3 === 0) released += journal.release(journal.oldest, journal.oldest + (random() % 4));
			if (n === 25 || n === 45) journal = open(flash);
			expect(journal.backlog).toBeGreaterThanOrEqual(0);
		}
		held(journal, numbers);
		expect(released + journal.dropped + journal.damaged + journal.backlog).toBeGreaterThanOrEqual(60);
		flash.faults = {};
		const again = open(flash);
		expect(held(again, numbers).length).toBe(again.backlog);
		expect(again.append(record(61))).toBeGreaterThan(newest);
		expect(flash.violations).toBe(0);
	}
});
