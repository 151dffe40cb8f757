import { Fault } from '../fault';
import type { AddressedPart, Digital, Part, SMBus } from '../sensor/io';
import { type Codes, type Configuration, encodeConfiguration, encodeCurrent } from './options';
import { ADDRESS, CHANNEL_BYTES, FIFO_DEPTH, Flag, HIGHEST_COUNT, Mode, PART_ID, Register } from './registers';

export interface Max3010xOptions {
	/** Up to 400 kHz ("I2C Interface"). */
	readonly sensor: AddressedPart<SMBus>;
	/** The interrupt's pin, which is low while there is news. Its class calls `onReadable` on the falling edge. */
	readonly alert?: Part<Digital>;
	/** There is news: call `sample`. Never called from inside another call. */
	readonly onAlert?: () => void;
}

/** What the LEDs' light came back as since the last time, oldest first. The arrays are the driver's own, and used again. */
export interface Light {
	count: number;
	/** 0 to 262,143 each. */
	readonly red: Uint32Array;
	readonly infrared: Uint32Array;
	readonly green: Uint32Array;
	/** Samples that are missing just before these: the part had no room for them (31: or more). */
	lost: number;
}

/** Samples that one transaction reads at most. */
const AT_ONCE = 8;

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
	readonly #status = new Uint8Array(7);
	readonly #bytes = new Uint8Array(AT_ONCE * 3 * CHANNEL_BYTES);
	readonly #light: Light;
	#codes: Codes | undefined;
	#revision = 0;
	/** Where the next sample is in the part's ring, as far as all was heard. */
	#place = 0;
	/** The last transaction with the FIFO broke off: the part's place may be ahead of ours. */
	#broken = false;
	/** Its flags said so, since the FIFO was last empty. */
	#full = false;
	#emptying = false;
	/** Samples that are missing before those that wait, and behind them: a full FIFO keeps the oldest. */
	#lost = 0;
	#overflow = 0;
	#astray = false;
	#near = false;
	#closed = false;

	/** @throws Fault 'sensor' when nobody answers, or another part does */
	constructor({ sensor, alert, onAlert }: Max3010xOptions) {
		this.#light = {
			count: 0,
			red: new Uint32Array(FIFO_DEPTH),
			infrared: new Uint32Array(FIFO_DEPTH),
			green: new Uint32Array(FIFO_DEPTH),
			lost: 0,
		};
		this.#io = new sensor.io({ ...sensor, address: sensor.address ?? ADDRESS, hz: sensor.hz ?? 400_000 } as never);
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
		return this.#near;
	}

	/**
	 * Sets the part up and lets it measure.
	 * @throws Fault 'range' for settings that it does not have; 'sensor' when it did not take them, or its reset goes on
	 */
	configure(options: Configuration): void {
		const codes = encodeConfiguration(options);
		const wasRunning = this.#codes !== undefined;
		this.#codes = undefined;
		this.#near = !options.proximity;
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
		const light = this.#light;
		const waiting = this.#attempt(() => this.#look(codes));
		light.count = 0;
		if (waiting === 0) return undefined;
		this.#broken = true;
		this.#attempt(() => {
			while (light.count < waiting) this.#read(codes.leds, Math.min(AT_ONCE, waiting - light.count));
		});
		this.#broken = false;
		this.#full = false;
		this.#place = (this.#place + waiting) % FIFO_DEPTH;
		light.lost = this.#lost;
		this.#lost = this.#overflow;
		this.#overflow = 0;
		return light;
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
		io.writeUint8(Register.ENABLE_1, this.#enabled(codes));
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
		this.#rewind();
		io.readBuffer(Register.STATUS_1, this.#status);
		io.writeUint8(Register.MODE, mode);
		if (io.readUint8(Register.MODE) !== mode) throw new Fault('sensor', 'it did not take its mode');
		this.#codes = codes;
	}

	#enabled({ pilot }: Codes): number {
		return Flag.ALMOST_FULL | (pilot > 0 ? Flag.PROXIMITY : 0);
	}

	/** How many samples wait, from our place on. */
	#look(codes: Codes): number {
		const status = this.#status;
		this.#io.readBuffer(Register.STATUS_1, status);
		const flags = status[0]!;
		const enabled = status[2]!;
		const write = status[4]!;
		const overflow = status[5]!;
		const read = status[6]!;
		// Five bits each: more were never there, or the bus is held.
		if ((write | overflow | read) > 31) throw new Fault('sensor', 'its pointers are no pointers');
		if (flags & Flag.POWER_READY || enabled !== this.#enabled(codes)) {
			this.#codes = undefined;
			throw new Fault('closed', 'it lost its power');
		}
		if (flags & Flag.PROXIMITY) this.#near = true;
		if (flags & Flag.ALMOST_FULL || overflow > 0) this.#full = true;
		// Until it is done: whatever the pointers are by then.
		if (this.#emptying) return this.#empty();
		this.#overflow = Math.max(this.#overflow, overflow);
		const popped = (read - this.#place + FIFO_DEPTH) % FIFO_DEPTH;
		if (popped !== 0 && !this.#broken) return this.#misplaced();
		this.#astray = false;
		const left = (write - read + FIFO_DEPTH) % FIFO_DEPTH;
		if (popped === 0) return left === 0 && this.#full ? FIFO_DEPTH : left;
		// Equal pointers are an empty FIFO or a full one.
		if (this.#overflow > 0 || left === 0 || popped + left >= FIFO_DEPTH) return this.#empty();
		// "FIFO Data Register": the pointer may be written, to read again what an error on the bus spoilt.
		this.#io.writeUint8(Register.FIFO_READ, this.#place);
		return popped + left;
	}

	/** What was popped and not heard may be written over, or samples are missing in the midst of those that wait: none is of use. */
	#empty(): number {
		this.#emptying = true;
		this.#rewind();
		this.#lost = FIFO_DEPTH - 1;
		return 0;
	}

	#rewind(): void {
		this.#io.writeUint8(Register.FIFO_WRITE, 0);
		this.#io.writeUint8(Register.FIFO_OVERFLOW, 0);
		this.#io.writeUint8(Register.FIFO_READ, 0);
		this.#place = 0;
		this.#emptying = false;
		this.#broken = false;
		this.#full = false;
		this.#lost = 0;
		this.#overflow = 0;
		this.#astray = false;
	}

	/** A pointer that was misheard is heard right the next time. */
	#misplaced(): never {
		if (!this.#astray) {
			this.#astray = true;
			throw new Fault('sensor', 'its place is not ours');
		}
		this.#codes = undefined;
		throw new Fault('closed', 'it lost its place');
	}

	#read(leds: number, count: number): void {
		const light = this.#light;
		const { red, infrared, green } = light;
		const bytes = this.#bytes.subarray(0, count * leds * CHANNEL_BYTES);
		this.#io.readBuffer(Register.FIFO_DATA, bytes);
		let at = 0;
		for (let index = 0; index < count; index++) {
			const to = light.count++;
			red[to] = wordAt(bytes, at);
			at += CHANNEL_BYTES;
			if (leds > 1) {
				infrared[to] = wordAt(bytes, at);
				at += CHANNEL_BYTES;
			}
			if (leds > 2) {
				green[to] = wordAt(bytes, at);
				at += CHANNEL_BYTES;
			}
		}
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
			throw Fault.from(thrown, 'sensor');
		}
	}
}

/** The six bits above are not used ("FIFO Data Structure"). */
function wordAt(bytes: Uint8Array, at: number): number {
	return ((bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!) & HIGHEST_COUNT;
}
