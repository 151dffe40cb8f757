/**
 * Registers of the MAX30102 (datasheet 19-7740 Rev 0, "Register Maps and Descriptions") and of the MAX30101 (19-7740's sibling
 * 19-7741), which has the same and a green LED more.
 */
export const Register = Object.freeze({
	/** Status 1 and 2, enable 1 and 2, then the three FIFO pointers: one read of seven bytes. Reading clears the flags. */
	STATUS_1: 0x00,
	STATUS_2: 0x01,
	ENABLE_1: 0x02,
	ENABLE_2: 0x03,
	FIFO_WRITE: 0x04,
	FIFO_OVERFLOW: 0x05,
	FIFO_READ: 0x06,
	FIFO_DATA: 0x07,
	FIFO_CONFIGURATION: 0x08,
	MODE: 0x09,
	SPO2_CONFIGURATION: 0x0a,
	LED_1: 0x0c,
	LED_2: 0x0d,
	LED_3: 0x0e,
	PILOT: 0x10,
	SLOTS_1_2: 0x11,
	SLOTS_3_4: 0x12,
	TEMPERATURE: 0x1f,
	TEMPERATURE_ENABLE: 0x21,
	PROXIMITY_THRESHOLD: 0x30,
	REVISION: 0xfe,
	PART: 0xff,
} as const);

/** Status 1 and enable 1. */
export const Flag = Object.freeze({
	ALMOST_FULL: 0x80,
	NEW_SAMPLE: 0x40,
	AMBIENT_OVERFLOW: 0x20,
	PROXIMITY: 0x10,
	POWER_READY: 0x01,
} as const);

export const Mode = Object.freeze({
	SHUTDOWN: 0x80,
	RESET: 0x40,
	RED: 0x02,
	SPO2: 0x03,
	MULTI: 0x07,
} as const);

export const ADDRESS = 0x57;
/** PART_ID of MAX30101, MAX30102 and MAX30105; the MAX30100, whose registers are others, says 0x11. */
export const PART_ID = 0x15;
/** Samples. */
export const FIFO_DEPTH = 32;
/** Bytes of one LED in a sample: 18 bits, right-justified. */
export const CHANNEL_BYTES = 3;
export const HIGHEST_COUNT = 0x3ffff;
/** Milliamperes a step, 0 to 51 (table 8). */
export const LED_STEP = 0.2;
export const LED_MAXIMUM = 51;

/** Samples a second (table 6), in the order of their codes. */
export const SAMPLE_RATES: readonly number[] = Object.freeze([50, 100, 200, 400, 800, 1000, 1600, 3200]);
/** Microseconds (table 7): 15, 16, 17 and 18 bits. */
export const PULSE_WIDTHS: readonly number[] = Object.freeze([69, 118, 215, 411]);
/** Samples that become one (table 3). */
export const AVERAGES: readonly number[] = Object.freeze([1, 2, 4, 8, 16, 32]);
/** Nanoamperes of the photodiode at the highest count (table 5). */
export const RANGES: readonly number[] = Object.freeze([2048, 4096, 8192, 16384]);

/** The widest pulse that each rate has time for, as its code (−1: none): one LED (table 12), two (table 11). */
const WIDEST_ONE: readonly number[] = Object.freeze([3, 3, 3, 3, 3, 3, 2, 0]);
const WIDEST_TWO: readonly number[] = Object.freeze([3, 3, 3, 3, 2, 1, 0, -1]);
/** Three have no table: each pulse takes as long, so the rate is at most half of what two have. */
const WIDEST_THREE: readonly number[] = Object.freeze([3, 3, 3, 2, 1, 0, -1, -1]);

/** @param rate its code */
export function widestPulse(leds: number, rate: number): number {
	return (leds === 1 ? WIDEST_ONE : leds === 2 ? WIDEST_TWO : WIDEST_THREE)[rate]!;
}
