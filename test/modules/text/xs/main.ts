/** UTF-8 on XS: an event brings UTF-16 units, as JSON; bytes or a Fault's code go back. */
import { Handle } from '../../../../hosts/xs/device/operations';
import { Wire } from '../../../../hosts/xs/device/wire';
import { Fault } from '../../../../modules/fault';
import { encode } from '../../../../modules/text/utf8';

new Wire().attachFunction((units: string) => {
	try {
		return encode(String.fromCharCode(...(JSON.parse(units) as number[])));
	} catch (thrown) {
		return Fault.from(thrown, 'misuse').code;
	}
}, Handle.DEVICE);
