import type { Board } from '../../board';

export const board: Board = Object.freeze({
	name: 'heltec-lora32-v3',
	source: 'https://resource.heltec.cn/download/WiFi_LoRa_32_V3/HTIT-WB32LA(F)_V3_Schematic_Diagram.pdf',
	chip: 'esp32s3',
	flashMegabytes: 8,
	link: 'wifi',
	buses: Object.freeze({
		/** On its header: the display has a bus of its own. */
		main: Object.freeze({ kind: 'i2c', data: 41, clock: 42 }),
		lora: Object.freeze({ kind: 'spi', clock: 9, out: 10, in: 11 }),
	}),
	sensors: Object.freeze([Object.freeze({ part: 'divider', pin: 1, ratio: 4.9 })]),
	lora: Object.freeze({
		part: 'sx1262',
		bus: 'lora',
		select: 8,
		reset: 12,
		dio: Object.freeze([14]),
		busy: 13,
		isSwitchedByDio2: true,
		isClockedByDio3: true,
	}),
	led: Object.freeze({ pin: 35, level: 'high' }),
	/** 36, Vext: feeds the display and the header's sensors; 37: the battery's divider (V3.0 and V3.1; V3.2 has the other level). */
	feeds: Object.freeze({
		pins: Object.freeze([Object.freeze({ pin: 36, level: 'low' }), Object.freeze({ pin: 37, level: 'low' })]),
	}),
});
