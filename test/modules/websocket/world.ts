import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { Lifeline } from '../../../hosts/simulator/net/lifeline';
import { virtualWebSocket } from '../../../hosts/simulator/net/parts';
import { type LinkOptions, VirtualNetwork } from '../../../hosts/simulator/net/virtual';
import {
	type VirtualGuest,
	VirtualWebSocketServer,
	type VirtualWebSocketServerOptions,
} from '../../../hosts/simulator/net/virtual-websocket';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { VirtualTime } from '../../../hosts/simulator/time';
import type { Fault } from '../../../modules/fault';
import type { Outgoing, OutgoingChannel, Tokens } from '../../../modules/ports';
import { decode, encode } from '../../../modules/text/utf8';
import type { WebSocketRouteOptions } from '../../../modules/websocket/options';
import { WebSocketRoute } from '../../../modules/websocket/route';
import { ear } from '../../support/ear';

export const NOON = 1_767_268_800_000;

export function message(channel: OutgoingChannel, fields: object, more: Partial<Outgoing> = {}): Outgoing {
	return { channel, body: encode(JSON.stringify(fields)), sequence: undefined, again: false, ...more };
}

/** A reading out of a journal. */
export function reading(sequence: number, again = false): Outgoing {
	const id = `5f1c09aa-${sequence}`;
	return message('data', { device_id: 'ESP32_001', reading_id: id }, { sequence, id, again });
}

/** Tokens "token-1", "token-2" and so on; each refusal is answered from `second`. */
export class FakeTokens implements Tokens {
	made = 1;
	accepts = 0;
	rejections = 0;
	known = true;

	token(): string | undefined {
		return this.known ? `token-${this.made}` : undefined;
	}

	rejected(): boolean {
		this.made++;
		return this.rejections++ === 0;
	}

	accepted(): void {
		this.accepts++;
	}
}

interface WorldOptions extends LinkOptions, Partial<Omit<VirtualWebSocketServerOptions, 'network'>> {
	readonly seed?: number;
	readonly route?: Partial<WebSocketRouteOptions>;
}

/** One device with a WebSocket route, one server, and a line between them. */
export function makeWorld({ seed = 1, route: routeOptions, ...options }: WorldOptions = {}) {
	const scheduler = new VirtualTime();
	const network = new VirtualNetwork({ scheduler, random32: seededRandom32(seed) });
	const said: string[] = [];
	const onText = (text: string, guest: VirtualGuest): void => {
		said.push(text);
		options.onText?.(text, guest);
	};
	const server = new VirtualWebSocketServer({ host: 'server', port: 443, ...options, onText, network });
	const line = network.link(options);
	const lifeline = new Lifeline();
	const lines: string[] = [];
	const clock = new BoardClock(scheduler, { epoch: NOON });
	const tokens = new FakeTokens();
	const heard = {
		opens: 0,
		closed: [] as Fault[],
		retryAfter: [] as (number | undefined)[],
		receipts: [] as number[],
		refusals: [] as string[],
		writables: 0,
		messages: [] as string[],
		dates: [] as string[],
	};
	const route = new WebSocketRoute({
		webSocket: virtualWebSocket(line, lifeline),
		clock,
		log: (level, source, words) => lines.push(`${level} ${source} ${words}`),
		host: 'server',
		port: 443,
		deviceId: 'ESP32_001',
		tokens,
		onDate: (date) => heard.dates.push(date),
		...routeOptions,
	});
	ear(route).onOpen = () => heard.opens++;
	ear(route).onClosed = (fault, retryAfter) => {
		heard.closed.push(fault);
		heard.retryAfter.push(retryAfter);
	};
	ear(route).onReceipt = (sequence) => heard.receipts.push(sequence);
	ear(route).onRefused = (sequence, fault) => heard.refusals.push(`${sequence} ${fault.code}: ${fault.message}`);
	ear(route).onWritable = () => heard.writables++;
	ear(route).onMessage = (body) => heard.messages.push(decode(body));
	return {
		scheduler,
		network,
		server,
		line,
		lifeline,
		clock,
		lines,
		tokens,
		route,
		heard,
		/** What the server was told, parsed. */
		said: () => said.map((text) => JSON.parse(text) as Record<string, unknown>),
		/** Opens the route up to where it is open. */
		open(): VirtualGuest {
			route.open();
			scheduler.advance(1_000);
			return [...server.guests].at(-1)!;
		},
	};
}
