/** In the chain: it holds records. */
export const LIVE = 1;
/** The flash failed there: not to be written or erased in this boot. */
export const BAD = 2;
/** Its marks cannot be read: nothing of it is read in this boot. */
export const LOST = 4;

/** What is known of each block, a byte each. */
export class BlockFlags {
	readonly #flags: Uint8Array;

	constructor(blocks: number) {
		this.#flags = new Uint8Array(blocks);
	}

	has(block: number, flag: number): boolean {
		return (this.#flags[block]! & flag) !== 0;
	}

	set(block: number, flag: number): void {
		this.#flags[block]! |= flag;
	}

	clear(block: number, flag: number): void {
		this.#flags[block]! &= ~flag;
	}

	clearAll(flag: number): void {
		for (let block = 0; block < this.#flags.length; block++) this.#flags[block]! &= ~flag;
	}

	/** How many blocks have `flag`. */
	count(flag: number): number {
		let count = 0;
		for (let block = 0; block < this.#flags.length; block++) if (this.has(block, flag)) count++;
		return count;
	}
}
