import { Fault } from '../fault';
import type { Missing, Sample } from '../ports';
import type { AddressedPart, SMBus } from '../sensor/io';
import type { Driver } from '../sensor/one-shot';

export interface Max17048Options {
	/** 400 kHz at most. */
	readonly sensor: AddressedPart<SMBus>;
}

export interface Max17048Configuration {
	/** RCOMP of the cell (datasheet, "CONFIG Register"), 0 to 255; 0x97 for most. Change it for the temperature and for odd cells. */
	readonly compensation?: number;
	/** % below which the alert pin falls: 1 to 32. */
	readonly alertPercent?: number;
}

export interface BatterySample extends Sample {
	millivolts: number;
	/** % an hour; negative while it is discharged. */
	ratePercent: number;
}

/** Words, high byte first (datasheet 19-6171 rev 7, "Register Summary"). */
const CELL = 0x02;
const CHARGE = 0x04;
const VERSION = 0x08;
const CONFIGURATION = 0x0c;
const RATE = 0x16;
const STATUS = 0x1a;

/** Status: it was reset, and its model of the cell began anew. */
const RESET = 0x0100;
const ADDRESS = 0x36;
/** 78.125 µV a step. */
const MILLIVOLTS = 0.078125;
/** The first second after its reset: it has not looked at the cell. */
const SETTLING = 1_000;
/** Volts at which no lithium cell is, or no cell is. */
const LOWEST_MILLIVOLTS = 2_500;
const HIGHEST_MILLIVOLTS = 4_500;

const NO_CELL: Missing = Object.freeze({ batteryPercent: 'no cell' });
const ALL: Missing = Object.freeze({});

/**
 * The fuel gauge MAX17048, which knows a lithium cell's charge by a model of it (1 cell; the MAX17049 has two). There is no checksum on
 * its bus, so each word is read until two in a row agree.
 */
export class Max17048 implements Driver {
	readonly #io: SMBus;
	readonly #sample: BatterySample = { millivolts: 0, ratePercent: 0 };
	#version = 0;
	#missing: Missing = ALL;
	/** Its power came a moment ago. */
	#fresh = false;
	#closed = false;

	/** @throws Fault 'sensor' when nobody answers, or another part does */
	constructor({ sensor }: Max17048Options) {
		this.#io = new sensor.io({ ...sensor, address: sensor.address ?? ADDRESS, hz: sensor.hz ?? 400_000 } as never);
		try {
			this.#version = this.#agreed(VERSION);
			if (this.#version >> 4 !== 0x001)
				throw new Fault('sensor', `not a MAX17048: version 0x${this.#version.toString(16)}`);
		} catch (thrown) {
			this.#io.close();
			throw Fault.from(thrown, 'sensor');
		}
	}

	get identification(): { readonly model: string; readonly version: number } {
		return { model: 'MAX17048', version: this.#version };
	}

	get missing(): Missing {
		return this.#missing;
	}

	/** @throws Fault 'range' for what it does not have, 'sensor' when it did not take it */
	configure({ compensation = 0x97, alertPercent = 4 }: Max17048Configuration): void {
		if (!(Number.isInteger(compensation) && compensation >= 0 && compensation <= 255))
			throw new Fault('range', `compensation: ${compensation} is not within 0 to 255`);
		if (!(Number.isInteger(alertPercent) && alertPercent >= 1 && alertPercent <= 32))
			throw new Fault('range', `alertPercent: ${alertPercent} is not within 1 to 32`);
		const word = (compensation << 8) | (32 - alertPercent);
		this.#talk(() => {
			this.#io.writeUint16(CONFIGURATION, word, true);
			if (this.#agreed(CONFIGURATION) !== word) throw new Fault('sensor', 'it did not take its settings');
		});
	}

	/** It measures by itself, four times a second; after its power came it needs a second. */
	measure(): number {
		return this.#talk(() => {
			this.#fresh = (this.#agreed(STATUS) & RESET) !== 0;
			return this.#fresh ? SETTLING : 0;
		});
	}

	sample(): BatterySample {
		const sample = this.#sample;
		this.#talk(() => {
			// Only now: whoever asks again before the second is over must see it.
			if (this.#fresh) this.#io.writeUint16(STATUS, this.#agreed(STATUS) & ~RESET, true);
			this.#fresh = false;
			sample.millivolts = this.#agreed(CELL) * MILLIVOLTS;
			// "SOC Register": the high byte is whole percent; it may say a little more than 100.
			sample.batteryPercent = Math.min(100, this.#agreed(CHARGE) / 256);
			sample.ratePercent = ((this.#agreed(RATE) << 16) >> 16) * 0.208;
			if (this.#agreed(STATUS) & RESET) throw new Fault('sensor', 'it lost its power');
		});
		this.#missing = ALL;
		if (sample.millivolts < LOWEST_MILLIVOLTS || sample.millivolts > HIGHEST_MILLIVOLTS) {
			delete sample.batteryPercent;
			this.#missing = NO_CELL;
		}
		return sample;
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#io.close();
	}

	#agreed(register: number): number {
		let before = this.#io.readUint16(register, true);
		for (let tries = 0; tries < 3; tries++) {
			const now = this.#io.readUint16(register, true);
			if (now === before) return now;
			before = now;
		}
		throw new Fault('sensor', 'no two answers agree');
	}

	#talk<T>(words: () => T): T {
		if (this.#closed) throw new Fault('misuse', 'closed');
		try {
			return words();
		} catch (thrown) {
			throw Fault.from(thrown, 'sensor');
		}
	}
}
