import { Battery } from '../modules/battery/battery';
import { Fault } from '../modules/fault';
import { Gps } from '../modules/gps/gps';
import { Max3010x } from '../modules/max3010x/max3010x';
import { Max17048 } from '../modules/max17048/max17048';
import { Mlx90614 } from '../modules/mlx90614/mlx90614';
import type { Clock, Quantity, Sensor } from '../modules/ports';
import { PpgEstimator } from '../modules/ppg/estimator';
import type { Analog, Digital, I2C, Part, Serial, SMBus } from '../modules/sensor/io';
import { OneShot } from '../modules/sensor/one-shot';
import { Sht } from '../modules/sht/sht';
import { VitalSigns } from '../src/sensing/vital-signs';

/** A part that measures, and where it is: data of a board. */
export interface SensorPart {
	readonly part: SensorName;
	/** By its name. */
	readonly bus: string;
	/** Else the one that it leaves the factory with. */
	readonly address?: number;
	readonly interrupt?: number;
}

export type SensorName = 'max30101' | 'max30102' | 'sht3x' | 'sht4x' | 'mlx90614' | 'max17048' | 'gps';

/** The host's classes with the pins of its buses. */
export interface SensorBuses {
	/** @throws Fault 'misuse' when there is no such bus, or it is of another kind */
	readonly i2c: (bus: string) => Part<I2C>;
	readonly smbus: (bus: string) => Part<SMBus>;
	readonly serial: (bus: string) => Part<Serial>;
	/** An input that calls `onReadable` when its level falls. */
	readonly falling: (pin: number) => Part<Digital>;
	readonly analog: (pin: number) => Part<Analog>;
}

export interface SensorPlan {
	readonly clock: Clock;
	readonly parts: readonly SensorPart[];
	readonly buses: SensorBuses;
	/** A cell behind a divider on an analog pin; not looked at where there is a gauge. */
	readonly battery?: { readonly pin: number; readonly ratio: number } | undefined;
}

/**
 * The sensors that a board names, with their drivers: the same on every host, which differ in the buses they hand in.
 * @throws Fault 'misuse' for a part without a driver: a sensor that is there and says nothing would be a lie
 */
export function makeSensors(plan: SensorPlan): readonly Sensor[] {
	const { clock, parts, battery, buses } = plan;
	const sensors = parts.map((part) => makeSensor(part, plan));
	if (battery && !parts.some(({ part }) => part === 'max17048'))
		sensors.push(
			new OneShot({
				name: 'battery',
				clock,
				make: () => new Battery({ sensor: buses.analog(battery.pin), ratio: battery.ratio }),
				gives: ['batteryPercent'],
				warmUp: 1,
			}),
		);
	return sensors;
}

function makeSensor({ part, bus, address, interrupt }: SensorPart, { clock, buses, parts }: SensorPlan): Sensor {
	// What is found out here and not when a driver is made needs no closure to find it out with.
	switch (part) {
		case 'max30101':
		case 'max30102': {
			const sensor: Part<SMBus> = { ...buses.smbus(bus), address };
			const alert = interrupt === undefined ? undefined : buses.falling(interrupt);
			return new VitalSigns({
				clock,
				hasAlert: alert !== undefined,
				make: (onAlert) => new Max3010x({ sensor, ...(alert && { alert, onAlert }) }),
				estimator: (options) => new PpgEstimator(options),
			});
		}
		case 'mlx90614': {
			const sensor: Part<SMBus> = { ...buses.smbus(bus), address };
			const make = (): Mlx90614 => new Mlx90614({ sensor });
			return new OneShot({ name: part, clock, make, gives: ['temperatureCelsius'], warmUp: 300 });
		}
		case 'sht3x':
		case 'sht4x': {
			// Where something measures the body, the air's temperature is not what is asked for.
			const isAlone = !parts.some((other) => other.part === 'mlx90614');
			const gives: readonly Quantity[] = isAlone ? ['temperatureCelsius', 'humidityPercent'] : ['humidityPercent'];
			const sensor: Part<I2C> = { ...buses.i2c(bus), address };
			const make = (): Sht => new Sht({ sensor, part });
			return new OneShot({ name: part, clock, make, gives, warmUp: 50 });
		}
		case 'max17048': {
			const sensor: Part<SMBus> = { ...buses.smbus(bus), address };
			const make = (): Max17048 => new Max17048({ sensor });
			return new OneShot({ name: part, clock, make, gives: ['batteryPercent'], warmUp: 1_100 });
		}
		case 'gps':
			return new Gps({ sensor: buses.serial(bus), clock });
		default:
			throw new Fault('misuse', `there is no driver for ${part as string}`);
	}
}
