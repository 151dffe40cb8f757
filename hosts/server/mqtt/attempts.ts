/** How often a source may fail before it has to wait, and for how long (ms). */
export interface AttemptLimits {
	readonly free: number;
	readonly firstWait: number;
	readonly longestWait: number;
}

interface Record {
	failures: number;
	until: number;
	last: number;
}

const forget = 15 * 60_000;
const maximumSources = 10_000;

/**
 * Failed log-ins by source. After some, a source must wait, twice as long each time: guessing costs time, and a device
 * with a wrong password does not keep the server busy.
 */
export class Attempts {
	readonly #limits: AttemptLimits;
	readonly #now: () => number;
	readonly #sources = new Map<string, Record>();

	constructor(limits: AttemptLimits, now: () => number) {
		this.#limits = limits;
		this.#now = now;
	}

	/** Milliseconds that this source has to wait still; 0: it may try. */
	wait(source: string): number {
		return Math.max(0, (this.#sources.get(source)?.until ?? 0) - this.#now());
	}

	/** @returns how often it has failed in a row, this one included */
	failed(source: string): number {
		const now = this.#now();
		const old = this.#sources.get(source);
		const failures = old && now - old.last < forget ? old.failures + 1 : 1;
		const { free, firstWait, longestWait } = this.#limits;
		const wait = failures < free ? 0 : Math.min(longestWait, firstWait * 2 ** Math.min(failures - free, 30));
		// To the end of the line: the map's first key is the one that failed longest ago.
		this.#sources.delete(source);
		this.#sources.set(source, { failures, until: now + wait, last: now });
		if (this.#sources.size > maximumSources) this.#sources.delete(this.#sources.keys().next().value!);
		return failures;
	}

	succeeded(source: string): void {
		this.#sources.delete(source);
	}
}
