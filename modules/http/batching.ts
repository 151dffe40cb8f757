/** A batch that was refused is tried again after so many readings at first, and twice as many each time, up to 2^12 times. */
const DOUBLINGS = 12;

const TOO_LARGE = 413;

/**
 * How many readings go into one request. A server that refuses a batch as a whole does not say which reading it cannot take: so
 * they go one by one for a while, and only that one is refused. One that finds it too large gets half.
 */
export class Batching {
	readonly #most: number;
	#limit: number;
	/** Readings to be taken until a larger batch is tried. */
	#probation = 0;
	/** Batches refused since one was taken. */
	#refusals = 0;

	constructor(most: number) {
		this.#most = most;
		this.#limit = most;
	}

	get limit(): number {
		return this.#limit;
	}

	/** A batch of `count` was refused as a whole, with this status. */
	refused(count: number, status: number): void {
		this.#limit = status === TOO_LARGE ? Math.max(1, Math.floor(count / 2)) : 1;
		this.#probation = this.#most * 2 ** Math.min(DOUBLINGS, this.#refusals);
		this.#refusals++;
	}

	/** The server answered for `count` readings that went out together: kept, or refused one by one. */
	answered(count: number): void {
		if (count > 1) this.#refusals = 0;
		if (this.#limit === this.#most) return;
		this.#probation -= count;
		if (this.#probation > 0) return;
		this.#limit = Math.min(this.#most, this.#limit * 2);
		this.#probation = this.#limit;
	}
}
