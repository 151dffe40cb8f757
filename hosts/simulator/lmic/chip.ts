import type { Random32 } from '../../../modules/ports';

/** What a transmitter and a receiver must have in common. */
export interface Tuning {
	readonly frequencyHz: number;
	readonly spreadingFactor: number;
	readonly bandwidthHz: number;
	/** Downlinks are; uplinks are not, so that devices do not hear each other. */
	readonly isInverted: boolean;
	/** As an SX1276 has it: 0x34 for LoRaWAN. */
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
	/** dBm of whatever is on this frequency at this microsecond. Absent: silence. */
	level?(frequencyHz: number, micros: number): number;
}

export interface ChipOptions {
	readonly air: Air;
	readonly random32: Random32;
	/** Calls back at this microsecond. */
	readonly at: (micros: number, run: () => void) => { cancel(): void };
	/** An interrupt line went high at this microsecond. */
	readonly onLine: (line: number, micros: number) => void;
}

/** A radio behind its bus and its pins. Microseconds are when the last bit of a transfer came. */
export interface Chip {
	/** The reset pin was low. */
	reset(micros: number): void;
	/** Its select pin went low: a transfer follows, when it is not busy any more. */
	select(micros: number): void;
	spiWrite(command: number, bytes: Uint8Array, micros: number): void;
	/** @param address what goes out before the answer comes in @returns `length` bytes */
	spiRead(command: number, address: Uint8Array, length: number, micros: number): Uint8Array;
	/** Its BUSY pin. */
	isBusy(micros: number): boolean;
}

/** Symbols of a preamble that a receiver must see to know it for one. */
export const DETECTION_SYMBOLS = 4;
/** dBm: nothing but noise. */
export const SILENCE = -120;

export interface Frame {
	readonly spreadingFactor: number;
	readonly bandwidthHz: number;
	/** 1 for 4/5, to 4 for 4/8. */
	readonly codingRate: number;
	readonly isImplicit: boolean;
	readonly hasCrc: boolean;
	readonly isOptimized: boolean;
	/** Symbols, without the 4.25 behind them. */
	readonly preamble: number;
}

export function symbolMicros({ spreadingFactor, bandwidthHz }: Pick<Frame, 'spreadingFactor' | 'bandwidthHz'>): number {
	return (2 ** spreadingFactor * 1e6) / bandwidthHz;
}

/** Of a frame with so many bytes, in microseconds (SX1276 data sheet, 4.1.1.7; SX1262, 6.1.4, for SF7 and above). */
export function frameMicros(frame: Frame, length: number): number {
	const { spreadingFactor, codingRate, isImplicit, hasCrc, isOptimized, preamble } = frame;
	const bits = 8 * length - 4 * spreadingFactor + 28 + (hasCrc ? 16 : 0) - (isImplicit ? 20 : 0);
	const blocks = Math.max(0, Math.ceil(bits / (4 * (spreadingFactor - (isOptimized ? 2 : 0)))));
	return (preamble + 4.25 + 8 + blocks * (codingRate + 4)) * symbolMicros(frame);
}
