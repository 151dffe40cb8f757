import type { Random32 } from '../../../modules/ports';
import type { Scheduler } from '../net/scheduler';
import { airtime } from './airtime';
import type { DataRate } from './region';

export interface Transmission {
	readonly frequency: number;
	readonly rate: DataRate;
	readonly bytes: Buffer;
	/** dBm, radiated. */
	readonly power: number;
}

/** How a frame was heard. */
export interface Reception {
	readonly rssiDbm: number;
	readonly snrDecibels: number;
}

export interface Listener {
	/** Whether it would hear a frame that begins now. */
	listens(frequency: number, rate: DataRate): boolean;
	/** A frame came, whole. */
	heard(transmission: Transmission, reception: Reception): void;
}

export interface AirOptions {
	readonly scheduler: Scheduler;
	readonly random32: Random32;
	/** Kilometres from a device to the gateway. */
	readonly distance: number;
	/** Decibels: how much one frame's path differs from the next one's (standard deviation). Default 3. */
	readonly fading?: number;
	/** One frame in so many is lost for no reason at all, each way. */
	readonly loss?: number;
}

/** A signal-to-noise ratio below this is noise (SX1276 data sheet, table 13): decibels by spreading factor, from 7 on. */
const FLOORS = [-7.5, -10, -12.5, -15, -17.5, -20];
const NOISE_FIGURE = 6;

/**
 * The air between devices and one gateway. Loss grows with the distance (log-distance with exponent 2.32, as Petäjäjärvi and
 * others measured it in Oulu, 2015: 128.95 dB at 1 km); what falls below the demodulator's floor is not heard; of two frames at
 * once on one channel and spreading factor, neither is.
 */
export class Air {
	readonly #options: AirOptions;
	/** Kilometres. */
	distance: number;
	readonly #devices = new Set<Listener>();
	readonly #under = new Map<string, { spoiled: boolean }>();
	#gateway: Listener | undefined;
	/** No frame is heard by anybody while it is off. */
	isOn = true;
	/** Told of every downlink that begins: those who listen by themselves, and ask for its `reception`. */
	readonly downlinks = new Set<(transmission: Transmission, milliseconds: number) => void>();
	/** Every uplink that ever began: for whoever counts. */
	onUplink: ((transmission: Transmission, milliseconds: number) => void) | undefined;

	constructor(options: AirOptions) {
		this.#options = options;
		this.distance = options.distance;
	}

	get scheduler(): Scheduler {
		return this.#options.scheduler;
	}

	attach(device: Listener): () => void {
		this.#devices.add(device);
		return () => this.#devices.delete(device);
	}

	attachGateway(gateway: Listener): void {
		this.#gateway = gateway;
	}

	/** @returns how long it takes, in milliseconds */
	up(transmission: Transmission): number {
		const took = airtime(transmission.rate, transmission.bytes.length);
		this.onUplink?.(transmission, took);
		const { frequency, rate } = transmission;
		const key = `${frequency} ${rate.spreadingFactor} ${rate.bandwidth}`;
		const other = this.#under.get(key);
		const mine = { spoiled: other !== undefined };
		if (other) other.spoiled = true;
		this.#under.set(key, mine);
		this.#options.scheduler.schedule(took, () => {
			if (this.#under.get(key) === mine) this.#under.delete(key);
			if (!mine.spoiled) this.#arrive(transmission, this.#gateway);
		});
		return took;
	}

	/** @returns how long it takes, in milliseconds */
	down(transmission: Transmission): number {
		const took = airtime(transmission.rate, transmission.bytes.length, false);
		for (const began of this.downlinks) began(transmission, took);
		const listening = [...this.#devices].filter((device) => device.listens(transmission.frequency, transmission.rate));
		this.#options.scheduler.schedule(took, () => {
			for (const device of listening) this.#arrive(transmission, device);
		});
		return took;
	}

	#arrive(transmission: Transmission, listener: Listener | undefined): void {
		const reception = listener && this.reception(transmission);
		if (reception) listener.heard(transmission, reception);
	}

	/** How somebody hears it, by chance too; undefined: not at all. */
	reception(transmission: Transmission): Reception | undefined {
		const { fading = 3, loss = 0 } = this.#options;
		if (!this.isOn || this.#chance() < loss) return undefined;
		const { rate, power } = transmission;
		const pathLoss = 128.95 + 23.2 * Math.log10(Math.max(0.001, this.distance)) + fading * this.#normal();
		const rssi = power - pathLoss;
		const snr = rssi + 174 - 10 * Math.log10(rate.bandwidth) - NOISE_FIGURE;
		if (snr < FLOORS[rate.spreadingFactor - 7]!) return undefined;
		return { rssiDbm: Math.round(rssi), snrDecibels: Math.round(Math.min(snr, 12) * 4) / 4 };
	}

	#chance(): number {
		return this.#options.random32() / 2 ** 32;
	}

	/** Nearly normal, by the sum of twelve. */
	#normal(): number {
		let sum = -6;
		for (let at = 0; at < 12; at++) sum += this.#chance();
		return sum;
	}
}
