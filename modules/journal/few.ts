const LENGTH = 16;

/** A set of at most 16 sequences: what flash cannot say of single records, in constant RAM. */
export class Few {
	/** 0: free. Undefined until there is one: that is almost never. */
	#sequences: Uint32Array | undefined;
	#size = 0;

	get size(): number {
		return this.#size;
	}

	has(sequence: number): boolean {
		return this.#size > 0 && this.#sequences!.includes(sequence);
	}

	/** False when there is no room. */
	add(sequence: number): boolean {
		if (this.has(sequence)) return true;
		this.#sequences ??= new Uint32Array(LENGTH);
		const sequences = this.#sequences;
		const free = sequences.indexOf(0);
		if (free < 0) return false;
		sequences[free] = sequence;
		this.#size++;
		return true;
	}

	/** How many are `sequence` or above. */
	countFrom(sequence: number): number {
		let count = 0;
		for (let i = 0; i < LENGTH && this.#size > 0; i++) if (this.#sequences![i]! >= sequence) count++;
		return count;
	}

	/** Takes out all below `sequence`. */
	sweep(sequence: number): void {
		for (let i = 0; i < LENGTH && this.#size > 0; i++) {
			const sequences = this.#sequences!;
			if (sequences[i] === 0 || sequences[i]! >= sequence) continue;
			sequences[i] = 0;
			this.#size--;
		}
	}
}
