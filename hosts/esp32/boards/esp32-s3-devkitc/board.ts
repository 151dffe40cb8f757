import type { Board } from '../../board';

/** Version N8: pins 33 to 37 are taken where there is octal PSRAM, so they are left alone. */
export const board: Board = Object.freeze({
	name: 'esp32-s3-devkitc',
	source: 'https://docs.espressif.com/projects/esp-dev-kits/en/latest/esp32s3/esp32-s3-devkitc-1/user_guide.html',
	chip: 'esp32s3',
	flashMegabytes: 8,
	link: 'wifi',
	buses: Object.freeze({ main: Object.freeze({ kind: 'i2c', data: 4, clock: 5 }) }),
	sensors: Object.freeze([]),
	wake: Object.freeze({ source: 'ext1', level: 'low', pins: Object.freeze([6]) }),
});
