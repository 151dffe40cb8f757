import { Fault } from '../fault';
import { BAD, LIVE, LOST } from './block-flags';
import { follow } from './lost';
import type { Store } from './store';
import { beginEpoch, findVictim, prepare, turn } from './turn';

/**
 * Finds out what the flash holds: the headers first, then the marks of the blocks that hold something, then the end of the
 * newest block. Writes only to finish what a power cut interrupted. A partition without a valid header is formatted.
 * @throws Fault `flash` when there is nothing to recover and no block can be used
 */
export function recover(store: Store): void {
	/** Of each block, opened or prepared; `BLANK`, or 0 for garbage. */
	const generations = new Uint32Array(store.layout.blocks);
	if (!readHeaders(store, generations)) {
		beginEpoch(store);
		// Nothing is there that an erase could spoil.
		store.erasing = 'ahead';
		if (!turn(store)) throw new Fault('flash', 'journal: no block of the partition can be used');
		return;
	}
	findEnd(store);
	const hasSkipped = follow(store, generations);
	store.trim();
	count(store);
	burnTorn(store);
	findSpare(store, generations);
	if (hasSkipped) turn(store);
	else prepareSpare(store);
	// What is damaged at the front is counted before anybody counts on it.
	store.find(0);
}

/** Fills the chain with the blocks of the newest header's epoch. False when there is no valid header. */
function readHeaders(store: Store, generations: Uint32Array): boolean {
	const { blocks, slots } = store.layout;
	const { header, chain } = store;
	const firsts = new Uint32Array(blocks);
	const epochs = new Uint32Array(blocks);
	let newest = -1;
	for (let block = 0; block < blocks; block++) {
		if (!store.medium.read(header.bytes, store.layout.headerOffset(block))) {
			// Not to be erased either: it may be readable at the next boot.
			store.flags.set(block, BAD);
			continue;
		}
		if (!header.decode()) {
			generations[block] = header.preparedFor();
			continue;
		}
		generations[block] = header.generation;
		firsts[block] = header.firstSequence;
		epochs[block] = header.epoch;
		if (newest >= 0 && header.generation <= generations[newest]!) continue;
		newest = block;
		store.epoch = header.epoch;
		store.oldestBound = header.oldestSequence;
		store.dropped = header.dropped;
		store.damaged = header.damaged;
	}
	if (newest < 0) return false;

	const newestFirst = firsts[newest]!;
	for (let i = 1; i < blocks; i++) {
		const block = (newest + i) % blocks;
		const first = firsts[block]!;
		if (epochs[block] !== store.epoch || first >= newestFirst || first + slots <= store.oldestBound) continue;
		const rival = chain.beginning(first);
		if (rival >= 0 && generations[rival]! > generations[block]!) continue;
		store.admit(block, first);
	}
	store.nextSequence = newestFirst;
	store.generation = generations[newest]! - 1;
	store.begin(newest, slots);
	return true;
}

/** Where the newest block's records end. What cannot be read is taken for full: no sequence may be used again. */
function findEnd(store: Store): void {
	const { slots } = store.layout;
	let used = store.medium.slotsTouched(store.newest) ?? slots;
	if (store.marks.load(store.newest)) {
		// A slot that was burnt may be blank, but its mark says that it is used.
		for (let index = slots - 1; index >= used; index--) if (store.marks.isReleased(index)) used = index + 1;
	}
	store.setUsed(used);
}

function count(store: Store): void {
	const { chain } = store;
	store.count(0, chain.missing(store.oldestBound, store.nextSequence));
	store.backlog = store.recount();
	for (let k = 0; k < chain.length; k++) {
		if (!store.flags.has(chain.block(k), LOST)) continue;
		store.countUnread(chain.end(k) - Math.max(chain.first(k), store.oldestBound));
	}
}

/** The last record may be torn: its append never returned, so it is not lost but never was. */
function burnTorn(store: Store): void {
	const { chain, slot, layout } = store;
	const k = chain.length - 1;
	if (k < 0 || chain.block(k) !== store.newest || chain.end(k) === chain.first(k) || !store.load(k)) return;
	const sequence = chain.end(k) - 1;
	if (sequence < store.oldestBound || !store.isHeld(k, sequence)) return;
	if (!store.medium.read(slot.bytes, layout.slotOffset(store.newest, sequence - chain.first(k)))) return;
	if (!slot.verify(store.epoch, sequence)) store.release(k, sequence, sequence + 1);
}

/** The block that was prepared for the next generation. */
function findSpare(store: Store, generations: Uint32Array): void {
	const { blocks } = store.layout;
	for (let i = 1; i < blocks; i++) {
		const block = (store.newest + i) % blocks;
		if (generations[block] !== store.generation + 1 || store.flags.has(block, LIVE)) continue;
		store.spare = block;
		return;
	}
}

/** Makes a spare where a power cut left none. */
function prepareSpare(store: Store): void {
	if (store.spare >= 0 || store.erasing !== 'ahead') return;
	const block = findVictim(store, store.newest);
	if (block >= 0 && !store.flags.has(block, LIVE) && prepare(store, block)) store.spare = block;
}
