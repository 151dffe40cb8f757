import { Fault } from '../fault';
import type { Missing, Sample } from '../ports';
import type { Analog, Part } from '../sensor/io';
import type { Driver } from '../sensor/one-shot';
import { chargeOf } from './curve';

export interface BatteryOptions {
	readonly sensor: Part<Analog>;
	/** The cell's voltage over the pin's: 2 for two equal resistors. */
	readonly ratio: number;
	/**
	 * What the converter's highest count stands for. The SDK's, on an ESP32, is calibrated and scaled to 2,450 mV; above that it
	 * says 2,450, so a cell of 4.2 V needs a ratio of 1.8 or more.
	 */
	readonly fullScaleMillivolts?: number;
}

export interface VoltageSample extends Sample {
	millivolts: number;
}

const FULL_SCALE = 2_450;
/** An odd number: the middle one is taken, since Wi-Fi's bursts pull single counts down. */
const LOOKS = 9;
/** No lithium cell is there: the pin floats, or a USB supply is measured. */
const LOWEST_MILLIVOLTS = 2_500;
const HIGHEST_MILLIVOLTS = 4_400;
/** Cells of one kind differ by this from the curve; a pin that jumps by more is not on a cell. */
const LARGEST_SPREAD_MILLIVOLTS = 200;

const NO_CELL: Missing = Object.freeze({ batteryPercent: 'no cell' });
const ALL: Missing = Object.freeze({});

/** A lithium cell behind a divider on an analog pin. */
export class Battery implements Driver {
	readonly #io: Analog;
	readonly #step: number;
	readonly #looks = new Uint16Array(LOOKS);
	readonly #sample: VoltageSample = { millivolts: 0 };
	readonly #highest: number;
	#missing: Missing = ALL;
	#closed = false;

	/** @throws Fault 'range' for a divider that cannot be, 'sensor' when the pin has no converter */
	constructor({ sensor, ratio, fullScaleMillivolts = FULL_SCALE }: BatteryOptions) {
		if (!(ratio >= 1 && ratio <= 100)) throw new Fault('range', `ratio: ${ratio} is not within 1 to 100`);
		if (!(fullScaleMillivolts > 0))
			throw new Fault('range', `fullScaleMillivolts: ${fullScaleMillivolts} is not above 0`);
		try {
			this.#io = new sensor.io({ ...sensor } as never);
		} catch (thrown) {
			throw Fault.from(thrown, 'sensor');
		}
		this.#highest = 2 ** this.#io.resolution - 1;
		this.#step = (fullScaleMillivolts * ratio) / this.#highest;
	}

	get identification(): { readonly model: string } {
		return { model: 'divider' };
	}

	get missing(): Missing {
		return this.#missing;
	}

	/** There is nothing to set. */
	configure(): void {}

	measure(): number {
		if (this.#closed) throw new Fault('misuse', 'closed');
		return 0;
	}

	/** @throws Fault 'sensor' when the converter fails, or its counts jump about */
	sample(): VoltageSample {
		if (this.#closed) throw new Fault('misuse', 'closed');
		const looks = this.#looks;
		for (let index = 0; index < LOOKS; index++) looks[index] = this.#look();
		looks.sort();
		const sample = this.#sample;
		const middle = looks[LOOKS >> 1]!;
		sample.millivolts = middle * this.#step;
		// The two outermost on either side may be anything.
		if ((looks[LOOKS - 3]! - looks[2]!) * this.#step > LARGEST_SPREAD_MILLIVOLTS)
			throw new Fault('sensor', 'the voltage jumps about');
		delete sample.batteryPercent;
		this.#missing = NO_CELL;
		// At the end of the scale it is at least that much: not known.
		if (middle < this.#highest && sample.millivolts >= LOWEST_MILLIVOLTS && sample.millivolts <= HIGHEST_MILLIVOLTS) {
			sample.batteryPercent = chargeOf(sample.millivolts);
			this.#missing = ALL;
		}
		return sample;
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#io.close();
	}

	#look(): number {
		let count: number | undefined;
		try {
			count = this.#io.read();
		} catch (thrown) {
			throw Fault.from(thrown, 'sensor');
		}
		if (count === undefined || !(count >= 0 && count <= this.#highest))
			throw new Fault('sensor', 'the converter fails');
		return count;
	}
}
