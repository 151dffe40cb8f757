import {
	type Chip,
	type ChipOptions,
	DETECTION_SYMBOLS,
	type Frame,
	frameMicros,
	type Reception,
	SILENCE,
	symbolMicros,
	type Tuning,
} from './chip';

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
	RSSI: 0x1b,
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
/** Of PacketRssi and Rssi above 525 MHz (5.5.5). */
const RSSI_OFFSET_DBM = -157;

const WRITE = 0x80;

export class Sx1276 implements Chip {
	readonly #options: ChipOptions;
	readonly #registers = new Uint8Array(0x80);
	readonly #fifo = new Uint8Array(256);
	/** The end of a transmission or of a window. */
	#pending: { cancel(): void } | undefined;

	constructor(options: ChipOptions) {
		this.#options = options;
		this.reset();
	}

	/** The reset pin was low. */
	reset(): void {
		this.#pending?.cancel();
		this.#registers.fill(0);
		for (const [register, value] of RESET_VALUES) this.#registers[register] = value;
	}

	select(): void {}

	/** It has no such pin. */
	isBusy(): boolean {
		return false;
	}

	/** Registers in a row, but the FIFO, which is one (4.3). */
	spiWrite(command: number, bytes: Uint8Array, micros: number): void {
		const register = command & ~WRITE;
		for (let at = 0; at < bytes.byteLength; at++)
			this.write(register === Register.FIFO ? register : register + at, bytes[at]!, micros);
	}

	spiRead(register: number, _address: Uint8Array, length: number, micros: number): Uint8Array {
		const bytes = new Uint8Array(length);
		for (let at = 0; at < length; at++)
			bytes[at] = this.read(register === Register.FIFO ? register : register + at, micros);
		return bytes;
	}

	read(register: number, micros = 0): number {
		if (register === Register.FIFO) return this.#isAsleep ? 0 : this.#fifo[this.#next()]!;
		if (register === Register.RSSI) return this.#level(micros);
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
		const end = start + frameMicros(this.#frame, bytes.byteLength);
		this.#options.air.transmit({ tuning: this.#tuning(false), bytes, start, end });
		this.#pending = this.#options.at(end, () => this.#done(Irq.TX_DONE, end));
	}

	#receive(from: number): void {
		const symbol = symbolMicros(this.#frame);
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
		const { spreadingFactor, bandwidthHz } = this.#frame;
		const [high, middle, low] = [this.#registers[at]!, this.#registers[at + 1]!, this.#registers[at + 2]!];
		return {
			frequencyHz: Math.round((((high << 16) | (middle << 8) | low) * CRYSTAL_HZ) / 2 ** 19),
			spreadingFactor,
			bandwidthHz,
			isInverted,
			syncWord: this.#registers[Register.SYNC_WORD]!,
		};
	}

	#level(micros: number): number {
		const level = this.#options.air.level?.(this.#tuning(false).frequencyHz, micros) ?? SILENCE;
		return Math.round(level) - RSSI_OFFSET_DBM;
	}

	get #frame(): Frame {
		const [first, second, third] = [
			this.#registers[Register.MODEM_CONFIG_1]!,
			this.#registers[Register.MODEM_CONFIG_2]!,
			this.#registers[Register.MODEM_CONFIG_3]!,
		];
		return {
			spreadingFactor: second >> 4,
			bandwidthHz: BANDWIDTHS[first >> 4] ?? 0,
			codingRate: (first >> 1) & 7,
			isImplicit: (first & 1) !== 0,
			hasCrc: (second & 4) !== 0,
			isOptimized: (third & 8) !== 0,
			preamble: (this.#registers[Register.PREAMBLE_MSB]! << 8) | this.#registers[Register.PREAMBLE_LSB]!,
		};
	}
}
