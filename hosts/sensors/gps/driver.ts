import { Gps } from '../../../modules/gps/gps';
import type { BusPart, Driver } from '../plan';

export const gps = Object.freeze<Driver<BusPart>>({
	parts: Object.freeze(['gps'] as const),
	make: ({ bus }, { clock, buses }) => new Gps({ sensor: buses.serial(bus), clock }),
});
