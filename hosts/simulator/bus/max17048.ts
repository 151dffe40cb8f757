import type { Target } from './i2c';

export interface Max17048ModelOptions {
	/** Milliseconds. */
	readonly now: () => number;
	/** Of the cell. */
	readonly millivolts: () => number;
	readonly percent: () => number;
	/** Its power came just now; else it has looked at its cell for long. Default: true. */
	readonly isNew?: boolean;
	/** Its VERSION; another chip has another. */
	readonly version?: number;
}

const WRITABLE = new Set([0x06, 0x0a, 0x0c, 0x14, 0x18, 0x1a, 0xfe]);
/** From power to the first look at the cell. */
const SETTLING = 1_000;
const RESET_INDICATOR = 0x0100;

/** The MAX17048's words (datasheet 19-6171 rev 7, "Register Summary"): high byte first, and a pointer that goes on. */
export class Max17048Model implements Target {
	readonly address = 0x36;
	readonly fastest = 400_000;
	readonly stretch = 0;
	readonly violations: string[] = [];
	readonly #options: Max17048ModelOptions;
	readonly #words = new Map<number, number>();
	#pointer = 0;
	#addressed = false;
	#high: number | undefined;
	#powered = 0;

	constructor(options: Max17048ModelOptions) {
		this.#options = options;
		this.powerCycle();
		if (options.isNew !== false) return;
		this.#powered = Number.NEGATIVE_INFINITY;
		this.#words.set(0x1a, 0);
	}

	powerCycle(): void {
		this.#powered = this.#options.now();
		this.#words.clear();
		this.#words.set(0x0a, 0x8030).set(0x0c, 0x971c).set(0x14, 0x00ff).set(0x18, 0x960c).set(0x1a, RESET_INDICATOR);
	}

	begin(reading: boolean): boolean {
		this.#addressed = !reading;
		this.#high = undefined;
		return true;
	}

	write(byte: number): boolean {
		if (this.#addressed) {
			this.#addressed = false;
			this.#pointer = byte;
			return true;
		}
		if (this.#high === undefined) {
			this.#high = byte;
			return true;
		}
		const register = this.#pointer;
		if (!WRITABLE.has(register)) this.violations.push(`MAX17048: register ${register} cannot be written`);
		else if (register === 0xfe && this.#high === 0x54) this.powerCycle();
		else this.#words.set(register, (this.#high << 8) | byte);
		this.#high = undefined;
		this.#pointer += 2;
		return true;
	}

	read(): number {
		const word = this.#word(this.#pointer & 0xfe);
		const byte = this.#pointer & 1 ? word & 0xff : word >> 8;
		this.#pointer = (this.#pointer + 1) & 0xff;
		return byte;
	}

	end(): void {}

	#word(register: number): number {
		const { now, millivolts, percent, version = 0x0012 } = this.#options;
		const settled = now() - this.#powered >= SETTLING;
		if (register === 0x08) return version;
		if (register === 0x02 || register === 0x04) {
			if (!settled) {
				this.violations.push('MAX17048: read before it has looked at the cell');
				return 0;
			}
			return register === 0x02 ? Math.round(millivolts() / 0.078125) & 0xffff : Math.round(percent() * 256) & 0xffff;
		}
		if (register === 0x16) return 0xfff0;
		return this.#words.get(register) ?? 0;
	}
}
