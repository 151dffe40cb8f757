/**
 * Turning to the next block, when the newest is full.
 *
 *   newest ─full─► the spare is opened: its header says what the drop of the oldest block will have cost
 *          ─────► the oldest block is forgotten, erased, stamped: it is the next spare
 *
 * The loss is in flash before anything is lost, so a power cut at any point counts it once. While the flash is sound a spare
 * is always there. Where it is not, a block is erased first and opened at once (`vacate`).
 */
import { BAD, LIVE } from './block-flags';
import { GENERATION_END, STAMP_BYTE_LENGTH } from './header';
import { SEQUENCE_END } from './layout';
import type { Store } from './store';

/** How many blocks one call tries. A chip that is dead must not keep the device erasing until its watchdog bites. */
const TRIES_MAX = 16;

/** Opens the next block. False when none of those tried can be used; the next call tries others, and all anew when all were tried. */
export function turn(store: Store): boolean {
	const { slots, blocks } = store.layout;
	if (store.nextSequence + slots > SEQUENCE_END || store.generation + blocks + 2 > GENERATION_END) startOver(store);
	for (let tries = 0; tries < TRIES_MAX; tries++) {
		const { spare } = store;
		store.spare = -1;
		const block = spare < 0 && store.erasing !== 'never' ? findVictim(store, store.newest) : spare;
		if (block < 0) {
			store.flags.clearAll(BAD);
			return false;
		}
		if ((spare < 0 ? vacate(store, block) : ready(store, block)) && open(store, block)) return true;
		store.flags.set(block, BAD);
	}
	return false;
}

/** Starts again from nothing, with another epoch and sequence 1. The losses counted so far stay counted. */
export function beginEpoch(store: Store): void {
	store.drop(store.chain.length, store.backlog);
	const old = store.epoch;
	const drawn = store.random32() >>> 0;
	store.epoch = drawn === 0 || drawn === old ? (old + 1) >>> 0 || 1 : drawn;
	store.generation = 0;
	store.newest = -1;
	store.spare = -1;
	store.used = store.layout.slots;
	store.nextSequence = 1;
	store.oldestBound = 1;
}

/**
 * The block to prepare next: the first free one behind `block`, else the oldest that can be erased.
 * @param block −1: none
 * @returns −1 when there is none
 */
export function findVictim(store: Store, block: number): number {
	const { blocks } = store.layout;
	for (let i = 1; i <= blocks; i++) {
		const candidate = (block + i) % blocks;
		if (candidate !== block && isFree(store, candidate)) return candidate;
	}
	for (let k = 0; k < store.chain.length; k++) {
		const candidate = store.chain.block(k);
		if (candidate !== block && !store.flags.has(candidate, BAD)) return candidate;
	}
	// The very last that can be used gives way to itself.
	return block >= 0 && store.flags.has(block, LIVE) && !store.flags.has(block, BAD) ? block : -1;
}

/** Erases a block and stamps it for the next generation. A block that refuses is bad. */
export function prepare(store: Store, block: number): boolean {
	store.marks.forget();
	if (store.medium.erase(block) && stamp(store, block)) return true;
	store.flags.set(block, BAD);
	return false;
}

function isFree(store: Store, block: number): boolean {
	return !store.flags.has(block, BAD) && !store.flags.has(block, LIVE) && block !== store.spare;
}

function stamp(store: Store, block: number): boolean {
	store.header.generation = store.generation + 1;
	store.header.encode();
	return store.medium.program(store.header.stamp, store.layout.headerOffset(block));
}

/** Whether the spare is blank behind its stamp, at the latest after another erase. */
function ready(store: Store, block: number): boolean {
	return isBlank(store, block) || (store.erasing !== 'never' && prepare(store, block) && isBlank(store, block));
}

function isBlank(store: Store, block: number): boolean {
	return store.medium.isBlankBehind(block, STAMP_BYTE_LENGTH);
}

/** Drops, erases and stamps a block. One that takes no erase, or no write, keeps its records: they can still be read. */
function vacate(store: Store, block: number): boolean {
	const through = store.chain.indexOf(block);
	const lost = heldThrough(store, through);
	// The last write did not stand. If nothing stands on this chip any more, an erase would lose records for nothing.
	const isProbed = store.medium.isDoubtful && through >= 0 && store.held(through) > 0;
	if (isProbed && !probe(store, through)) return false;
	store.marks.forget();
	if (!store.medium.erase(block)) {
		if (isProbed) store.loseOne();
		return false;
	}
	store.drop(through + 1, lost);
	return stamp(store, block) && isBlank(store, block);
}

/** Whether the k-th block of the chain, which is to be erased, takes a write: the mark of the oldest record it holds. */
function probe(store: Store, k: number): boolean {
	const { chain, marks } = store;
	const first = chain.first(k);
	let sequence = Math.max(first, store.oldestBound);
	while (!store.isHeld(k, sequence)) sequence++;
	const index = sequence - first;
	return marks.release(chain.block(k), index, index + 1) && marks.isReleased(index);
}

/** How many records the blocks 0 to `through` of the chain hold. */
function heldThrough(store: Store, through: number): number {
	let held = 0;
	for (let k = 0; k <= through; k++) held += store.held(k);
	return held;
}

/** Opens a prepared block, then prepares the next. False when the header does not stand: the block is bad. */
function open(store: Store, block: number): boolean {
	const { chain, header } = store;
	const oldest = store.oldest();
	store.trim();
	// What is not erased now need not be dropped now either.
	const victim = store.erasing === 'ahead' ? findVictim(store, block) : -1;
	const through = victim < 0 ? -1 : chain.indexOf(victim);
	const lost = heldThrough(store, through);

	header.generation = store.generation + 1;
	header.epoch = store.epoch;
	header.firstSequence = store.nextSequence;
	header.oldestSequence = through < 0 ? oldest : Math.min(chain.end(through), store.nextSequence);
	header.dropped = Math.min(0xffff_ffff, store.dropped + lost);
	header.damaged = store.damagedBelow(header.oldestSequence);
	header.encode();
	const offset = store.layout.headerOffset(block);
	store.medium.write(header.body, offset + STAMP_BYTE_LENGTH);
	if (!store.medium.stands(header.bytes, offset)) {
		// It may read as a header after all, one day: the next one must be newer.
		store.generation++;
		return false;
	}
	store.drop(through + 1, lost);
	store.begin(block, 0);
	if (victim >= 0 && prepare(store, victim)) store.spare = victim;
	return true;
}

/** The numbers have run out, which takes four billion records or a forger. The newest block goes last: a cut leaves a shorter journal. */
function startOver(store: Store): void {
	const { blocks } = store.layout;
	for (let i = 1; i <= blocks; i++) {
		const block = (Math.max(store.newest, 0) + i) % blocks;
		if (!store.medium.erase(block)) store.flags.set(block, BAD);
	}
	store.marks.forget();
	beginEpoch(store);
}
