import { Fault } from '../../modules/fault';
import type { Sensor } from '../../modules/ports';
import type { Board } from './board';

/**
 * The sensors that a board names. There is no driver yet, and no board shipped here names a part; the SDK's drivers are not
 * used, as they give what a part answers without a check of its CRC, or block while it measures.
 * @throws Fault 'misuse' for a part without a driver: a sensor that is there and says nothing would be a lie
 */
export function makeSensors(board: Board): readonly Sensor[] {
	for (const { part } of board.sensors) throw new Fault('misuse', `${board.name}: there is no driver for ${part}`);
	return [];
}
