import { crc8 } from '../../../modules/sensor/crc8';
import type { Target } from './i2c';

/** The air around the part. */
export interface Air {
	readonly temperatureCelsius: number;
	readonly humidityPercent: number;
}

export interface ShtModelOptions {
	/** Milliseconds. */
	readonly now: () => number;
	readonly air: () => Air;
	readonly family: 'sht3x' | 'sht4x';
	readonly address?: number;
}

interface Answer {
	readonly words: readonly number[];
	/** When it is there, in milliseconds. */
	readonly at: number;
	/** Until then the part holds the clock, or else does not acknowledge. */
	readonly stretch: boolean;
}

/** Durations at most, in milliseconds (SHT3x table 4, SHT4x table 4). */
const SHT3X_MEASURE: Readonly<Record<number, readonly [milliseconds: number, stretch: boolean]>> = {
	9216: [15, false],
	9227: [6, false],
	9238: [4, false],
	11270: [15, true],
	11277: [6, true],
	11280: [4, true],
};
const SHT4X_MEASURE: Readonly<Record<number, readonly [milliseconds: number, heat: number]>> = {
	253: [8.3, 0],
	246: [4.5, 0],
	224: [1.6, 0],
	57: [1_108.3, 1_100],
	50: [118.3, 110],
	47: [1_108.3, 1_100],
	36: [118.3, 110],
	30: [1_108.3, 1_100],
	21: [118.3, 110],
};

const SERIAL = [0x12ab, 0x34cd];
/** What the heater adds, and what that leaves of the humidity. */
const HEATER_CELSIUS = 20;

/** Sensirion's SHT3x (datasheet version 7) and SHT4x (6.5): commands, times, checks. */
export class ShtModel implements Target {
	readonly address: number;
	readonly fastest = 1_000_000;
	readonly violations: string[] = [];
	readonly #options: ShtModelOptions;
	readonly #command: number[] = [];
	#answer: Answer | undefined;
	#reading: number[] = [];
	#heater = false;
	#heated = 0;
	#status = 0x8010;

	constructor(options: ShtModelOptions) {
		this.#options = options;
		this.address = options.address ?? 0x44;
	}

	get isHeating(): boolean {
		return this.#heater;
	}

	powerCycle(): void {
		this.#answer = undefined;
		this.#heater = false;
		this.#status = 0x8010;
	}

	begin(reading: boolean): boolean {
		const { now } = this.#options;
		const answer = this.#answer;
		this.#command.length = 0;
		if (!reading) return !answer || now() >= answer.at;
		if (!answer || (now() < answer.at && !answer.stretch)) return false;
		this.#reading = answer.words.flatMap((word) => checked(word));
		return true;
	}

	get stretch(): number {
		return Math.max(0, (this.#answer?.at ?? 0) - this.#options.now());
	}

	write(byte: number): boolean {
		this.#command.push(byte);
		return this.#options.family === 'sht4x' ? this.#obeyShort(byte) : this.#obeyLong();
	}

	read(): number {
		this.#answer = undefined;
		return this.#reading.shift() ?? 0xff;
	}

	end(): void {}

	#obeyLong(): boolean {
		if (this.#command.length < 2) return true;
		const command = (this.#command[0]! << 8) | this.#command[1]!;
		const measure = SHT3X_MEASURE[command];
		if (measure) this.#measure(measure[0], measure[1]);
		else if (command === 0x306d) this.#heater = true;
		else if (command === 0x3066) this.#heater = false;
		else if (command === 0x3780) this.#give(SERIAL);
		else if (command === 0xf32d) this.#give([this.#status | (this.#heater ? 0x2000 : 0)]);
		else if (command === 0x3041) this.#status = 0;
		else if (command === 0x30a2) this.powerCycle();
		else return false;
		return this.#command.length === 2;
	}

	#obeyShort(command: number): boolean {
		if (this.#command.length > 1) return false;
		const measure = SHT4X_MEASURE[command];
		if (measure) {
			const [duration, heat] = measure;
			this.#heated += heat;
			// Section 4.9: a tenth of its life at most.
			if (heat > 0 && this.#heated > Math.max(1_100, this.#options.now() / 10))
				this.violations.push('SHT4x: overheated');
			this.#heater = heat > 0;
			this.#measure(duration, false);
			this.#heater = false;
		} else if (command === 0x89) this.#give(SERIAL);
		else if (command === 0x94) this.powerCycle();
		else return false;
		return true;
	}

	#measure(duration: number, stretch: boolean): void {
		const { now, air, family } = this.#options;
		const { temperatureCelsius, humidityPercent } = air();
		const celsius = temperatureCelsius + (this.#heater ? HEATER_CELSIUS : 0);
		const humidity = this.#heater ? humidityPercent / 3 : humidityPercent;
		const [offset, span] = family === 'sht3x' ? [0, 100] : [-6, 125];
		const word = (part: number): number => Math.min(65_535, Math.max(0, Math.round(part * 65_535)));
		const words = [word((celsius + 45) / 175), word((humidity - offset) / span)];
		this.#answer = { words, at: now() + duration, stretch };
	}

	#give(words: readonly number[]): void {
		this.#answer = { words, at: this.#options.now(), stretch: false };
	}
}

function checked(word: number): number[] {
	const bytes = new Uint8Array([word >> 8, word & 0xff]);
	return [...bytes, crc8(bytes, 0x31, 0xff)];
}
