import type { Board } from '../../board';

export const board: Board = Object.freeze({
	name: 'esp32-c3-devkitm',
	source: 'https://docs.espressif.com/projects/esp-dev-kits/en/latest/esp32c3/esp32-c3-devkitm-1/user_guide.html',
	chip: 'esp32c3',
	flashMegabytes: 4,
	link: 'wifi',
	buses: Object.freeze({ main: Object.freeze({ kind: 'i2c', data: 6, clock: 7 }) }),
	sensors: Object.freeze([]),
	wake: Object.freeze({ source: 'gpio', level: 'low', pins: Object.freeze([3]) }),
});
