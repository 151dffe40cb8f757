/** A broker that means no good, on the virtual network. */
import { generate, type Packet } from 'mqtt-packet';
import { BoardClock } from '../../../../hosts/simulator/board/clocks';
import { NodeMqttClient } from '../../../../hosts/simulator/net/mqtt-client';
import { virtualMqtt } from '../../../../hosts/simulator/net/parts';
import { VirtualNetwork } from '../../../../hosts/simulator/net/virtual';
import { VirtualDns, VirtualTcp } from '../../../../hosts/simulator/net/virtual-socket';
import { seededRandom32 } from '../../../../hosts/simulator/random';
import { VirtualTime } from '../../../../hosts/simulator/time';
import type { Fault } from '../../../../modules/fault';
import type { Readable } from '../../../../modules/mqtt/client';
import { MqttRoute } from '../../../../modules/mqtt/route';
import { ear } from '../../../support/ear';
import { reading } from './world';

const topic = 'fajma/esp32/commands';
export const message = (payload: Buffer, qos: 0 | 1 | 2 = 1, name = topic): Packet => ({
	cmd: 'publish',
	topic: name,
	payload,
	qos,
	messageId: 7,
	retain: false,
	dup: false,
});

/** What a good broker says, one after the other. */
export const conversation = [
	{ cmd: 'connack', returnCode: 0, sessionPresent: true },
	{ cmd: 'suback', messageId: 65_535, granted: [1, 1] },
	{ cmd: 'puback', messageId: 1 },
	message(Buffer.from('{"command":"flush"}')),
	message(Buffer.from(''), 0),
	{ cmd: 'pingresp' },
	message(Buffer.alloc(3000, 'x')),
	{ cmd: 'puback', messageId: 2 },
] as Packet[];
export const good = Buffer.concat(conversation.map((packet) => generate(packet)));

/** A broker that says these bytes, in these pieces, to whoever connects. */
export function makeHostile(bytes: Uint8Array, cut: number) {
	const scheduler = new VirtualTime();
	const network = new VirtualNetwork({ scheduler, random32: seededRandom32(1) });
	network.listen('broker', 1883, (peer) => {
		peer.onData = () => {
			peer.onData = undefined;
			for (let at = 0; at < bytes.byteLength; at += cut) peer.write(bytes.subarray(at, at + cut));
		};
	});
	return { scheduler, line: network.link({ latency: 1 }) };
}

/** What leaves the clock leaves a callback: `advance` would throw. */
export function tryRoute(
	bytes: Uint8Array,
	cut: number,
	{ scheduler, line, host = 'broker' }: ReturnType<typeof makeHostile> & { readonly host?: string } = makeHostile(
		bytes,
		cut,
	),
): { ends: Fault[]; messages: ArrayBuffer[]; state: string } {
	const ends: Fault[] = [];
	const messages: ArrayBuffer[] = [];
	const route = new MqttRoute({
		mqtt: virtualMqtt(line),
		clock: new BoardClock(scheduler),
		log: () => {},
		host,
		port: 1883,
		deviceId: 'ESP32_001',
		keepAlive: 10_000,
	});
	ear(route).onOpen = () => {
		route.send(reading(1));
		route.send(reading(2));
	};
	ear(route).onMessage = (body) => messages.push(body);
	ear(route).onClosed = (fault) => ends.push(fault);
	route.open();
	scheduler.advance(60_000);
	return { ends, messages, state: route.state };
}

export function tryTwin(bytes: Uint8Array, cut: number): unknown[] {
	const { scheduler, line } = makeHostile(bytes, cut);
	const ends: unknown[] = [];
	const client = new NodeMqttClient({
		host: 'broker',
		port: 1883,
		id: 'ESP32_001',
		clean: false,
		keepAlive: 10_000,
		scheduler,
		dns: { io: VirtualDns, line },
		socket: { io: VirtualTcp, line },
		onControl: () => {},
		onWritable: () => {},
		onReadable: (count: number, _: Readable) => {
			client.read(count);
		},
		onError: (reason) => ends.push(reason),
	});
	scheduler.advance(60_000);
	return ends;
}
