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
 * An SX1262 at its commands: the LoRa modem, as far as a class A device uses it, on a board whose oscillator hangs on DIO3 and
 * whose antenna switch on DIO2. Commands, registers and rules are those of Semtech's data sheet (DS.SX1261-2.W.APP, rev. 2.1);
 * a rule that the driver breaks is an Error that names its section.
 */
const Command = Object.freeze({
	CLEAR_IRQ: 0x02,
	CLEAR_ERRORS: 0x07,
	SET_DIO_IRQ: 0x08,
	WRITE_REGISTER: 0x0d,
	WRITE_BUFFER: 0x0e,
	GET_PACKET_TYPE: 0x11,
	GET_IRQ: 0x12,
	GET_RX_BUFFER: 0x13,
	GET_PACKET_STATUS: 0x14,
	GET_RSSI: 0x15,
	READ_REGISTER: 0x1d,
	READ_BUFFER: 0x1e,
	SET_STANDBY: 0x80,
	SET_RX: 0x82,
	SET_TX: 0x83,
	SET_SLEEP: 0x84,
	SET_FREQUENCY: 0x86,
	CALIBRATE: 0x89,
	SET_PACKET_TYPE: 0x8a,
	SET_MODULATION: 0x8b,
	SET_PACKET: 0x8c,
	SET_TX_PARAMS: 0x8e,
	SET_BUFFER_BASE: 0x8f,
	SET_PA: 0x95,
	SET_REGULATOR: 0x96,
	SET_TCXO: 0x97,
	CALIBRATE_IMAGE: 0x98,
	SET_RF_SWITCH: 0x9d,
	SET_SYMBOL_TIMEOUT: 0xa0,
	GET_STATUS: 0xc0,
} as const);

const Register = Object.freeze({
	IQ_POLARITY: 0x0736,
	SYNC_WORD: 0x0740,
	RANDOM: 0x0819,
	TX_MODULATION: 0x0889,
	TX_CLAMP: 0x08d8,
} as const);
const RESET_VALUES: readonly (readonly [register: number, value: number])[] = Object.freeze([
	[Register.IQ_POLARITY, 0x0d],
	[Register.SYNC_WORD, 0x14],
	[Register.SYNC_WORD + 1, 0x24],
	[Register.TX_MODULATION, 0x01],
	[Register.TX_CLAMP, 0xc8],
]);

/** As the status byte has them (13.5.1); asleep it says nothing. */
const Mode = Object.freeze({ SLEEP: 0, STANDBY_RC: 2, STANDBY_XOSC: 3, RX: 5, TX: 6 } as const);
const Irq = Object.freeze({ TX_DONE: 1, RX_DONE: 2, HEADER: 0x10, TIMEOUT: 0x200 } as const);
const LORA = 1;
const CRYSTAL_HZ = 32_000_000;
const BANDWIDTHS: { readonly [code: number]: number } = Object.freeze({ 4: 125_000, 5: 250_000, 6: 500_000 });
/** Of SetTx, SetRx and SetDIO3AsTcxoCtrl. */
const STEP_MICROS = 15.625;
const CONTINUOUS = 0xffffff;
/** How long BUSY is high (tables 8-1 and 8-2), in microseconds; of any other command a microsecond. */
const COLD_START = 3_500;
const BUSY: { readonly [command: number]: number } = Object.freeze({
	[Command.SET_TX]: 105,
	[Command.SET_RX]: 83,
	[Command.CALIBRATE]: 3_500,
	[Command.CALIBRATE_IMAGE]: 2_000,
});
const XOSC_MICROS = 31;
/** Bytes behind each command, where it is always as many. */
const LENGTHS: { readonly [command: number]: number } = Object.freeze({
	[Command.SET_DIO_IRQ]: 8,
	[Command.CLEAR_IRQ]: 2,
	[Command.CLEAR_ERRORS]: 2,
	[Command.SET_STANDBY]: 1,
	[Command.SET_SLEEP]: 1,
	[Command.SET_RX]: 3,
	[Command.SET_TX]: 3,
	[Command.SET_FREQUENCY]: 4,
	[Command.SET_MODULATION]: 4,
	[Command.SET_PACKET]: 6,
	[Command.SET_BUFFER_BASE]: 2,
	[Command.SET_TCXO]: 4,
	[Command.SET_TX_PARAMS]: 2,
	[Command.SET_PA]: 4,
	[Command.CALIBRATE_IMAGE]: 2,
});

interface Settings {
	packetType: number;
	frequencyHz: number | undefined;
	modulation: { spreadingFactor: number; bandwidthHz: number; codingRate: number; isOptimized: boolean } | undefined;
	packet: { preamble: number; isImplicit: boolean; length: number; hasCrc: boolean; isInverted: boolean } | undefined;
	bases: { tx: number; rx: number };
	irqMask: number;
	lineMask: number;
	symbolTimeout: number;
	isSwitched: boolean;
	/** How long the oscillator takes to be steady. */
	tcxoMicros: number | undefined;
	isCalibrated: boolean;
}

const fresh = (): Settings => ({
	packetType: 0,
	frequencyHz: undefined,
	modulation: undefined,
	packet: undefined,
	bases: { tx: 0, rx: 0 },
	irqMask: 0,
	lineMask: 0,
	symbolTimeout: 0,
	isSwitched: false,
	tcxoMicros: undefined,
	isCalibrated: false,
});

export class Sx1262 implements Chip {
	readonly #options: ChipOptions;
	readonly #registers = new Map<number, number>(RESET_VALUES);
	readonly #buffer = new Uint8Array(256);
	#settings = fresh();
	#mode: number = Mode.STANDBY_RC;
	#busyUntil = 0;
	#irq = 0;
	#received = { length: 0, start: 0, rssi: 0, snr: 0 };
	/** The end of a transmission or of a window. */
	#pending: { cancel(): void } | undefined;

	constructor(options: ChipOptions) {
		this.#options = options;
	}

	reset(micros: number): void {
		this.#pending?.cancel();
		this.#pending = undefined;
		this.#coldStart(micros);
	}

	/** Wakes it. */
	select(micros: number): void {
		if (this.#mode === Mode.SLEEP) this.#coldStart(micros);
	}

	isBusy(micros: number): boolean {
		return this.#mode === Mode.SLEEP || micros < this.#busyUntil;
	}

	spiWrite(command: number, bytes: Uint8Array, micros: number): void {
		this.#mustBeReady(command, micros);
		const wanted = LENGTHS[command];
		this.#must(wanted === undefined || wanted === bytes.byteLength, `command ${command}: ${bytes.byteLength} bytes`);
		this.#busyUntil = micros + (BUSY[command] ?? 1);
		this.#obey(command, bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
	}

	spiRead(command: number, address: Uint8Array, length: number, micros: number): Uint8Array {
		this.#mustBeReady(command, micros);
		this.#busyUntil = micros + 1;
		const { rssi, snr, length: received, start } = this.#received;
		switch (command) {
			case Command.GET_STATUS:
				return Uint8Array.of(this.#mode << 4);
			case Command.GET_PACKET_TYPE:
				return Uint8Array.of(this.#settings.packetType);
			case Command.GET_IRQ:
				return Uint8Array.of(this.#irq >> 8, this.#irq & 0xff);
			case Command.GET_RX_BUFFER:
				return Uint8Array.of(received, start);
			case Command.GET_PACKET_STATUS:
				return Uint8Array.of(-2 * rssi, Math.round(4 * snr), -2 * rssi);
			case Command.GET_RSSI:
				return Uint8Array.of(Math.round(-2 * this.#level(micros)));
			case Command.READ_REGISTER: {
				this.#must(address.byteLength === 3, '13.2.2: an address of two bytes, and one of status');
				const from = (address[0]! << 8) | address[1]!;
				return new Uint8Array(length).map((_, at) => this.#register(from + at));
			}
			case Command.READ_BUFFER:
				this.#must(address.byteLength === 2, '13.2.4: an offset, and one byte of status');
				return new Uint8Array(length).map((_, at) => this.#buffer[(address[0]! + at) & 0xff]!);
			default:
				throw new Error(`SX1262: command ${command} reads nothing`);
		}
	}

	#obey(command: number, bytes: Uint8Array, view: DataView): void {
		const settings = this.#settings;
		const [first = 0, second = 0] = bytes;
		switch (command) {
			case Command.SET_SLEEP:
				this.#must(this.#isStandby, '13.1.1: to sleep only from standby');
				this.#stop(Mode.SLEEP);
				break;
			case Command.SET_STANDBY:
				if (first === 1) this.#startOscillator();
				this.#stop(first === 1 ? Mode.STANDBY_XOSC : Mode.STANDBY_RC);
				break;
			case Command.SET_TX:
				this.#transmit(timeoutOf(bytes));
				break;
			case Command.SET_RX:
				this.#receive(timeoutOf(bytes));
				break;
			case Command.SET_TCXO:
				this.#must(this.#mode === Mode.STANDBY_RC, '13.3.6: the oscillator in STDBY_RC');
				this.#must(first <= 7, '13.3.6: a voltage of 0 to 7');
				settings.tcxoMicros = timeoutOf(bytes.subarray(1)) * STEP_MICROS;
				settings.isCalibrated = false;
				break;
			case Command.CALIBRATE:
				this.#must(this.#mode === Mode.STANDBY_RC, '9.2.1: calibration in STDBY_RC');
				settings.isCalibrated = first === 0x7f;
				break;
			case Command.CALIBRATE_IMAGE:
				this.#must(this.#isStandby && first < second, '9.2.1: from a lower frequency to a higher');
				break;
			case Command.SET_REGULATOR:
				this.#must(this.#mode === Mode.STANDBY_RC, '13.1.11: the regulator in STDBY_RC');
				break;
			case Command.SET_RF_SWITCH:
				settings.isSwitched = first === 1;
				break;
			case Command.SET_PACKET_TYPE:
				this.#must(this.#isStandby, '13.4.2: the packet type in standby');
				settings.packetType = first;
				settings.modulation = settings.packet = undefined;
				break;
			case Command.SET_FREQUENCY:
				settings.frequencyHz = Math.round((view.getUint32(0) * CRYSTAL_HZ) / 2 ** 25);
				break;
			case Command.SET_MODULATION:
				this.#must(settings.packetType === LORA, '13.4.5: the packet type before the modulation');
				this.#setModulation(bytes);
				break;
			case Command.SET_PACKET:
				this.#must(settings.modulation !== undefined, '13.4.6: the modulation before the packet');
				settings.packet = {
					preamble: view.getUint16(0),
					isImplicit: bytes[2] === 1,
					length: bytes[3]!,
					hasCrc: bytes[4] === 1,
					isInverted: bytes[5] === 1,
				};
				break;
			case Command.SET_BUFFER_BASE:
				settings.bases = { tx: first, rx: second };
				break;
			case Command.SET_SYMBOL_TIMEOUT:
				settings.symbolTimeout = first;
				break;
			case Command.SET_DIO_IRQ:
				settings.irqMask = view.getUint16(0);
				settings.lineMask = view.getUint16(2);
				// DIO2 and DIO3 have other work here.
				this.#must(view.getUint16(4) === 0 && view.getUint16(6) === 0, '13.3.1: no interrupts on DIO2 and DIO3');
				break;
			case Command.CLEAR_IRQ:
				this.#irq &= ~view.getUint16(0);
				break;
			case Command.WRITE_BUFFER:
				for (let at = 1; at < bytes.byteLength; at++) this.#buffer[(first + at - 1) & 0xff] = bytes[at]!;
				break;
			case Command.WRITE_REGISTER:
				for (let at = 2; at < bytes.byteLength; at++) this.#registers.set(view.getUint16(0) + at - 2, bytes[at]!);
				break;
			case Command.SET_TX_PARAMS:
			case Command.SET_PA:
			case Command.CLEAR_ERRORS:
				break;
			default:
				throw new Error(`SX1262: there is no command ${command}`);
		}
	}

	get #isStandby(): boolean {
		return this.#mode === Mode.STANDBY_RC || this.#mode === Mode.STANDBY_XOSC;
	}

	#must(holds: boolean, rule: string): void {
		if (!holds) throw new Error(`SX1262: ${rule}`);
	}

	#mustBeReady(command: number, micros: number): void {
		this.#must(!this.isBusy(micros), `8.3.1: command ${command} while it is busy`);
	}

	/** All is as after the power came: sleep with a cold start keeps nothing. */
	#coldStart(micros: number): void {
		this.#settings = fresh();
		this.#registers.clear();
		for (const [register, value] of RESET_VALUES) this.#registers.set(register, value);
		this.#irq = 0;
		this.#mode = Mode.STANDBY_RC;
		this.#busyUntil = micros + COLD_START;
	}

	#stop(mode: number): void {
		this.#pending?.cancel();
		this.#pending = undefined;
		this.#mode = mode;
	}

	#startOscillator(): void {
		const { tcxoMicros, isCalibrated } = this.#settings;
		if (tcxoMicros === undefined) throw new Error('SX1262: 13.3.6: nothing feeds the oscillator on DIO3');
		this.#must(isCalibrated, '13.3.6: calibration after the oscillator has its supply');
		// In any other mode it runs.
		if (this.#mode === Mode.STANDBY_RC) this.#busyUntil += XOSC_MICROS + tcxoMicros;
	}

	#setModulation(bytes: Uint8Array): void {
		const [spreadingFactor, code, codingRate, optimized] = bytes as unknown as readonly [
			number,
			number,
			number,
			number,
		];
		const bandwidthHz = BANDWIDTHS[code];
		if (bandwidthHz === undefined) throw new Error(`SX1262: 13.4.5.2: bandwidth ${code}`);
		this.#must(spreadingFactor >= 5 && spreadingFactor <= 12, '13.4.5.2: SF5 to SF12');
		const isOptimized = optimized === 1;
		const symbol = symbolMicros({ spreadingFactor, bandwidthHz });
		this.#must(isOptimized === symbol >= 16_000, '6.1.1.4: low data rate optimization from 16 ms a symbol on');
		this.#settings.modulation = { spreadingFactor, bandwidthHz, codingRate, isOptimized };
	}

	#transmit(timeout: number): void {
		this.#startOscillator();
		const frame = this.#frame();
		const { bases, packet, isSwitched } = this.#settings;
		this.#must(isSwitched, '13.3.5: the antenna is switched by DIO2');
		this.#must((this.#register(Register.TX_CLAMP) & 0x1e) === 0x1e, '15.2: the clamp of the amplifier');
		const isWide = frame.bandwidthHz === 500_000;
		this.#must((this.#register(Register.TX_MODULATION) & 4) === (isWide ? 0 : 4), '15.1: the modulation at 500 kHz');
		const bytes = new Uint8Array(packet!.length).map((_, at) => this.#buffer[(bases.tx + at) & 0xff]!);
		const start = this.#busyUntil;
		const end = start + frameMicros(frame, bytes.byteLength);
		this.#stop(Mode.TX);
		this.#must(timeout === 0 || timeout * STEP_MICROS > end - start, '13.1.4: a timeout that cuts the frame');
		this.#options.air.transmit({ tuning: this.#tuning(), bytes, start, end });
		this.#pending = this.#options.at(end, () => this.#done(Irq.TX_DONE, end));
	}

	#receive(timeout: number): void {
		this.#startOscillator();
		// For noise alone it wants no frame.
		const from = this.#busyUntil;
		this.#stop(Mode.RX);
		if (timeout === CONTINUOUS) return;
		const frame = this.#frame();
		this.#must(timeout === 0, '13.1.5: windows here end by symbols');
		const symbol = symbolMicros(frame);
		this.#must(this.#settings.symbolTimeout > 0, '13.4.9: a window without an end');
		const to = from + this.#settings.symbolTimeout * symbol;
		const lead = DETECTION_SYMBOLS * symbol;
		const tuning = this.#tuning();
		this.#pending = this.#options.at(to, () => {
			const heard = this.#options.air.hear(tuning, from - lead, to - lead);
			if (!heard) this.#done(Irq.TIMEOUT, to);
			else {
				const end = Math.max(to, heard.end);
				this.#pending = this.#options.at(end, () => this.#take(heard, end));
			}
		});
	}

	#take({ bytes, rssiDbm, snrDecibels }: Reception, micros: number): void {
		const { rx } = this.#settings.bases;
		for (let at = 0; at < bytes.byteLength; at++) this.#buffer[(rx + at) & 0xff] = bytes[at]!;
		this.#received = { length: bytes.byteLength, start: rx, rssi: rssiDbm, snr: snrDecibels };
		this.#done(Irq.RX_DONE | Irq.HEADER, micros);
	}

	/** Back to standby, with the interrupts that are not masked. */
	#done(flags: number, micros: number): void {
		this.#stop(Mode.STANDBY_RC);
		const shown = flags & this.#settings.irqMask;
		this.#irq |= shown;
		if (shown & this.#settings.lineMask) this.#options.onLine(0, micros);
	}

	#register(address: number): number {
		if (address >= Register.RANDOM && address < Register.RANDOM + 4) return this.#options.random32() & 0xff;
		return this.#registers.get(address) ?? 0;
	}

	#level(micros: number): number {
		return this.#options.air.level?.(this.#settings.frequencyHz ?? 0, micros) ?? SILENCE;
	}

	#frame(): Frame {
		const { modulation, packet } = this.#settings;
		if (!modulation || !packet) throw new Error('SX1262: 14.2: modulation and packet before TX and RX');
		return { ...modulation, ...packet };
	}

	#tuning(): Tuning {
		const { frequencyHz, modulation, packet } = this.#settings;
		if (frequencyHz === undefined) throw new Error('SX1262: 14.2: a frequency before TX and RX');
		const { isInverted } = packet!;
		const polarity = this.#register(Register.IQ_POLARITY) & 4;
		this.#must(polarity === (isInverted ? 0 : 4), '15.4: the polarity register goes with inverted IQ');
		const [high, low] = [this.#register(Register.SYNC_WORD), this.#register(Register.SYNC_WORD + 1)];
		const { spreadingFactor, bandwidthHz } = modulation!;
		// An SX1276 has the first half of each byte (12.1).
		return { frequencyHz, spreadingFactor, bandwidthHz, isInverted, syncWord: (high & 0xf0) | (low >> 4) };
	}
}

function timeoutOf(bytes: Uint8Array): number {
	return (bytes[0]! << 16) | (bytes[1]! << 8) | bytes[2]!;
}
