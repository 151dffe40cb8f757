/** The journal against a model a page long, and against flash that holds anything at all. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualFlash } from '../../../hosts/simulator/board/flash';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { Header } from '../../../modules/journal/header';
import { Journal } from '../../../modules/journal/journal';
import { Layout } from '../../../modules/journal/layout';
import type { Random32 } from '../../../modules/ports';

const open = (flash: VirtualFlash, payloadByteLength: number): Journal =>
	new Journal({ flash, payloadByteLength, random32: seededRandom32(3) });

function list(journal: Journal): [sequence: number, payload: string][] {
	const found: [number, string][] = [];
	const payload = new Uint8Array(journal.payloadByteLength);
	for (let after = 0; ; ) {
		const sequence = journal.next(after, payload);
		if (sequence === undefined) return found;
		if (sequence <= after) expect.fail(`${sequence} after ${after}`);
		found.push([sequence, payload.toString()]);
		after = sequence;
	}
}

type Command =
	| { readonly kind: 'append'; readonly byte: number; readonly times: number }
	| { readonly kind: 'release'; readonly at: number; readonly count: number }
	| { readonly kind: 'through'; readonly at: number }
	| { readonly kind: 'next'; readonly at: number }
	| { readonly kind: 'reboot' };

const command: fc.Arbitrary<Command> = fc.oneof(
	{
		weight: 5,
		arbitrary: fc.record({ kind: fc.constant('append'), byte: fc.nat(255), times: fc.integer({ min: 1, max: 9 }) }),
	},
	{ weight: 3, arbitrary: fc.record({ kind: fc.constant('release'), at: fc.nat(60), count: fc.nat(9) }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('through'), at: fc.nat(60) }) },
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('next'), at: fc.nat(60) }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('reboot') }) },
);

describe('any sequence of calls', () => {
	it('does what a list of records would do', () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 2, max: 6 }),
				fc.integer({ min: 1, max: 24 }),
				fc.integer({ min: 0, max: 70 }),
				fc.array(command, { maxLength: 60 }),
				(blocks, length, room, commands) => {
					const flash = new VirtualFlash({ blocks, blockLength: 40 + length + 5 + room });
					let journal = open(flash, length);
					let model: [number, string][] = [];
					let appended = 0;
					let released = 0;
					for (const step of commands) {
						const base = journal.oldest;
						if (step.kind === 'append') {
							for (let i = 0; i < step.times; i++) {
								const payload = new Uint8Array(length).fill(step.byte + i);
								const sequence = journal.append(payload);
								expect(sequence).toBe(++appended);
								model.push([sequence, payload.toString()]);
								model = model.slice(model.length - journal.backlog);
							}
						} else if (step.kind === 'reboot') {
							journal = open(flash, length);
						} else if (step.kind === 'next') {
							const payload = new Uint8Array(length);
							const sequence = journal.next(base + step.at, payload);
							const expected = model.find(([held]) => held > base + step.at);
							expect(sequence).toBe(expected?.[0]);
							if (expected) expect(payload.toString()).toBe(expected[1]);
						} else {
							const first = step.kind === 'through' ? 0 : base + step.at;
							const last = step.kind === 'through' ? base + step.at : first + step.count;
							const kept = model.filter(([held]) => held < first || held > last);
							const count = step.kind === 'through' ? journal.releaseThrough(last) : journal.release(first, last);
							expect(count).toBe(model.length - kept.length);
							released += count;
							model = kept;
						}
						expect(journal.backlog).toBe(model.length);
						expect(journal.oldest).toBe(model[0]?.[0] ?? journal.nextSequence);
						expect(journal.dropped).toBe(appended - released - model.length);
					}
					expect(list(journal)).toEqual(model);
					expect(list(open(flash, length))).toEqual(model);
					expect([journal.damaged, journal.faults, flash.violations]).toEqual([0, 0, 0]);
				},
			),
			{ numRuns: 1500, seed: 5 },
		);
	});
});

describe('flash that holds anything', { timeout: 300_000 }, () => {
	const BLOCKS = 4;
	const BLOCK_LENGTH = 112;
	const LENGTH = 5;
	const layout = new Layout(BLOCKS, BLOCK_LENGTH, LENGTH);
	/** More than a sound journal this small ever needs for the calls below. */
	const OPERATIONS_MAX = 2_000;

	/** Boots on `bytes` and lives a little. Everything must hold but the records themselves. */
	function live(bytes: Uint8Array): string {
		const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH, bytes });
		const journal = open(flash, LENGTH);
		const { backlog } = journal;
		const before = list(journal);
		assert.ok(before.length <= backlog);
		assert.equal(journal.backlog, before.length);
		assert.deepEqual(list(open(flash, LENGTH)), before);
		const told = [
			journal.epoch,
			journal.nextSequence,
			journal.oldest,
			journal.dropped,
			journal.damaged,
			backlog,
		].join();
		let newest = journal.nextSequence - 1;
		let epoch = journal.epoch;
		for (let n = 0; n < layout.slots * BLOCKS; n++) {
			const sequence = journal.append(new Uint8Array(LENGTH).fill(n));
			if (journal.epoch === epoch) assert.ok(sequence > newest);
			newest = sequence;
			epoch = journal.epoch;
			if (n % 3 === 0) journal.release(journal.oldest);
		}
		const after = list(journal);
		assert.equal(journal.backlog, after.length);
		const again = open(flash, LENGTH);
		assert.deepEqual(list(again), after);
		assert.equal(again.backlog, after.length);
		assert.equal(again.nextSequence, journal.nextSequence);
		assert.equal(flash.violations, 0);
		assert.ok(flash.operations < OPERATIONS_MAX);
		return `${told} ${before.join('|')} ${after.join('|')}`;
	}

	function used(random: Random32): Uint8Array {
		const flash = new VirtualFlash({ blocks: BLOCKS, blockLength: BLOCK_LENGTH });
		// An epoch is never drawn twice: what is formatted later has another.
		const journal = new Journal({ flash, payloadByteLength: LENGTH, random32: () => 0x1d3a_55c7 });
		for (let n = random() % 60; n > 0; n--) {
			journal.append(new Uint8Array(LENGTH).fill(n));
			if (random() % 3 === 0) journal.release(journal.oldest + (random() % 4));
		}
		return flash.image();
	}

	/** A header whose CRC is right and whose fields are what an enemy likes. */
	function forge(random: Random32, bytes: Uint8Array): void {
		const likes = [0, 1, 2, 3, layout.slots, 100, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff];
		const pick = (): number => (random() % 3 === 0 ? random() : likes[random() % likes.length]!);
		const header = new Header(layout);
		const first = pick();
		Object.assign(header, {
			generation: pick(),
			epoch: random() % 3,
			firstSequence: first,
			oldestSequence: random() % 2 === 0 ? first : pick(),
			dropped: pick(),
			damaged: pick(),
		});
		header.encode();
		bytes.set(random() % 8 === 0 ? header.stamp : header.bytes, layout.headerOffset(random() % BLOCKS));
	}

	it('costs no crash, no loop, no rule broken, and always comes out the same', () => {
		const random = seededRandom32(13);
		let cases = 0;
		for (; cases < 20_000; cases++) {
			const way = cases % 4;
			let bytes: Uint8Array;
			if (way === 0) {
				bytes = new Uint8Array(BLOCKS * BLOCK_LENGTH);
				const sparse = random() % 2 === 0;
				for (let i = 0; i < bytes.length; i++) bytes[i] = sparse && random() % 4 !== 0 ? 0xff : random();
			} else {
				bytes = used(random);
			}
			if (way === 1) for (let n = 1 + (random() % 12); n > 0; n--) bytes[random() % bytes.length] = random();
			if (way === 2)
				bytes.copyWithin((random() % BLOCKS) * BLOCK_LENGTH, (random() % BLOCKS) * BLOCK_LENGTH, BLOCK_LENGTH);
			if (way === 2 || way === 3) bytes[random() % bytes.length]! ^= 1 << (random() % 8);
			if (way === 3 || (way === 0 && random() % 2 === 0))
				for (let n = 1 + (random() % 4); n > 0; n--) forge(random, bytes);
			const first = live(bytes);
			if (cases % 50 === 0) expect(live(bytes)).toBe(first);
		}
		console.log(`${cases} hostile images`);
	});
});
