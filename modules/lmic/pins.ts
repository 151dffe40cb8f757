/** How a radio is wired to a board. Numbers are the chip's; absent: not wired. */
export interface RadioPins {
	readonly clock: number;
	readonly out: number;
	readonly in: number;
	readonly select: number;
	readonly reset: number;
	/** SX1276: DIO0, DIO1 and, if it is wired, DIO2; SX1262: its DIO1. */
	readonly dio: readonly number[];
	/** SX1262. */
	readonly busy?: number | undefined;
	/** SX1262: its DIO2 switches the antenna between transmitter and receiver. */
	readonly isSwitchedByDio2?: boolean | undefined;
	/** SX1262: its DIO3 feeds the crystal oscillator. */
	readonly isClockedByDio3?: boolean | undefined;
}

const NONE = 0xff;
const SWITCHED_BY_DIO2 = 1;
const CLOCKED_BY_DIO3 = 2;

/** As board.c takes them: clock, out, in, select, reset, three DIO, busy, flags. */
export function pinBytes(pins: RadioPins): Uint8Array {
	const { clock, out, select, reset, dio, busy = NONE } = pins;
	const flags = (pins.isSwitchedByDio2 ? SWITCHED_BY_DIO2 : 0) | (pins.isClockedByDio3 ? CLOCKED_BY_DIO3 : 0);
	const lines = [dio[0] ?? NONE, dio[1] ?? NONE, dio[2] ?? NONE];
	return new Uint8Array([clock, out, pins.in, select, reset, ...lines, busy, flags]);
}
