import type { Rails } from '../../modules/axp/rails';
import { Fault } from '../../modules/fault';
import type { SensorPart } from '../sensors/plan';

/** What a board is, as data: what is soldered to which pin. Boards are in boards/, one file each. */
export interface Board {
	readonly name: string;
	/** Where it is described: schematic, datasheet or the maker's page. */
	readonly source: string;
	readonly chip: ChipName;
	readonly flashMegabytes: 4 | 8 | 16;
	readonly link: 'wifi' | 'ethernet';
	/** Buses by name; parts refer to them. */
	readonly buses: Readonly<Record<string, Bus>>;
	readonly sensors: readonly SensorPart[];
	readonly lora?: LoraRadio;
	/** RMII of the chip's own MAC; the SDK's target configures it, this names its pins so that nothing else takes them. */
	readonly ethernet?: EthernetPins;
	/** Pins that wake it from deep sleep, all of one level. */
	readonly wake?: {
		readonly source: 'ext0' | 'ext1' | 'gpio';
		readonly level: 'high' | 'low';
		readonly pins: readonly number[];
	};
	/** Strapping pins that the maker soldered to a part which leaves them alone at reset. No others may be used. */
	readonly strapped?: readonly number[];
	/** A light-emitting diode, lit at this level. */
	readonly led?: { readonly pin: number; readonly level: 'high' | 'low' };
	/** What feeds parts of it and is off after a reset. Pins are off again in deep sleep; rails stay on. */
	readonly feeds?: {
		readonly pins?: readonly { readonly pin: number; readonly level: 'high' | 'low' }[];
		readonly rails?: Rails & { readonly bus: string };
	};
}

export type ChipName = 'esp32' | 'esp32s3' | 'esp32c3' | 'esp32c6';

export type Bus =
	| { readonly kind: 'i2c'; readonly data: number; readonly clock: number }
	| { readonly kind: 'spi'; readonly clock: number; readonly out: number; readonly in: number }
	| { readonly kind: 'serial'; readonly transmit: number; readonly receive: number };

export interface LoraRadio {
	readonly part: 'sx1276' | 'sx1262';
	readonly bus: string;
	readonly select: number;
	readonly reset: number;
	readonly dio: readonly number[];
	readonly busy?: number;
	/** Of an SX1262: its DIO2 switches the antenna, its DIO3 feeds the crystal oscillator. */
	readonly isSwitchedByDio2?: boolean;
	readonly isClockedByDio3?: boolean;
}

export interface EthernetPins {
	readonly mdc: number;
	readonly mdio: number;
	readonly reset: number;
	readonly clock: number;
}

/** Of a chip: which pins there are, and what they may be used for. */
export interface ChipPins {
	readonly pins: readonly number[];
	/** Without an output driver. */
	readonly inputOnly: readonly number[];
	/** Flash and PSRAM hang on them. */
	readonly taken: readonly number[];
	/** Read at reset: what is on them may keep the chip from starting. */
	readonly strapping: readonly number[];
	/** Can wake it from deep sleep. */
	readonly wake: readonly number[];
	readonly sources: readonly ('ext0' | 'ext1' | 'gpio')[];
	/** With an analog converter that works beside Wi-Fi (ADC1). */
	readonly analog: readonly number[];
}

const range = (first: number, last: number): readonly number[] =>
	Object.freeze(Array.from({ length: last - first + 1 }, (_, index) => first + index));
const list = (...pins: readonly number[]): readonly number[] => Object.freeze([...pins]);

/** From the datasheets' pin tables (espressif.com/en/support/documents/technical-documents, "Datasheet"). */
export const chipPins: { readonly [Name in ChipName]: ChipPins } = Object.freeze({
	esp32: Object.freeze({
		pins: Object.freeze([...range(0, 19), ...range(21, 23), ...range(25, 27), ...range(32, 39)]),
		inputOnly: range(34, 39),
		taken: range(6, 11),
		strapping: list(0, 2, 5, 12, 15),
		wake: Object.freeze([0, 2, 4, ...range(12, 15), ...range(25, 27), ...range(32, 39)]),
		sources: Object.freeze(['ext0', 'ext1'] as const),
		analog: range(32, 39),
	}),
	esp32s3: Object.freeze({
		pins: Object.freeze([...range(0, 21), ...range(26, 48)]),
		inputOnly: list(),
		taken: range(26, 32),
		strapping: list(0, 3, 45, 46),
		wake: range(0, 21),
		sources: Object.freeze(['ext0', 'ext1'] as const),
		analog: range(1, 10),
	}),
	esp32c3: Object.freeze({
		pins: range(0, 21),
		inputOnly: list(),
		taken: range(11, 17),
		strapping: list(2, 8, 9),
		wake: range(0, 5),
		sources: Object.freeze(['gpio'] as const),
		analog: range(0, 4),
	}),
	esp32c6: Object.freeze({
		pins: range(0, 30),
		inputOnly: list(),
		taken: range(24, 30),
		strapping: list(4, 5, 8, 9, 15),
		wake: range(0, 7),
		sources: Object.freeze(['ext1', 'gpio'] as const),
		analog: range(0, 6),
	}),
});

/** Every pin that a board uses, with what it is for. A pin that gives is an output of the chip. */
export interface PinUse {
	readonly pin: number;
	readonly use: string;
	readonly gives: boolean;
}

export function pinUses(board: Board): PinUse[] {
	const uses: PinUse[] = [];
	const give = (pin: number, use: string): void => void uses.push({ pin, use, gives: true });
	const take = (pin: number, use: string): void => void uses.push({ pin, use, gives: false });
	for (const [name, bus] of Object.entries(board.buses)) {
		if (bus.kind === 'i2c') {
			give(bus.data, `${name} data`);
			give(bus.clock, `${name} clock`);
		} else if (bus.kind === 'spi') {
			give(bus.clock, `${name} clock`);
			give(bus.out, `${name} out`);
			take(bus.in, `${name} in`);
		} else {
			give(bus.transmit, `${name} transmit`);
			take(bus.receive, `${name} receive`);
		}
	}
	for (const each of board.sensors)
		if (each.part === 'divider') take(each.pin, 'battery');
		else if (each.interrupt !== undefined) take(each.interrupt, `${each.part} interrupt`);
	if (board.lora) {
		give(board.lora.select, 'LoRa select');
		give(board.lora.reset, 'LoRa reset');
		board.lora.dio.forEach((pin, index) => {
			take(pin, `LoRa DIO${index}`);
		});
		if (board.lora.busy !== undefined) take(board.lora.busy, 'LoRa busy');
	}
	if (board.ethernet) {
		give(board.ethernet.mdc, 'Ethernet MDC');
		give(board.ethernet.mdio, 'Ethernet MDIO');
		give(board.ethernet.reset, 'Ethernet reset');
		take(board.ethernet.clock, 'Ethernet clock');
		// RMII, fixed in the chip: TX_EN, TXD0, TXD1 out; RXD0, RXD1, CRS_DV in.
		for (const pin of [21, 19, 22]) give(pin, 'Ethernet RMII');
		for (const pin of [25, 26, 27]) take(pin, 'Ethernet RMII');
	}
	for (const pin of board.wake?.pins ?? []) take(pin, 'wake');
	if (board.led) give(board.led.pin, 'LED');
	for (const { pin } of board.feeds?.pins ?? []) give(pin, 'power');
	return uses;
}

/**
 * Sees that a board can be what it says.
 * @throws Fault 'range' that names the board, the pin and what is wrong with it
 */
export function checkBoard(board: Board): void {
	const chip = chipPins[board.chip];
	const refuse = (words: string): never => {
		throw new Fault('range', `${board.name}: ${words}`);
	};
	const used = new Map<number, string>();
	for (const { pin, use, gives } of pinUses(board)) {
		const other = used.get(pin);
		if (other !== undefined) refuse(`pin ${pin} is both ${other} and ${use}`);
		used.set(pin, use);
		if (!chip.pins.includes(pin)) refuse(`pin ${pin} (${use}) is not on the ${board.chip}`);
		if (chip.taken.includes(pin)) refuse(`pin ${pin} (${use}) belongs to the flash`);
		if (chip.strapping.includes(pin) && (use === 'wake' || !board.strapped?.includes(pin)))
			refuse(`pin ${pin} (${use}) decides how the chip starts`);
		if (gives && chip.inputOnly.includes(pin)) refuse(`pin ${pin} (${use}) cannot be an output`);
	}
	const checkBus = (part: string, bus: string, kind: Bus['kind']): void => {
		if (!Object.hasOwn(board.buses, bus)) refuse(`${part}: there is no bus "${bus}"`);
		if (board.buses[bus]!.kind !== kind) refuse(`${part}: bus "${bus}" is no ${kind}`);
	};
	for (const each of board.sensors)
		if (each.part !== 'divider') checkBus(each.part, each.bus, each.part === 'gps' ? 'serial' : 'i2c');
		else if (!chip.analog.includes(each.pin)) refuse(`pin ${each.pin} (battery) is not on ADC1`);
	if (board.lora) checkBus(board.lora.part, board.lora.bus, 'spi');
	if (board.feeds?.rails) checkBus(board.feeds.rails.chip, board.feeds.rails.bus, 'i2c');
	if (board.sensors.filter(({ part }) => part === 'divider' || part === 'max17048').length > 1)
		refuse('two parts measure one battery');
	if (board.wake) {
		const { source, pins } = board.wake;
		if (!chip.sources.includes(source)) refuse(`the ${board.chip} has no ${source}`);
		if (source === 'ext0' && pins.length !== 1) refuse('EXT0 takes one pin');
		for (const pin of pins) if (!chip.wake.includes(pin)) refuse(`pin ${pin} cannot wake the ${board.chip}`);
	}
	if ((board.link === 'ethernet') !== (board.ethernet !== undefined)) refuse('link and Ethernet pins do not agree');
	if (board.ethernet && board.chip !== 'esp32') refuse('only the ESP32 has an Ethernet MAC');
}
