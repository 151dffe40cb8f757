import { Battery } from '../../../modules/battery/battery';
import { OneShot } from '../../../modules/sensor/one-shot';
import type { Divider, Driver } from '../plan';

export const divider = Object.freeze<Driver<Divider>>({
	parts: Object.freeze(['divider'] as const),
	make: ({ pin, ratio }, { clock, buses }) =>
		new OneShot({
			name: 'battery',
			clock,
			make: () => new Battery({ sensor: buses.analog(pin), ratio }),
			gives: ['batteryPercent'],
			warmUp: 1,
		}),
});
