/** A chip for power, on a board that has one: over the SDK's bus. */
import SMBus from 'embedded:io/smbus';
import { feed } from '../../../modules/axp/rails';
import { Fault } from '../../../modules/fault';
import type { RailSwitch } from '../parts';

/** Milliseconds after which a bus that is held is a fault, as for sensors. */
const TIMEOUT = 50;

export const axp: RailSwitch = ({ name, buses }, { bus, ...rails }) => {
	const wires = buses[bus];
	if (wires?.kind !== 'i2c') throw new Fault('misuse', `${name}: ${bus} is no bus of the kind i2c`);
	const { data, clock } = wires;
	feed(rails, { io: SMBus as never, data, clock, timeout: TIMEOUT });
};
