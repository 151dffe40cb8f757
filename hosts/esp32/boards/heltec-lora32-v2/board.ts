import type { Board } from '../../board';

export const board: Board = Object.freeze({
	name: 'heltec-lora32-v2',
	source: 'https://resource.heltec.cn/download/WiFi_LoRa_32/V2/WiFi_LoRa_32_V2(868-915).PDF',
	chip: 'esp32',
	flashMegabytes: 8,
	link: 'wifi',
	buses: Object.freeze({
		/** The display's, which sensors share; its clock is a strapping pin, and pulled up as that asks. */
		main: Object.freeze({ kind: 'i2c', data: 4, clock: 15 }),
		lora: Object.freeze({ kind: 'spi', clock: 5, out: 27, in: 19 }),
	}),
	sensors: Object.freeze([Object.freeze({ part: 'divider', pin: 37, ratio: 3.2 })]),
	lora: Object.freeze({ part: 'sx1276', bus: 'lora', select: 18, reset: 14, dio: Object.freeze([26, 35, 34]) }),
	/** 5: the radio's clock input; 15: the display's pull-up, which is what the chip wants there. */
	strapped: Object.freeze([5, 15]),
	led: Object.freeze({ pin: 25, level: 'high' }),
	/** Vext: feeds the display, the header's sensors and the battery's divider. */
	feeds: Object.freeze({ pins: Object.freeze([Object.freeze({ pin: 21, level: 'low' })]) }),
});
