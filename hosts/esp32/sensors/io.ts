/** The SDK's buses, for boards with sensors. */
import Analog from 'embedded:io/analog';
import Digital from 'embedded:io/digital';
import I2C from 'embedded:io/i2c';
import Serial from 'embedded:io/serial';
import SMBus from 'embedded:io/smbus';
import type { Driver } from '../../sensors/plan';
import type { SensorMaker } from '../parts';
import { type IoClasses, makeSensors } from './sensors';

const io = Object.freeze({ I2C, SMBus, Serial, Analog, Digital }) as unknown as IoClasses;

/** A board's sensors, by these drivers. */
export function sensorsBy(drivers: readonly Driver[]): SensorMaker {
	return (board, clock) => makeSensors(board, io, drivers, clock);
}
