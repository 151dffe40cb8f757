/** The switch for empty batteries: when a journal erases. */
import { describe, expect, test } from 'vitest';
import { PowerCut, VirtualFlash } from '../../../hosts/simulator/board/flash';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { type Erasing, Journal } from '../../../modules/journal/journal';

const PAYLOAD = 19;
const SLOTS = 169;

function setUp(blocks = 6) {
	const random32 = seededRandom32(7);
	const flash = new VirtualFlash({ blocks, random32 });
	const open = (erasing?: Erasing) =>
		new Journal({ flash, payloadByteLength: PAYLOAD, random32, ...(erasing && { erasing }) });
	return { flash, open };
}

const record = new Uint8Array(PAYLOAD).fill(0x42);
const fill = (journal: Journal, count: number): void => {
	for (let each = 0; each < count; each++) journal.append(record);
};

describe('a journal that spares the battery', () => {
	test('late: fills two blocks without an erase, then erases one for each block', () => {
		const { flash, open } = setUp();
		const journal = open();
		const { erases } = flash;
		journal.erasing = 'late';
		fill(journal, 2 * SLOTS);
		expect(flash.erases).toBe(erases);
		fill(journal, 1);
		expect(flash.erases).toBe(erases + 1);
		fill(journal, 5 * SLOTS);
		expect(flash.erases).toBe(erases + 6);
		expect(journal.backlog + journal.dropped).toBe(7 * SLOTS + 1);
		expect(journal.damaged).toBe(0);
		expect(flash.violations).toBe(0);
	});

	test('never: refuses what has no room, keeps what it has, and goes on when it may', () => {
		const { flash, open } = setUp();
		const journal = open();
		const { erases } = flash;
		journal.erasing = 'never';
		fill(journal, 2 * SLOTS);
		expect(() => journal.append(record)).toThrow('nothing may be erased');
		expect(() => journal.append(record)).toThrow('nothing may be erased');
		expect(flash.erases).toBe(erases);
		expect(journal.backlog).toBe(2 * SLOTS);
		journal.erasing = 'ahead';
		fill(journal, 1);
		expect(journal.nextSequence).toBe(2 * SLOTS + 2);
		expect(journal.backlog).toBe(2 * SLOTS + 1);
	});

	test('late or never, a boot erases nothing', () => {
		for (const erasing of ['late', 'never'] as const) {
			const { flash, open } = setUp();
			const journal = open();
			journal.erasing = erasing;
			fill(journal, SLOTS + 3);
			const { erases } = flash;
			const again = open(erasing);
			expect(flash.erases).toBe(erases);
			expect(again.backlog).toBe(SLOTS + 3);
			expect(open('ahead').backlog).toBe(SLOTS + 3);
			expect(flash.erases).toBe(erases + 1);
		}
	});

	test('a partition that was never used is made a journal, even on an empty battery', () => {
		const { open } = setUp();
		const journal = open('never');
		fill(journal, SLOTS);
		expect(journal.backlog).toBe(SLOTS);
	});

	test('power cuts at each operation, with the switch turned here and there, lose nothing', () => {
		const modes: Erasing[] = ['late', 'never', 'ahead'];
		const { flash, open } = setUp(4);
		let kept = 0;
		let refused = 0;
		for (let cut = 1; cut <= 400; cut++) {
			flash.cutAt(cut);
			try {
				const journal = open(modes[cut % 3]);
				for (let each = 0; each < 40; each++) {
					journal.erasing = modes[(cut + (each >> 4)) % 3]!;
					try {
						journal.append(record);
						if (flash.isOff) break;
						kept++;
						if (each % 3 === 0) journal.releaseThrough(journal.nextSequence - 5);
					} catch {
						refused++;
					}
				}
			} catch (thrown) {
				expect(thrown).not.toBeInstanceOf(PowerCut);
			}
			flash.powerOn();
			const journal = open('late');
			expect(journal.dropped + journal.damaged, `cut ${cut}`).toBe(0);
			journal.releaseThrough(journal.nextSequence - 3);
		}
		expect(kept).toBeGreaterThan(1_000);
		expect(flash.violations).toBe(0);
		console.log(`erasing: ${kept} records kept, ${refused} refused`);
	});
});
