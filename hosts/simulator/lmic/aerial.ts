import type { Air as RadioAir, Transmission } from '../radio/air';
import type { Region } from '../radio/region';
import { type Air, type Emission, type Reception, SILENCE, type Tuning } from './chip';

export interface AerialOptions {
	readonly air: RadioAir;
	readonly region: Region;
	/** Told of each frame when it begins to go out. */
	readonly onSent?: (emission: Emission) => void;
	/** dBm of whatever else is on a frequency, at this microsecond. */
	readonly level?: (frequencyHz: number, micros: number) => number;
}

/** LoRaWAN's public networks (SX1276 data sheet, RegSyncWord; LoRaWAN 1.0.3, regional parameters 1.1). */
const PUBLIC = 0x34;
/** Milliseconds: no window is asked for later. */
const MEMORY = 10_000;
/** Hertz: what a receiver at 125 kHz bears, by far. */
const TOLERANCE = 1_000;

/** The aerial of a modelled radio in the air of a simulated network. */
export class Aerial implements Air {
	readonly #options: AerialOptions;
	readonly #coming: { readonly transmission: Transmission; readonly start: number; readonly end: number }[] = [];
	readonly #began = (transmission: Transmission, milliseconds: number): void => {
		const { now } = this.#options.air.scheduler;
		while (this.#coming[0] && this.#coming[0].end < (now - MEMORY) * 1000) this.#coming.shift();
		this.#coming.push({ transmission, start: now * 1000, end: (now + milliseconds) * 1000 });
	};

	constructor(options: AerialOptions) {
		this.#options = options;
		options.air.downlinks.add(this.#began);
	}

	close(): void {
		this.#options.air.downlinks.delete(this.#began);
	}

	/** @throws Error for what no device of this region may send */
	transmit(emission: Emission): void {
		const { air, region, onSent } = this.#options;
		const { tuning, start, end } = emission;
		const { frequencyHz, spreadingFactor, bandwidthHz, isInverted, syncWord } = tuning;
		const dataRate = region.dataRates.findIndex(
			(rate) => rate?.spreadingFactor === spreadingFactor && rate.bandwidth === bandwidthHz,
		);
		const rate = region.dataRates[dataRate];
		if (!rate || isInverted || syncWord !== PUBLIC)
			throw new Error(`${region.name}: no device sends like ${JSON.stringify(tuning)}`);
		if ((end - start) / 1000 > region.dwell)
			throw new Error(`${region.name}: ${Math.round((end - start) / 1000)} ms in the air, over ${region.dwell}`);
		// In steps of 61 Hz, of a crystal by 2^19.
		const frequency = Math.round(frequencyHz / 500) * 500;
		const bytes = Buffer.from(emission.bytes);
		air.scheduler.schedule(Math.max(0, start / 1000 - air.scheduler.now), () => {
			onSent?.(emission);
			const took = air.up({ frequency, rate, bytes, power: region.power });
			if (Math.abs(took - (end - start) / 1000) > 0.01) throw new Error(`${took} ms in the air, and ${end - start} µs`);
		});
	}

	hear(tuning: Tuning, from: number, to: number): Reception | undefined {
		const { air } = this.#options;
		if (!tuning.isInverted || tuning.syncWord !== PUBLIC) return undefined;
		for (const { transmission, start, end } of this.#coming) {
			const { frequency, rate, bytes } = transmission;
			const isTuned =
				Math.abs(frequency - tuning.frequencyHz) < TOLERANCE &&
				rate.spreadingFactor === tuning.spreadingFactor &&
				rate.bandwidth === tuning.bandwidthHz;
			if (!isTuned || start < from || start > to) continue;
			const reception = air.reception(transmission);
			if (reception) return { tuning, bytes, start, end, ...reception };
		}
		return undefined;
	}

	level(frequencyHz: number, micros: number): number {
		return this.#options.level?.(frequencyHz, micros) ?? SILENCE;
	}
}
