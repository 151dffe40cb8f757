import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Channel } from '../../../modules/ports';
import type { WireCommand } from '../commands/commands';
import type { Ingest, Outcome, Receipts } from '../ingest';
import { type Arrival, Refusal, type Wrong } from '../message';
import { batchSchema, maximumBatchBody, maximumBody, schemas } from '../schema';
import type { Entry } from '../store';
import { openBatch } from './batch';
import type { Doorkeeper } from './doorkeeper';
import { deviceSecurity as security } from './openapi';
import { turnAway, type Web } from './web';

export interface ReceivingOptions {
	readonly ingest: Pick<Ingest, 'submitAll' | 'refuse'>;
	readonly doorkeeper: Pick<Doorkeeper, 'device' | 'rate'>;
	/** Epoch ms. */
	readonly now: () => number;
	/** The row of a reading that was just written. */
	readonly rowId: (entry: Entry) => number | undefined;
	/** What waits for a device; it is told by the answer to whatever it sends. */
	readonly commands: (deviceId: string) => readonly WireCommand[];
	/** How long a request waits for the disk, ms; default 10,000. What comes to the disk later is a duplicate when it comes again. */
	readonly patience?: number;
}

interface Received {
	readonly outcomes: readonly Outcome[];
	readonly entries: readonly Entry[];
}

const statuses: Readonly<Record<Wrong, number>> = { malformed: 400, foreign: 403, tooLong: 413, invalid: 422 };
/** Characters said of one item of a batch: a device keeps 8 KB of an answer, with commands, to 50 readings. */
const maximumError = 64;
/** Seconds after which it is worth trying again when the disk does not take what came. */
const retryAfter = 5;

const others = {
	'/api/iot/alert': 'alert',
	'/api/iot/heartbeat': 'heartbeat',
	'/api/iot/diagnostics': 'diagnostics',
	'/api/iot/replies': 'replies',
} as const satisfies Record<string, Channel>;

/** What devices post. Every answer of success is a receipt: it is sent after the commit. */
export function registerReceiving(app: FastifyInstance, web: Web, options: ReceivingOptions): void {
	const { doorkeeper, ingest, now, patience = 10_000 } = options;
	const senders = new WeakMap<FastifyRequest, string>();

	// Before the body is read: a stranger's is not.
	const admit = async (request: FastifyRequest, reply: FastifyReply) => {
		const admission = await doorkeeper.device(request.raw);
		if ('status' in admission) return turnAway(request, reply, admission);
		web.entered(request.raw.socket);
		const wait = doorkeeper.rate(admission.deviceId);
		if (wait > 0) {
			const error = 'rate: too many messages of this device';
			return turnAway(request, reply, { status: 429, error, retryAfter: Math.ceil(wait / 1000) });
		}
		senders.set(request, admission.deviceId);
		return undefined;
	};

	const arrived = (request: FastifyRequest, channel: Channel): Arrival => {
		const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
		return { door: 'http', deviceId: senders.get(request)!, channel, body, receivedAt: now() };
	};

	/** Undefined when the disk did not take it in time. */
	const received = (submit: (done: Receipts) => void): Promise<Received | undefined> =>
		new Promise((resolve) => {
			const late = setTimeout(() => resolve(undefined), patience);
			submit((outcomes, entries) => {
				clearTimeout(late);
				resolve(outcomes[0] === 'busy' ? undefined : { outcomes, entries });
			});
		});

	const one = (arrival: Arrival) => received((done) => ingest.submitAll([arrival], arrival.body.length, done));

	const busy = (request: FastifyRequest, reply: FastifyReply) =>
		turnAway(request, reply, { status: 503, error: 'the server has no room now', retryAfter });

	const refused = (request: FastifyRequest, reply: FastifyReply, { outcomes, entries }: Received) => {
		const error = (outcomes[0] as { refused: string }).refused;
		const entry = entries[0]!;
		// The guide's view answers 400 to it.
		const wrong =
			error === 'device_id: missing' ? 'malformed' : (entry.kind === 'rejected' && entry.wrong) || 'invalid';
		return turnAway(request, reply, { status: statuses[wrong], error });
	};

	app.post(
		'/api/iot/data',
		{ onRequest: admit, bodyLimit: maximumBody, schema: { summary: 'One reading', security, body: schemas.data } },
		async (request, reply) => {
			const arrival = arrived(request, 'data');
			const result = await one(arrival);
			if (!result) return busy(request, reply);
			const outcome = result.outcomes[0]!;
			if (typeof outcome !== 'string') return refused(request, reply, result);
			const entry = result.entries[0]!;
			return reply.code(201).send({
				status: 'success',
				...readingId(entry),
				id: options.rowId(entry),
				result: outcome,
				commands: options.commands(arrival.deviceId!),
			});
		},
	);

	app.post(
		'/api/iot/batch',
		{
			onRequest: admit,
			bodyLimit: maximumBatchBody,
			schema: { summary: 'Up to 100 readings', security, body: batchSchema },
		},
		async (request, reply) => {
			const whole = arrived(request, 'data');
			let batch: ReturnType<typeof openBatch>;
			try {
				batch = openBatch(whole);
			} catch (error) {
				if (!(error instanceof Refusal)) throw error;
				const result = await received((done) =>
					ingest.refuse(whole, error, (outcome, entry) => done([outcome], entry ? [entry] : [])),
				);
				return result ? refused(request, reply, result) : busy(request, reply);
			}
			const { arrivals, ids } = batch;
			const result =
				arrivals.length === 0
					? { outcomes: [], entries: [] }
					: await received((done) => ingest.submitAll(arrivals, whole.body.length, done));
			if (!result) return busy(request, reply);
			// 200, not 201: the guide's sketch looks for exactly that.
			return {
				status: 'success',
				count: arrivals.length,
				created_count: result.outcomes.filter((outcome) => outcome === 'stored').length,
				// What the guide's view returns; whoever numbers its readings has no use for ours.
				...(ids ? {} : { ids: result.entries.map(options.rowId).filter((id) => id !== undefined) }),
				results: result.outcomes.map((outcome, index) => ({
					...(ids && { reading_id: ids[index] }),
					...(typeof outcome === 'string'
						? { status: outcome === 'stored' ? outcome : 'duplicate' }
						: { status: 'refused', error: outcome.refused.slice(0, maximumError) }),
				})),
				commands: options.commands(whole.deviceId!),
			};
		},
	);

	for (const [path, channel] of Object.entries(others))
		app.post(
			path,
			{
				onRequest: admit,
				bodyLimit: maximumBody,
				schema: { summary: summaries[channel], security, body: schemas[channel] },
			},
			async (request, reply) => {
				const arrival = arrived(request, channel);
				const result = await one(arrival);
				if (!result) return busy(request, reply);
				if (typeof result.outcomes[0] !== 'string') return refused(request, reply, result);
				const commands = options.commands(arrival.deviceId!);
				return reply.code(201).send({ status: 'success', result: result.outcomes[0], commands });
			},
		);
}

const summaries: Readonly<Record<Exclude<Channel, 'data'>, string>> = {
	alert: 'An alert, kept once by its alert_id',
	heartbeat: 'A sign of life',
	diagnostics: 'What a device says of itself',
	replies: 'What became of a command',
};

function readingId(entry: Entry): { reading_id?: string } {
	if (entry.kind !== 'reading' || entry.epoch === null) return {};
	return { reading_id: `${entry.epoch.toString(16).padStart(8, '0')}-${entry.sequence}` };
}
