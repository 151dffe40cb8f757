import type { I2C, SMBus } from '../../../modules/sensor/io';

/** A part on the bus, byte by byte, as its datasheet says. */
export interface Target {
	readonly address: number;
	/** Hz. */
	readonly fastest: number;
	/** Its address was called. False: it does not acknowledge. */
	begin(reading: boolean): boolean;
	/** False: it does not acknowledge, and took nothing of it. */
	write(byte: number): boolean;
	read(): number;
	/** Milliseconds for which it would hold the clock before its next byte. */
	readonly stretch: number;
	/** A stop; what follows a repeated start comes without one. */
	end(): void;
	/** Its power went for a moment. */
	powerCycle(): void;
	/** What a driver did that the datasheet forbids. */
	readonly violations: readonly string[];
}

/**
 * What can go wrong with one transaction: nobody acknowledges; it breaks off half-way; the clock is held; all of it was done, and
 * the controller says it failed; a bit of what is read is another; the second half reads as ones; the part's power goes just before.
 */
export const BUS_FAULTS = Object.freeze(['nak', 'broken', 'timeout', 'unsaid', 'flip', 'ones', 'power'] as const);
export type BusFault = (typeof BUS_FAULTS)[number];

interface BusOptions {
	readonly address: number;
	readonly hz: number;
	/** Milliseconds that a target may hold the clock; 400 with the SDK unless said. */
	readonly timeout?: number;
}

/** Wires with parts on them, and classes like the SDK's to talk over them. */
export class VirtualBus {
	readonly #targets: readonly Target[];
	readonly #taken = new Set<number>();
	readonly #violations: string[] = [];
	/** The data line is held low: nothing gets through. */
	stuck = false;
	/** Asked before each transaction, which are counted from 0. */
	fault: ((transaction: number) => BusFault | undefined) | undefined;
	/** Bits that 'flip' changes, counted from the first that is read. */
	flipped = 5;
	#transactions = 0;
	readonly I2C: new (
		options: BusOptions,
	) => I2C;
	readonly SMBus: new (
		options: BusOptions,
	) => SMBus;

	constructor(targets: readonly Target[]) {
		this.#targets = targets;
		const bus = this;
		this.I2C = class extends Controller {
			constructor(options: BusOptions) {
				super(bus, options);
			}
		};
		this.SMBus = class extends SystemController {
			constructor(options: BusOptions) {
				super(bus, options);
			}
		};
	}

	get transactions(): number {
		return this.#transactions;
	}

	/** Of all who are on it. */
	get violations(): readonly string[] {
		return [...this.#violations, ...this.#targets.flatMap(({ violations }) => violations)];
	}

	take({ address, hz }: BusOptions): void {
		if (!(address >= 0 && address <= 127)) throw new RangeError('invalid address');
		if (!(hz > 0)) throw new RangeError('invalid hz');
		if (this.#taken.has(address)) throw new RangeError('duplicate address');
		this.#taken.add(address);
		for (const target of this.#targets)
			if (target.address === address && hz > target.fastest)
				this.#violations.push(`0x${address.toString(16)}: ${hz} Hz, ${target.fastest} at most`);
	}

	free(address: number): void {
		this.#taken.delete(address);
	}

	/** The board was reset: whoever held an address is gone. */
	release(): void {
		this.#taken.clear();
	}

	/** One transaction: a write, a read, or a write and a read with a repeated start between. Throws as the SDK's does. */
	transact({ address, timeout = 400 }: BusOptions, out: Uint8Array | undefined, into: Uint8Array | undefined): void {
		const failed = new Error(out && into ? 'writeRead failed' : into ? 'read failed' : 'write failed');
		const fault = this.fault?.(this.#transactions);
		this.#transactions++;
		const target = this.#targets.find((each) => each.address === address);
		if (this.stuck || fault === 'nak' || fault === 'timeout' || !target) throw failed;
		if (fault === 'power') target.powerCycle();
		try {
			if (out && !this.#write(target, out, fault === 'broken' && !into)) throw failed;
			if (into && !this.#read(target, into, timeout, fault)) throw failed;
		} finally {
			target.end();
		}
		if (fault === 'unsaid') throw failed;
	}

	#write(target: Target, out: Uint8Array, broken: boolean): boolean {
		if (!target.begin(false)) return false;
		const end = broken ? out.length >> 1 : out.length;
		for (let at = 0; at < end; at++) if (!target.write(out[at]!)) return false;
		return !broken;
	}

	#read(target: Target, into: Uint8Array, timeout: number, fault: BusFault | undefined): boolean {
		if (!target.begin(true)) return false;
		const half = into.length >> 1;
		for (let at = 0; at < into.length; at++) {
			if (fault === 'broken' && at >= half) return false;
			if (target.stretch > timeout) return false;
			into[at] = fault === 'ones' && at >= half ? 0xff : target.read();
		}
		if (fault === 'flip') {
			const bit = this.flipped % (8 * into.length);
			into[bit >> 3] = into[bit >> 3]! ^ (0x80 >> (bit & 7));
		}
		return true;
	}
}

class Controller implements I2C {
	readonly #bus: VirtualBus;
	readonly #options: BusOptions;
	#closed = false;

	constructor(bus: VirtualBus, options: BusOptions) {
		bus.take(options);
		this.#bus = bus;
		this.#options = options;
	}

	write(bytes: Uint8Array): void {
		this.transact(bytes, undefined);
	}

	read(into: Uint8Array): void {
		this.transact(undefined, into);
	}

	protected transact(out: Uint8Array | undefined, into: Uint8Array | undefined): void {
		if (this.#closed) throw new SyntaxError('closed');
		this.#bus.transact(this.#options, out, into);
	}

	close(): void {
		if (!this.#closed) this.#bus.free(this.#options.address);
		this.#closed = true;
	}
}

class SystemController extends Controller implements SMBus {
	readUint8(register: number): number {
		const into = new Uint8Array(1);
		this.readBuffer(register, into);
		return into[0]!;
	}

	writeUint8(register: number, value: number): void {
		this.write(new Uint8Array([register, value]));
	}

	readUint16(register: number, bigEndian = false): number {
		const into = new Uint8Array(2);
		this.readBuffer(register, into);
		return bigEndian ? (into[0]! << 8) | into[1]! : (into[1]! << 8) | into[0]!;
	}

	writeUint16(register: number, value: number, bigEndian = false): void {
		const high = (value >> 8) & 0xff;
		const low = value & 0xff;
		this.write(new Uint8Array([register, ...(bigEndian ? [high, low] : [low, high])]));
	}

	readBuffer(register: number, into: Uint8Array): void {
		this.transact(new Uint8Array([register]), into);
	}
}
