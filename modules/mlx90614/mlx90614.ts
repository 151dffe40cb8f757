import { Fault } from '../fault';
import type { Missing, Sample } from '../ports';
import { crc8 } from '../sensor/crc8';
import type { AddressedPart, SMBus } from '../sensor/io';
import type { Driver } from '../sensor/one-shot';

export interface Mlx90614Options {
	/** 100 kHz at most (datasheet table 7). */
	readonly sensor: AddressedPart<SMBus>;
}

export interface Mlx90614Configuration {
	/** Objects outside of this are nobody's body: °C. Default: 30 to 45. */
	readonly lowestCelsius?: number;
	readonly highestCelsius?: number;
}

export interface BodySample extends Sample {
	/** Of what it looks at, whatever that is; absent when that cannot be measured. */
	objectCelsius?: number;
	/** Of the part itself. */
	ambientCelsius: number;
}

/** RAM at 0x00, EEPROM at 0x20 of the same read word command (datasheet 3901090614 rev 13, sections 8.3.3 to 8.3.5). */
const AMBIENT = 0x06;
const OBJECT = 0x07;
const ID = 0x3c;
const FLAGS = 0xf0;
/** Low until it has measured for the first time, 0.25 s after its power came. */
const INITIALISED = 0x10;
const EEPROM_BUSY = 0x80;

const ADDRESS = 0x5a;
const POLYNOMIAL = 0x07;
/** Section 8.7: 0.02 K a step; bit 15 says that it could not. */
const STEP = 0.02;
const ZERO_CELSIUS = 273.15;
const ERROR = 0x8000;

const NOBODY: Missing = Object.freeze({ temperatureCelsius: 'nobody in front of it' });
const UNABLE: Missing = Object.freeze({ temperatureCelsius: 'it could not measure' });
const ALL: Missing = Object.freeze({});

/**
 * The contactless thermometer MLX90614. It measures all the time by itself; the temperature it gives is that of the skin before it,
 * which is below that of the body by what the room makes of it.
 */
export class Mlx90614 implements Driver {
	readonly #io: SMBus;
	readonly #word = new Uint8Array(3);
	/** As they go over the wire: address and direction, command, address and direction, two bytes. */
	readonly #wire = new Uint8Array(5);
	readonly #sample: BodySample = { ambientCelsius: 0 };
	#id = 0;
	#lowest = 30;
	#highest = 45;
	#missing: Missing = ALL;
	#closed = false;

	/** @throws Fault 'sensor' when nobody answers, or another part does: one that gives no right PEC */
	constructor({ sensor }: Mlx90614Options) {
		const address = sensor.address ?? ADDRESS;
		this.#wire[0] = address << 1;
		this.#wire[2] = (address << 1) | 1;
		this.#io = new sensor.io({ ...sensor, address, hz: sensor.hz ?? 100_000 } as never);
		try {
			this.#id = (this.#read(ID) | (this.#read(ID + 1) << 16)) >>> 0;
			if (this.#id === 0 || this.#id === 0xffff_ffff) throw new Fault('sensor', 'it has no number');
		} catch (thrown) {
			this.#io.close();
			throw Fault.from(thrown, 'sensor');
		}
	}

	/** 32 of the 64 bits of its number. */
	get identification(): { readonly model: string; readonly serial: number } {
		return { model: 'MLX90614', serial: this.#id };
	}

	get missing(): Missing {
		return this.#missing;
	}

	/** @throws Fault 'range' */
	configure({ lowestCelsius = 30, highestCelsius = 45 }: Mlx90614Configuration): void {
		if (!(lowestCelsius >= -70 && highestCelsius <= 382 && lowestCelsius < highestCelsius))
			throw new Fault('range', `lowestCelsius, highestCelsius: ${lowestCelsius} to ${highestCelsius} is no range`);
		this.#lowest = lowestCelsius;
		this.#highest = highestCelsius;
	}

	measure(): number {
		const flags = this.#talk(FLAGS);
		return flags & INITIALISED && !(flags & EEPROM_BUSY) ? 0 : 250;
	}

	/** @throws Fault 'sensor' when its PEC is wrong, or it has not measured yet */
	sample(): BodySample {
		const sample = this.#sample;
		if (!(this.#talk(FLAGS) & INITIALISED)) throw new Fault('sensor', 'it has not measured yet');
		sample.ambientCelsius = celsius(this.#talk(AMBIENT));
		const object = this.#talk(OBJECT);
		delete sample.temperatureCelsius;
		delete sample.objectCelsius;
		this.#missing = UNABLE;
		if (object & ERROR) return sample;
		const value = celsius(object);
		sample.objectCelsius = value;
		if (value < this.#lowest || value > this.#highest) this.#missing = NOBODY;
		else {
			sample.temperatureCelsius = value;
			this.#missing = ALL;
		}
		return sample;
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#io.close();
	}

	#talk(command: number): number {
		if (this.#closed) throw new Fault('misuse', 'closed');
		try {
			return this.#read(command);
		} catch (thrown) {
			throw Fault.from(thrown, 'sensor');
		}
	}

	/** Section 8.4.3.1: the word, low byte first, and the PEC over all that went over the wire. */
	#read(command: number): number {
		const word = this.#word;
		const wire = this.#wire;
		this.#io.readBuffer(command, word);
		wire[1] = command;
		wire[3] = word[0]!;
		wire[4] = word[1]!;
		if (crc8(wire, POLYNOMIAL, 0) !== word[2]) throw new Fault('sensor', 'PEC');
		return word[0]! | (word[1]! << 8);
	}
}

function celsius(word: number): number {
	return word * STEP - ZERO_CELSIUS;
}
