/** The sample memory of a MAX3010x: 32 places, three pointers of five bits (datasheet, "FIFO"). */
export const DEPTH = 32;

export class SampleFifo {
	readonly #places: (readonly number[])[] = Array.from({ length: DEPTH }, () => []);
	#write = 0;
	#read = 0;
	#overflow = 0;
	#filled = 0;
	/** Which byte of the sample at hand is read next. */
	#byte = 0;

	get filled(): number {
		return this.#filled;
	}

	get write(): number {
		return this.#write;
	}

	set write(place: number) {
		this.#write = place & 31;
		this.#count();
	}

	get read(): number {
		return this.#read;
	}

	set read(place: number) {
		this.#read = place & 31;
		this.#byte = 0;
		this.#count();
	}

	get overflow(): number {
		return this.#overflow;
	}

	set overflow(count: number) {
		this.#overflow = count & 31;
	}

	/** @param sample its bytes; undefined where it is lost anyway */
	push(sample: readonly number[], rollover: boolean): void {
		if (this.#filled === DEPTH) {
			if (!rollover) {
				this.lose(1);
				return;
			}
			this.#read = (this.#read + 1) % DEPTH;
			this.#filled--;
		}
		this.#places[this.#write] = sample;
		this.#write = (this.#write + 1) % DEPTH;
		this.#filled++;
	}

	lose(count: number): void {
		this.#overflow = Math.min(31, this.#overflow + count);
	}

	/** Undefined when it is empty. */
	pull(): number | undefined {
		if (this.#filled === 0) return undefined;
		const sample = this.#places[this.#read]!;
		const byte = sample[this.#byte++];
		if (this.#byte >= sample.length) {
			this.#byte = 0;
			this.#read = (this.#read + 1) % DEPTH;
			this.#filled--;
			this.#overflow = 0;
		}
		return byte;
	}

	/** A sample that was not read whole is read from its first byte again. */
	end(): void {
		this.#byte = 0;
	}

	#count(): void {
		this.#filled = (this.#write - this.#read + DEPTH) % DEPTH;
	}
}
