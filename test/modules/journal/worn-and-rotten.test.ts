import { expect, test } from 'vitest';
import { VirtualFlash } from '../../../hosts/simulator/board/flash';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { Journal } from '../../../modules/journal/journal';

const BLOCKS = 8;
const BLOCK_LENGTH = 4096;
const WORN = 3;

test('a worn block that was passed over hides no newer block behind it whose header rots: no sequence is given out twice', () => {
	const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH, random32: seededRandom32(3) });
	const open = () => new Journal({ flash, payloadByteLength: 19, random32: seededRandom32(9) });
	const payload = new Uint8Array(19);
	/** The block opened last: a stamp bears a generation too, but no sequence yet. */
	const newest = (): number => {
		let found = { block: -1, generation: 0 };
		for (let block = 0; block < BLOCKS; block++) {
			const header = new Uint8Array(16);
			flash.read(header, block * BLOCK_LENGTH);
			const view = new DataView(header.buffer);
			const generation = view.getUint32(4, true);
			if (view.getUint32(12, true) !== 0xffff_ffff && generation > found.generation) found = { block, generation };
		}
		return found.block;
	};
	flash.faults = { erase: (block) => block === WORN };
	let journal = open();
	let last = 0;
	while (last < 169 * 11) last = journal.append(payload);
	while (newest() === WORN + 1) last = journal.append(payload);
	while (newest() !== WORN + 1) last = journal.append(payload);
	for (let count = 0; count < 20; count++) last = journal.append(payload);
	const { epoch } = journal;
	flash.flip((WORN + 1) * BLOCK_LENGTH + 12, 0x05);
	flash.flip((WORN + 1) * BLOCK_LENGTH + 20, 0x21);
	journal = open();
	expect(journal.epoch).toBe(epoch);
	expect(journal.append(payload)).toBeGreaterThan(last);
	expect(flash.violations).toBe(0);
});
