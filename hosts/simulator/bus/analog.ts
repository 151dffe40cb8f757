import type { Analog } from '../../../modules/sensor/io';

/** What can go wrong with one conversion: it throws, gives nothing, or is pulled down by a burst of the radio. */
export type AnalogFault = 'throw' | 'nothing' | 'dip';

/** The converter of an ESP32 as the SDK has it: 12 bits, calibrated, 2,450 mV at most, and 150 at least. */
export class VirtualConverter {
	readonly #pins: Readonly<Record<number, () => number>>;
	readonly #taken = new Set<number>();
	/** Asked before each conversion, which are counted from 0. */
	fault: ((conversion: number) => AnalogFault | undefined) | undefined;
	conversions = 0;
	readonly Analog: new (options: {
		readonly pin: number;
	}) => Analog;

	/** @param pins millivolts at each */
	constructor(pins: Readonly<Record<number, () => number>>) {
		this.#pins = pins;
		const converter = this;
		this.Analog = class implements Analog {
			readonly resolution = 12;
			readonly #pin: number;
			#closed = false;

			constructor({ pin }: { readonly pin: number }) {
				converter.#take(pin);
				this.#pin = pin;
			}

			read(): number | undefined {
				if (this.#closed) throw new SyntaxError('closed');
				return converter.#convert(this.#pin);
			}

			close(): void {
				if (!this.#closed) converter.#taken.delete(this.#pin);
				this.#closed = true;
			}
		};
	}

	#take(pin: number): void {
		if (!this.#pins[pin]) throw new RangeError('not analog pin');
		if (this.#taken.has(pin)) throw new RangeError('in use');
		this.#taken.add(pin);
	}

	#convert(pin: number): number | undefined {
		const fault = this.fault?.(this.conversions);
		this.conversions++;
		if (fault === 'throw') throw new Error('analog failed');
		if (fault === 'nothing') return undefined;
		const millivolts = this.#pins[pin]!() * (fault === 'dip' ? 0.6 : 1);
		return Math.floor((Math.min(2_450, Math.max(150, millivolts)) * 4_095) / 2_450);
	}
}
