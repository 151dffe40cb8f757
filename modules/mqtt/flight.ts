/** The records that are out without a receipt. At most `size` (1 to 64); takes no memory after it is made. */
export class Flight {
	readonly #identifiers: Uint16Array;
	readonly #sequences: Float64Array;
	readonly #sentAt: Float64Array;
	#count = 0;

	constructor(size: number) {
		this.#identifiers = new Uint16Array(size);
		this.#sequences = new Float64Array(size);
		this.#sentAt = new Float64Array(size);
	}

	get count(): number {
		return this.#count;
	}

	get full(): boolean {
		return this.#count === this.#identifiers.length;
	}

	/** When the longest waiting record went out, in ticks; undefined when none waits. */
	get oldest(): number | undefined {
		return this.#count > 0 ? this.#sentAt[0] : undefined;
	}

	/** The sequence that holds `identifier` now. */
	holder(identifier: number): number | undefined {
		const at = this.#find(identifier);
		return at < 0 ? undefined : this.#sequences[at];
	}

	add(identifier: number, sequence: number, ticks: number): void {
		const at = this.#count++;
		this.#identifiers[at] = identifier;
		this.#sequences[at] = sequence;
		this.#sentAt[at] = ticks;
	}

	/** Frees `identifier` and returns the sequence that held it; undefined when none did. */
	release(identifier: number): number | undefined {
		const at = this.#find(identifier);
		if (at < 0) return undefined;
		const sequence = this.#sequences[at];
		this.#identifiers.copyWithin(at, at + 1, this.#count);
		this.#sequences.copyWithin(at, at + 1, this.#count);
		this.#sentAt.copyWithin(at, at + 1, this.#count);
		this.#count--;
		return sequence;
	}

	clear(): void {
		this.#count = 0;
	}

	#find(identifier: number): number {
		for (let at = 0; at < this.#count; at++) if (this.#identifiers[at] === identifier) return at;
		return -1;
	}
}
