import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Feed } from '../feed';
import { deviceIdPattern } from '../schema';
import type { Doorkeeper } from './doorkeeper';
import { operatorSecurity as security } from './openapi';
import type { Guard } from './operators';
import type { Pulse } from './pulse';
import type { Upgrades } from './upgrades';
import { turnAway } from './web';

export interface LiveOptions {
	readonly feed: Feed;
	readonly pulse: Pulse;
	/** Who looks, at once, over all devices. Default 500. */
	readonly maximumListeners?: number;
}

/** Bytes that somebody who looks has not read; until they are, events pass by, and it is told how many. */
const maximumUnread = 65_536;
/** ms after which a silent stream says that it lives: proxies end what says nothing. */
const sign = 15_000;

/**
 * `/ws/patient/<device_id>/`: what a device sends, as it comes, for operators (the guide's group `patient_<device_id>`).
 * Whoever reads too slowly misses events, and never holds up a device.
 */
export function routeLive(upgrades: Upgrades, doorkeeper: Doorkeeper, options: LiveOptions): void {
	const { feed, pulse, maximumListeners = 500 } = options;
	upgrades.route('/ws/patient/', async (request, deviceId) => {
		const admission = doorkeeper.operator(request);
		if ('status' in admission) return admission;
		if (feed.listeners >= maximumListeners) return { status: 503, error: 'too many look already', retryAfter: 60 };
		return (socket) => {
			pulse.add(socket);
			// Nothing is expected of who looks, and nothing is kept of what it says.
			const end = feed.listen(
				deviceId,
				sparing(
					() => socket.bufferedAmount,
					(text) => socket.readyState === socket.OPEN && socket.send(text),
				),
			);
			socket.once('close', end);
		};
	});
}

/** The same as server-sent events (HTML, section 9.2), for whoever would rather have HTTP. */
export class EventStreams {
	readonly #options: LiveOptions;
	readonly #streams = new Set<ServerResponse>();
	readonly #timer: NodeJS.Timeout;

	constructor(options: LiveOptions) {
		this.#options = options;
		this.#timer = setInterval(() => this.#beat(), sign).unref();
	}

	register(app: FastifyInstance, guard: Guard): void {
		const { feed, maximumListeners = 500 } = this.#options;
		app.get(
			'/api/iot/devices/:id/events',
			{ ...guard, schema: { summary: 'Live, as server-sent events', security } },
			(request, reply) => {
				const { id } = request.params as { id: string };
				if (!deviceIdPattern.test(id))
					return turnAway(request, reply, {
						status: 400,
						error: 'device_id: must be 1 to 64 letters, digits, "_", "-" or, not first, "."',
					});
				if (feed.listeners >= maximumListeners)
					return turnAway(request, reply, { status: 503, error: 'too many look already', retryAfter: 60 });
				reply.hijack();
				const stream = reply.raw;
				stream.writeHead(200, {
					'content-type': 'text/event-stream',
					'cache-control': 'no-store',
					connection: 'close',
				});
				stream.write(': live\n\n');
				const end = feed.listen(
					id,
					sparing(
						() => stream.writableLength,
						(text, type) => stream.write(`event: ${type}\ndata: ${text}\n\n`),
					),
				);
				this.#streams.add(stream);
				stream.once('close', () => {
					end();
					this.#streams.delete(stream);
				});
				return undefined;
			},
		);
	}

	/** Ends them all. Twice is fine. */
	close(): void {
		clearInterval(this.#timer);
		for (const stream of this.#streams) stream.end();
	}

	#beat(): void {
		// Whoever has read nothing of a full buffer since the last time is gone.
		for (const stream of this.#streams)
			if (stream.writableLength > maximumUnread) stream.destroy();
			else stream.write(': \n\n');
	}
}

/** Hands on what can be taken, and says how much was not, as soon as there is room again. */
function sparing(
	unread: () => number,
	send: (text: string, type: string) => void,
): (text: string, type: string) => void {
	let skipped = 0;
	return (text, type) => {
		if (unread() > maximumUnread) {
			skipped += 1;
			return;
		}
		if (skipped > 0) send(JSON.stringify({ type: 'skipped', count: skipped }), 'skipped');
		skipped = 0;
		send(text, type);
	};
}
