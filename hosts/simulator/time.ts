import type { Scheduler } from './net/scheduler';

interface Event {
	readonly at: number;
	readonly order: number;
	readonly run: () => void;
	cancelled: boolean;
}

/** Virtual time: nothing waits, everything happens in order, equal moments in the order they were asked for. */
export class VirtualTime implements Scheduler {
	/** A binary heap, soonest first. */
	readonly #heap: Event[] = [];
	#now = 0;
	#order = 0;

	get now(): number {
		return this.#now;
	}

	schedule(delay: number, run: () => void): { cancel(): void } {
		const event: Event = { at: this.#now + Math.max(0, delay), order: this.#order++, run, cancelled: false };
		this.#push(event);
		return {
			cancel() {
				event.cancelled = true;
			},
		};
	}

	/** Lets `milliseconds` pass. */
	advance(milliseconds: number): void {
		const end = this.#now + milliseconds;
		for (let event = this.#heap[0]; event && event.at <= end; event = this.#heap[0]) {
			this.#pop();
			if (event.cancelled) continue;
			this.#now = event.at;
			event.run();
		}
		this.#now = end;
	}

	/** Lets time pass until `done()` or for at most `milliseconds`; true when it was done. */
	advanceUntil(done: () => boolean, milliseconds: number, step = 100): boolean {
		const end = this.#now + milliseconds;
		while (!done()) {
			if (this.#now >= end) return false;
			this.advance(Math.min(step, end - this.#now));
		}
		return true;
	}

	#push(event: Event): void {
		const heap = this.#heap;
		let at = heap.push(event) - 1;
		while (at > 0) {
			const parent = (at - 1) >> 1;
			if (!before(event, heap[parent]!)) break;
			heap[at] = heap[parent]!;
			at = parent;
		}
		heap[at] = event;
	}

	#pop(): void {
		const heap = this.#heap;
		const last = heap.pop()!;
		if (heap.length === 0) return;
		let at = 0;
		for (;;) {
			let child = 2 * at + 1;
			if (child >= heap.length) break;
			if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
			if (!before(heap[child]!, last)) break;
			heap[at] = heap[child]!;
			at = child;
		}
		heap[at] = last;
	}
}

function before(a: Event, b: Event): boolean {
	return a.at < b.at || (a.at === b.at && a.order < b.order);
}

const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Real time, from the moment it is made. */
export class RealTime implements Scheduler {
	readonly #start = performance.now();

	get now(): number {
		return performance.now() - this.#start;
	}

	schedule(delay: number, run: () => void): { cancel(): void } {
		const timer = setTimeout(run, Math.min(LONGEST_TIMEOUT, delay));
		return {
			cancel() {
				clearTimeout(timer);
			},
		};
	}
}

/** How often paced time catches up, and for how long at most before the sockets get their turn. */
const PACE_MILLISECONDS = 4;
const STEP_MILLISECONDS = 100;

/**
 * Virtual time that passes `speed` times as fast as real time, or as fast as this computer can. Nothing is skipped: what
 * is due at a virtual moment happens at that moment, however late that is in real time.
 */
export class PacedTime implements Scheduler {
	readonly #virtual = new VirtualTime();
	readonly #real = new RealTime();
	readonly #speed: number;
	readonly #timer: NodeJS.Timeout;

	constructor(speed: number) {
		this.#speed = speed;
		this.#timer = setInterval(() => this.#pass(), PACE_MILLISECONDS);
	}

	get now(): number {
		return this.#virtual.now;
	}

	schedule(delay: number, run: () => void): { cancel(): void } {
		return this.#virtual.schedule(delay, run);
	}

	close(): void {
		clearInterval(this.#timer);
	}

	#pass(): void {
		const began = this.#real.now;
		const due = began * this.#speed;
		while (this.#virtual.now < due && this.#real.now - began < PACE_MILLISECONDS)
			this.#virtual.advance(Math.min(STEP_MILLISECONDS, due - this.#virtual.now));
	}
}
