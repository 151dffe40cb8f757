import { Max3010x } from '../../../modules/max3010x/max3010x';
import { PpgEstimator } from '../../../modules/ppg/estimator';
import type { Part, SMBus } from '../../../modules/sensor/io';
import { VitalSigns } from '../../../src/sensing/vital-signs';
import type { BusPart, Driver } from '../plan';

export const max3010x = Object.freeze<Driver<BusPart>>({
	parts: Object.freeze(['max30101', 'max30102'] as const),
	make: ({ bus, address, interrupt }, { clock, buses }) => {
		const sensor: Part<SMBus> = { ...buses.smbus(bus), address };
		const alert = interrupt === undefined ? undefined : buses.falling(interrupt);
		return new VitalSigns({
			clock,
			hasAlert: alert !== undefined,
			make: (onAlert) => new Max3010x({ sensor, ...(alert && { alert, onAlert }) }),
			estimator: (options) => new PpgEstimator(options),
		});
	},
});
