import { Fault } from '../fault';
import type { Missing, Sample } from '../ports';
import { crc8 } from '../sensor/crc8';
import type { AddressedPart, I2C } from '../sensor/io';
import type { Driver } from '../sensor/one-shot';
import { type Family, families } from './families';

export interface ShtOptions {
	/** 0x44, or what ADDR or the part's last letter says. */
	readonly sensor: AddressedPart<I2C>;
	/** Which family it is: its words are others. */
	readonly part: 'sht3x' | 'sht4x';
}

export interface ShtConfiguration {
	/** The more, the longer: 15, 6 and 4 ms with the SHT3x; 8.3, 4.5 and 1.6 ms with the SHT4x. Default: high. */
	readonly repeatability?: 'high' | 'medium' | 'low';
	/**
	 * Drives dew away. SHT3x: on until it is told otherwise. SHT4x: for 0.1 s (200 mW) ahead of each measurement; its datasheet
	 * (section 4.9) allows it a tenth of the time, so measure once a second at most. Either way what is measured meanwhile is
	 * the heater's own warmth: it is not given.
	 */
	readonly heater?: boolean;
}

const POLYNOMIAL = 0x31;
const INITIAL = 0xff;
const ADDRESS = 0x44;

/** Sensirion's thermometers and hygrometers: SHT30, 31, 35 (datasheet version 7) and SHT40, 41, 43, 45 (version 6.5). */
export class Sht implements Driver {
	readonly #io: I2C;
	readonly #family: Family;
	readonly #word: Uint8Array;
	readonly #bytes = new Uint8Array(6);
	readonly #sample: Sample = {};
	#serial = 0;
	#command: number;
	#duration: number;
	#heated = false;
	#missing: Missing = {};
	#closed = false;

	/** @throws Fault 'sensor' when nobody answers, or another part does */
	constructor({ sensor, part }: ShtOptions) {
		this.#family = families[part];
		const { command, duration } = this.#family.measure.high;
		this.#command = command;
		this.#duration = duration;
		this.#word = new Uint8Array(this.#family.commandBytes);
		this.#io = new sensor.io({ ...sensor, address: sensor.address ?? ADDRESS, hz: sensor.hz ?? 400_000 } as never);
		try {
			// A chip that is not of the family takes no such word, or answers without the right check.
			this.#say(this.#family.serial);
			this.#read();
			const bytes = this.#bytes;
			this.#serial = ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[3]! << 8) | bytes[4]!) >>> 0;
		} catch (thrown) {
			this.#io.close();
			throw Fault.from(thrown, 'sensor');
		}
	}

	/** Its serial number, 32 bits. */
	get identification(): { readonly model: string; readonly serial: number } {
		return { model: this.#family.name, serial: this.#serial };
	}

	get missing(): Missing {
		return this.#missing;
	}

	/** @throws Fault 'sensor' when the part did not take it */
	configure({ repeatability = 'high', heater = false }: ShtConfiguration): void {
		const { measure, heat, heaterOn, heaterOff } = this.#family;
		const { command, duration } = heater && heat ? heat : measure[repeatability];
		this.#command = command;
		this.#duration = duration;
		if (heaterOn !== undefined && heaterOff !== undefined && heater !== this.#heated)
			this.#talk(() => this.#say(heater ? heaterOn : heaterOff));
		this.#heated = heater;
	}

	measure(): number {
		this.#talk(() => this.#say(this.#command));
		return this.#duration;
	}

	/** @throws Fault 'sensor' when it is still measuring, or its CRC (SHT3x 4.12, SHT4x 4.4) is wrong */
	sample(): Sample {
		const sample = this.#sample;
		this.#talk(() => this.#read());
		const bytes = this.#bytes;
		sample.temperatureCelsius = -45 + (175 * ((bytes[0]! << 8) | bytes[1]!)) / 65_535;
		const { offset, span } = this.#family.humidity;
		const humidity = offset + (span * ((bytes[3]! << 8) | bytes[4]!)) / 65_535;
		// SHT4x 4.6: it may go a little beyond, where the air is that dry or that wet.
		sample.humidityPercent = Math.min(100, Math.max(0, humidity));
		this.#missing = {};
		if (this.#heated) {
			this.#missing = HEATED;
			delete sample.temperatureCelsius;
			delete sample.humidityPercent;
		}
		return sample;
	}

	/** Turns the heater off. */
	close(): void {
		if (this.#closed) return;
		const { heaterOff } = this.#family;
		try {
			if (this.#heated && heaterOff !== undefined) this.#say(heaterOff);
		} catch {
			// It does not answer any more.
		}
		this.#closed = true;
		this.#io.close();
	}

	#say(command: number): void {
		const word = this.#word;
		word[word.length - 1] = command & 0xff;
		if (word.length === 2) word[0] = command >> 8;
		this.#io.write(word);
	}

	/** Two words, each with its check. */
	#read(): void {
		const bytes = this.#bytes;
		this.#io.read(bytes);
		for (let at = 0; at < 6; at += 3)
			if (crc8(bytes, POLYNOMIAL, INITIAL, at, at + 2) !== bytes[at + 2]) throw new Fault('sensor', 'CRC');
	}

	#talk(words: () => void): void {
		if (this.#closed) throw new Fault('misuse', 'closed');
		try {
			words();
		} catch (thrown) {
			throw Fault.from(thrown, 'sensor');
		}
	}
}

const HEATED: Missing = Object.freeze({ temperatureCelsius: 'heater', humidityPercent: 'heater' });
