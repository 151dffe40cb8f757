import type { Board } from '../../board';

/** Its radio is wired as the guide has it (section 4.1): select 18, reset 14, DIO 26, 33, 32. */
export const board: Board = Object.freeze({
	name: 'ttgo-lora32-v1',
	source: 'https://github.com/Xinyuan-LilyGO/LilyGo-LoRa-Series/blob/master/schematic/T3_V1.3.pdf',
	chip: 'esp32',
	flashMegabytes: 4,
	link: 'wifi',
	buses: Object.freeze({
		main: Object.freeze({ kind: 'i2c', data: 21, clock: 22 }),
		lora: Object.freeze({ kind: 'spi', clock: 5, out: 27, in: 19 }),
	}),
	sensors: Object.freeze([Object.freeze({ part: 'divider', pin: 35, ratio: 2 })]),
	lora: Object.freeze({ part: 'sx1276', bus: 'lora', select: 18, reset: 14, dio: Object.freeze([26, 33, 32]) }),
	/** 5: the radio's clock input. */
	strapped: Object.freeze([5]),
	led: Object.freeze({ pin: 25, level: 'high' }),
});
