import { Mlx90614 } from '../../../modules/mlx90614/mlx90614';
import type { Part, SMBus } from '../../../modules/sensor/io';
import { OneShot } from '../../../modules/sensor/one-shot';
import type { BusPart, Driver } from '../plan';

export const mlx90614 = Object.freeze<Driver<BusPart>>({
	parts: Object.freeze(['mlx90614'] as const),
	make: ({ bus, address }, { clock, buses }) => {
		const sensor: Part<SMBus> = { ...buses.smbus(bus), address };
		const make = (): Mlx90614 => new Mlx90614({ sensor });
		return new OneShot({ name: 'mlx90614', clock, make, gives: ['temperatureCelsius'], warmUp: 300 });
	},
});
