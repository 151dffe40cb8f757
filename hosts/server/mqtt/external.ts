import type { Log } from '../../../modules/ports';
import type { Commands, Delivery, WireCommand } from '../commands/commands';
import type { Ingest } from '../ingest';
import { type BrokerAddress, BrokerLink } from './brokerlink';
import type { Topics } from './topics';

export interface ExternalBrokerOptions {
	readonly address: BrokerAddress;
	readonly ingest: Pick<Ingest, 'submit'>;
	readonly topics: Topics;
	/** What devices are told to do; without, nothing. */
	readonly commands?: Pick<Commands, 'unsent' | 'addDelivery' | 'sent'>;
	/** Epoch ms. */
	readonly now: () => number;
	readonly log: Log;
	/** The first and the longest wait between two tries, at most (ms). */
	readonly firstWait?: number;
	readonly longestWait?: number;
	readonly connectTimeout?: number;
	/** 0 to 1. */
	readonly random?: () => number;
}

/** A connection that lasted this long (ms) was a good one: the next failure starts with a short wait again. */
const steady = 10_000;

/**
 * The door to a broker that somebody else runs. MQTT does not tell who published: here a message is whose `device_id` it
 * says, and only that broker's rights (who may publish at all) keep strangers out. Any device it lets publish can write as
 * any other; our own broker knows each by its password.
 *
 * Its session there outlives us, it acknowledges what is committed, and it
 * comes back for ever, with exponential back-off and full jitter.
 */
export class ExternalBroker implements Delivery {
	readonly door = 'broker';
	readonly #options: ExternalBrokerOptions;
	#link: BrokerLink | undefined;
	#timer: NodeJS.Timeout | undefined;
	#failures = 0;
	#state = 'connecting';
	#closed = false;

	constructor(options: ExternalBrokerOptions) {
		this.#options = options;
		options.commands?.addDelivery(this);
		this.#connect();
	}

	/** "connected", or what is in the way. */
	get state(): string {
		return this.#state;
	}

	get connected(): boolean {
		return this.#state === 'connected';
	}

	/** Commands go to the broker, which keeps them for a device that is away; they count as sent when it has them. */
	deliver(_deviceId: string, commands: readonly WireCommand[]): boolean {
		for (const command of commands) this.#command(command);
		return false;
	}

	/** Twice is fine. */
	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
		this.#link?.close();
		this.#link = undefined;
		this.#state = 'closed';
	}

	#connect(): void {
		const { address, topics, log, connectTimeout } = this.#options;
		let opened = 0;
		const link = new BrokerLink({
			address,
			topics: topics.inbound,
			connectTimeout: connectTimeout ?? 15_000,
			onOpen: () => {
				opened = performance.now();
				this.#state = 'connected';
				log('info', 'broker', `connected to ${address.host}:${address.port}`);
				for (const command of this.#options.commands?.unsent() ?? []) this.#command(command);
			},
			onMessage: (topic, payload, acknowledge) => this.#message(link, topic, payload, acknowledge),
			onClosed: (why) => {
				if (opened > 0 && performance.now() - opened > steady) this.#failures = 0;
				this.#again(why);
			},
		});
		this.#link = link;
	}

	#command(command: WireCommand): void {
		const { topics, commands } = this.#options;
		const payload = Buffer.from(JSON.stringify(command));
		this.#link?.publish(topics.commandsOf(command.device_id), payload, () => commands?.sent(command, this.door));
	}

	#message(link: BrokerLink, topic: string, body: Buffer, acknowledge: () => void): void {
		const channel = this.#options.topics.channel(topic);
		// We subscribed to nothing else; a broker that sends it all the same must not hold up the rest.
		if (channel === undefined) {
			acknowledge();
			return;
		}
		const receivedAt = this.#options.now();
		const arrival = { door: 'broker' as const, deviceId: undefined, channel, body, receivedAt };
		this.#options.ingest.submit(arrival, (outcome) => {
			if (outcome !== 'busy') {
				acknowledge();
				return;
			}
			if (this.#link !== link || this.#closed) return;
			// No PUBACK: the broker keeps it, and sends it again on the next connection.
			link.close();
			this.#again('the server has no room now');
		});
	}

	#again(why: string): void {
		this.#link = undefined;
		if (this.#closed) return;
		const { address, log, random = Math.random, firstWait = 1_000, longestWait = 60_000 } = this.#options;
		const wait = Math.round(random() * Math.min(longestWait, firstWait * 2 ** Math.min(this.#failures, 30)));
		this.#failures += 1;
		this.#state = why;
		log('warning', 'broker', `${address.host}:${address.port}: ${why}; trying again in ${(wait / 1000).toFixed(1)} s`);
		this.#timer = setTimeout(() => this.#connect(), wait);
	}
}

/**
 * `mqtts://HOST[:PORT]`, nothing else: a password goes over no plain connection.
 * @throws Error that says what is wrong with it
 */
export function parseBrokerUrl(text: string): { host: string; port: number } {
	let url: URL;
	try {
		url = new URL(text);
	} catch {
		throw new Error('broker: must be mqtts://HOST or mqtts://HOST:PORT');
	}
	if (url.username !== '' || url.password !== '')
		throw new Error(
			'broker: user and password do not belong into the URL; use --broker-user and --broker-password-file',
		);
	if (url.protocol !== 'mqtts:' || url.hostname === '' || !['', '/'].includes(url.pathname) || url.search || url.hash)
		throw new Error('broker: must be mqtts://HOST or mqtts://HOST:PORT (TLS always)');
	return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 8883 : Number(url.port) };
}
