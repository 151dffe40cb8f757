import { Fault } from '../../../modules/fault';
import type { Clock, Sensor } from '../../../modules/ports';
import { allDrivers as drivers } from '../../sensors/all';
import { makeSensors, type SensorPart } from '../../sensors/plan';
import type { VirtualBus } from '../bus/i2c';
import type { VirtualUart } from '../bus/serial';

/** What is soldered to a virtual board: its parts, the one I2C bus "main", the one serial port "gps". */
export interface Wiring {
	readonly parts: readonly SensorPart[];
	readonly bus: VirtualBus;
	readonly uart: VirtualUart;
}

/** The board's drivers on it, for one boot: whoever held the buses before is gone. */
export function sensorsOn({ parts, bus, uart }: Wiring, clock: Clock): readonly Sensor[] {
	bus.release();
	uart.release();
	const none = (): never => {
		throw new Fault('misuse', 'a virtual board has no pins');
	};
	return makeSensors({
		clock,
		parts,
		drivers,
		buses: {
			i2c: () => ({ io: bus.I2C as never }),
			smbus: () => ({ io: bus.SMBus as never }),
			serial: () => ({ io: uart.Serial as never }),
			falling: none,
			analog: none,
		},
	});
}
