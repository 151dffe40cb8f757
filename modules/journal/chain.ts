import type { Layout } from './layout';

/**
 * The blocks that hold records, oldest first: six bytes of RAM for each block of the partition and none for a record.
 *
 * Block k of the chain holds the sequences `first(k)` to `end(k)` − 1, and no two overlap, whatever the flash says.
 */
export class Chain {
	readonly #slots: number;
	readonly #blocks: Uint16Array;
	readonly #firsts: Uint32Array;
	#length = 0;
	/** The sequence after the newest record: the end of the last block. */
	#end = 0;

	constructor(layout: Layout) {
		this.#slots = layout.slots;
		const bytes = new ArrayBuffer(6 * layout.blocks);
		this.#firsts = new Uint32Array(bytes, 0, layout.blocks);
		this.#blocks = new Uint16Array(bytes, 4 * layout.blocks);
	}

	get length(): number {
		return this.#length;
	}

	block(k: number): number {
		return this.#blocks[k]!;
	}

	first(k: number): number {
		return this.#firsts[k]!;
	}

	end(k: number): number {
		const limit = k + 1 < this.#length ? this.#firsts[k + 1]! : this.#end;
		return Math.min(limit, this.#firsts[k]! + this.#slots);
	}

	/** Sets where the last block ends. */
	setEnd(sequence: number): void {
		this.#end = sequence;
	}

	/** Puts `block` where its first sequence belongs: cheap at the end. A block that begins at the same sequence is replaced. */
	insert(block: number, first: number): void {
		let k = this.#length;
		while (k > 0 && this.#firsts[k - 1]! > first) k--;
		if (k > 0 && this.#firsts[k - 1] === first) {
			this.#blocks[k - 1] = block;
			return;
		}
		this.#blocks.copyWithin(k + 1, k, this.#length);
		this.#firsts.copyWithin(k + 1, k, this.#length);
		this.#blocks[k] = block;
		this.#firsts[k] = first;
		this.#length++;
	}

	/** Forgets the `count` oldest. */
	shift(count: number): void {
		this.#blocks.copyWithin(0, count, this.#length);
		this.#firsts.copyWithin(0, count, this.#length);
		this.#length -= count;
	}

	/** The oldest k with `end(k)` above `sequence`; `length` when there is none. */
	seek(sequence: number): number {
		let low = 0;
		let high = this.#length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.end(middle) > sequence) high = middle;
			else low = middle + 1;
		}
		return low;
	}

	/** The block that begins at `first`, −1 when none does. */
	beginning(first: number): number {
		let k = this.#length;
		while (k > 0 && this.#firsts[k - 1]! > first) k--;
		return k > 0 && this.#firsts[k - 1] === first ? this.#blocks[k - 1]! : -1;
	}

	/** The place of `block` in the chain, −1 when it is not in it. */
	indexOf(block: number): number {
		for (let k = 0; k < this.#length; k++) if (this.#blocks[k] === block) return k;
		return -1;
	}

	/** How many sequences of `from` to `to` − 1 no block holds; no more than the partition could hold: others were never records. */
	missing(from: number, to: number): number {
		let count = Math.max(0, to - from);
		for (let k = this.seek(from); k < this.#length; k++) {
			const overlap = Math.min(this.end(k), to) - Math.max(this.first(k), from);
			if (overlap <= 0) break;
			count -= overlap;
		}
		return Math.min(count, this.#blocks.length * this.#slots);
	}
}
