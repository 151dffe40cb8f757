import type { Board } from '../../board';

/** V1.2: as V1.1, but for the AXP2101, whose ALDO2 feeds the radio and ALDO3 the receiver. */
export const board: Board = Object.freeze({
	name: 'ttgo-t-beam-v12',
	source: 'https://github.com/Xinyuan-LilyGO/LilyGo-LoRa-Series/blob/master/schematic/LilyGo_TBeam_V1.2.pdf',
	chip: 'esp32',
	flashMegabytes: 4,
	link: 'wifi',
	buses: Object.freeze({
		main: Object.freeze({ kind: 'i2c', data: 21, clock: 22 }),
		lora: Object.freeze({ kind: 'spi', clock: 5, out: 27, in: 19 }),
		gps: Object.freeze({ kind: 'serial', transmit: 12, receive: 34 }),
	}),
	sensors: Object.freeze([Object.freeze({ part: 'gps', bus: 'gps' })]),
	lora: Object.freeze({ part: 'sx1276', bus: 'lora', select: 18, reset: 23, dio: Object.freeze([26, 33, 32]) }),
	/** 5: the radio's clock input; 12: the GPS's input, which floats at reset, and the chip's own pull-down decides. */
	strapped: Object.freeze([5, 12]),
	led: Object.freeze({ pin: 4, level: 'low' }),
	feeds: Object.freeze({
		rails: Object.freeze({ chip: 'axp2101', bus: 'main', rails: Object.freeze(['aldo2', 'aldo3'] as const) }),
	}),
	/** The middle button, with a pull-up. */
	wake: Object.freeze({ source: 'ext0', level: 'low', pins: Object.freeze([38]) }),
});
