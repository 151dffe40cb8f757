import { KEPT, type Offer } from './parts';

/** Parts per million by which an awake crystal may be wrong, with temperature and age. */
const CRYSTAL_PPM = 50;
/** Milliseconds, and parts per million of the time since the last agreement, by which honest clocks may miss each other. */
const NEAR = 128;
const NEAR_PPM = 500;
/** How long a source's word counts. */
export const LASTING = 86_400_000;
/** As many sources as are remembered: the oldest goes. */
const MOST_BACKERS = 4;

interface Backer {
	readonly source: string;
	readonly weight: number;
	readonly at: number;
}

/** What the time is, how wrong that may be, and who says so. Moments are ticks. */
export class Opinion {
	#at: number;
	#time: number;
	#uncertainty: number;
	/** When somebody agreed last. */
	#agreed: number;
	#backers: Backer[] = [];

	constructor({ at, time, uncertainty, source, weight }: Offer) {
		this.#at = at;
		this.#time = time;
		this.#uncertainty = uncertainty;
		this.#agreed = at;
		this.#backers.push({ source, weight, at });
	}

	/** Epoch milliseconds at `ticks`. */
	time(ticks: number, ppm: number): number {
		return this.#time + (ticks - this.#at) * (1 + ppm / 1e6);
	}

	/** Milliseconds. */
	uncertainty(ticks: number): number {
		return this.#uncertainty + (Math.abs(ticks - this.#at) * CRYSTAL_PPM) / 1e6;
	}

	/** How much the words of all who hold it count together; what was kept are the words of the same, said before. */
	weight(ticks: number): number {
		let kept = 0;
		let sum = 0;
		for (const { source, weight, at } of this.#backers) {
			if (ticks - at >= LASTING) continue;
			if (source === KEPT) kept = weight;
			else sum += weight;
		}
		return Math.max(kept, sum);
	}

	/** Whether the offer can be true if this is, or nearly. */
	meets({ at, time, uncertainty }: Offer, ppm: number): boolean {
		const near = NEAR + (Math.max(0, at - this.#agreed) * NEAR_PPM) / 1e6;
		return Math.abs(time - this.time(at, ppm)) <= uncertainty + this.uncertainty(at) + near;
	}

	/** An offer that meets this one: what both say is now what is said; where they only nearly meet, the newer is right. */
	take(offer: Offer, ppm: number): void {
		const { at, time, uncertainty, source, weight } = offer;
		const own = this.time(at, ppm);
		const radius = this.uncertainty(at);
		const low = Math.max(own - radius, time - uncertainty);
		const high = Math.min(own + radius, time + uncertainty);
		this.#at = at;
		this.#agreed = at;
		this.#time = low <= high ? (low + high) / 2 : time;
		this.#uncertainty = low <= high ? (high - low) / 2 : uncertainty + (low - high);
		const others = this.#backers.filter((backer) => backer.source !== source);
		if (others.length >= MOST_BACKERS) others.shift();
		others.push({ source, weight, at });
		this.#backers = others;
	}
}
