/** Something of a board that is gone when the board's power goes. */
export interface Vanishing {
	/** It says nothing more, to either side. */
	vanish(): void;
}

/** What one boot of a board has open to the world. A power cut takes it all, without a word to the firmware. */
export class Lifeline {
	readonly #parts = new Set<Vanishing>();

	add(part: Vanishing): void {
		this.#parts.add(part);
	}

	delete(part: Vanishing): void {
		this.#parts.delete(part);
	}

	cut(): void {
		for (const part of this.#parts) part.vanish();
		this.#parts.clear();
	}
}
