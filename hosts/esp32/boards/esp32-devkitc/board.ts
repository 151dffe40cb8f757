import type { Board } from '../../board';

export const board: Board = Object.freeze({
	name: 'esp32-devkitc',
	source: 'https://docs.espressif.com/projects/esp-dev-kits/en/latest/esp32/esp32-devkitc/user_guide.html',
	chip: 'esp32',
	flashMegabytes: 4,
	link: 'wifi',
	buses: Object.freeze({ main: Object.freeze({ kind: 'i2c', data: 21, clock: 22 }) }),
	sensors: Object.freeze([]),
	/** Free for a button or a sensor's interrupt line, with its own pull-up. */
	wake: Object.freeze({ source: 'ext0', level: 'low', pins: Object.freeze([33]) }),
});
