import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Ingest, Outcome } from '../ingest';
import type { Codec } from '../lorawan/codec';
import { chirpstackSchema, type Network, networks, ttsSchema, type Uplink, uplinkOf } from '../lorawan/events';
import { arrivalOf } from '../lorawan/uplinks';
import { type Arrival, parseBody, Refusal } from '../message';
import type { Doorkeeper } from './doorkeeper';
import { turnAway, type Web } from './web';

export interface LorawanDoorOptions {
	readonly ingest: Pick<Ingest, 'submit' | 'refuse'>;
	readonly codec: Codec;
	readonly secret: string;
	readonly doorkeeper: Pick<Doorkeeper, 'stranger'>;
	readonly deviceOf: (devEui: string) => string | undefined;
	/** The id of a device's command, by what port 4 calls it. */
	readonly commandIdOf: (deviceId: string, reference: string) => string | undefined;
	/** An uplink said what The Things Stack calls the device. */
	readonly onName?: (devEui: string, name: string) => void;
	/** Epoch ms. */
	readonly now: () => number;
}

/** The signal reports of many gateways make it longer than a device's messages are. */
const maximumBody = 65_536;
const schemas = { tts: ttsSchema, chirpstack: chirpstackSchema };
const summaries: Readonly<Record<Network, string>> = {
	tts: 'The Things Stack v3: a webhook for uplink messages',
	chirpstack: 'ChirpStack v4: the HTTP integration, in JSON',
};

/**
 * What network servers post. 200 says that the message is dealt with and need not come again: stored, a duplicate, or refused
 * for good, which lies in quarantine then. 503: it cannot be stored now.
 */
export function registerLorawan(app: FastifyInstance, web: Web, options: LorawanDoorOptions): void {
	const { doorkeeper, secret } = options;
	const expected = digest(secret);
	const admit = async (request: FastifyRequest, reply: FastifyReply) => {
		const given = request.headers['x-webhook-secret'];
		if (typeof given !== 'string' || !timingSafeEqual(digest(given), expected)) {
			const error = given === undefined ? 'x-webhook-secret: missing' : 'x-webhook-secret: not the one';
			return turnAway(request, reply, doorkeeper.stranger(request.raw, error));
		}
		web.entered(request.raw.socket);
		return undefined;
	};
	for (const network of networks)
		app.post(
			`/api/lorawan/${network}`,
			{ onRequest: admit, bodyLimit: maximumBody, schema: { summary: summaries[network], body: schemas[network] } },
			async (request, reply) => {
				const outcome = await take(network, request, options);
				if (outcome === 'busy')
					return turnAway(request, reply, { status: 503, error: 'the server has no room now', retryAfter: 5 });
				if (typeof outcome === 'object') return { status: 'refused', error: outcome.refused };
				return { status: 'success', result: outcome };
			},
		);
}

function take(
	network: Network,
	request: FastifyRequest,
	{ ingest, codec, deviceOf, commandIdOf, onName, now }: LorawanDoorOptions,
): Promise<Outcome | 'ignored'> {
	const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
	const { event } = request.query as { event?: unknown };
	let deviceId: string | undefined;
	return new Promise((resolve) => {
		try {
			const name = typeof event === 'string' ? event : undefined;
			const uplink: Uplink | undefined = uplinkOf(network, name, parseBody(body, maximumBody));
			if (!uplink) return resolve('ignored');
			deviceId = deviceOf(uplink.devEui);
			if (deviceId === undefined) throw new Refusal(`dev_eui: ${uplink.devEui} is no device's`, 'foreign');
			if (uplink.name !== undefined) onName?.(uplink.devEui, uplink.name);
			ingest.submit(arrivalOf(codec, deviceId, uplink, now(), commandIdOf), resolve);
		} catch (error) {
			if (!(error instanceof Refusal)) throw error;
			const arrival: Arrival = { door: 'lorawan', deviceId, channel: 'data', body, receivedAt: now() };
			ingest.refuse(arrival, error, resolve);
		}
		return undefined;
	});
}

/** Of equal length whatever came, so that the time of the comparison tells nothing. */
function digest(text: string): Buffer {
	return createHash('sha256').update(text).digest();
}
