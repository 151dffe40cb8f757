import type { FlashPartition, Random32 } from '../ports';
import { BlockFlags, LIVE, LOST } from './block-flags';
import { Chain } from './chain';
import { Few } from './few';
import { Header } from './header';
import { Layout } from './layout';
import { Marks } from './marks';
import { Medium } from './medium';
import { Slot } from './slot';

/**
 * When blocks are erased: one is kept ready ahead of need; or only when there is no blank one left to append to; or never, and
 * what has no room is refused.
 */
export type Erasing = 'ahead' | 'late' | 'never';

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
	readonly flags: BlockFlags;
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
	erasing: Erasing = 'ahead';

	/** The part of `damaged` that lies in lost blocks: recovery will count it again, if it is still so. */
	#unread = 0;
	/** Released, but the flash would not take the mark: they come back at the next boot. */
	readonly #unmarked = new Few();
	/** Found damaged, and left so: until `oldest` has passed them and a header counts them, each boot finds them again. */
	readonly #spoilt = new Few();

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
		this.flags = new BlockFlags(blocks);
	}

	/** Puts a block into the chain. One that begins at the same sequence leaves it. */
	admit(block: number, first: number): void {
		const rival = this.chain.beginning(first);
		if (rival >= 0) this.flags.clear(rival, LIVE);
		this.flags.set(block, LIVE);
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
		if (this.flags.has(block, LOST)) return false;
		if (this.marks.load(block)) return true;
		this.#lose(block);
		return false;
	}

	/** Whether `sequence` of the k-th block, whose marks are loaded, is held. */
	isHeld(k: number, sequence: number): boolean {
		return (
			!this.marks.isReleased(sequence - this.chain.first(k)) &&
			!this.#unmarked.has(sequence) &&
			!this.#spoilt.has(sequence)
		);
	}

	/** How many records the k-th block holds. Loads its marks. */
	held(k: number): number {
		if (!this.load(k)) return 0;
		const first = this.chain.first(k);
		const from = Math.max(first, this.oldestBound);
		const end = this.chain.end(k);
		if (from >= end) return 0;
		if (this.#unmarked.size + this.#spoilt.size === 0) return this.marks.held(from - first, end - first);
		let count = 0;
		for (let sequence = from; sequence < end; sequence++) if (this.isHeld(k, sequence)) count++;
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

	/** Reads the oldest held record from `from` on into `slot`: its sequence, 0 when there is none. */
	find(from: number): number {
		const { chain } = this;
		const start = Math.max(from, this.oldestBound);
		for (let k = chain.seek(start); k < chain.length; k++) {
			const end = chain.end(k);
			for (let sequence = Math.max(start, chain.first(k)); sequence < end && this.load(k); sequence++) {
				if (this.isHeld(k, sequence) && this.#fetch(k, sequence)) return sequence;
			}
		}
		return 0;
	}

	/** Marks `first` to `end` − 1 of the k-th block, all held. Its marks may not be loaded afterwards. */
	release(k: number, first: number, end: number): void {
		this.backlog -= end - first;
		const base = this.chain.first(k);
		const block = this.chain.block(k);
		const readable = this.marks.release(block, first - base, end - base);
		for (let sequence = first; sequence < end && !this.flags.has(block, LOST); sequence++) {
			if (readable && this.marks.isReleased(sequence - base)) continue;
			this.#sweep();
			// The seventeenth costs its block: RAM stays constant.
			if (!this.#unmarked.add(sequence)) this.#lose(block);
		}
	}

	/** Drops the `count` oldest blocks, of which `lost` records are held. */
	drop(count: number, lost: number): void {
		this.count(lost, 0);
		this.backlog -= lost;
		this.forget(count);
	}

	/** Says that a record which was held was given up, and its block was not. */
	loseOne(): void {
		this.count(1, 0);
		this.backlog--;
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
			this.flags.clear(block, LOST | LIVE);
			if (block === this.newest) this.newest = -1;
		}
		this.chain.shift(count);
		if (this.#unread > 0 && this.flags.count(LOST) === 0) this.#unread = 0;
		this.#sweep();
	}

	count(dropped: number, damaged: number): void {
		this.dropped = Math.min(COUNT_MAX, this.dropped + dropped);
		this.damaged = Math.min(COUNT_MAX, this.damaged + damaged);
	}

	/** The records lost for good below `oldest`: what a header says. Recovery will find those above again, if they are still lost. */
	damagedBelow(oldest: number): number {
		let above = this.chain.missing(oldest, this.nextSequence) + this.#spoilt.countFrom(oldest);
		for (let k = this.chain.seek(oldest); k < this.chain.length; k++) {
			if (!this.flags.has(this.chain.block(k), LOST)) continue;
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
			if (this.flags.has(block, LOST)) continue;
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

	/** The block cannot be read: whatever it held is damaged. The others are counted, as nobody knows how much that was. */
	#lose(block: number): void {
		this.#setLost(block);
		const backlog = this.recount();
		this.countUnread(Math.max(0, this.backlog - backlog));
		this.backlog = backlog;
	}

	#setLost(block: number): void {
		this.flags.set(block, LOST);
		if (block === this.newest) this.used = this.layout.slots;
	}

	/** Reads a held record into `slot`. False when it is damaged: it is counted, and passed over in this boot. */
	#fetch(k: number, sequence: number): boolean {
		const block = this.chain.block(k);
		const offset = this.layout.slotOffset(block, sequence - this.chain.first(k));
		let readable = false;
		// Twice: what a disturbed bus spoilt is not the record's fault.
		for (let attempt = 0; attempt < 2; attempt++) {
			readable = this.medium.read(this.slot.bytes, offset);
			if (readable && this.slot.verify(this.epoch, sequence)) return true;
		}
		this.#sweep();
		if (this.#spoilt.add(sequence)) this.backlog--;
		else if (readable) this.release(k, sequence, sequence + 1);
		else this.#lose(block);
		if (!this.flags.has(block, LOST)) this.count(0, 1);
		return false;
	}

	/** Takes what lies below everything held out of the small sets. */
	#sweep(): void {
		this.#unmarked.sweep(this.oldestBound);
		this.#spoilt.sweep(this.oldestBound);
	}
}
