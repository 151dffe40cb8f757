export interface RateOptions {
	/** How many a second, over a long time. */
	readonly perSecond: number;
	/** How many at once, after a silence. */
	readonly burst: number;
	/** ms, never set. */
	readonly ticks?: () => number;
}

interface Bucket {
	tokens: number;
	at: number;
}

const maximumSources = 10_000;

/** How much each source may ask for: a bucket of tokens for each, filled again steadily. */
export class Rates {
	readonly #perSecond: number;
	readonly #burst: number;
	readonly #ticks: () => number;
	readonly #buckets = new Map<string, Bucket>();

	constructor({ perSecond, burst, ticks = () => performance.now() }: RateOptions) {
		this.#perSecond = perSecond;
		this.#burst = burst;
		this.#ticks = ticks;
	}

	/** Takes one token. @returns 0, or the ms until there is one, of which none was taken */
	take(source: string): number {
		const now = this.#ticks();
		const old = this.#buckets.get(source);
		const tokens = old ? Math.min(this.#burst, old.tokens + ((now - old.at) * this.#perSecond) / 1000) : this.#burst;
		const enough = tokens >= 1;
		// To the end of the line: the map's first key is the one that asked longest ago.
		this.#buckets.delete(source);
		this.#buckets.set(source, { tokens: enough ? tokens - 1 : tokens, at: now });
		if (this.#buckets.size > maximumSources) this.#buckets.delete(this.#buckets.keys().next().value!);
		return enough ? 0 : Math.ceil(((1 - tokens) * 1000) / this.#perSecond);
	}
}
