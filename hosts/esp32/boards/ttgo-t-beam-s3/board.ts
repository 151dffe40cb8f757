import type { Board } from '../../board';

/** T-Beam S3 Supreme. The AXP2101, on a bus of its own, feeds radio (ALDO3) and receiver (ALDO4). */
export const board: Board = Object.freeze({
	name: 'ttgo-t-beam-s3',
	source: 'https://github.com/Xinyuan-LilyGO/LilyGo-LoRa-Series/blob/master/schematic/LilyGo_T-BeamS3Supreme.pdf',
	chip: 'esp32s3',
	flashMegabytes: 8,
	link: 'wifi',
	buses: Object.freeze({
		main: Object.freeze({ kind: 'i2c', data: 17, clock: 18 }),
		power: Object.freeze({ kind: 'i2c', data: 42, clock: 41 }),
		lora: Object.freeze({ kind: 'spi', clock: 12, out: 11, in: 13 }),
		gps: Object.freeze({ kind: 'serial', transmit: 8, receive: 9 }),
	}),
	sensors: Object.freeze([Object.freeze({ part: 'gps', bus: 'gps' })]),
	lora: Object.freeze({
		part: 'sx1262',
		bus: 'lora',
		select: 10,
		reset: 5,
		dio: Object.freeze([1]),
		busy: 4,
		isSwitchedByDio2: true,
		isClockedByDio3: true,
	}),
	feeds: Object.freeze({
		rails: Object.freeze({ chip: 'axp2101', bus: 'power', rails: Object.freeze(['aldo3', 'aldo4'] as const) }),
	}),
});
