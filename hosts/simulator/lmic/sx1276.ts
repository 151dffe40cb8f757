import type { Random32 } from '../../../modules/ports';

/**
 * An SX1276 at its registers: the LoRa modem, as far as a class A device uses it. Registers, modes and flags are those of Semtech's
 * datasheet (DS_SX1276-7-8-9, rev. 7, section 6.4); what of it LMIC relies on is here, with the rules that a driver can break:
 * the modem is chosen while it sleeps (4.1.1), the FIFO is out of reach then (4.1.2.3), a mode that ends returns to standby.
 */
const Register = Object.freeze({
	FIFO: 0x00,
	OP_MODE: 0x01,
	FREQUENCY_MSB: 0x06,
	PA_CONFIG: 0x09,
	FIFO_POINTER: 0x0d,
	FIFO_TX_BASE: 0x0e,
	FIFO_RX_BASE: 0x0f,
	FIFO_RX_CURRENT: 0x10,
	IRQ_MASK: 0x11,
	IRQ_FLAGS: 0x12,
	RX_BYTES: 0x13,
	PACKET_SNR: 0x19,
	PACKET_RSSI: 0x1a,
	MODEM_CONFIG_1: 0x1d,
	MODEM_CONFIG_2: 0x1e,
	SYMBOL_TIMEOUT: 0x1f,
	PREAMBLE_MSB: 0x20,
	PREAMBLE_LSB: 0x21,
	PAYLOAD_LENGTH: 0x22,
	MODEM_CONFIG_3: 0x26,
	RSSI_WIDEBAND: 0x2c,
	INVERT_IQ: 0x33,
	SYNC_WORD: 0x39,
	DIO_MAPPING: 0x40,
	VERSION: 0x42,
} as const);

const Mode = Object.freeze({ SLEEP: 0, STANDBY: 1, TRANSMIT: 3, RECEIVE: 5, RECEIVE_SINGLE: 6 } as const);
const MODE_MASK = 0x07;
const LONG_RANGE = 0x80;
const Irq = Object.freeze({ RX_TIMEOUT: 0x80, RX_DONE: 0x40, HEADER: 0x10, TX_DONE: 0x08 } as const);
const RESET_VALUES: readonly (readonly [register: number, value: number])[] = Object.freeze([
	[Register.OP_MODE, 0x09],
	[Register.PREAMBLE_LSB, 8],
	[Register.PAYLOAD_LENGTH, 1],
	[Register.FIFO_TX_BASE, 0x80],
	[Register.SYMBOL_TIMEOUT, 0x64],
	[Register.MODEM_CONFIG_1, 0x72],
	[Register.MODEM_CONFIG_2, 0x70],
	[Register.INVERT_IQ, 0x27],
	[Register.SYNC_WORD, 0x12],
	[Register.VERSION, 0x12],
]);
const CRYSTAL_HZ = 32_000_000;
const BANDWIDTHS: { readonly [code: number]: number } = Object.freeze({ 7: 125_000, 8: 250_000, 9: 500_000 });
/** Symbols of a preamble that the receiver must see to know it for one. */
const DETECTION_SYMBOLS = 4;
/** Of PacketRssi above 525 MHz (5.5.5). */
const RSSI_OFFSET_DBM = -157;

/** What a transmitter and a receiver must have in common. */
export interface Tuning {
	readonly frequencyHz: number;
	readonly spreadingFactor: number;
	readonly bandwidthHz: number;
	/** Downlinks are; uplinks are not, so that devices do not hear each other. */
	readonly isInverted: boolean;
	readonly syncWord: number;
}

export interface Emission {
	readonly tuning: Tuning;
	readonly bytes: Uint8Array;
	/** Microseconds of the preamble's begin and of the last symbol's end. */
	readonly start: number;
	readonly end: number;
}

export interface Reception extends Emission {
	readonly rssiDbm: number;
	readonly snrDecibels: number;
}

/** What is between radios. */
export interface Air {
	transmit(emission: Emission): void;
	/** The first frame whose preamble begins between these microseconds. */
	hear(tuning: Tuning, from: number, to: number): Reception | undefined;
}

export interface Sx1276Options {
	readonly air: Air;
	readonly random32: Random32;
	/** Calls back at this microsecond. */
	readonly at: (micros: number, run: () => void) => { cancel(): void };
	/** An interrupt line went high at this microsecond. */
	readonly onLine: (line: number, micros: number) => void;
}

export class Sx1276 {
	readonly #options: Sx1276Options;
	readonly #registers = new Uint8Array(0x80);
	readonly #fifo = new Uint8Array(256);
	/** The end of a transmission or of a window. */
	#pending: { cancel(): void } | undefined;

	constructor(options: Sx1276Options) {
		this.#options = options;
		this.reset();
	}

	/** The reset pin was low. */
	reset(): void {
		this.#pending?.cancel();
		this.#registers.fill(0);
		for (const [register, value] of RESET_VALUES) this.#registers[register] = value;
	}

	read(register: number): number {
		if (register === Register.FIFO) return this.#isAsleep ? 0 : this.#fifo[this.#next()]!;
		if (register === Register.RSSI_WIDEBAND) return this.#options.random32() & 0xff;
		return this.#registers[register]!;
	}

	/** @param micros when the last bit of it came */
	write(register: number, value: number, micros: number): void {
		if (register === Register.FIFO) {
			if (!this.#isAsleep) this.#fifo[this.#next()] = value;
		} else if (register === Register.OP_MODE) this.#order(value, micros);
		else if (register === Register.IRQ_FLAGS) this.#registers[register]! &= ~value;
		else if (register !== Register.VERSION && register !== Register.RX_BYTES) this.#registers[register] = value;
	}

	get #isAsleep(): boolean {
		return (this.#registers[Register.OP_MODE]! & MODE_MASK) === Mode.SLEEP;
	}

	#next(): number {
		const at = this.#registers[Register.FIFO_POINTER]!;
		this.#registers[Register.FIFO_POINTER] = at + 1;
		return at;
	}

	#order(value: number, micros: number): void {
		const modem = (this.#isAsleep ? value : this.#registers[Register.OP_MODE]!) & LONG_RANGE;
		const mode = value & MODE_MASK;
		this.#pending?.cancel();
		this.#pending = undefined;
		this.#registers[Register.OP_MODE] = modem | (value & ~LONG_RANGE);
		if (modem === 0) return;
		if (mode === Mode.TRANSMIT) this.#transmit(micros);
		if (mode === Mode.RECEIVE_SINGLE) this.#receive(micros);
	}

	#transmit(start: number): void {
		const base = this.#registers[Register.FIFO_TX_BASE]!;
		const bytes = new Uint8Array(this.#registers[Register.PAYLOAD_LENGTH]!);
		for (let at = 0; at < bytes.byteLength; at++) bytes[at] = this.#fifo[(base + at) & 0xff]!;
		const end = start + this.#airtime(bytes.byteLength);
		this.#options.air.transmit({ tuning: this.#tuning(false), bytes, start, end });
		this.#pending = this.#options.at(end, () => this.#done(Irq.TX_DONE, end));
	}

	#receive(from: number): void {
		const symbol = this.#symbolMicros();
		const symbols = ((this.#registers[Register.MODEM_CONFIG_2]! & 3) << 8) | this.#registers[Register.SYMBOL_TIMEOUT]!;
		const to = from + symbols * symbol;
		const lead = DETECTION_SYMBOLS * symbol;
		this.#pending = this.#options.at(to, () => {
			const isInverted = (this.#registers[Register.INVERT_IQ]! & 0x40) !== 0;
			const heard = this.#options.air.hear(this.#tuning(isInverted), from - lead, to - lead);
			if (!heard) this.#done(Irq.RX_TIMEOUT, to);
			else
				this.#pending = this.#options.at(Math.max(to, heard.end), () => this.#received(heard, Math.max(to, heard.end)));
		});
	}

	#received({ bytes, rssiDbm, snrDecibels }: Reception, micros: number): void {
		const base = this.#registers[Register.FIFO_RX_BASE]!;
		for (let at = 0; at < bytes.byteLength; at++) this.#fifo[(base + at) & 0xff] = bytes[at]!;
		this.#registers[Register.FIFO_RX_CURRENT] = base;
		this.#registers[Register.RX_BYTES] = bytes.byteLength;
		this.#registers[Register.PACKET_SNR] = Math.round(snrDecibels * 4);
		this.#registers[Register.PACKET_RSSI] = Math.round(rssiDbm - Math.min(0, snrDecibels)) - RSSI_OFFSET_DBM;
		this.#done(Irq.RX_DONE | Irq.HEADER, micros);
	}

	/** Back to standby, with the flags that are not masked and the lines that are mapped to them. */
	#done(flags: number, micros: number): void {
		this.#pending = undefined;
		this.#registers[Register.OP_MODE] = (this.#registers[Register.OP_MODE]! & ~MODE_MASK) | Mode.STANDBY;
		const shown = flags & ~this.#registers[Register.IRQ_MASK]!;
		this.#registers[Register.IRQ_FLAGS]! |= shown;
		const mapping = this.#registers[Register.DIO_MAPPING]!;
		const first = mapping >> 6 === 0 ? Irq.RX_DONE : mapping >> 6 === 1 ? Irq.TX_DONE : 0;
		const second = ((mapping >> 4) & 3) === 0 ? Irq.RX_TIMEOUT : 0;
		if (shown & first) this.#options.onLine(0, micros);
		if (shown & second) this.#options.onLine(1, micros);
	}

	#tuning(isInverted: boolean): Tuning {
		const at = Register.FREQUENCY_MSB;
		const [high, middle, low] = [this.#registers[at]!, this.#registers[at + 1]!, this.#registers[at + 2]!];
		return {
			frequencyHz: Math.round((((high << 16) | (middle << 8) | low) * CRYSTAL_HZ) / 2 ** 19),
			spreadingFactor: this.#registers[Register.MODEM_CONFIG_2]! >> 4,
			bandwidthHz: BANDWIDTHS[this.#registers[Register.MODEM_CONFIG_1]! >> 4] ?? 0,
			isInverted,
			syncWord: this.#registers[Register.SYNC_WORD]!,
		};
	}

	#symbolMicros(): number {
		const { spreadingFactor, bandwidthHz } = this.#tuning(false);
		return (2 ** spreadingFactor * 1e6) / bandwidthHz;
	}

	/** Section 4.1.1.7, in microseconds. */
	#airtime(length: number): number {
		const [first, second, third] = [
			this.#registers[Register.MODEM_CONFIG_1]!,
			this.#registers[Register.MODEM_CONFIG_2]!,
			this.#registers[Register.MODEM_CONFIG_3]!,
		];
		const spreadingFactor = second >> 4;
		const codingRate = (first >> 1) & 7;
		const isImplicit = (first & 1) !== 0;
		const hasCrc = (second & 4) !== 0;
		const isOptimized = (third & 8) !== 0;
		const bits = 8 * length - 4 * spreadingFactor + 28 + (hasCrc ? 16 : 0) - (isImplicit ? 20 : 0);
		const blocks = Math.max(0, Math.ceil(bits / (4 * (spreadingFactor - (isOptimized ? 2 : 0)))));
		const preamble = ((this.#registers[Register.PREAMBLE_MSB]! << 8) | this.#registers[Register.PREAMBLE_LSB]!) + 4.25;
		return (preamble + 8 + blocks * (codingRate + 4)) * this.#symbolMicros();
	}
}
