/**
 * What the newest header that can be read does not know: the blocks opened after it, whose headers are lost. Their sequences
 * must not be given out again. DESIGN.md argues why what is done here suffices.
 */
import { BAD } from './block-flags';
import { countOnes, GENERATION_END } from './header';
import { SEQUENCE_END } from './layout';
import type { Store } from './store';

/** A stamp that is so many generations ahead is rotten: four blocks of 100,000 erases see no more in their lives. */
const AHEAD_MAX = 400_000;
/** How many records of a block are asked what they are. */
const WITNESSES_MAX = 8;
/** In so many bits a header and a single record may differ on their sequence. */
const FLIPPED_MAX = 2;
/** In place of a first sequence. */
const UNKNOWN = 0xffff_ffff;

/**
 * Finds the blocks without a header by their records, and passes over the numbers that others may have given out.
 * @returns whether any were: a header must say so then, before what tells of it is erased
 */
export function follow(store: Store, generations: Uint32Array): boolean {
	if (!generations.includes(0)) return false;
	const { chain, flags, generation, layout } = store;
	/** Blocks that may have had a header of this epoch, which is lost. */
	let lost = 0;
	/** Those whose records are mute as well. */
	let mute = 0;
	let unreadable = 0;
	const base = chain.first(chain.length - 1);
	/** Of the blocks that are newer, 0 for the others. */
	const firsts = new Uint32Array(layout.blocks);
	for (let i = 1; i < layout.blocks; i++) {
		const block = (store.newest + i) % layout.blocks;
		if (generations[block] !== 0) continue;
		if (flags.has(block, BAD)) {
			unreadable++;
			continue;
		}
		const first = findFirst(store, block);
		if (store.header.resembles(store.epoch)) lost++;
		if (first === UNKNOWN) mute++;
		else if (first > base) firsts[block] = first;
		else if (first > 0 && first + layout.slots > store.oldestBound && chain.beginning(first) < 0)
			store.admit(block, first);
	}
	for (let block = after(firsts, base); block >= 0; block = after(firsts, firsts[block]!)) {
		begin(store, block, firsts[block]!);
	}
	// Without such a block a stamp that is ahead is rotten, or of another epoch.
	if (lost + unreadable === 0) return false;

	/** How many generations came after the one that can be read. */
	const known = store.generation - generation;
	let more = known;
	let isStamped = false;
	for (const prepared of generations) {
		// A stamp says that the generation before its own was opened.
		const opened = prepared - 1 - generation;
		if (opened < more || opened > AHEAD_MAX) continue;
		more = opened;
		isStamped = true;
	}
	// Where nothing is erased ahead a stamp is seldom. A block that is never readable must not cost numbers at each boot then.
	const usedMin = mute > 0 || store.erasing === 'ahead' ? 1 : layout.slots;
	if (!isStamped && store.used >= usedMin) more += mute + unreadable;
	if (more === known) return false;
	skip(store, generation + more, base + (more + 1) * layout.slots);
	return true;
}

/**
 * The first sequence of a block, by what its records and what is left of its header agree on; 0 when it gave nothing out that
 * counts, `UNKNOWN` when it may have. Leaves the header's bytes in `store.header`.
 */
function findFirst(store: Store, block: number): number {
	const { layout, medium, header, slot, epoch, nextSequence } = store;
	if (!medium.read(header.bytes, layout.headerOffset(block))) return UNKNOWN;
	const resembles = header.resembles(epoch);
	const touched = medium.slotsTouched(block) ?? layout.slots;
	let said = 0;
	for (let index = 0; index < Math.min(touched, WITNESSES_MAX); index++) {
		if (!medium.read(slot.bytes, layout.slotOffset(block, index))) continue;
		const first = slot.sequence(epoch) - index;
		if (slot.verify(epoch, nextSequence + index)) return inBounds(nextSequence, layout.slots);
		// Records of another epoch may agree on a number, too, but hardly on one that is near.
		const isNear = first < nextSequence + layout.blocks * layout.slots;
		const isHeaders = resembles && countOnes(first ^ header.firstSequence) <= FLIPPED_MAX;
		if (isHeaders || (first === said && (isNear || resembles))) return inBounds(first, layout.slots);
		said = first;
	}
	return touched > 0 && resembles ? UNKNOWN : 0;
}

function inBounds(first: number, slots: number): number {
	return first >= 1 && first + slots <= SEQUENCE_END ? first : 0;
}

/** The block with the lowest first sequence above `sequence`, −1 when there is none. */
function after(firsts: Uint32Array, sequence: number): number {
	let block = -1;
	for (let i = 0; i < firsts.length; i++) {
		if (firsts[i]! > sequence && (block < 0 || firsts[i]! < firsts[block]!)) block = i;
	}
	return block;
}

/** Makes a block the newest that is known by its records. Nothing more goes there: the next boot must find what is to come. */
function begin(store: Store, block: number, first: number): void {
	const { slots } = store.layout;
	const before = store.chain.first(store.chain.length - 1);
	store.generation = Math.min(GENERATION_END - 1, store.generation + Math.ceil((first - before) / slots)) - 1;
	store.nextSequence = first;
	store.begin(block, slots);
	store.setUsed(store.medium.slotsTouched(block) ?? slots);
	store.used = slots;
}

/** Takes everything below `sequence` for given out, and the rest of the newest block for burnt. */
function skip(store: Store, generation: number, sequence: number): void {
	const { chain, layout } = store;
	const k = chain.length - 1;
	const block = chain.block(k);
	for (let index = chain.end(k) - chain.first(k); index < layout.slots && store.marks.load(block); index++) {
		if (!store.marks.isReleased(index)) store.marks.release(block, index, index + 1);
	}
	store.generation = Math.min(GENERATION_END - 1, generation);
	store.nextSequence = Math.min(SEQUENCE_END, Math.max(store.nextSequence, sequence));
	store.used = layout.slots;
}
