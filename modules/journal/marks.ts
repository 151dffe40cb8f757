import type { Layout } from './layout';
import type { Medium } from './medium';

/**
 * The marks of one block, read whole and kept until another block is asked for: one byte a slot, 0xFF held, 0x00 released.
 * The majority of the eight bits counts, so one flipped bit neither releases a record nor brings it back.
 */
export class Marks {
	readonly #medium: Medium;
	readonly #layout: Layout;
	readonly #bytes: Uint8Array;
	#block = -1;

	constructor(medium: Medium, layout: Layout) {
		this.#medium = medium;
		this.#layout = layout;
		this.#bytes = new Uint8Array(layout.slots);
	}

	/** Makes `block` the one that is looked at. False when it cannot be read. */
	load(block: number): boolean {
		if (this.#block === block) return true;
		this.#block = -1;
		if (!this.#medium.read(this.#bytes, this.#layout.markOffset(block, 0))) return false;
		this.#block = block;
		return true;
	}

	/** What was read is no longer what is there. */
	forget(): void {
		this.#block = -1;
	}

	isReleased(index: number): boolean {
		const mark = this.#bytes[index]!;
		if (mark === 0xff) return false;
		if (mark === 0) return true;
		let ones = mark - ((mark >> 1) & 0x55);
		ones = (ones & 0x33) + ((ones >> 2) & 0x33);
		return ((ones + (ones >> 4)) & 0x0f) <= 3;
	}

	/** How many of slots `from` to `to` − 1 are held. */
	held(from: number, to: number): number {
		let count = 0;
		for (let i = from; i < to; i++) if (!this.isReleased(i)) count++;
		return count;
	}

	/**
	 * Writes the marks of `from` to `to` − 1 of `block`, none of them released yet, and reads all back; `isReleased` then says
	 * which took. False when they could not be read back.
	 */
	release(block: number, from: number, to: number): boolean {
		this.#block = -1;
		// What is there is read again anyway: until then it holds what is written.
		const run = this.#bytes.subarray(0, to - from);
		run.fill(0);
		this.#medium.write(run, this.#layout.markOffset(block, from));
		return this.load(block);
	}
}
