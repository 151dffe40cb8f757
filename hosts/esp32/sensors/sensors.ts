import { Fault } from '../../../modules/fault';
import type { Clock, Sensor } from '../../../modules/ports';
import type { Analog, Digital, I2C, Part, Serial, SMBus } from '../../../modules/sensor/io';
import { type Driver, makeSensors as makeSensorsOn } from '../../sensors/plan';
import type { Board, Bus } from '../board';

/** The SDK's classes. */
export interface IoClasses {
	readonly I2C: Part<I2C>['io'];
	readonly SMBus: Part<SMBus>['io'];
	readonly Serial: Part<Serial>['io'];
	readonly Analog: Part<Analog>['io'];
	readonly Digital: Part<Digital>['io'] & { readonly InputPullUp: number; readonly Falling: number };
}

/** Milliseconds after which a bus that is held is a fault; the SDK's 400 would hold up all else. No part here stretches longer. */
const TIMEOUT = 50;
/** UART 0 is the log's. */
const PORT = 1;

/**
 * The sensors that a board names, on its pins. The SDK's drivers are not used, as they give what a part answers without a check of
 * its CRC, or block while it measures.
 * @throws Fault 'misuse' for a part without a driver, or on a bus that is none for it
 */
export function makeSensors(board: Board, io: IoClasses, drivers: readonly Driver[], clock: Clock): readonly Sensor[] {
	function pins<Kind extends Bus['kind']>(name: string, kind: Kind): Extract<Bus, { kind: Kind }> {
		const bus = board.buses[name];
		if (bus?.kind !== kind) throw new Fault('misuse', `${board.name}: ${name} is no bus of the kind ${kind}`);
		return bus as Extract<Bus, { kind: Kind }>;
	}
	const wires = (name: string) => {
		const { data, clock } = pins(name, 'i2c');
		return { data, clock, timeout: TIMEOUT };
	};
	return makeSensorsOn({
		clock,
		parts: board.sensors,
		drivers,
		buses: {
			i2c: (name) => ({ io: io.I2C, ...wires(name) }),
			smbus: (name) => ({ io: io.SMBus, ...wires(name) }),
			// Nothing is ever said to a receiver: its other pin stays as it is.
			serial: (name) => ({ io: io.Serial, receive: pins(name, 'serial').receive, port: PORT }),
			falling: (pin) => ({ io: io.Digital, pin, mode: io.Digital.InputPullUp, edge: io.Digital.Falling }),
			analog: (pin) => ({ io: io.Analog, pin }),
		},
	});
}
