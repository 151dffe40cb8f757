/** FORMAT.md in three ways: its vectors are read by the journal, written by it, and read by a decoder that knows only that page. */
import { readFileSync } from 'node:fs';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualFlash } from '../../../hosts/simulator/board/flash';
import { CRC_START, crcBytes, crcEnd, crcFlippedBit } from '../../../modules/journal/crc32';
import { Journal } from '../../../modules/journal/journal';

const page = readFileSync(new URL('../../../modules/journal/FORMAT.md', import.meta.url), 'utf8');
const vectors = [...page.matchAll(/```hex\n([\s\S]*?)```/g)].map((match) => bytesOf(match[1]!));

/** Offsets are checked: a line that does not continue the one before is an error. */
function bytesOf(text: string): Uint8Array {
	const bytes: number[] = [];
	for (const line of text.trim().split('\n')) {
		const [, offset, body] = /^([0-9a-f]{4}) {2}(ff\*\d+|[0-9a-f]{2}(?: [0-9a-f]{2})*)/.exec(line)!;
		expect(Number.parseInt(offset!, 16), line).toBe(bytes.length);
		const blank = /^ff\*(\d+)/.exec(body!);
		if (blank) bytes.push(...new Array<number>(Number(blank[1])).fill(0xff));
		else bytes.push(...body!.split(' ').map((byte) => Number.parseInt(byte, 16)));
	}
	return Uint8Array.from(bytes);
}

const record = (sequence: number): Uint8Array => Uint8Array.of(sequence, 2 * sequence, 255);
const BLOCKS = 3;
const BLOCK_LENGTH = 88;
const LENGTH = 3;
const SLOTS = 6;
const EPOCH = 0x1d3a55c7;

const open = (flash: VirtualFlash): Journal => new Journal({ flash, payloadByteLength: LENGTH, random32: () => EPOCH });

interface Told {
	readonly held: number[];
	readonly next: number;
	readonly dropped: number;
	readonly damaged: number;
}

/** What the page says of an image, with the CRC of zlib. */
function decode(image: Uint8Array): Told {
	const view = new DataView(image.buffer, image.byteOffset, image.length);
	const opened = [];
	for (let block = 0; block < BLOCKS; block++) {
		const at = block * BLOCK_LENGTH;
		if (zlibCrc32(image.subarray(at, at + 36)) !== view.getUint32(at + 36, true)) continue;
		expect([...image.subarray(at, at + 4)]).toEqual([0x46, 0x4a, 0x4c, 1]);
		expect([view.getUint16(at + 28, true), view.getUint16(at + 30, true), view.getUint32(at + 32, true)]).toEqual([
			3, 3, 88,
		]);
		opened.push({ at, generation: view.getUint32(at + 4, true), first: view.getUint32(at + 12, true) });
	}
	opened.sort((a, b) => a.generation - b.generation);
	const newest = opened.at(-1)!;
	const oldest = view.getUint32(newest.at + 16, true);
	const held: number[] = [];
	let next = newest.first;
	for (const { at, first } of opened) {
		if (first + SLOTS <= oldest) continue;
		for (let i = 0; i < SLOTS; i++) {
			const slot = image.subarray(at + 40 + SLOTS + i * 7, at + 40 + SLOTS + i * 7 + 7);
			if (slot.every((byte) => byte === 0xff)) continue;
			const message = new Uint8Array(8 + LENGTH);
			const words = new DataView(message.buffer);
			words.setUint32(0, view.getUint32(newest.at + 8, true), true);
			words.setUint32(4, first + i, true);
			message.set(slot.subarray(0, LENGTH), 8);
			expect(new DataView(slot.buffer, slot.byteOffset).getUint32(LENGTH, true)).toBe(zlibCrc32(message));
			const zeros = 8 - image[at + 40 + i]!.toString(2).replaceAll('0', '').length;
			if (first + i >= oldest && zeros < 5) held.push(first + i);
			next = Math.max(next, first + i + 1);
		}
	}
	const dropped = view.getUint32(newest.at + 20, true);
	return { held, next, dropped, damaged: view.getUint32(newest.at + 24, true) };
}

function told(journal: Journal): Told {
	const held: number[] = [];
	const payload = new Uint8Array(LENGTH);
	for (let after = 0; ; ) {
		const sequence = journal.next(after, payload);
		if (sequence === undefined) break;
		expect(payload).toEqual(record(sequence));
		held.push(sequence);
		after = sequence;
	}
	return { held, next: journal.nextSequence, dropped: journal.dropped, damaged: journal.damaged };
}

const expected: readonly Told[] = [
	{ held: [1, 4, 5, 6, 8], next: 9, dropped: 0, damaged: 0 },
	{ held: [8, 9, 10, 11, 12, 13], next: 14, dropped: 4, damaged: 0 },
];

describe('the vectors of FORMAT.md', () => {
	it('are two whole partitions', () => {
		expect(vectors.map((bytes) => bytes.length)).toEqual([264, 264]);
	});

	it('are what the journal writes', () => {
		const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH });
		const journal = open(flash);
		for (let n = 1; n <= 8; n++) journal.append(record(n));
		journal.release(2, 3);
		journal.release(7);
		expect(flash.image()).toEqual(vectors[0]);
		for (let n = 9; n <= 13; n++) journal.append(record(n));
		expect(flash.image()).toEqual(vectors[1]);
	});

	it.each([0, 1])('are what the journal reads, and reading writes nothing (%s)', (which) => {
		const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH, bytes: vectors[which]! });
		const journal = open(flash);
		expect(journal.epoch).toBe(EPOCH);
		expect(told(journal)).toEqual(expected[which]);
		expect([flash.writes, flash.erases]).toEqual([0, 0]);
	});

	it.each([0, 1])('say the same to a decoder that knows only the page (%s)', (which) => {
		expect(decode(vectors[which]!)).toEqual(expected[which]);
	});

	it('and anything else the journal writes says the same to that decoder', () => {
		fc.assert(
			fc.property(fc.array(fc.nat(9), { maxLength: 60 }), (steps) => {
				const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH });
				const journal = open(flash);
				for (const step of steps) {
					if (step < 6) journal.append(record(journal.nextSequence));
					else journal.release(journal.oldest + step - 6);
				}
				expect(decode(flash.image())).toEqual(told(journal));
			}),
			{ numRuns: 300, seed: 1 },
		);
	});
});

describe('CRC-32', () => {
	it('is the one of zlib', () => {
		const crc = (bytes: Uint8Array): number => crcEnd(crcBytes(CRC_START, bytes, 0, bytes.length));
		expect(crc(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
				expect(crc(bytes)).toBe(zlibCrc32(bytes));
			}),
		);
	});

	it('finds one flipped bit wherever it is, and takes no two or three for one', () => {
		const bytes = new Uint8Array(27).fill(0x5a);
		const right = zlibCrc32(bytes);
		const total = (bytes.length + 4) * 8;
		const damage = (bits: readonly number[]): number | undefined => {
			let stored = right;
			const copy = bytes.slice();
			for (const bit of bits) {
				if (bit >= 216) stored = (stored ^ (1 << (bit - 216))) >>> 0;
				else copy[bit >> 3]! ^= 1 << (bit & 7);
			}
			return crcFlippedBit((zlibCrc32(copy) ^ stored) >>> 0, bytes.length);
		};
		for (let a = 0; a < total; a++) {
			expect(damage([a])).toBe(a < 216 ? a : -1);
			for (let b = a + 1; b < total; b++) if (damage([a, b]) !== undefined) expect.fail(`${a}, ${b}`);
		}
		fc.assert(
			fc.property(fc.uniqueArray(fc.nat(total - 1), { minLength: 3, maxLength: 3 }), (bits) => {
				expect(damage(bits)).toBeUndefined();
			}),
			{ numRuns: 5_000, seed: 1 },
		);
	});
});
