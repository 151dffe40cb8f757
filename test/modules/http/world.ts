import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { Lifeline } from '../../../hosts/simulator/net/lifeline';
import { virtualHttp } from '../../../hosts/simulator/net/parts';
import { type LinkOptions, VirtualNetwork } from '../../../hosts/simulator/net/virtual';
import { VirtualHttpServer, type VirtualRequest } from '../../../hosts/simulator/net/virtual-http-server';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { VirtualTime } from '../../../hosts/simulator/time';
import type { Fault } from '../../../modules/fault';
import type { HttpRouteOptions } from '../../../modules/http/options';
import { HttpRoute } from '../../../modules/http/route';
import type { Outgoing, Tokens } from '../../../modules/ports';
import { decode, encode } from '../../../modules/text/utf8';
import { ear } from '../../support/ear';
import { NOON } from '../../support/world';

export const SUCCESS = Object.freeze({ status: 'success' });

export function reading(sequence: number, more: Partial<Outgoing> = {}): Outgoing {
	const body = encode(`{"n":${sequence}}`);
	return { channel: 'data', body, sequence, id: `5f1c09aa-${sequence}`, again: false, ...more };
}

export function batch(first: number, count: number): Outgoing {
	const sequences = Array.from({ length: count }, (_, index) => first + index);
	return {
		channel: 'batch',
		body: encode(JSON.stringify({ sequences })),
		sequence: first,
		id: `5f1c09aa-${first}..5f1c09aa-${first + count - 1}`,
		batch: sequences,
		again: false,
	};
}

/** Tokens that count: t1, t2, … */
export class CountingTokens implements Tokens {
	made = 1;
	known = true;
	refusals = 0;
	taken = 0;

	token(): string | undefined {
		return this.known ? `t${this.made}` : undefined;
	}

	rejected(): boolean {
		this.made++;
		return ++this.refusals === 1;
	}

	accepted(): void {
		this.refusals = 0;
		this.taken++;
	}
}

interface Options extends LinkOptions {
	readonly seed?: number;
	readonly route?: Partial<HttpRouteOptions>;
	readonly keepAlive?: number;
	readonly onRequest?: (request: VirtualRequest) => void;
}

/** One device with an HTTP route, one server, and a line between them. */
export function makeHttpWorld({ seed = 1, route: routeOptions, onRequest, keepAlive, ...link }: Options = {}) {
	const scheduler = new VirtualTime();
	const network = new VirtualNetwork({ scheduler, random32: seededRandom32(seed) });
	const requests: VirtualRequest[] = [];
	const script = { answer: onRequest ?? ((request: VirtualRequest) => request.reply(201, SUCCESS)) };
	const server = new VirtualHttpServer({
		network,
		host: 'server',
		port: 8443,
		...(keepAlive !== undefined && { keepAlive }),
		onRequest: (request) => {
			requests.push(request);
			script.answer(request);
		},
	});
	const line = network.link(link);
	const lifeline = new Lifeline();
	const lines: string[] = [];
	const clock = new BoardClock(scheduler, { epoch: NOON });
	const tokens = new CountingTokens();
	const route = new HttpRoute({
		http: virtualHttp(line, lifeline),
		clock,
		log: (level, source, message) => lines.push(`${level} ${source} ${message}`),
		host: 'server',
		port: 8443,
		deviceId: 'ESP32_001',
		tokens,
		...routeOptions,
	});
	const heard = {
		opens: 0,
		writable: 0,
		closed: [] as { fault: Fault; retryAfter: number | undefined }[],
		receipts: [] as number[],
		refused: [] as { sequence: number; fault: Fault }[],
		messages: [] as string[],
	};
	ear(route).onOpen = () => heard.opens++;
	ear(route).onClosed = (fault, retryAfter) => heard.closed.push({ fault, retryAfter });
	ear(route).onReceipt = (sequence) => heard.receipts.push(sequence);
	ear(route).onRefused = (sequence, fault) => heard.refused.push({ sequence, fault });
	ear(route).onWritable = () => heard.writable++;
	ear(route).onMessage = (body) => heard.messages.push(decode(body));
	return {
		scheduler,
		network,
		server,
		requests,
		script,
		line,
		lifeline,
		clock,
		tokens,
		lines,
		route,
		heard,
		/** Opens the route. */
		open() {
			route.open();
			scheduler.advance(0);
		},
		/** Sends, and lets a second pass. */
		deliver(outgoing: Outgoing) {
			const taken = route.send(outgoing);
			scheduler.advance(1_000);
			return taken;
		},
	};
}
