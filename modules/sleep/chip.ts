/** What the chip can do and tell, as sleep.c has it: numbers in, numbers out. Tests hand in another one. */
export interface Chip {
	/** esp_reset_reason_t; see Reset. */
	resetReason(): number;
	/** One bit for each wake source that fired (bit = esp_sleep_source_t); see Wake. 0 unless the chip slept. */
	wakeCauses(): number;
	/** RTC memory itself, not a copy: what is written to it stays over sleep, restart and crash, and is random after power loss. */
	retained(): Uint8Array;
	/** A second, small piece of the same memory: the last word of a machine that dies. */
	note(): Uint8Array;
	/** This pin can wake the chip from deep sleep. */
	canWake(pin: number): boolean;
	/**
	 * Arms pins as a wake source of deep sleep. `pins` is a mask (2 ** pin, summed), `high` the level that wakes.
	 * Returns esp_err_t: 0, or why not (the chip has no such source).
	 */
	wakeOn(source: number, pins: number, high: boolean): number;
	/** Deep sleep for `ms`, or until a pin wakes it. 0: no timer. Returns esp_err_t when the chip refused; else never. */
	sleep(ms: number): number;
	restart(): void;
	/** See Fact. */
	fact(which: number): number;
	/** The version of ESP-IDF. */
	idfVersion(): string;
	/** Feeds the task watchdog: for work that takes longer than a turn. */
	feedWatchdog(): void;
	/** The image that runs waits for markValid(): it is new, and the next reset goes back to the one before. */
	isPending(): boolean;
	/** Keeps the image that runs. Returns esp_err_t. */
	markValid(): number;
	random32(): number;
}

/** How pins wake: esp_sleep_source_t. */
export const Wake = Object.freeze({ EXT0: 2, EXT1: 3, TIMER: 4, GPIO: 7 } as const);

/** esp_reset_reason_t. */
export const Reset = Object.freeze({
	UNKNOWN: 0,
	POWERON: 1,
	EXTERNAL: 2,
	SOFTWARE: 3,
	PANIC: 4,
	INTERRUPT_WATCHDOG: 5,
	TASK_WATCHDOG: 6,
	OTHER_WATCHDOG: 7,
	DEEP_SLEEP: 8,
	BROWNOUT: 9,
	SDIO: 10,
	USB: 11,
	JTAG: 12,
	EFUSE: 13,
	POWER_GLITCH: 14,
	LOCKUP: 15,
} as const);

/** What `fact` knows. Bytes where it is memory. */
export const Fact = Object.freeze({
	/** esp_chip_model_t: 1 ESP32, 5 C3, 9 S3, 13 C6. */
	MODEL: 0,
	/** Major × 100 + minor. */
	REVISION: 1,
	CORES: 2,
	HEAP_FREE: 3,
	HEAP_MINIMUM: 4,
	HEAP_LARGEST: 5,
} as const);
