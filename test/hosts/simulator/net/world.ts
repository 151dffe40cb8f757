import { BoardClock } from '../../../../hosts/simulator/board/clocks';
import { Lifeline } from '../../../../hosts/simulator/net/lifeline';
import { virtualMqtt } from '../../../../hosts/simulator/net/parts';
import { type LinkOptions, VirtualNetwork } from '../../../../hosts/simulator/net/virtual';
import { VirtualBroker, type VirtualBrokerOptions } from '../../../../hosts/simulator/net/virtual-broker';
import { seededRandom32 } from '../../../../hosts/simulator/random';
import { VirtualTime } from '../../../../hosts/simulator/time';
import type { Fault } from '../../../../modules/fault';
import type { MqttRouteOptions } from '../../../../modules/mqtt/options';
import { MqttRoute } from '../../../../modules/mqtt/route';
import type { Outgoing } from '../../../../modules/ports';
import { decode, encode } from '../../../../modules/text/utf8';
import { ear } from '../../../support/ear';

export function reading(sequence: number | undefined, again = false): Outgoing {
	return { channel: 'data', body: encode(`{"n":${sequence}}`), sequence, again };
}

interface WorldOptions extends LinkOptions, Partial<Omit<VirtualBrokerOptions, 'network'>> {
	readonly seed?: number;
	readonly route?: Partial<MqttRouteOptions>;
}

/** One device with an MQTT route, one broker, and a line between them. */
export function makeWorld({ seed = 1, route: routeOptions, ...options }: WorldOptions = {}) {
	const scheduler = new VirtualTime();
	const network = new VirtualNetwork({ scheduler, random32: seededRandom32(seed) });
	const broker = new VirtualBroker({ host: 'broker', port: 1883, ...options, network });
	const line = network.link(options);
	const lifeline = new Lifeline();
	const lines: string[] = [];
	const clock = new BoardClock(scheduler);
	const route = new MqttRoute({
		mqtt: virtualMqtt(line, lifeline),
		clock,
		log: (level, source, message) => lines.push(`${level} ${source} ${message}`),
		host: 'broker',
		port: 1883,
		deviceId: 'ESP32_001',
		will: () => '{"status":"offline"}',
		...routeOptions,
	});
	const heard = { opens: 0, closed: [] as Fault[], receipts: [] as number[], messages: [] as string[] };
	ear(route).onOpen = () => heard.opens++;
	ear(route).onClosed = (fault) => heard.closed.push(fault);
	ear(route).onReceipt = (sequence) => heard.receipts.push(sequence);
	ear(route).onMessage = (body) => heard.messages.push(decode(body));
	return { scheduler, network, broker, line, lifeline, clock, lines, route, heard };
}
