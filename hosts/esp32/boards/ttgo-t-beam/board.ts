import type { Board } from '../../board';

/** V1.1, with the AXP192 on the main bus, which feeds radio and receiver. V1.2 has another chip there: ttgo-t-beam-v12. */
export const board: Board = Object.freeze({
	name: 'ttgo-t-beam',
	source: 'https://github.com/Xinyuan-LilyGO/LilyGo-LoRa-Series/blob/master/schematic/LilyGo_TBeam_V1.1.pdf',
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
	/** LDO2: the radio; LDO3: the receiver. */
	feeds: Object.freeze({
		rails: Object.freeze({ chip: 'axp192', bus: 'main', rails: Object.freeze(['ldo2', 'ldo3'] as const) }),
	}),
	/** The middle button, with a pull-up. */
	wake: Object.freeze({ source: 'ext0', level: 'low', pins: Object.freeze([38]) }),
});
