import type { Board } from '../../board';

/**
 * A DevKitC with the parts of a wearable on a breadboard. All on one I2C bus, with one pair of pull-ups of 4.7 kΩ to 3.3 V; the bus runs
 * at each part's own clock.
 */
export const board: Board = Object.freeze({
	name: 'esp32-vitals',
	source: 'https://docs.espressif.com/projects/esp-dev-kits/en/latest/esp32/esp32-devkitc/',
	chip: 'esp32',
	flashMegabytes: 4,
	link: 'wifi',
	buses: Object.freeze({
		main: Object.freeze({ kind: 'i2c', data: 21, clock: 22 }),
		gps: Object.freeze({ kind: 'serial', transmit: 17, receive: 16 }),
	}),
	sensors: Object.freeze([
		Object.freeze({ part: 'max30102', bus: 'main', interrupt: 19 }),
		Object.freeze({ part: 'mlx90614', bus: 'main' }),
		Object.freeze({ part: 'sht4x', bus: 'main' }),
		Object.freeze({ part: 'gps', bus: 'gps' }),
		/** Two resistors of 100 kΩ from the cell. */
		Object.freeze({ part: 'divider', pin: 35, ratio: 2 }),
	]),
});
