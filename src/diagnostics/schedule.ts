import type { Clock, Keepsake } from '../../modules/ports';
import { Cursor } from '../power/cursor';

export interface ScheduleOptions {
	/** Milliseconds from one message to the next; 0: only when asked. */
	readonly interval: number;
	readonly owner: DiagnosticsOwner;
}

export interface DiagnosticsOwner {
	/** Sends the message; false: no route is open. */
	tell(): boolean;
}

const NEVER = Number.NEGATIVE_INFINITY;
const BYTES = 8;

/**
 * When a device tells how it is: after a boot, each interval, and when asked; as soon as a route is open. It is worth nothing later,
 * so nothing is kept but when it was said last, over deep sleep: 8 bytes, the device's age as float64, little-endian.
 */
export class DiagnosticsSchedule implements Keepsake {
	readonly name = 'diagnostics';
	readonly #options: ScheduleOptions;
	#clock: Clock | undefined;
	#saidAt = NEVER;
	#isAsked = false;

	constructor(options: ScheduleOptions) {
		this.#options = options;
	}

	/** @param clock its ticks go on over sleep */
	start(clock: Clock): void {
		this.#clock = clock;
		this.look();
	}

	/** Tells now, or as soon as a route is open. */
	ask(): void {
		this.#isAsked = true;
		this.look();
	}

	/** A route may be open, or time has passed: to be called at each of both. It has no alarm of its own: that takes memory. */
	look(): void {
		const { interval, owner } = this.#options;
		if (!this.#clock) return;
		const now = this.#clock.ticks;
		const isDue = interval > 0 && (this.#saidAt > now || now - this.#saidAt >= interval);
		if ((isDue || this.#isAsked) && owner.tell()) {
			this.#isAsked = false;
			this.#saidAt = now;
		}
	}

	recall(bytes: Uint8Array): void {
		if (bytes.length !== BYTES) return;
		const saidAt = new Cursor(bytes).readF64();
		if (Number.isFinite(saidAt)) this.#saidAt = saidAt;
	}

	keep(): Uint8Array {
		const bytes = new Uint8Array(BYTES);
		new Cursor(bytes).writeF64(this.#saidAt);
		return bytes;
	}
}
