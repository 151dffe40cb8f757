import type { Random32 } from '../../modules/ports';

export interface BackoffOptions {
	/** Milliseconds: the ceiling of the first wait, and of all. */
	readonly minimum: number;
	readonly maximum: number;
	/** Milliseconds over which the tries after a lost connection are spread. Default: `minimum`. */
	readonly spread?: number | undefined;
}

/**
 * Exponential back-off with full jitter: after the n-th failure in a row, a wait drawn evenly from 0 to
 * min(maximum, minimum × 2^n).
 *
 * A connection that worked and was lost is another matter: a server that restarts loses all of its devices at one moment, and
 * doubling from a short wait brings them back as a wave. Such a loss opens a window of `spread`; whoever fails within it draws
 * again from what is left of it, so that the tries stay even; behind it the next window is twice as long. A connection that
 * breaks after a moment is the way's fault and no restart: its window is a quarter of its life.
 */
export class Backoff {
	readonly #options: BackoffOptions;
	readonly #random32: Random32;
	#failures: number;
	/** The wait doubles from here: `minimum`, or the spread while a loss is being healed. */
	#base: number;
	/** How many windows there were since. */
	#doublings: number;
	/** When the window ends; tries within it are drawn from what is left. */
	#windowEnd = Number.NEGATIVE_INFINITY;

	/** @param failures in a row that an earlier boot counted */
	constructor(options: BackoffOptions, random32: Random32, failures = 0) {
		this.#options = options;
		this.#random32 = random32;
		this.#failures = this.#doublings = failures;
		this.#base = options.minimum;
	}

	/** Failures since the last success. */
	get failures(): number {
		return this.#failures;
	}

	/** Counts a failure at the moment `now` and draws how long to wait, in milliseconds. */
	failed(now: number): number {
		const { minimum, maximum } = this.#options;
		this.#failures++;
		const left = this.#windowEnd - now;
		if (left > minimum) return this.#draw(left);
		const ceiling = Math.min(maximum, this.#base * 2 ** Math.min(this.#doublings++, 30));
		if (this.#base > minimum) this.#windowEnd = now + ceiling;
		return this.#draw(ceiling);
	}

	/** As failed(), of a connection that worked. @param lived how long it stood, in milliseconds */
	lost(now: number, lived: number): number {
		const { minimum, maximum, spread = minimum } = this.#options;
		this.succeeded();
		this.#base = Math.max(minimum, Math.min(spread, maximum, lived / 4));
		return this.failed(now);
	}

	succeeded(): void {
		this.#failures = this.#doublings = 0;
		this.#base = this.#options.minimum;
		this.#windowEnd = Number.NEGATIVE_INFINITY;
	}

	#draw(ceiling: number): number {
		return Math.floor((this.#random32() / 2 ** 32) * (ceiling + 1));
	}
}
