import { Fault } from '../../modules/fault';
import type { Alarm, Clock, Keepsake, Log } from '../../modules/ports';

/** As much of the SDK's NTP client as is needed. It tries each server five times, two seconds apart. */
export interface TimeClient {
	getTime(callback: (error: unknown, time?: number) => void): void;
	close(): void;
}

export interface TimekeeperOptions {
	readonly make: () => TimeClient;
	readonly clock: Clock;
	/** Tells the system the time, in whole seconds since 1970. */
	readonly set: (seconds: number) => void;
	/** A moment that has surely passed: no server is believed that says otherwise. */
	readonly floor: number;
	readonly log: Log;
}

/** Milliseconds. The client gives up by itself after ten seconds a server. */
const AGAIN = 15_000;
const LIMIT = 60_000;
const RENEW = 3_600_000;

/**
 * Asks for the time when there is a network and nobody has told it, or not within the hour: in deep sleep the chip's clock may be
 * wrong by a hundredth. Without the time TLS trusts nobody, so this comes before the routes get anywhere.
 *
 * NTP is not authenticated: who answers may name a wrong moment after `floor` (see modules/tls/DESIGN.md).
 */
export class Timekeeper implements Keepsake {
	readonly name = 'time';
	readonly #options: TimekeeperOptions;
	readonly #alarm: Alarm;
	#client: TimeClient | undefined;
	/** When it was told last, in epoch milliseconds. */
	#told: number | undefined;
	/** An answer came: the client may be closed now, outside its own call. */
	#answered: 'yes' | 'badly' | undefined;

	constructor(options: TimekeeperOptions) {
		this.#options = options;
		this.#alarm = options.clock.alarm(() => this.#ask());
	}

	recall(bytes: Uint8Array): void {
		if (bytes.length === 8) this.#told = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
	}

	keep(): Uint8Array | undefined {
		if (this.#told === undefined) return undefined;
		const bytes = new Uint8Array(8);
		new DataView(bytes.buffer).setFloat64(0, this.#told);
		return bytes;
	}

	/** There is a network. */
	start(): void {
		const { time } = this.#options.clock;
		const told = this.#told;
		const fresh = time !== undefined && told !== undefined && time >= told && time < told + RENEW;
		this.#alarm.set(fresh ? told + RENEW - time : 0);
	}

	/** There is none. */
	stop(): void {
		this.#alarm.clear();
		this.#answered = undefined;
		this.#drop();
	}

	#ask(): void {
		const { make, log } = this.#options;
		this.#drop();
		if (this.#answered) {
			this.#alarm.set(this.#answered === 'yes' ? RENEW : AGAIN);
			this.#answered = undefined;
			return;
		}
		this.#alarm.set(LIMIT);
		try {
			const client = make();
			this.#client = client;
			client.getTime((error, time) => {
				if (client === this.#client) this.#answer(error ? undefined : time);
			});
		} catch (thrown) {
			log('warning', 'time', Fault.from(thrown, 'connect').message);
		}
	}

	#answer(time: number | undefined): void {
		const { set, floor, log } = this.#options;
		const believed = time !== undefined && time >= floor;
		if (believed) {
			set(Math.floor(time / 1000));
			this.#told = time;
			log('info', 'time', new Date(time).toISOString());
		} else log('warning', 'time', time === undefined ? 'no server tells it' : 'a server tells one that has passed');
		this.#answered = believed ? 'yes' : 'badly';
		this.#alarm.set(0);
	}

	#drop(): void {
		const client = this.#client;
		this.#client = undefined;
		try {
			client?.close();
		} catch (thrown) {
			this.#options.log('debug', 'time', Fault.from(thrown, 'connect').message);
		}
	}
}
