import { Max17048 } from '../../../modules/max17048/max17048';
import type { Part, SMBus } from '../../../modules/sensor/io';
import { OneShot } from '../../../modules/sensor/one-shot';
import type { BusPart, Driver } from '../plan';

export const max17048 = Object.freeze<Driver<BusPart>>({
	parts: Object.freeze(['max17048'] as const),
	make: ({ bus, address }, { clock, buses }) => {
		const sensor: Part<SMBus> = { ...buses.smbus(bus), address };
		const make = (): Max17048 => new Max17048({ sensor });
		return new OneShot({ name: 'max17048', clock, make, gives: ['batteryPercent'], warmUp: 1_100 });
	},
});
