import type { Board } from '../../board';

export const board: Board = Object.freeze({
	name: 'esp32-c6-devkitc',
	source: 'https://docs.espressif.com/projects/esp-dev-kits/en/latest/esp32c6/esp32-c6-devkitc-1/user_guide.html',
	chip: 'esp32c6',
	flashMegabytes: 8,
	link: 'wifi',
	buses: Object.freeze({ main: Object.freeze({ kind: 'i2c', data: 6, clock: 7 }) }),
	sensors: Object.freeze([]),
	wake: Object.freeze({ source: 'gpio', level: 'low', pins: Object.freeze([2]) }),
});
