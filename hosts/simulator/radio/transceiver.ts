import type { DutyLedger } from '../../../modules/lora/ledger';
import type { Alarm, Clock, Random32 } from '../../../modules/ports';
import type { Air, Listener, Reception, Transmission } from './air';
import { airtime, FRAME_OVERHEAD } from './airtime';
import type { DataRate, Region, Window } from './region';

export interface TransceiverOptions {
	readonly air: Air;
	readonly region: Region;
	/** Of this boot of the board. */
	readonly clock: Clock;
	readonly random32: Random32;
	readonly ledger: DutyLedger;
	readonly owner: TransceiverOwner;
}

/** Whose frames it sends. */
export interface TransceiverOwner {
	/** What came in a window needs no second one. */
	readonly isAnswered: boolean;
	/** A frame came, perhaps for somebody else. */
	taken(bytes: Buffer, reception: Reception): void;
	/** Both windows are over. */
	over(): void;
}

/** From the first window to the second. */
const BETWEEN = 1_000;
/** How long a window is open for a frame to begin. */
const WINDOW = 60;

/** What a class A device has of the air: a channel that has rested, a frame, and two windows behind it. */
export class Transceiver implements Listener {
	readonly #options: TransceiverOptions;
	readonly #alarm: Alarm;
	#next: (() => void) | undefined;
	#listening: { readonly frequency: number; readonly rate: DataRate } | undefined;
	#detach: (() => void) | undefined;
	#isBusy = false;
	/** In ticks: of the last frame. */
	sentEnd = 0;

	constructor(options: TransceiverOptions) {
		this.#options = options;
		this.#alarm = options.clock.alarm(this);
	}

	open(): void {
		this.#detach ??= this.#options.air.attach(this);
	}

	close(): void {
		this.#alarm.clear();
		this.#next = undefined;
		this.#listening = undefined;
		this.#isBusy = false;
		this.#detach?.();
		this.#detach = undefined;
	}

	/** From when on one of these channels may be used, in ticks. */
	readyAt(channels: readonly number[]): number {
		return Math.min(...channels.map((frequency) => this.#options.ledger.readyAt(frequency)));
	}

	/** In place of whatever was awaited. */
	wait(delay: number, next: () => void): void {
		this.#next = next;
		this.#alarm.set(Math.ceil(delay));
	}

	onAlarm(): void {
		const next = this.#next;
		this.#next = undefined;
		next?.();
	}

	/**
	 * A frame on one of the channels that have rested.
	 * @param delay from its end to the first window, in milliseconds
	 * @throws Error when it is longer than the dwell time
	 */
	transmit(bytes: Buffer, dataRate: number, channels: readonly number[], delay: number): void {
		const { air, region, clock, random32, ledger } = this.#options;
		const free = channels.filter((frequency) => ledger.readyAt(frequency) <= clock.ticks);
		const frequency = free[random32() % free.length]!;
		const took = air.up({ frequency, rate: region.dataRates[dataRate]!, bytes, power: region.power });
		if (took > region.dwell) throw new Error(`${took} ms in the air, over the dwell time`);
		ledger.sent(frequency, took);
		this.#isBusy = true;
		this.sentEnd = clock.ticks + took;
		const first = region.first(frequency, dataRate);
		this.wait(took + delay - 10, () => this.#window(first, true));
	}

	listens(frequency: number, rate: DataRate): boolean {
		return this.#listening?.frequency === frequency && this.#listening.rate === rate;
	}

	heard({ bytes }: Transmission, reception: Reception): void {
		if (this.#isBusy) this.#options.owner.taken(bytes, reception);
	}

	#window({ frequency, dataRate }: Window, isFirst: boolean): void {
		const rate = this.#options.region.dataRates[dataRate]!;
		this.#listening = { frequency, rate };
		// A frame that has begun is heard to its end: the longest there is in answer.
		const longest = airtime(rate, 33 + FRAME_OVERHEAD, false);
		this.wait(WINDOW, () => {
			this.#listening = undefined;
			if (isFirst) this.wait(BETWEEN - WINDOW, () => this.#second());
			else this.wait(longest, () => this.#over());
		});
	}

	#second(): void {
		const { owner, region } = this.#options;
		if (owner.isAnswered) this.#over();
		else this.#window(region.second, false);
	}

	#over(): void {
		this.#isBusy = false;
		this.#options.owner.over();
	}
}
