import { Fault } from '../fault';
import type { AddressedPart, Digital, Part, SMBus } from '../sensor/io';
import { Fifo, type Light } from './fifo';
import { type Codes, type Configuration, encodeConfiguration, encodeCurrent } from './options';
import { ADDRESS, Flag, Mode, PART_ID, Register } from './registers';

export interface Max3010xOptions {
	/** Up to 400 kHz ("I2C Interface"). */
	readonly sensor: AddressedPart<SMBus>;
	/** The interrupt's pin, which is low while there is news. Its class calls `onReadable` on the falling edge. */
	readonly alert?: Part<Digital>;
	/** There is news: call `sample`. Never called from inside another call. */
	readonly onAlert?: () => void;
}

/**
 * The optical sensor of a pulse oximeter: MAX30102, or MAX30101 with its green LED. Sections are those of the MAX30102's datasheet,
 * 19-7740 Rev 0.
 *
 * Made, it has found its part and reset it: a millisecond later it can be configured. Whatever it throws, make a new one, except
 * for `sample`: a transaction that broke off is made good by the next call, and no sample is lost or read twice.
 */
export class Max3010x {
	readonly #io: SMBus;
	readonly #alert: Digital | undefined;
	readonly #bytes = new Uint8Array(7);
	readonly #fifo: Fifo;
	#codes: Codes | undefined;
	#revision = 0;
	/** Without proximity, whatever is there counts as near. */
	#always = false;
	#closed = false;

	/** @throws Fault 'sensor' when nobody answers, or another part does */
	constructor({ sensor, alert, onAlert }: Max3010xOptions) {
		this.#io = new sensor.io({ ...sensor, address: sensor.address ?? ADDRESS, hz: sensor.hz ?? 400_000 } as never);
		this.#fifo = new Fifo(this.#io);
		try {
			const part = this.#io.readUint8(Register.PART);
			if (part !== PART_ID) throw new Fault('sensor', `not a MAX30101 or MAX30102: part 0x${part.toString(16)}`);
			this.#revision = this.#io.readUint8(Register.REVISION);
			this.#io.writeUint8(Register.MODE, Mode.RESET);
			if (alert)
				this.#alert = new alert.io({
					...alert,
					onReadable: () => {
						if (!this.#closed) onAlert?.();
					},
				} as never);
		} catch (thrown) {
			this.#io.close();
			throw Fault.from(thrown, 'sensor');
		}
	}

	get identification(): { readonly model: string; readonly revision: number } {
		return { model: 'MAX3010x', revision: this.#revision };
	}

	/** Something came near, since `configure` with `proximity`. */
	get isNear(): boolean {
		return this.#always || this.#fifo.near;
	}

	/**
	 * Sets the part up and lets it measure.
	 * @throws Fault 'range' for settings that it does not have; 'sensor' when it did not take them, or its reset goes on
	 */
	configure(options: Configuration): void {
		const codes = encodeConfiguration(options);
		const wasRunning = this.#codes !== undefined;
		this.#codes = undefined;
		this.#always = !options.proximity;
		this.#attempt(() => {
			if (wasRunning) this.#io.writeUint8(Register.MODE, Mode.SHUTDOWN);
			if (this.#io.readUint8(Register.MODE) & Mode.RESET) throw new Fault('sensor', 'its reset takes too long');
			this.#set(codes);
			this.#verify(codes);
			this.#begin(codes);
		});
	}

	/** Other currents from the next sample on. */
	setCurrents(redMilliamperes: number, infraredMilliamperes: number): void {
		const codes = this.#running();
		const red = encodeCurrent('redMilliamperes', redMilliamperes);
		const infrared = encodeCurrent('infraredMilliamperes', infraredMilliamperes);
		this.#attempt(() => {
			this.#io.writeUint8(Register.LED_1, red);
			this.#io.writeUint8(Register.LED_2, infrared);
			const got = this.#bytes.subarray(0, 2);
			this.#io.readBuffer(Register.LED_1, got);
			if (got[0] !== red || got[1] !== infrared) throw new Fault('sensor', 'it did not take its currents');
		});
		this.#codes = { ...codes, red, infrared };
	}

	/**
	 * Takes what waits in the FIFO (section "FIFO").
	 * @returns undefined when nothing does
	 * @throws Fault 'sensor': call it again; 'closed': the part lost its power or its place, make a new one
	 */
	sample(): Light | undefined {
		const codes = this.#running();
		return this.#attempt(() => this.#fifo.sample(codes.leds, enabled(codes)));
	}

	/** Begins to measure the die's temperature (29 ms): the LEDs' wavelength goes with it. */
	measureTemperature(): void {
		this.#running();
		this.#attempt(() => this.#io.writeUint8(Register.TEMPERATURE_ENABLE, 1));
	}

	/** °C, by 0.0625; undefined while it is being measured. */
	get temperatureCelsius(): number | undefined {
		this.#running();
		return this.#attempt(() => {
			const bytes = this.#bytes.subarray(0, 3);
			this.#io.readBuffer(Register.TEMPERATURE, bytes);
			if (bytes[2]! & 1) return undefined;
			if (bytes[1]! > 15) throw new Fault('sensor', 'its temperature is no temperature');
			return ((bytes[0]! << 24) >> 24) + bytes[1]! / 16;
		});
	}

	/** Dark, with 0.7 µA, until the next `configure`. */
	standby(): void {
		this.#codes = undefined;
		this.#attempt(() => this.#io.writeUint8(Register.MODE, Mode.SHUTDOWN));
	}

	/** Leaves the part dark, if it still listens. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		try {
			this.#io.writeUint8(Register.MODE, Mode.SHUTDOWN);
		} catch {
			// It does not answer any more: nothing to leave behind.
		}
		this.#alert?.close();
		this.#io.close();
	}

	#set(codes: Codes): void {
		const io = this.#io;
		const { leds, red, infrared, green, fifo, spo2, pilot, threshold } = codes;
		io.writeUint8(Register.ENABLE_1, enabled(codes));
		io.writeUint8(Register.ENABLE_2, 0);
		io.writeUint8(Register.FIFO_CONFIGURATION, fifo);
		io.writeUint8(Register.SPO2_CONFIGURATION, spo2);
		io.writeUint8(Register.LED_1, red);
		io.writeUint8(Register.LED_2, infrared);
		if (leds === 3) {
			io.writeUint8(Register.LED_3, green);
			io.writeUint8(Register.SLOTS_1_2, 0x21);
			io.writeUint8(Register.SLOTS_3_4, 0x03);
		}
		if (pilot > 0) {
			io.writeUint8(Register.PILOT, pilot);
			io.writeUint8(Register.PROXIMITY_THRESHOLD, threshold);
		}
	}

	/** There is no checksum on this bus: what was written is read back. */
	#verify({ leds, red, infrared, green, fifo, spo2 }: Codes): void {
		const got = this.#bytes.subarray(0, 7);
		this.#io.readBuffer(Register.FIFO_CONFIGURATION, got);
		if (
			got[0] !== fifo ||
			got[2] !== spo2 ||
			got[4] !== red ||
			got[5] !== infrared ||
			got[6] !== (leds === 3 ? green : 0)
		)
			throw new Fault('sensor', 'it did not take its settings');
	}

	/** The FIFO is emptied, what was flagged is read away, and the first sample comes. */
	#begin(codes: Codes): void {
		const io = this.#io;
		const mode = codes.leds === 1 ? Mode.RED : codes.leds === 2 ? Mode.SPO2 : Mode.MULTI;
		this.#fifo.begin(codes.leds);
		io.writeUint8(Register.MODE, mode);
		if (io.readUint8(Register.MODE) !== mode) throw new Fault('sensor', 'it did not take its mode');
		this.#codes = codes;
	}

	#running(): Codes {
		if (this.#closed || !this.#codes) throw new Fault('misuse', this.#closed ? 'closed' : 'not configured');
		return this.#codes;
	}

	#attempt<T>(talk: () => T): T {
		if (this.#closed) throw new Fault('misuse', 'closed');
		try {
			return talk();
		} catch (thrown) {
			const fault = Fault.from(thrown, 'sensor');
			if (fault.code === 'closed') this.#codes = undefined;
			throw fault;
		}
	}
}

/** The interrupts that it is to have. */
function enabled({ pilot }: Codes): number {
	return Flag.ALMOST_FULL | (pilot > 0 ? Flag.PROXIMITY : 0);
}
