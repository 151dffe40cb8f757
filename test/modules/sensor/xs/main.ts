/** Runs the case whose number an event brings, and answers with what was wrong with it. */
import { Handle } from '../../../../hosts/xs/device/operations';
import { Wire } from '../../../../hosts/xs/device/wire';
import { table } from '../cases/table';

new Wire().attachFunction((index: number) => {
	try {
		table[index]!.run();
		return '';
	} catch (thrown) {
		return String(thrown);
	}
}, Handle.DEVICE);
