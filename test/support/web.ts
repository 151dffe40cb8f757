import { createHmac } from 'node:crypto';
import { openBatch } from '../../hosts/server/doors/batch';
import type { Ingest, Outcome } from '../../hosts/server/ingest';
import type { Arrival } from '../../hosts/server/message';
import type { VirtualRequest } from '../../hosts/simulator/net/virtual-http-server';
import type { Channel } from '../../modules/ports';

/** 32 characters or more, as every device of a virtual world has it. */
export const DEVICE_SECRET = 'a secret of thirty-two characters!';

/** What makes a device of a virtual world speak HTTP alone. */
export const HTTP_ONLY = Object.freeze({
	mqttUrl: '',
	httpUrl: 'https://server.example',
	deviceSecret: DEVICE_SECRET,
});

const CHANNELS: Readonly<Record<string, Channel>> = {
	'/api/iot/data': 'data',
	'/api/iot/alert': 'alert',
	'/api/iot/heartbeat': 'heartbeat',
	'/api/iot/diagnostics': 'diagnostics',
	'/api/iot/replies': 'replies',
};

interface VirtualWebOptions {
	readonly ingest: () => Ingest;
	/** Epoch ms. */
	readonly now: () => number;
}

/**
 * The web's doors in virtual time: what hosts/server/doors answers, over the same ingest, without Fastify and jose, which do not
 * live in virtual time.
 */
export class VirtualWeb {
	readonly #options: VirtualWebOptions;
	/** Answers in place of the doors; true: it did. */
	interfere: ((request: VirtualRequest) => boolean) | undefined;
	/** Given out once, with the next answer. */
	commands: object[] = [];
	/** Tokens that were shown, each once. */
	readonly tokens = new Set<string>();
	/** Readings that came in batches, and the largest of them. */
	readonly counts = { batched: 0, largest: 0 };

	constructor(options: VirtualWebOptions) {
		this.#options = options;
	}

	receive(request: VirtualRequest): void {
		if (this.interfere?.(request)) return;
		const deviceId = this.#deviceOf(request);
		if (deviceId === undefined) {
			this.#say(request, 401, { status: 'error', error: 'token: not signed by a device that is known here' });
			return;
		}
		const channel = request.path === '/api/iot/batch' ? 'data' : CHANNELS[request.path];
		if (channel === undefined) {
			this.#say(request, 404, { status: 'error', error: 'no such page' });
			return;
		}
		const arrival: Arrival = { door: 'http', deviceId, channel, body: request.body, receivedAt: this.#options.now() };
		if (request.path === '/api/iot/batch') this.#receiveBatch(request, arrival);
		else this.#receiveOne(request, arrival);
	}

	#receiveOne(request: VirtualRequest, arrival: Arrival): void {
		this.#options.ingest().submit(arrival, (outcome) => {
			if (outcome === 'busy') this.#busy(request);
			else if (typeof outcome !== 'string') this.#say(request, 422, { status: 'error', error: outcome.refused });
			else this.#say(request, 201, { status: 'success', result: outcome, commands: this.commands.splice(0) });
		});
	}

	#receiveBatch(request: VirtualRequest, whole: Arrival): void {
		const { arrivals, ids } = openBatch(whole);
		this.counts.batched += arrivals.length;
		this.counts.largest = Math.max(this.counts.largest, arrivals.length);
		this.#options.ingest().submitAll(arrivals, whole.body.length, (outcomes) => {
			if (outcomes[0] === 'busy') this.#busy(request);
			else
				this.#say(request, 200, {
					status: 'success',
					count: arrivals.length,
					results: outcomes.map((outcome, index) => ({ ...(ids && { reading_id: ids[index] }), ...resultOf(outcome) })),
					commands: this.commands.splice(0),
				});
		});
	}

	#busy(request: VirtualRequest): void {
		const headers = { 'Retry-After': '2' };
		this.#say(request, 503, { status: 'error', error: 'the server has no room now' }, headers);
	}

	#say(request: VirtualRequest, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
		request.reply(status, body, { Date: new Date(this.#options.now()).toUTCString(), ...headers });
	}

	#deviceOf({ headers }: VirtualRequest): string | undefined {
		const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(headers.get('authorization') ?? '')?.[1];
		if (token === undefined) return undefined;
		const [head, claims, signature] = token.split('.') as [string, string, string];
		const { device_id, exp, iss } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
		const signed = createHmac('sha256', DEVICE_SECRET).update(`${head}.${claims}`).digest('base64url') === signature;
		const isGood = signed && iss === 'fajma-iot' && Number(exp) * 1000 > this.#options.now();
		if (!isGood || device_id !== headers.get('x-device-id')) return undefined;
		this.tokens.add(token);
		return String(device_id);
	}
}

function resultOf(outcome: Outcome): object {
	if (typeof outcome !== 'string') return { status: 'refused', error: outcome.refused };
	return { status: outcome === 'stored' ? outcome : 'duplicate' };
}
