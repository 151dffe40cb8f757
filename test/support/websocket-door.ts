import type { Ingest } from '../../hosts/server/ingest';
import type { VirtualNetwork } from '../../hosts/simulator/net/virtual';
import { type Denial, type VirtualGuest, VirtualWebSocketServer } from '../../hosts/simulator/net/virtual-websocket';
import type { Channel } from '../../modules/ports';

interface WebSocketDoorOptions {
	readonly network: VirtualNetwork;
	readonly host: string;
	readonly port: number;
	/** The server's clock, epoch ms. */
	readonly now: () => number;
	readonly ingest: () => Ingest;
	/** This receipt never leaves the server. */
	readonly loses: () => boolean;
}

/** What a message's type makes of it, and what its receipt is called after. */
const KINDS: Readonly<Record<string, readonly [channel: Channel, id?: string]>> = Object.freeze({
	reading: ['data', 'reading_id'],
	alert: ['alert', 'alert_id'],
	reply: ['replies', 'command_id'],
	heartbeat: ['heartbeat'],
	diagnostics: ['diagnostics'],
});

/**
 * The server's WebSocket door in a virtual world, before the real ingest: an ack or a nack after the commit, none for what has no
 * name. It misbehaves as its fields say.
 */
export class WebSocketDoor {
	readonly server: VirtualWebSocketServer;
	/** The answer to who knocks; undefined: come in. */
	denial: ((token: string) => Denial | undefined) | undefined;
	/** How often each receipt is given: 0 is the guide's server. */
	receipts = 1;
	/** Records are heard and not kept: the guide's consumer only shows them. */
	forgets = false;
	/** Says of each record that it is refused, whatever it is. */
	refuses = false;
	/** Milliseconds from the commit to the receipt. */
	delay = 0;
	answersPings = true;
	/** What came with type realtime_data. */
	readonly live: Record<string, unknown>[] = [];
	/** Types of all messages, in order. */
	readonly types: string[] = [];
	knocks = 0;
	readonly #options: WebSocketDoorOptions;

	constructor(options: WebSocketDoorOptions) {
		this.#options = options;
		this.server = new VirtualWebSocketServer({
			...options,
			onUpgrade: ({ headers }) => {
				this.knocks++;
				return this.denial?.(headers.get('authorization') ?? '');
			},
			onText: (text, guest) => this.#take(text, guest),
			answersPings: () => this.answersPings,
		});
	}

	#take(text: string, guest: VirtualGuest): void {
		const { type = 'reading', ...fields } = JSON.parse(text) as Record<string, unknown>;
		this.types.push(String(type));
		if (type === 'realtime_data') this.live.push(fields);
		const [channel, name] = KINDS[String(type)] ?? [];
		if (channel === undefined || this.forgets) return;
		const { now, ingest } = this.#options;
		const deviceId = guest.path.split('/').at(-2);
		const body = Buffer.from(JSON.stringify(fields));
		ingest().submit({ door: 'websocket', deviceId, channel, body, receivedAt: now() }, (outcome) => {
			if (name === undefined || outcome === 'busy') return;
			const refused = this.refuses
				? 'refused by the script'
				: typeof outcome === 'object'
					? outcome.refused
					: undefined;
			this.#answer(guest, name, fields[name], refused);
		});
	}

	#answer(guest: VirtualGuest, name: string, id: unknown, error: string | undefined): void {
		const { network, loses } = this.#options;
		if (loses()) return;
		const answer = JSON.stringify({ type: error === undefined ? 'ack' : 'nack', [name]: id, error });
		network.scheduler.schedule(this.delay, () => {
			for (let times = 0; times < this.receipts; times++) guest.say(answer);
		});
	}
}
