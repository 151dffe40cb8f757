import type { Random32 } from '../../modules/ports';

/**
 * Exponential back-off with full jitter: after the n-th failure in a row, a wait drawn evenly from 0 to
 * min(maximum, minimum × 2^n). A thousand devices that lost one broker spread out instead of returning as one.
 */
export class Backoff {
	readonly #minimum: number;
	readonly #maximum: number;
	readonly #random32: Random32;
	#failures = 0;

	/** @param options minimum and maximum in milliseconds; failures in a row that an earlier boot counted */
	constructor(options: { minimum: number; maximum: number; random32: Random32; failures?: number | undefined }) {
		this.#minimum = options.minimum;
		this.#maximum = options.maximum;
		this.#random32 = options.random32;
		this.#failures = options.failures ?? 0;
	}

	/** Failures since the last success. */
	get failures(): number {
		return this.#failures;
	}

	/** Counts a failure and draws how long to wait, in milliseconds. */
	failed(): number {
		const ceiling = Math.min(this.#maximum, this.#minimum * 2 ** Math.min(this.#failures, 30));
		this.#failures++;
		return Math.floor((this.#random32() / 2 ** 32) * (ceiling + 1));
	}

	succeeded(): void {
		this.#failures = 0;
	}
}
