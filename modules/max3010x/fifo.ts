import { Fault } from '../fault';
import type { SMBus } from '../sensor/io';
import { CHANNEL_BYTES, FIFO_DEPTH, Flag, HIGHEST_COUNT, Register } from './registers';

/** What the LEDs' light came back as since the last time, oldest first. The arrays are the driver's own, and used again. */
export interface Light {
	count: number;
	/** 0 to 262,143 each. */
	readonly red: Uint32Array;
	readonly infrared: Uint32Array;
	/** Empty while the part has not three LEDs set. */
	readonly green: Uint32Array;
	/** Samples that are missing just before these: the part had no room for them (31: or more). */
	lost: number;
}

/** Samples that one transaction reads at most. */
const AT_ONCE = 8;

/** The ring of 32 samples in the part (datasheet, section "FIFO"): no sample is lost or read twice, whatever broke off. */
export class Fifo {
	/** Something came near, since `begin`. */
	near = false;
	readonly #io: SMBus;
	readonly #status = new Uint8Array(7);
	readonly #bytes = new Uint8Array(AT_ONCE * 3 * CHANNEL_BYTES);
	readonly #light: Light & { green: Uint32Array } = {
		count: 0,
		red: new Uint32Array(FIFO_DEPTH),
		infrared: new Uint32Array(FIFO_DEPTH),
		green: new Uint32Array(0),
		lost: 0,
	};
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

	constructor(io: SMBus) {
		this.#io = io;
	}

	/** It is emptied, and what was flagged is read away. */
	begin(leds: number): void {
		this.near = false;
		if (leds === 3 && this.#light.green.length === 0) this.#light.green = new Uint32Array(FIFO_DEPTH);
		this.#rewind();
		this.#io.readBuffer(Register.STATUS_1, this.#status);
	}

	/**
	 * @param leds in each sample
	 * @param enabled the interrupts that were set: others say that the part was reset
	 * @throws Fault 'sensor', or what the bus throws: call it again; 'closed': the part lost its power or its place
	 */
	sample(leds: number, enabled: number): Light | undefined {
		const light = this.#light;
		const waiting = this.#look(enabled);
		light.count = 0;
		if (waiting === 0) return undefined;
		this.#broken = true;
		while (light.count < waiting) this.#read(leds, Math.min(AT_ONCE, waiting - light.count));
		this.#broken = false;
		this.#full = false;
		this.#place = (this.#place + waiting) % FIFO_DEPTH;
		light.lost = this.#lost;
		this.#lost = this.#overflow;
		this.#overflow = 0;
		return light;
	}

	/** How many samples wait, from our place on. */
	#look(enabled: number): number {
		const status = this.#status;
		this.#io.readBuffer(Register.STATUS_1, status);
		const flags = status[0]!;
		const write = status[4]!;
		const overflow = status[5]!;
		const read = status[6]!;
		// Five bits each: more were never there, or the bus is held.
		if ((write | overflow | read) > 31) throw new Fault('sensor', 'its pointers are no pointers');
		if (flags & Flag.POWER_READY || status[2] !== enabled) throw new Fault('closed', 'it lost its power');
		if (flags & Flag.PROXIMITY) this.near = true;
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
}

/** The six bits above are not used ("FIFO Data Structure"). */
function wordAt(bytes: Uint8Array, at: number): number {
	return ((bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!) & HIGHEST_COUNT;
}
