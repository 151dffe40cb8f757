import type { Log, LogLevel } from '../../modules/ports';

const pause = 60_000;
const maximumKeys = 10_000;

/** A log for what strangers and broken devices can cause at will: one line for each key and minute, then how many more there were. */
export class Seldom {
	readonly #log: Log;
	readonly #now: () => number;
	readonly #keys = new Map<string, { last: number; more: number }>();

	constructor(log: Log, now: () => number) {
		this.#log = log;
		this.#now = now;
	}

	log(key: string, level: LogLevel, source: string, message: string): void {
		const now = this.#now();
		const known = this.#keys.get(key);
		// A clock that was set back ends the pause as well.
		if (known && Math.abs(now - known.last) < pause) {
			known.more += 1;
			return;
		}
		this.#keys.delete(key);
		this.#keys.set(key, { last: now, more: 0 });
		if (this.#keys.size > maximumKeys) this.#keys.delete(this.#keys.keys().next().value!);
		this.#log(level, source, known && known.more > 0 ? `${message} (and ${known.more} times before)` : message);
	}
}
