import type { FlashPartition } from '../../../modules/ports';
import { bytes, type Case, type Trial, text } from './bench';

function withFlash(name: string, run: (trial: Trial, flash: FlashPartition) => void, differs?: Case['differs']): Case {
	return {
		name,
		run(trial) {
			const flash = trial.bench.flash(name);
			trial.cleanup(() => flash.close());
			run(trial, flash);
			trial.done();
		},
		...(differs && { differs }),
	};
}

function read(flash: FlashPartition, offset: number, length: number): string {
	const into = new Uint8Array(length);
	flash.read(into, offset);
	return text(into.buffer as ArrayBuffer);
}

/** ECMA-419 §28, on the hardware's terms. */
export const flashCases: readonly Case[] = [
	withFlash('says how large it is', (trial, flash) => {
		const { size, blockLength, blocks } = flash.status();
		trial.equal(blockLength, 4096, 'blockLength');
		trial.equal(blocks, 4, 'blocks');
		trial.equal(size, 16_384, 'size');
	}),
	withFlash('is erased at first: 0xFF to the last byte', (trial, flash) => {
		const into = new Uint8Array(4096);
		for (let block = 0; block < 4; block++) {
			trial.equal(flash.read(into, block * 4096), 4096, 'bytes read');
			trial.ok(
				into.every((byte) => byte === 0xff),
				`block ${block}`,
			);
		}
	}),
	withFlash('what is written is read, from wherever, over the edge of a block', (trial, flash) => {
		flash.write(bytes('over the edge'), 4090);
		flash.write(bytes('-part-').subarray(1, 5), 16_380);
		trial.equal(read(flash, 4090, 13), 'over the edge', 'all');
		trial.equal(read(flash, 4095, 3), 'the', 'a part');
		trial.equal(read(flash, 16_380, 4), 'part', 'the last bytes');
		trial.equal(read(flash, 4089, 1), '\xff', 'the byte before');
	}),
	withFlash('erases one block, or some, and no other', (trial, flash) => {
		for (let block = 0; block < 4; block++) flash.write(bytes('x'), block * 4096);
		flash.eraseBlock(1);
		trial.equal(read(flash, 0, 1) + read(flash, 4096, 1) + read(flash, 8192, 1), 'x\xffx', 'one block');
		flash.eraseBlock(2, 4);
		trial.equal(read(flash, 0, 1) + read(flash, 8192, 1) + read(flash, 12_288, 1), 'x\xff\xff', 'two blocks');
		flash.write(bytes('y'), 4096);
		trial.equal(read(flash, 4096, 1), 'y', 'written anew');
	}),
	withFlash('nothing outside is read, written or erased', (trial, flash) => {
		const two = new Uint8Array(2);
		trial.throws(() => flash.read(two, 16_383), 'read over the end');
		trial.throws(() => flash.read(two, -1), 'read before the start');
		trial.throws(() => flash.write(two, 16_383), 'write over the end');
		trial.throws(() => flash.write(two, -1), 'write before the start');
		trial.throws(() => flash.write(two, 0.5), 'write at half a byte');
		trial.throws(() => flash.eraseBlock(4), 'erase after the end');
		trial.throws(() => flash.eraseBlock(-1), 'erase before the start');
		trial.throws(() => flash.eraseBlock(2, 2), 'erase nothing');
		trial.throws(() => flash.eraseBlock(3, 5), 'erase over the end');
		trial.equal(read(flash, 16_382, 2), '\xff\xff', 'the last bytes');
	}),
	withFlash(
		'a write clears bits and sets none: old AND new',
		(trial, flash) => {
			flash.write(Uint8Array.of(0xf0, 0x0f), 0);
			flash.write(Uint8Array.of(0x3c, 0xff), 0);
			trial.equal(read(flash, 0, 2), '\x30\x0f', 'read');
		},
		{ twin: 'it refuses the second write of a byte, as the journal promises to do without' },
	),
	{
		name: 'what is written is there for the next, and what was erased is erased',
		run(trial) {
			const first = trial.bench.flash('kept');
			first.write(bytes('kept'), 100);
			first.write(bytes('gone'), 8192);
			first.eraseBlock(2);
			first.close();
			first.close();
			const second = trial.bench.flash('kept');
			trial.cleanup(() => second.close());
			trial.equal(read(second, 100, 4), 'kept', 'written');
			trial.equal(read(second, 8192, 4), '\xff\xff\xff\xff', 'erased');
			trial.done();
		},
	},
	{
		name: 'after close it throws',
		differs: { twin: 'a board’s flash outlives its users in the simulator; close gives the file back' },
		run(trial) {
			const flash = trial.bench.flash('closed');
			flash.close();
			trial.throws(() => flash.read(new Uint8Array(1), 0), 'read');
			trial.throws(() => flash.write(new Uint8Array(1), 0), 'write');
			trial.throws(() => flash.eraseBlock(0), 'eraseBlock');
			trial.done();
		},
	},
];
