import { Fault } from '../fault';
import type { Power, WakeCause } from '../ports';
import { type Chip, Fact, Reset, Wake } from './chip';

/** A pin that wakes the board. ESP32 waits for all low pins together, the others for any. */
export interface WakePin {
	readonly pin: number;
	readonly level: 'high' | 'low';
}

export interface BoardPowerOptions {
	readonly chip: Chip;
	/** All of one level: a chip has no more than one such source. */
	readonly wakePins?: readonly WakePin[];
	/** Which source takes the pins: EXT0 for one pin, EXT1 for several, GPIO on C3 (and C6). */
	readonly source?: 'ext0' | 'ext1' | 'gpio';
	/** XS ended this life's forerunner, which the chip calls a restart (see LastWord). */
	readonly crashed?: boolean;
}

/** Figures of the chip and of the heap in bytes. */
export interface ChipFacts {
	readonly model: string;
	/** As Espressif writes it: "v3.1". */
	readonly revision: string;
	readonly cores: number;
	readonly idf: string;
	readonly heapFree: number;
	readonly heapMinimum: number;
	readonly heapLargest: number;
}

const SOURCES = Object.freeze({ ext0: Wake.EXT0, ext1: Wake.EXT1, gpio: Wake.GPIO });
const PIN_WAKES = (1 << Wake.EXT0) | (1 << Wake.EXT1) | (1 << Wake.GPIO);

/** What RTC timers count in, and ESP-IDF takes: 2^53 µs would do for 285 years; ten are enough. */
const LONGEST = 10 * 365 * 86_400_000;

const CAUSES: Readonly<Record<number, WakeCause>> = Object.freeze({
	[Reset.SOFTWARE]: 'restart',
	[Reset.PANIC]: 'crash',
	[Reset.INTERRUPT_WATCHDOG]: 'crash',
	[Reset.TASK_WATCHDOG]: 'crash',
	[Reset.OTHER_WATCHDOG]: 'crash',
	[Reset.LOCKUP]: 'crash',
	[Reset.BROWNOUT]: 'brownout',
	[Reset.POWER_GLITCH]: 'brownout',
	// Somebody with a cable: as good as a restart, and RTC memory is what it was.
	[Reset.SDIO]: 'restart',
	[Reset.USB]: 'restart',
	[Reset.JTAG]: 'restart',
});

const RESET_WORDS: Readonly<Record<number, string>> = Object.freeze({
	[Reset.UNKNOWN]: 'unknown',
	[Reset.POWERON]: 'power on',
	[Reset.EXTERNAL]: 'reset pin',
	[Reset.SOFTWARE]: 'restart',
	[Reset.PANIC]: 'panic',
	[Reset.INTERRUPT_WATCHDOG]: 'interrupt watchdog',
	[Reset.TASK_WATCHDOG]: 'task watchdog',
	[Reset.OTHER_WATCHDOG]: 'watchdog',
	[Reset.DEEP_SLEEP]: 'deep sleep',
	[Reset.BROWNOUT]: 'brown-out',
	[Reset.SDIO]: 'SDIO',
	[Reset.USB]: 'USB',
	[Reset.JTAG]: 'JTAG',
	[Reset.EFUSE]: 'eFuse error',
	[Reset.POWER_GLITCH]: 'power glitch',
	[Reset.LOCKUP]: 'CPU lock-up',
});

const MODELS: Readonly<Record<number, string>> = Object.freeze({
	1: 'ESP32',
	2: 'ESP32-S2',
	5: 'ESP32-C3',
	9: 'ESP32-S3',
	12: 'ESP32-C2',
	13: 'ESP32-C6',
	16: 'ESP32-H2',
});

/** The power of a board: why it runs, what outlived its sleep, and its end. */
export class BoardPower implements Power {
	readonly cause: WakeCause;
	/** The reset in words, for a log. */
	readonly reset: string;
	readonly #chip: Chip;
	readonly #source: number;
	readonly #pins: number;
	readonly #high: boolean;
	#retained: Uint8Array | undefined;

	/** @throws Fault 'range' for pins that cannot wake this chip, or not together */
	constructor({ chip, wakePins = [], source = 'ext0', crashed = false }: BoardPowerOptions) {
		const [first] = wakePins;
		for (const { pin, level } of wakePins) {
			if (!chip.canWake(pin)) throw new Fault('range', `pin ${pin} cannot wake this chip`);
			if (level !== first?.level) throw new Fault('range', 'wake pins of two levels');
		}
		if (new Set(wakePins.map(({ pin }) => pin)).size !== wakePins.length)
			throw new Fault('range', 'a wake pin is named twice');
		if (source === 'ext0' && wakePins.length > 1) throw new Fault('range', 'EXT0 takes one pin');
		this.#chip = chip;
		this.#source = SOURCES[source];
		this.#pins = wakePins.reduce((mask, { pin }) => mask + 2 ** pin, 0);
		this.#high = first?.level === 'high';
		const reset = chip.resetReason();
		this.reset = RESET_WORDS[reset] ?? `reset ${reset}`;
		if (reset === Reset.DEEP_SLEEP) this.cause = wakeOf(chip.wakeCauses());
		else this.cause = crashed && reset === Reset.SOFTWARE ? 'crash' : (CAUSES[reset] ?? 'power');
	}

	get retained(): Uint8Array {
		this.#retained ??= this.#chip.retained();
		return this.#retained;
	}

	/**
	 * A sleep that the chip refuses ends in a restart: whoever calls this is done, and must not run on.
	 * @throws Fault 'range' unless 1 ms to ten years; 'misuse' when the pins cannot be armed
	 */
	sleep(ms: number): never {
		if (!(ms >= 1 && ms <= LONGEST)) throw new Fault('range', `a sleep of ${ms} ms`);
		if (this.#pins !== 0) {
			const result = this.#chip.wakeOn(this.#source, this.#pins, this.#high);
			if (result !== 0) throw new Fault('misuse', `the wake pins cannot be armed: error ${result}`);
		}
		this.#chip.sleep(ms);
		return this.restart();
	}

	restart(): never {
		this.#chip.restart();
		throw new Fault('misuse', 'the chip did not restart');
	}

	facts(): ChipFacts {
		const chip = this.#chip;
		const model = chip.fact(Fact.MODEL);
		const revision = chip.fact(Fact.REVISION);
		return {
			model: MODELS[model] ?? `chip ${model}`,
			revision: `v${Math.floor(revision / 100)}.${revision % 100}`,
			cores: chip.fact(Fact.CORES),
			idf: chip.idfVersion(),
			heapFree: chip.fact(Fact.HEAP_FREE),
			heapMinimum: chip.fact(Fact.HEAP_MINIMUM),
			heapLargest: chip.fact(Fact.HEAP_LARGEST),
		};
	}
}

/** A pin tells more than the timer, when both fired. */
function wakeOf(causes: number): WakeCause {
	return (causes & PIN_WAKES) !== 0 ? 'pin' : 'timer';
}
