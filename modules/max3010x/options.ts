import { Fault } from '../fault';
import { AVERAGES, LED_MAXIMUM, LED_STEP, PULSE_WIDTHS, RANGES, SAMPLE_RATES, widestPulse } from './registers';

export interface Configuration {
	/** Milliamperes, 0 to 51, to the next 0.2. */
	readonly redMilliamperes: number;
	/** Undefined: red alone. */
	readonly infraredMilliamperes?: number;
	/** The MAX30101 has it. */
	readonly greenMilliamperes?: number;
	/** Samples a second, before averaging: 50, 100, 200, 400, 800, 1000, 1600, 3200. */
	readonly sampleRate: number;
	/** How many samples become one: 1, 2, 4, 8, 16, 32. */
	readonly average: number;
	/** Microseconds: 69, 118, 215, 411; the longer, the less noise. */
	readonly pulseWidth: number;
	/** Full scale in nanoamperes: 2048, 4096, 8192, 16384. */
	readonly range: number;
	/** How many samples may wait when the interrupt comes: 17 to 32. Default: 17. */
	readonly waiting?: number;
	/** It looks with this current of infrared, and keeps no samples, until the count is above `threshold`. */
	readonly proximity?: { readonly milliamperes: number; readonly threshold: number };
}

/** What goes into the registers. */
export interface Codes {
	readonly leds: number;
	readonly red: number;
	readonly infrared: number;
	readonly green: number;
	readonly fifo: number;
	readonly spo2: number;
	readonly pilot: number;
	readonly threshold: number;
}

/** @throws Fault 'range' that names the field and its bound */
export function encodeConfiguration(options: Configuration): Codes {
	const { redMilliamperes, infraredMilliamperes, greenMilliamperes, proximity, waiting = 17 } = options;
	const rate = codeOf('sampleRate', options.sampleRate, SAMPLE_RATES);
	const width = codeOf('pulseWidth', options.pulseWidth, PULSE_WIDTHS);
	const average = codeOf('average', options.average, AVERAGES);
	const range = codeOf('range', options.range, RANGES);
	if (greenMilliamperes !== undefined && infraredMilliamperes === undefined)
		throw new Fault('range', 'greenMilliamperes: only beside infrared');
	const leds = infraredMilliamperes === undefined ? 1 : greenMilliamperes === undefined ? 2 : 3;
	if (width > widestPulse(leds, rate))
		throw new Fault(
			'range',
			`pulseWidth: ${options.pulseWidth} µs have no room at ${options.sampleRate} samples a second`,
		);
	if (!(Number.isInteger(waiting) && waiting >= 17 && waiting <= 32))
		throw new Fault('range', `waiting: ${waiting} is not within 17 to 32`);
	const threshold = proximity ? Math.ceil(proximity.threshold / 1024) : 0;
	if (!(threshold >= 0 && threshold <= 255)) throw new Fault('range', 'proximity.threshold: not within 0 to 261120');
	return {
		leds,
		red: encodeCurrent('redMilliamperes', redMilliamperes),
		infrared: encodeCurrent('infraredMilliamperes', infraredMilliamperes ?? 0),
		green: encodeCurrent('greenMilliamperes', greenMilliamperes ?? 0),
		// No rollover: what is full keeps the oldest, and counts what it could not keep.
		fifo: (average << 5) | (32 - waiting),
		spo2: (range << 5) | (rate << 2) | width,
		pilot: proximity ? encodeCurrent('proximity.milliamperes', proximity.milliamperes) : 0,
		threshold,
	};
}

/** @throws Fault 'range' */
export function encodeCurrent(name: string, milliamperes: number): number {
	if (!(milliamperes >= 0 && milliamperes <= LED_MAXIMUM))
		throw new Fault('range', `${name}: ${milliamperes} is not within 0 to ${LED_MAXIMUM}`);
	return Math.round(milliamperes / LED_STEP);
}

function codeOf(name: string, value: number, codes: readonly number[]): number {
	const code = codes.indexOf(value);
	if (code < 0) throw new Fault('range', `${name}: ${value} is none of ${codes.join(', ')}`);
	return code;
}
