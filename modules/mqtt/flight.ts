/** The records that are out without a receipt. At most `size` (1 to 64); takes no memory after it is made. */
export class Flight {
	/** Three for each record: its identifier, its sequence, when it went out. */
	readonly #records: Float64Array;
	#count = 0;

	constructor(size: number) {
		this.#records = new Float64Array(3 * size);
	}

	get count(): number {
		return this.#count;
	}

	get full(): boolean {
		return 3 * this.#count === this.#records.length;
	}

	/** When the longest waiting record went out, in ticks; undefined when none waits. */
	get oldest(): number | undefined {
		return this.#count > 0 ? this.#records[2] : undefined;
	}

	/** The sequence that holds `identifier` now. */
	holder(identifier: number): number | undefined {
		const at = this.#find(identifier);
		return at < 0 ? undefined : this.#records[at + 1];
	}

	add(identifier: number, sequence: number, ticks: number): void {
		const at = 3 * this.#count++;
		this.#records[at] = identifier;
		this.#records[at + 1] = sequence;
		this.#records[at + 2] = ticks;
	}

	/** Frees `identifier` and returns the sequence that held it; undefined when none did. */
	release(identifier: number): number | undefined {
		const at = this.#find(identifier);
		if (at < 0) return undefined;
		const sequence = this.#records[at + 1];
		this.#records.copyWithin(at, at + 3, 3 * this.#count);
		this.#count--;
		return sequence;
	}

	clear(): void {
		this.#count = 0;
	}

	/** Where its record begins. */
	#find(identifier: number): number {
		for (let at = 0; at < 3 * this.#count; at += 3) if (this.#records[at] === identifier) return at;
		return -1;
	}
}
