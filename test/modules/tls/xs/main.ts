/** Runs one trial after the other, each as its event asks for it. */
import { Handle } from '../../../../hosts/xs/device/operations';
import { request, Wire } from '../../../../hosts/xs/device/wire';
import { Agent, type Base64 } from '../agent';
import { TrialClock } from './clock';
import { begin, peak, used } from './heap';
import { Ask } from './operations';
import { WireTcp } from './tcp';

const wire = new Wire();
const part = { io: WireTcp, wire };
const clock = new TrialClock(wire);
const base64: Base64 = {
	encode: (bytes) => request(Ask.ENCODE, bytes) as string,
	decode: (text) => request(Ask.DECODE, text) as ArrayBuffer,
};

wire.attachFunction((trial: string) => {
	begin();
	new Agent(JSON.parse(trial), part, clock, base64, async (outcome) => {
		// Not before all is left: XS takes of the C heap for each try that it is in.
		await undefined;
		request(Ask.DONE, JSON.stringify(outcome), peak(), used());
	});
}, Handle.DEVICE);
