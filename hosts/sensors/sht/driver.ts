import type { Quantity } from '../../../modules/ports';
import type { I2C, Part } from '../../../modules/sensor/io';
import { OneShot } from '../../../modules/sensor/one-shot';
import { Sht } from '../../../modules/sht/sht';
import type { BusPart, Driver } from '../plan';

type ShtPart = BusPart & { readonly part: 'sht3x' | 'sht4x' };

export const sht = Object.freeze<Driver<ShtPart>>({
	parts: Object.freeze(['sht3x', 'sht4x'] as const),
	make: ({ part, bus, address }, { clock, buses, parts }) => {
		// Where something measures the body, the air's temperature is not what is asked for.
		const isAlone = !parts.some((other) => other.part === 'mlx90614');
		const gives: readonly Quantity[] = isAlone ? ['temperatureCelsius', 'humidityPercent'] : ['humidityPercent'];
		const sensor: Part<I2C> = { ...buses.i2c(bus), address };
		const make = (): Sht => new Sht({ sensor, part });
		return new OneShot({ name: part, clock, make, gives, warmUp: 50 });
	},
});
