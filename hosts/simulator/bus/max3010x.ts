import type { Scheduler } from '../net/scheduler';
import { DEPTH, SampleFifo } from './fifo';
import type { Target } from './i2c';

/** What falls on the photodiode, in nanoamperes, at a moment with these currents through the LEDs. */
export interface Illumination {
	/** Milliamperes; `seconds` only grow. */
	readonly look: (seconds: number, red: number, infrared: number, green: number) => Photocurrent;
	/** Of the die. */
	readonly celsius?: (seconds: number) => number;
}

export interface Photocurrent {
	readonly red: number;
	readonly infrared: number;
	readonly green: number;
}

export interface Max3010xModelOptions {
	readonly scheduler: Scheduler;
	readonly light: Illumination;
	/** PART_ID: 0x15; a MAX30100 has 0x11. */
	readonly part?: number;
	/** The interrupt's pin falls. */
	readonly onInterrupt?: () => void;
}

const RESET_MILLISECONDS = 1;
const TEMPERATURE_MILLISECONDS = 29;
const RATES = [50, 100, 200, 400, 800, 1000, 1600, 3200];
const AVERAGES = [1, 2, 4, 8, 16, 32, 32, 32];
/** Bits by pulse width, and the widest pulse by rate with two LEDs and with one (tables 7, 11, 12). */
const BITS = [15, 16, 17, 18];
const WIDEST_TWO = [3, 3, 3, 3, 2, 1, 0, -1];
const WIDEST_ONE = [3, 3, 3, 3, 3, 3, 2, 0];

const WRITABLE = new Set([2, 3, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 16, 17, 18, 0x21, 0x30]);
const A_FULL = 0x80;
const PPG_RDY = 0x40;
const PROX = 0x10;
const PWR_RDY = 0x01;

/** The registers of a MAX30102 or MAX30101 and what happens behind them (datasheet 19-7740 Rev 0). */
export class Max3010xModel implements Target {
	readonly address = 0x57;
	readonly fastest = 400_000;
	readonly stretch = 0;
	readonly violations: string[] = [];
	readonly #options: Max3010xModelOptions;
	readonly #registers = new Uint8Array(256);
	#fifo = new SampleFifo();
	#pointer = 0;
	#addressed = false;
	/** When sampling began, in ms, and how many samples were made since. */
	#began = 0;
	#made = 0;
	#near = true;
	#resetUntil: number | undefined;
	#temperatureAt: number | undefined;
	#interrupt: { cancel(): void } | undefined;
	#low = false;

	constructor(options: Max3010xModelOptions) {
		this.#options = options;
		this.powerCycle();
	}

	/** Samples that wait. */
	get waiting(): number {
		this.#run();
		return this.#fifo.filled;
	}

	get isDark(): boolean {
		return !this.#isSampling;
	}

	powerCycle(): void {
		this.#clear();
		this.#registers[0] = PWR_RDY;
	}

	begin(reading: boolean): boolean {
		this.#run();
		this.#addressed = !reading;
		return true;
	}

	write(byte: number): boolean {
		if (this.#addressed) {
			this.#addressed = false;
			this.#pointer = byte;
			return true;
		}
		const register = this.#pointer;
		this.#step();
		if (this.#resetUntil !== undefined) this.#violate(`register ${register} written while it resets`);
		else if (!WRITABLE.has(register)) this.#violate(`register ${register} cannot be written`);
		else this.#set(register, byte);
		return true;
	}

	read(): number {
		const register = this.#pointer;
		if (register === 7) {
			const byte = this.#fifo.pull();
			if (byte === undefined) this.#violate('an empty FIFO was read');
			this.#flag(A_FULL | PPG_RDY, false);
			return byte ?? 0;
		}
		this.#step();
		switch (register) {
			case 0:
			case 1: {
				const flags = this.#registers[register]!;
				this.#registers[register] = 0;
				return flags;
			}
			case 4:
				return this.#fifo.write;
			case 5:
				return this.#fifo.overflow;
			case 6:
				return this.#fifo.read;
			case 0xfe:
				return 0x03;
			case 0xff:
				return this.#options.part ?? 0x15;
			default:
				return this.#registers[register]!;
		}
	}

	end(): void {
		this.#fifo.end();
		this.#arm();
	}

	#step(): void {
		// "FIFO Data Register": reading it does not move on.
		if (this.#pointer !== 7) this.#pointer = (this.#pointer + 1) & 0xff;
	}

	#set(register: number, value: number): void {
		const registers = this.#registers;
		if (register === 4) this.#fifo.write = value;
		else if (register === 5) this.#fifo.overflow = value;
		else if (register === 6) this.#fifo.read = value;
		else registers[register] = value;
		if (register >= 4 && register <= 6 && value > 31) this.#violate(`pointer ${register} has five bits`);
		if (register === 9) this.#setMode(value);
		if (register === 0x21 && value & 1) this.#temperatureAt = this.#now + TEMPERATURE_MILLISECONDS;
		if ((register === 10 || register === 8) && this.#isSampling) this.#violate('set up again while it samples');
	}

	#setMode(value: number): void {
		if (value & 0x40) {
			this.#resetUntil = this.#now + RESET_MILLISECONDS;
			return;
		}
		if (![0, 2, 3, 7].includes(value & 7)) this.#violate(`mode ${value & 7}`);
		this.#began = this.#now;
		this.#made = 0;
		this.#near = !(this.#registers[2]! & PROX);
		if (!this.#isSampling) return;
		const spo2 = this.#registers[10]!;
		const widest = ((value & 7) === 2 ? WIDEST_ONE : WIDEST_TWO)[(spo2 >> 2) & 7]!;
		if ((spo2 & 3) > widest) this.#violate('a pulse that is wider than the rate has time for');
	}

	#clear(): void {
		this.#registers.fill(0);
		this.#fifo = new SampleFifo();
		this.#resetUntil = undefined;
		this.#temperatureAt = undefined;
		this.#low = false;
		this.#interrupt?.cancel();
	}

	/** All that has happened until now. */
	#run(): void {
		const now = this.#now;
		if (this.#resetUntil !== undefined && now >= this.#resetUntil) this.#clear();
		if (this.#temperatureAt !== undefined && now >= this.#temperatureAt) this.#takeTemperature();
		if (!this.#isSampling) return;
		const due = Math.floor((now - this.#began) / this.#period);
		while (this.#made < due) {
			if (this.#fifo.filled === DEPTH && !this.#rollover) {
				this.#fifo.lose(due - this.#made);
				this.#made = due;
				break;
			}
			this.#made++;
			this.#sample();
		}
	}

	#sample(): void {
		const registers = this.#registers;
		const mode = registers[9]! & 7;
		const average = AVERAGES[registers[8]! >> 5]!;
		const end = this.#began + this.#made * this.#period;
		const step = this.#period / average;
		const currents = (this.#near ? [registers[12]!, registers[13]!, registers[14]!] : [0, registers[16]!, 0]).map(
			(code) => code * 0.2,
		) as [number, number, number];
		const sums = [0, 0, 0];
		for (let index = 0; index < average; index++) {
			const { red, infrared, green } = this.#options.light.look(
				(end - (average - 1 - index) * step) / 1000,
				...currents,
			);
			[red, infrared, green].forEach((current, led) => {
				sums[led]! += this.#convert(current);
			});
		}
		const counts = sums.map((sum) => Math.floor(sum / average));
		if (!this.#near) {
			if (counts[1]! >> 10 <= registers[0x30]!) return;
			this.#near = true;
			this.#flag(PROX, true);
			return;
		}
		const leds = mode === 2 ? [0] : mode === 3 ? [0, 1] : this.#slots;
		this.#fifo.push(
			leds.flatMap((led) => [counts[led]! >> 16, (counts[led]! >> 8) & 0xff, counts[led]! & 0xff]),
			this.#rollover,
		);
		this.#flag(PPG_RDY, true);
		if (this.#fifo.filled === DEPTH - (registers[8]! & 15)) this.#flag(A_FULL, true);
	}

	get #slots(): number[] {
		const [one, two] = [this.#registers[17]!, this.#registers[18]!];
		return [one & 7, one >> 4, two & 7, two >> 4].filter((slot) => slot > 0).map((slot) => slot - 1);
	}

	/** 18 bits; a narrower pulse gives fewer, and its counts end in zeros (table 1). */
	#convert(nanoamperes: number): number {
		const spo2 = this.#registers[10]!;
		const bits = BITS[spo2 & 3]!;
		const scale = 2048 << ((spo2 >> 5) & 3);
		const count = Math.min(2 ** bits - 1, Math.max(0, Math.floor((nanoamperes / scale) * 2 ** bits)));
		return count << (18 - bits);
	}

	#takeTemperature(): void {
		this.#temperatureAt = undefined;
		const sixteenths = Math.round((this.#options.light.celsius?.(this.#now / 1000) ?? 25) * 16);
		this.#registers[0x1f] = (sixteenths >> 4) & 0xff;
		this.#registers[0x20] = sixteenths & 15;
		this.#registers[0x21] = 0;
		this.#registers[1] = 0x02;
	}

	#flag(flags: number, on: boolean): void {
		this.#registers[0] = on ? this.#registers[0]! | flags : this.#registers[0]! & ~flags;
	}

	/** The interrupt comes when the FIFO is as full as it was asked for. */
	#arm(): void {
		const { scheduler, onInterrupt } = this.#options;
		this.#interrupt?.cancel();
		const pending = this.#registers[0]! & this.#registers[2]!;
		if (!pending) this.#low = false;
		if (!onInterrupt || !this.#isSampling || !(this.#registers[2]! & (A_FULL | PROX))) return;
		const samples = this.#near ? Math.max(1, DEPTH - (this.#registers[8]! & 15) - this.#fifo.filled) : 1;
		const at = this.#began + (this.#made + samples) * this.#period;
		this.#interrupt = scheduler.schedule(Math.max(0, Math.ceil(at - scheduler.now)), () => {
			this.#run();
			const news = this.#registers[0]! & this.#registers[2]!;
			if (!news) this.#arm();
			else if (!this.#low) {
				this.#low = true;
				onInterrupt();
			}
		});
	}

	get #isSampling(): boolean {
		const mode = this.#registers[9]!;
		return (mode & 0xc0) === 0 && (mode & 7) !== 0;
	}

	get #rollover(): boolean {
		return (this.#registers[8]! & 0x10) !== 0;
	}

	/** Milliseconds from one sample in the FIFO to the next. */
	get #period(): number {
		return (1000 * AVERAGES[this.#registers[8]! >> 5]!) / RATES[(this.#registers[10]! >> 2) & 7]!;
	}

	get #now(): number {
		return this.#options.scheduler.now;
	}

	#violate(words: string): void {
		this.violations.push(`MAX3010x: ${words}`);
	}
}
