interface Measurement {
	readonly command: number;
	/** Milliseconds, at most. */
	readonly duration: number;
}

/** What differs between the families: their words, their times, their scale of humidity. */
export interface Family {
	readonly name: string;
	readonly commandBytes: 1 | 2;
	readonly serial: number;
	readonly measure: {
		readonly high: Measurement;
		readonly medium: Measurement;
		readonly low: Measurement;
	};
	/** A measurement at the end of a time with the heater on. */
	readonly heat: Measurement | undefined;
	readonly heaterOn: number | undefined;
	readonly heaterOff: number | undefined;
	/** Percent at 0, and over all 65,535 steps. */
	readonly humidity: { readonly offset: number; readonly span: number };
}

const measurement = (command: number, duration: number): Measurement => Object.freeze({ command, duration });

export const families: { readonly [Name in 'sht3x' | 'sht4x']: Family } = Object.freeze({
	/** Datasheet SHT3x-DIS version 7: tables 4 (times, 2.4 to 5.5 V: half a millisecond more) and 9 to 17, section 4.13. */
	sht3x: Object.freeze({
		name: 'SHT3x',
		commandBytes: 2,
		serial: 0x3780,
		measure: Object.freeze({
			high: measurement(0x2400, 16),
			medium: measurement(0x240b, 7),
			low: measurement(0x2416, 5),
		}),
		heat: undefined,
		heaterOn: 0x306d,
		heaterOff: 0x3066,
		humidity: Object.freeze({ offset: 0, span: 100 }),
	} as const),
	/** Datasheet SHT4x version 6.5: tables 4 and 8, section 4.6. */
	sht4x: Object.freeze({
		name: 'SHT4x',
		commandBytes: 1,
		serial: 0x89,
		measure: Object.freeze({
			high: measurement(0xfd, 9),
			medium: measurement(0xf6, 5),
			low: measurement(0xe0, 2),
		}),
		heat: measurement(0x32, 120),
		heaterOn: undefined,
		heaterOff: undefined,
		humidity: Object.freeze({ offset: -6, span: 125 }),
	} as const),
});
