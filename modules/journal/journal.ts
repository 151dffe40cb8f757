import { Fault } from '../fault';
import type { FlashPartition, Random32 } from '../ports';
import { BAD } from './block-flags';
import { recover } from './recovery';
import { type Erasing, Store } from './store';
import { turn } from './turn';

/** A block in which so many appends in succession did not stand is not appended to any more. */
const BURNS_MAX = 2;

const UNUSABLE = 'journal: none of the blocks tried takes a record; what is stored is kept';
const FULL = 'journal: no room, and nothing may be erased';

export type { Erasing };

export interface JournalOptions {
	/** The journal's own: nobody else writes there. It stays the caller's to close. */
	readonly flash: FlashPartition;
	/** Of every record: 1 to 363. Another length is another journal, and formats. */
	readonly payloadByteLength: number;
	/** For the epoch. */
	readonly random32: Random32;
	/** From the recovery on. Default: 'ahead'. */
	readonly erasing?: Erasing;
}

/**
 * Numbered records of one length that survive a power cut at any moment (DESIGN.md, FORMAT.md).
 *
 * A record is held from the return of `append` until it is released. When the journal is full the oldest block of records is
 * dropped and counted. Bad flash costs records or blocks, counted as damaged, and never throws, but from `append` when no
 * block of the partition can be used. RAM depends on the size of the partition alone.
 */
export class Journal {
	readonly #store: Store;
	#closed = false;

	/**
	 * Recovers what the flash holds, or formats it.
	 * @throws Fault `range` for sizes that cannot be, `flash` when no block can be used
	 */
	constructor(options: JournalOptions) {
		this.#store = new Store(options.flash, options.payloadByteLength, options.random32);
		this.#store.erasing = options.erasing ?? 'ahead';
		recover(this.#store);
	}

	/**
	 * When blocks are erased. An erase draws much current for long; on an empty battery the power may go in the middle, again and
	 * again. 'late' and 'never' leave up to two blocks of room; behind it, 'never' makes `append` throw.
	 */
	get erasing(): Erasing {
		return this.#store.erasing;
	}

	set erasing(erasing: Erasing) {
		this.#store.erasing = erasing;
	}

	/** Of this life of the partition: 1 to 2^32 − 1, another one after each format. (epoch, sequence) names a record. */
	get epoch(): number {
		return this.#store.epoch;
	}

	/** What the next record gets, unless the flash burns it: 1 to 2^32 − 1. */
	get nextSequence(): number {
		return this.#store.nextSequence;
	}

	/** The oldest record held; `nextSequence` when none is. May read marks: throws Fault `misuse` after `close`. */
	get oldest(): number {
		this.#mustBeOpen();
		return this.#store.oldest();
	}

	/** How many records are held. */
	get backlog(): number {
		return this.#store.backlog;
	}

	/** How many were dropped unreleased since format, for want of room. */
	get dropped(): number {
		return this.#store.dropped;
	}

	/** How many were lost to bad flash since format, at most: what cannot be read might have been released. */
	get damaged(): number {
		return this.#store.damaged;
	}

	/** The most records that can be held: one block less than all. */
	get capacity(): number {
		return (this.#store.layout.blocks - 1) * this.#store.layout.slots;
	}

	get payloadByteLength(): number {
		return this.#store.layout.payloadByteLength;
	}

	/** How many flash operations failed since this boot; `lastFault` is the newest. */
	get faults(): number {
		return this.#store.medium.faults;
	}

	get lastFault(): Fault | undefined {
		return this.#store.medium.lastFault;
	}

	/** How many blocks are out of use because the flash failed there; the next boot tries them again. */
	get badBlocks(): number {
		return this.#store.flags.count(BAD);
	}

	/**
	 * Holds a record. It is durable when this returns.
	 * @returns its sequence, above all before
	 * @throws Fault `range` for a wrong length, `flash` when no block can be used (or `erasing` forbids it), `misuse` after `close`
	 */
	append(payload: Uint8Array): number {
		this.#mustBeOpen();
		this.#mustFit(payload);
		const store = this.#store;
		for (let burns = 0; ; ) {
			if (store.used >= store.layout.slots) {
				if (!turn(store)) throw new Fault('flash', store.erasing === 'never' ? FULL : UNUSABLE);
				burns = 0;
			}
			const offset = store.layout.slotOffset(store.newest, store.used);
			const sequence = store.advance();
			store.slot.encode(store.epoch, sequence, payload);
			const stands = store.medium.program(store.slot.bytes, offset);
			store.backlog++;
			if (stands) return sequence;
			store.release(store.chain.length - 1, sequence, sequence + 1);
			if (++burns < BURNS_MAX) continue;
			store.flags.set(store.newest, BAD);
			store.used = store.layout.slots;
		}
	}

	/**
	 * Lets go of the records `first` to `last` (default: one). Durable when this returns. What is not held is skipped.
	 * @returns how many were released
	 * @throws Fault `range` for what is no integer, `misuse` after `close`
	 */
	release(first: number, last = first): number {
		this.#mustBeOpen();
		if (!Number.isInteger(first) || !Number.isInteger(last))
			throw new Fault('range', 'journal: a sequence is an integer');
		const store = this.#store;
		const { chain } = store;
		const before = Math.min(last + 1, store.nextSequence);
		let count = 0;
		for (let k = chain.seek(Math.max(first, store.oldestBound)); k < chain.length && chain.first(k) < before; k++) {
			const end = Math.min(before, chain.end(k));
			let sequence = Math.max(first, store.oldestBound, chain.first(k));
			while (sequence < end && store.load(k)) {
				if (!store.isHeld(k, sequence)) {
					sequence++;
					continue;
				}
				let runEnd = sequence + 1;
				while (runEnd < end && store.isHeld(k, runEnd)) runEnd++;
				store.release(k, sequence, runEnd);
				count += runEnd - sequence;
				sequence = runEnd;
			}
		}
		return count;
	}

	/** Lets go of every record up to `last`. As `release`. */
	releaseThrough(last: number): number {
		return this.release(0, last);
	}

	/**
	 * Copies the oldest held record above `after` into `payload`. Walked in order, it reads one record of flash a call.
	 * @returns its sequence, or undefined when there is none
	 * @throws Fault `range` for a wrong length or what is no integer, `misuse` after `close`
	 */
	next(after: number, payload: Uint8Array): number | undefined {
		this.#mustBeOpen();
		this.#mustFit(payload);
		if (!Number.isInteger(after)) throw new Fault('range', 'journal: a sequence is an integer');
		const store = this.#store;
		const sequence = store.find(after + 1);
		if (sequence === 0) return undefined;
		store.slot.copyPayload(payload);
		return sequence;
	}

	/** Nothing is read or written after it. The flash stays open. */
	close(): void {
		this.#closed = true;
	}

	#mustBeOpen(): void {
		if (this.#closed) throw new Fault('misuse', 'journal: it is closed');
	}

	#mustFit(payload: Uint8Array): void {
		const { payloadByteLength } = this.#store.layout;
		if (payload.length === payloadByteLength) return;
		throw new Fault('range', `journal: ${payload.length} bytes; a record has ${payloadByteLength}`);
	}
}
