import { Fault } from '../../modules/fault';
import type { Clock, Sensor } from '../../modules/ports';
import type { Analog, Digital, I2C, Part, Serial, SMBus } from '../../modules/sensor/io';

/** A part that measures, and where it is: data of a board. */
export type SensorPart = BusPart | Divider;

export interface BusPart {
	readonly part: 'max30101' | 'max30102' | 'sht3x' | 'sht4x' | 'mlx90614' | 'max17048' | 'gps';
	/** By its name. */
	readonly bus: string;
	/** Else the one that it leaves the factory with. */
	readonly address?: number;
	readonly interrupt?: number;
}

/** A cell behind two resistors on an analog pin. */
export interface Divider {
	readonly part: 'divider';
	readonly pin: number;
	/** Of the cell's voltage to the pin's. */
	readonly ratio: number;
}

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
	/** Those that this host has: on a board, those of its parts and no others. */
	readonly drivers: readonly Driver[];
}

/** What makes a sensor of a part: one folder here for each, whose manifest brings all that it needs into an image. */
export interface Driver<Of extends SensorPart = SensorPart> {
	readonly parts: readonly Of['part'][];
	make(part: Of, plan: SensorPlan): Sensor;
}

/**
 * The sensors that a board names, with their drivers: the same on every host, which differ in the buses they hand in.
 * @throws Fault 'misuse' for a part without a driver: a sensor that is there and says nothing would be a lie
 */
export function makeSensors(plan: SensorPlan): readonly Sensor[] {
	return plan.parts.map((part) => {
		const driver = plan.drivers.find(({ parts }) => parts.includes(part.part));
		if (!driver) throw new Fault('misuse', `there is no driver for ${part.part}`);
		return driver.make(part, plan);
	});
}
