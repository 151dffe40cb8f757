import type { HttpPart } from '../../../modules/http/client';
import type { ClientPart } from '../../../modules/mqtt/client';
import type { TimeServers } from '../../../modules/time/timekeeper';
import type { WebSocketPart } from '../../../modules/websocket/client';
import { type Names, NodeDns } from './dns';
import { NodeHttpClient } from './http-client';
import type { Lifeline } from './lifeline';
import { NodeMqttClient } from './mqtt-client';
import type { Scheduler } from './scheduler';
import { NodeTcp } from './tcp';
import { NodeTls } from './tls';
import { NodeUdp } from './udp';
import type { VirtualLine } from './virtual';
import { VirtualDns, VirtualTcp } from './virtual-socket';
import { VirtualUdp } from './virtual-udp';
import { NodeWebSocketClient } from './websocket-client';

interface Common {
	readonly scheduler: Scheduler;
	/** What the board's power cut takes along. */
	readonly lifeline?: Lifeline | undefined;
	/** On the real network: whether names resolve. */
	readonly names?: Names | undefined;
}

/** MQTT over TLS on the real network. `ca`: PEM, or 'system' for the authorities that Node ships with. */
export function tlsMqtt({
	ca,
	...common
}: Common & { readonly ca: string | readonly string[] | 'system' }): ClientPart {
	return { ...common, io: NodeMqttClient, dns: { ...common, io: NodeDns }, socket: { ...common, io: NodeTls, ca } };
}

/** MQTT over plain TCP on the real network, for a broker on this machine. */
export function tcpMqtt(common: Common): ClientPart {
	return { ...common, io: NodeMqttClient, dns: { ...common, io: NodeDns }, socket: { ...common, io: NodeTcp } };
}

/** MQTT over a line of the virtual network. */
export function virtualMqtt(line: VirtualLine, lifeline?: Lifeline): ClientPart {
	const common = { scheduler: line.network.scheduler, lifeline, line };
	return { ...common, io: NodeMqttClient, dns: { ...common, io: VirtualDns }, socket: { ...common, io: VirtualTcp } };
}

/** Time servers of the virtual network. */
export function virtualTime(line: VirtualLine, servers: readonly string[], lifeline?: Lifeline): TimeServers {
	return { servers, udp: { io: VirtualUdp, line, lifeline }, dns: { io: VirtualDns, line, lifeline } };
}

/** HTTP over TLS on the real network; `ca` as above. */
export function tlsHttp({ ca, ...common }: Common & { readonly ca: string | readonly string[] | 'system' }): HttpPart {
	return { ...common, io: NodeHttpClient, dns: { ...common, io: NodeDns }, socket: { ...common, io: NodeTls, ca } };
}

/** HTTP over plain TCP on the real network, for a server on this machine. */
export function tcpHttp(common: Common): HttpPart {
	return { ...common, io: NodeHttpClient, dns: { ...common, io: NodeDns }, socket: { ...common, io: NodeTcp } };
}

/** HTTP over a line of the virtual network. */
export function virtualHttp(line: VirtualLine, lifeline?: Lifeline): HttpPart {
	const common = { scheduler: line.network.scheduler, lifeline, line };
	return { ...common, io: NodeHttpClient, dns: { ...common, io: VirtualDns }, socket: { ...common, io: VirtualTcp } };
}

/** Time servers of the real network. */
export function nodeTime(servers: readonly string[], lifeline?: Lifeline): TimeServers {
	return { servers, udp: { io: NodeUdp, lifeline }, dns: { io: NodeDns, lifeline } };
}

/** WebSocket over TLS on the real network. `ca` as for MQTT. */
export function tlsWebSocket({
	ca,
	...common
}: Common & { readonly ca: string | readonly string[] | 'system' }): WebSocketPart {
	return {
		...common,
		io: NodeWebSocketClient,
		dns: { ...common, io: NodeDns },
		socket: { ...common, io: NodeTls, ca },
	};
}

/** WebSocket over plain TCP on the real network, for a server on this machine. */
export function tcpWebSocket(common: Common): WebSocketPart {
	return { ...common, io: NodeWebSocketClient, dns: { ...common, io: NodeDns }, socket: { ...common, io: NodeTcp } };
}

/** WebSocket over a line of the virtual network. */
export function virtualWebSocket(line: VirtualLine, lifeline?: Lifeline): WebSocketPart {
	const common = { scheduler: line.network.scheduler, lifeline, line };
	return {
		...common,
		io: NodeWebSocketClient,
		dns: { ...common, io: VirtualDns },
		socket: { ...common, io: VirtualTcp },
	};
}
