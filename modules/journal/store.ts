import type { FlashPartition, Random32 } from '../ports';
import { Chain } from './chain';
import { Header } from './header';
import { Layout } from './layout';
import { Marks } from './marks';
import { Medium } from './medium';
import { Slot } from './slot';

/** Not to be written or erased in this boot. */
const BAD = 1;
/** Not to be read in this boot: its records are counted as damaged. */
const LOST = 2;
/** In the chain. */
const LIVE = 4;
/** How many releases that would not stand in flash are remembered. */
const DONE_LENGTH = 16;
const COUNT_MAX = 0xffff_ffff;

/**
 * What recovery, turning to the next block and the journal's calls share: where everything is, and the counts.
 *
 * A record is **held** from its append until it is released, dropped or found damaged.
 */
export class Store {
	readonly layout: Layout;
	readonly medium: Medium;
	readonly header: Header;
	readonly slot: Slot;
	readonly marks: Marks;
	readonly chain: Chain;
	readonly random32: Random32;

	epoch = 0;
	/** Of the newest block. */
	generation = 0;
	/** The block that is appended to, −1 when there is none. */
	newest = -1;
	/** Slots used in the newest block; `layout.slots` when nothing more goes there. */
	used = 0;
	/** The block that is prepared, −1 when there is none. */
	spare = -1;
	nextSequence = 1;
	/** Nothing below is held. */
	oldestBound = 1;
	backlog = 0;
	dropped = 0;
	damaged = 0;

	/** The part of `damaged` that lies in blocks of the chain: recovery will count it again, if it is still so. */
	#unread = 0;
	readonly #flags: Uint8Array;
	/** Sequences that are done with though their marks say held: the flash would not take the mark. 0: free. */
	readonly #done = new Uint32Array(DONE_LENGTH);
	#doneCount = 0;

	/** @throws Fault `range` for sizes that cannot be. */
	constructor(flash: FlashPartition, payloadByteLength: number, random32: Random32) {
		const { blocks, blockLength } = flash.status();
		this.layout = new Layout(blocks, blockLength, payloadByteLength);
		this.medium = new Medium(flash, this.layout);
		this.header = new Header(this.layout);
		this.slot = new Slot(this.layout);
		this.marks = new Marks(this.medium, this.layout);
		this.chain = new Chain(this.layout);
		this.random32 = random32;
		this.used = this.layout.slots;
		this.#flags = new Uint8Array(blocks);
	}

	isBad(block: number): boolean {
		return (this.#flags[block]! & BAD) !== 0;
	}

	setBad(block: number): void {
		this.#flags[block]! |= BAD;
	}

	isLive(block: number): boolean {
		return (this.#flags[block]! & LIVE) !== 0;
	}

	isLost(block: number): boolean {
		return (this.#flags[block]! & LOST) !== 0;
	}

	/** How many blocks are not used in this boot because the flash failed there. */
	get badBlocks(): number {
		let count = 0;
		for (let block = 0; block < this.layout.blocks; block++) if (this.isBad(block)) count++;
		return count;
	}

	/** Gives the bad blocks another chance. */
	forgive(): void {
		for (let block = 0; block < this.layout.blocks; block++) this.#flags[block]! &= ~BAD;
	}

	/** Puts a block into the chain. One that begins at the same sequence leaves it. */
	admit(block: number, first: number): void {
		const rival = this.chain.beginning(first);
		if (rival >= 0) this.#flags[rival]! &= ~LIVE;
		this.#flags[block]! |= LIVE;
		this.chain.insert(block, first);
	}

	/** Makes `block` the newest: what is appended goes to its slot `used` on. */
	begin(block: number, used: number): void {
		this.admit(block, this.nextSequence);
		this.chain.setEnd(this.nextSequence);
		this.newest = block;
		this.used = used;
		this.generation++;
	}

	/** Says that the newest block's first `used` slots are in use. */
	setUsed(used: number): void {
		this.used = used;
		this.nextSequence = this.chain.first(this.chain.length - 1) + used;
		this.chain.setEnd(this.nextSequence);
	}

	/** Takes the next sequence, and the next slot of the newest block. */
	advance(): number {
		const sequence = this.nextSequence++;
		this.used++;
		this.chain.setEnd(this.nextSequence);
		return sequence;
	}

	/** Makes the k-th block's marks the loaded ones. False when it cannot be read: it is lost then, and counted so. */
	load(k: number): boolean {
		const block = this.chain.block(k);
		if (this.isLost(block)) return false;
		if (this.marks.load(block)) return true;
		this.#lose(block);
		return false;
	}

	/** Whether `sequence` of the k-th block, whose marks are loaded, is held. */
	isHeld(k: number, sequence: number): boolean {
		return !this.marks.isReleased(sequence - this.chain.first(k)) && !this.#isDone(sequence);
	}

	/** How many records the k-th block holds. Loads its marks. */
	held(k: number): number {
		if (!this.load(k)) return 0;
		const first = this.chain.first(k);
		const from = Math.max(first, this.oldestBound);
		const end = this.chain.end(k);
		let count = from < end ? this.marks.held(from - first, end - first) : 0;
		for (let i = 0; i < DONE_LENGTH && this.#doneCount > 0; i++) {
			const sequence = this.#done[i]!;
			if (sequence >= from && sequence < end && !this.marks.isReleased(sequence - first)) count--;
		}
		return count;
	}

	/** The oldest held sequence, `nextSequence` when none is. */
	oldest(): number {
		if (this.backlog === 0) this.oldestBound = this.nextSequence;
		for (let k = this.chain.seek(this.oldestBound); k < this.chain.length; k++) {
			const end = this.chain.end(k);
			if (this.load(k)) {
				for (let sequence = Math.max(this.oldestBound, this.chain.first(k)); sequence < end; sequence++) {
					if (this.isHeld(k, sequence)) {
						this.oldestBound = sequence;
						return sequence;
					}
				}
			}
			this.oldestBound = Math.max(this.oldestBound, end);
		}
		this.oldestBound = this.nextSequence;
		return this.nextSequence;
	}

	/** Reads a held record of the k-th block into `slot`. False when it is damaged: it is then counted and passed over for good. */
	fetch(k: number, sequence: number): boolean {
		const offset = this.layout.slotOffset(this.chain.block(k), sequence - this.chain.first(k));
		let readable = false;
		// Twice: what a disturbed bus spoilt is not the record's fault.
		for (let attempt = 0; attempt < 2; attempt++) {
			readable = this.medium.read(this.slot.bytes, offset);
			if (readable && this.slot.verify(this.epoch, sequence)) return true;
		}
		this.count(0, 1);
		// What cannot be read today may be read tomorrow; what reads wrong twice is gone.
		if (readable) {
			this.release(k, sequence, sequence + 1);
		} else {
			this.backlog--;
			this.#setDone(k, sequence);
		}
		return false;
	}

	/** Marks `first` to `end` − 1 of the k-th block, all held. Its marks may not be loaded afterwards. */
	release(k: number, first: number, end: number): void {
		this.backlog -= end - first;
		const base = this.chain.first(k);
		const readable = this.marks.release(this.chain.block(k), first - base, end - base);
		for (let sequence = first; sequence < end; sequence++) {
			if (!readable || !this.marks.isReleased(sequence - base)) this.#setDone(k, sequence);
		}
	}

	/** Drops the `count` oldest blocks, of which `lost` records are held. */
	drop(count: number, lost: number): void {
		this.count(lost, 0);
		this.backlog -= lost;
		this.forget(count);
	}

	/** Forgets what lies below everything held, but never the newest block: its header is what the next boot goes by. */
	trim(): void {
		this.forget(Math.min(this.chain.seek(this.oldestBound), this.chain.length - 1));
	}

	/** Forgets the `count` oldest blocks, which hold nothing. */
	forget(count: number): void {
		if (count <= 0) return;
		this.oldestBound = Math.max(this.oldestBound, this.chain.end(count - 1));
		for (let k = 0; k < count; k++) {
			const block = this.chain.block(k);
			this.#flags[block]! &= ~(LOST | LIVE);
			if (block === this.newest) this.newest = -1;
		}
		this.chain.shift(count);
		if (!this.#flags.some((flags) => (flags & LOST) !== 0)) this.#unread = 0;
		this.#sweepDone();
	}

	count(dropped: number, damaged: number): void {
		this.dropped = Math.min(COUNT_MAX, this.dropped + dropped);
		this.damaged = Math.min(COUNT_MAX, this.damaged + damaged);
	}

	/** The records lost for good below `oldest`: what a header says. Recovery will find those above again, if they are still lost. */
	damagedBelow(oldest: number): number {
		let above = this.chain.missing(oldest, this.nextSequence);
		for (let k = this.chain.seek(oldest); k < this.chain.length; k++) {
			if (!this.isLost(this.chain.block(k))) continue;
			above += this.#unread;
			break;
		}
		return Math.max(0, this.damaged - above);
	}

	/** Counts what all blocks hold. Those that cannot be read are lost. */
	recount(): number {
		let backlog = 0;
		for (let k = 0; k < this.chain.length; k++) {
			const block = this.chain.block(k);
			if (this.isLost(block)) continue;
			if (this.marks.load(block)) backlog += this.held(k);
			else this.#setLost(block);
		}
		return backlog;
	}

	/** Counts `records` of a lost block as damaged. */
	countUnread(records: number): void {
		this.count(0, records);
		this.#unread += records;
	}

	/** Starts again from nothing: another epoch, sequence 1. The losses counted so far stay counted. */
	begetEpoch(): void {
		this.drop(this.chain.length, this.backlog);
		const old = this.epoch;
		const drawn = this.random32() >>> 0;
		this.epoch = drawn === 0 || drawn === old ? (old + 1) >>> 0 || 1 : drawn;
		this.generation = 0;
		this.newest = -1;
		this.spare = -1;
		this.used = this.layout.slots;
		this.nextSequence = 1;
		this.oldestBound = 1;
		this.backlog = 0;
	}

	/** The block cannot be read: whatever it held is damaged. The others are counted, as nobody knows how much that was. */
	#lose(block: number): void {
		this.#setLost(block);
		const backlog = this.recount();
		this.countUnread(Math.max(0, this.backlog - backlog));
		this.backlog = backlog;
	}

	#setLost(block: number): void {
		this.#flags[block]! |= LOST;
		if (block === this.newest) this.used = this.layout.slots;
	}

	#isDone(sequence: number): boolean {
		return this.#doneCount > 0 && this.#done.includes(sequence);
	}

	#setDone(k: number, sequence: number): void {
		const block = this.chain.block(k);
		if (this.isLost(block) || this.#isDone(sequence)) return;
		if (this.#doneCount === DONE_LENGTH) this.#sweepDone();
		const free = this.#done.indexOf(0);
		if (free < 0) {
			// The seventeenth costs its block: RAM stays constant.
			this.#lose(block);
			return;
		}
		this.#done[free] = sequence;
		this.#doneCount++;
	}

	/** Frees what lies below everything held. */
	#sweepDone(): void {
		for (let i = 0; i < DONE_LENGTH; i++) {
			if (this.#done[i] === 0 || this.#done[i]! >= this.oldestBound) continue;
			this.#done[i] = 0;
			this.#doneCount--;
		}
	}
}
