import type { Board } from '../../board';

/** The PHY (LAN8720) gives the clock at pin 0, and is switched on at pin 16. */
export const board: Board = Object.freeze({
	name: 'wt32-eth01',
	source: 'https://en.wireless-tag.com/product-item-2.html',
	chip: 'esp32',
	flashMegabytes: 4,
	link: 'ethernet',
	buses: Object.freeze({ main: Object.freeze({ kind: 'i2c', data: 33, clock: 32 }) }),
	sensors: Object.freeze([]),
	ethernet: Object.freeze({ mdc: 23, mdio: 18, reset: 16, clock: 0 }),
	/** The PHY's clock is off at reset, as pin 16 is. */
	strapped: Object.freeze([0]),
	wake: Object.freeze({ source: 'ext0', level: 'low', pins: Object.freeze([36]) }),
});
