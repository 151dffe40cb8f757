/** A chip that erases and takes no write: it may cost what comes, but not what is stored. */
import { describe, expect, it } from 'vitest';
import { VirtualFlash } from '../../../hosts/simulator/board/flash';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { Fault } from '../../../modules/fault';
import { type Erasing, Journal } from '../../../modules/journal/journal';
import { Layout } from '../../../modules/journal/layout';

const LENGTH = 7;
const BLOCK_LENGTH = 160;
const { slots } = new Layout(2, BLOCK_LENGTH, LENGTH);

const open = (flash: VirtualFlash, erasing: Erasing = 'ahead'): Journal =>
	new Journal({ flash, payloadByteLength: LENGTH, random32: seededRandom32(3), erasing });

const record = new Uint8Array(LENGTH).fill(0x42);

function filled(blocks: number, count: number): { flash: VirtualFlash; journal: Journal } {
	const flash = new VirtualFlash({ blocks, blockLength: BLOCK_LENGTH, random32: seededRandom32(1) });
	const journal = open(flash);
	for (let n = 0; n < count; n++) journal.append(record);
	return { flash, journal };
}

/** From now on `refuses` says which blocks take no write, not a bit of it. Returns what ends that. */
function deaden(flash: VirtualFlash, refuses: (block: number) => boolean): () => void {
	const write = flash.write.bind(flash);
	flash.write = (buffer, offset) => {
		if (!refuses(Math.floor(offset / BLOCK_LENGTH))) return write(buffer, offset);
		throw new Fault('flash', 'no');
	};
	return () => {
		flash.write = write;
	};
}

/** How many records can be read. */
function readable(journal: Journal): number {
	const payload = new Uint8Array(LENGTH);
	let count = 0;
	for (let after = journal.next(0, payload); after !== undefined; after = journal.next(after, payload)) count++;
	return count;
}

describe('a chip that erases but takes no write', () => {
	it.each(['ahead', 'late', 'never'] as const)(
		'keeps what is stored, whatever is appended and rebooted (%s)',
		(erasing) => {
			for (let count = slots * 12; count <= slots * 13; count++) {
				const { flash, journal } = filled(8, count);
				journal.erasing = erasing;
				const before = readable(journal);
				const revive = deaden(flash, () => true);
				let now = journal;
				for (let boot = 0; boot < 20; boot++) {
					for (let n = 0; n < 3; n++) expect(() => now.append(record)).toThrow(Fault);
					now = open(flash, erasing);
				}
				// The newest block may be full just then: the oldest gives way before anybody can know.
				expect(readable(now)).toBeGreaterThanOrEqual(before - slots);
				revive();
				now = open(flash);
				const { nextSequence } = now;
				expect(now.append(record)).toBe(nextSequence);
				expect(now.dropped + now.damaged + now.backlog).toBe(count + 1);
				expect(flash.violations).toBe(0);
			}
		},
	);

	it('is left alone after sixteen blocks a call', () => {
		const { flash, journal } = filled(200, slots * 3);
		deaden(flash, () => true);
		const { erases } = flash;
		expect(() => journal.append(record)).toThrow(Fault);
		expect(flash.erases - erases).toBeLessThanOrEqual(16);
		expect(readable(journal)).toBe(slots * 3);
	});

	it('in more blocks than a call tries is passed over by the calls that follow', () => {
		const { flash, journal } = filled(40, slots);
		deaden(flash, (block) => block > 0 && block < 36);
		let refused = 0;
		for (let n = 0; n < slots * 3; n++) {
			try {
				journal.append(record);
			} catch {
				refused++;
			}
		}
		expect(refused).toBeGreaterThan(0);
		expect(refused).toBeLessThanOrEqual(10);
		expect(flash.violations).toBe(0);
	});
});
