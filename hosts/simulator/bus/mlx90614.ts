import { crc8 } from '../../../modules/sensor/crc8';
import type { Target } from './i2c';

export interface Mlx90614ModelOptions {
	/** Milliseconds. */
	readonly now: () => number;
	/** °C, of the part and of what it looks at. */
	readonly ambient: () => number;
	readonly object: () => number;
	/** A part that speaks the same words without the check: any other chip at this address. */
	readonly checks?: boolean;
}

/** From power to the first value (datasheet 3901090614 rev 13, section 8.4). */
const SETTLING = 250;

/** The MLX90614: words with a check each, RAM that cannot be written, EEPROM cells that are erased before they are. */
export class Mlx90614Model implements Target {
	readonly address = 0x5a;
	readonly fastest = 100_000;
	readonly stretch = 0;
	readonly violations: string[] = [];
	readonly #options: Mlx90614ModelOptions;
	readonly #eeprom = new Uint16Array(32).fill(0x1234);
	readonly #wire: number[] = [];
	#reading: number[] = [];
	#powered = Number.NEGATIVE_INFINITY;

	constructor(options: Mlx90614ModelOptions) {
		this.#options = options;
	}

	powerCycle(): void {
		this.#powered = this.#options.now();
	}

	begin(reading: boolean): boolean {
		const { checks = true } = this.#options;
		this.#wire.push((this.address << 1) | (reading ? 1 : 0));
		if (!reading) return true;
		if (this.#wire.length !== 3) {
			this.violations.push('MLX90614: read without its command before a repeated start');
			return false;
		}
		const word = this.#word(this.#wire[1]!);
		const bytes = [word & 0xff, word >> 8];
		const check = crc8(new Uint8Array([...this.#wire, ...bytes]), 0x07, 0);
		this.#reading = [...bytes, checks ? check : 0];
		return true;
	}

	write(byte: number): boolean {
		this.#wire.push(byte);
		return this.#wire.length < 5 || this.#writeWord();
	}

	read(): number {
		return this.#reading.shift() ?? 0xff;
	}

	end(): void {
		this.#wire.length = 0;
	}

	#word(command: number): number {
		const { now, ambient, object } = this.#options;
		const settled = now() - this.#powered >= SETTLING;
		const kelvin = (celsius: number): number => Math.round((celsius + 273.15) / 0.02) & 0x7fff;
		if (command === 0xf0) return settled ? 0x10 : 0;
		if (command >= 0x20) return this.#eeprom[command & 31]!;
		if (!settled) return 0;
		if (command === 0x06) return kelvin(ambient());
		if (command !== 0x07) return 0;
		const celsius = object();
		// Section 8.7: outside of what it can measure.
		return celsius < -70 || celsius > 382.19 ? 0x8000 : kelvin(celsius);
	}

	#writeWord(): boolean {
		const [, command = 0, low = 0, high = 0, check] = this.#wire;
		if (crc8(new Uint8Array(this.#wire), 0x07, 0, 0, 4) !== check) return false;
		const word = low | (high << 8);
		if (command < 0x20) this.violations.push('MLX90614: RAM cannot be written');
		else if (word !== 0 && this.#eeprom[command & 31] !== 0)
			this.violations.push('MLX90614: a cell was written before it was erased');
		else this.#eeprom[command & 31] = word;
		return true;
	}
}
