/** The records that are out without a receipt, by the name that the receipt will bear. At most `size`, 1 to 64. */
export class Flight {
	readonly #size: number;
	readonly #ids: string[] = [];
	readonly #sequences: number[] = [];
	/** In ticks. */
	readonly #sentAt: number[] = [];

	constructor(size: number) {
		this.#size = size;
	}

	get count(): number {
		return this.#ids.length;
	}

	get isFull(): boolean {
		return this.#ids.length >= this.#size;
	}

	/** When the longest waiting record went out, in ticks; undefined when none waits. */
	get oldest(): number | undefined {
		return this.#sentAt[0];
	}

	has(sequence: number): boolean {
		return this.#sequences.includes(sequence);
	}

	add(id: string, sequence: number, ticks: number): void {
		this.#ids.push(id);
		this.#sequences.push(sequence);
		this.#sentAt.push(ticks);
	}

	/** The sequence that went out under `id`, which waits no more; undefined when none did. */
	release(id: string): number | undefined {
		const at = this.#ids.indexOf(id);
		if (at < 0) return undefined;
		const sequence = this.#sequences[at];
		this.#ids.splice(at, 1);
		this.#sequences.splice(at, 1);
		this.#sentAt.splice(at, 1);
		return sequence;
	}

	clear(): void {
		this.#ids.length = this.#sequences.length = this.#sentAt.length = 0;
	}
}
