import type { Clock, KeyValue } from '../../modules/ports';
import { isTime } from '../../modules/time/window';
import { BOOT_MODULUS, type Stamp } from './reading';

const KEY = 'boots';
/** As many boots without a known time as are remembered; older ones share the bound of the oldest remembered. */
const REMEMBERED_BOOTS = 8;
/** Milliseconds: a clock that was told anew by more than this was wrong before; less is its drift, and no write to flash. */
const STEP = 1_000;

/** One boot that stamped readings before the time was known; `start` is its first moment, once that is known. */
interface Boot {
	readonly number: number;
	start: number | undefined;
}

/**
 * Stamps readings and dates those taken before the time was known (wire.md, "A reading").
 *
 * An undated reading carries the number of its boot and the uptime. When the time becomes known in that boot, the
 * boot's first moment is worked out and kept. If the power goes before, all that can be said later is that the
 * reading was taken before the next dated boot began: that moment is its date.
 *
 * A boot takes a number only when it stamps a reading without a time, so a device whose time is kept over sleep
 * writes nothing here.
 */
export class Dating {
	readonly #clock: Clock;
	readonly #store: KeyValue;
	readonly #boots: Boot[];
	#current: Boot | undefined;

	/** @param options `boot`: the number of the boot that goes on, when the clock's ticks go on over deep sleep. */
	constructor(options: { clock: Clock; store: KeyValue; boot?: number | undefined }) {
		this.#clock = options.clock;
		this.#store = options.store;
		this.#boots = parseBoots(options.store.read(KEY));
		this.#current = this.#boots.find(({ number }) => number === options.boot);
	}

	/** The number of this boot, if it needed one so far. */
	get boot(): number | undefined {
		return this.#current?.number;
	}

	/** Epoch milliseconds now, or undefined while nobody has told the time, or told nonsense. */
	get time(): number | undefined {
		const time = this.#clock.time;
		return isTime(time) ? Math.floor(time) : undefined;
	}

	/** The stamp of a reading taken now. */
	stamp(): Stamp {
		const epochMilliseconds = this.time;
		if (epochMilliseconds !== undefined) return { epochMilliseconds };
		this.#current ??= this.#claim();
		return { boot: this.#current.number, uptimeMilliseconds: Math.floor(this.#clock.ticks) };
	}

	/** Epoch milliseconds of a stamp, or undefined while the time is not known. */
	date(stamp: Stamp): number | undefined {
		if ('epochMilliseconds' in stamp) return stamp.epochMilliseconds;
		const time = this.time;
		if (time === undefined) return undefined;
		const now = Math.floor(time - this.#clock.ticks);
		const boot = this.#current;
		// What was told first may have been a lie, and was put right since.
		if (boot && (boot.start === undefined || Math.abs(boot.start - now) > STEP)) {
			boot.start = now;
			this.#save();
		}
		const at = this.#boots.findIndex((boot) => boot.number === stamp.boot);
		const own = this.#boots[at]?.start;
		if (own !== undefined) return own + stamp.uptimeMilliseconds;
		for (let later = at + 1; later < this.#boots.length; later++) {
			const start = this.#boots[later]!.start;
			if (start !== undefined) return start;
		}
		return now;
	}

	#claim(): Boot {
		const last = this.#boots.at(-1);
		const boot: Boot = { number: last ? (last.number + 1) % BOOT_MODULUS : 0, start: undefined };
		this.#boots.push(boot);
		if (this.#boots.length > REMEMBERED_BOOTS) this.#boots.shift();
		this.#save();
		return boot;
	}

	#save(): void {
		this.#store.write(KEY, JSON.stringify(this.#boots.map(({ number, start }) => [number, start ?? null])));
	}
}

/** Whatever stands in the store was written by some earlier firmware, or is garbage: garbage is no boots. */
function parseBoots(stored: string | undefined): Boot[] {
	if (stored === undefined) return [];
	try {
		const list: unknown = JSON.parse(stored);
		if (!Array.isArray(list) || list.length > REMEMBERED_BOOTS) return [];
		return list.map((entry: unknown) => {
			const [number, start] = entry as [unknown, unknown];
			if (!Number.isInteger(number) || (number as number) < 0 || (number as number) >= BOOT_MODULUS) throw entry;
			if (start !== null && !(Number.isInteger(start) && (start as number) >= 0)) throw entry;
			return { number: number as number, start: (start as number | null) ?? undefined };
		});
	} catch {
		return [];
	}
}
