import { connect, type TLSSocket } from 'node:tls';
import { generate, type IPublishPacket, type ISubackPacket, type Packet, parser } from 'mqtt-packet';
import { PacketGuard } from './packetguard';

export interface BrokerAddress {
	readonly host: string;
	readonly port: number;
	/** PEM of the authority that must have signed the broker's certificate. */
	readonly ca: string;
	readonly user: string | undefined;
	readonly password: string | undefined;
	readonly clientId: string;
}

export interface BrokerLinkOptions {
	readonly address: BrokerAddress;
	readonly topics: readonly string[];
	/** Every topic is subscribed to. */
	readonly onOpen: () => void;
	/** `acknowledge` sends the PUBACK, if one is wanted and this connection still stands. */
	readonly onMessage: (topic: string, payload: Buffer, acknowledge: () => void) => void;
	/** Once, unless `close` was called before. */
	readonly onClosed: (why: string) => void;
	/** From the first SYN to the SUBACK, ms. */
	readonly connectTimeout: number;
}

/** Seconds. */
const keepAlive = 30;
const maximumPacket = 16 * 1024 * 1024;
const maximumInFlight = 1_000;

/**
 * One connection to a broker, as a subscriber that acknowledges each message when it is told to. MQTT.js is not used here:
 * it handles one message after the other and would wait for a commit of the database between any two.
 *
 *     connecting ──CONNACK 0──▶ subscribing ──SUBACK──▶ open
 *          └───────────────────────┴────────────────────┴──▶ closed
 */
export class BrokerLink {
	readonly #options: BrokerLinkOptions;
	readonly #socket: TLSSocket;
	readonly #parser = parser({ protocolVersion: 4 });
	readonly #guard = new PacketGuard(maximumPacket);
	readonly #deadline: NodeJS.Timeout;
	#state: 'connecting' | 'subscribing' | 'open' | 'closed' = 'connecting';
	#ping: NodeJS.Timeout | undefined;
	#heard = true;
	/** Ours that the broker has not acknowledged. */
	readonly #published = new Map<number, () => void>();
	#messageId = 1;

	constructor(options: BrokerLinkOptions) {
		this.#options = options;
		const { host, port, ca } = options.address;
		this.#deadline = setTimeout(
			() => this.#end(`no answer within ${options.connectTimeout / 1000} s`),
			options.connectTimeout,
		);
		// Certificate and host name are verified: that is Node's default, and nothing here turns it off.
		this.#socket = connect({ host, port, ca, minVersion: 'TLSv1.2' });
		this.#socket.setNoDelay(true);
		this.#socket.once('secureConnect', () => this.#greet());
		this.#socket.on('data', (chunk: Buffer) => this.#data(chunk));
		this.#socket.on('error', (error) => this.#end(explain(error, options.address)));
		this.#socket.on('close', () => this.#end('the broker ended the connection'));
		this.#parser.on('packet', (packet) => this.#packet(packet));
		this.#parser.on('error', (error) => this.#end(`the broker broke the protocol: ${error.message}`));
	}

	/** At QoS 1, not retained; `done` when the broker has it. @returns false when this connection takes nothing now */
	publish(topic: string, payload: Buffer, done: () => void): boolean {
		if (this.#state !== 'open' || this.#published.size >= maximumInFlight) return false;
		do this.#messageId = (this.#messageId % 65_535) + 1;
		while (this.#published.has(this.#messageId));
		const messageId = this.#messageId;
		this.#published.set(messageId, done);
		this.#write({ cmd: 'publish', topic, payload, qos: 1, dup: false, retain: false, messageId });
		return true;
	}

	/** No callback follows. Twice is fine. */
	close(): void {
		if (this.#state === 'closed') return;
		if (this.#state === 'open') this.#write({ cmd: 'disconnect' });
		this.#release();
		this.#socket.end();
		setTimeout(() => this.#socket.destroy(), 500).unref();
	}

	#release(): void {
		this.#state = 'closed';
		clearTimeout(this.#deadline);
		clearInterval(this.#ping);
	}

	#end(why: string): void {
		if (this.#state === 'closed') return;
		this.#release();
		this.#socket.destroy();
		this.#options.onClosed(why);
	}

	#greet(): void {
		const { clientId, user, password } = this.#options.address;
		this.#write({
			cmd: 'connect',
			protocolId: 'MQTT',
			protocolVersion: 4,
			clean: false,
			clientId,
			keepalive: keepAlive,
			...(user === undefined ? {} : { username: user }),
			...(password === undefined ? {} : { password: Buffer.from(password) }),
		});
	}

	#data(chunk: Buffer): void {
		if (this.#state === 'closed') return;
		this.#heard = true;
		if (this.#guard.accepts(chunk)) this.#parser.parse(chunk);
		else this.#end(`a message over ${maximumPacket} bytes: bound it at the broker (Mosquitto: message_size_limit)`);
	}

	#packet(packet: Packet): void {
		if (this.#state === 'closed') return;
		if (packet.cmd === 'publish') this.#publish(packet);
		else if (packet.cmd === 'connack' && this.#state === 'connecting') this.#accepted(packet.returnCode ?? -1);
		else if (packet.cmd === 'suback' && this.#state === 'subscribing') this.#subscribed(packet.granted);
		else if (packet.cmd === 'puback' && packet.messageId !== undefined) {
			const done = this.#published.get(packet.messageId);
			this.#published.delete(packet.messageId);
			done?.();
		}
	}

	#accepted(returnCode: number): void {
		if (returnCode !== 0) {
			this.#end(refusals[returnCode] ?? 'the broker refused us');
			return;
		}
		this.#state = 'subscribing';
		const subscriptions = this.#options.topics.map((topic) => ({ topic, qos: 1 as const }));
		this.#write({ cmd: 'subscribe', messageId: 1, subscriptions });
	}

	#subscribed(granted: ISubackPacket['granted']): void {
		const denied = this.#options.topics.filter((_, index) => granted[index] === 128);
		if (denied.length > 0) this.#end(`no right to subscribe to ${denied.join(', ')}`);
		else this.#open();
	}

	#open(): void {
		this.#state = 'open';
		clearTimeout(this.#deadline);
		this.#ping = setInterval(
			() => {
				if (!this.#heard) return this.#end('the broker went silent');
				this.#heard = false;
				this.#write({ cmd: 'pingreq' });
			},
			keepAlive * 1000 * 0.75,
		);
		this.#options.onOpen();
	}

	#publish(packet: IPublishPacket): void {
		const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
		this.#options.onMessage(packet.topic, payload, () => {
			// A number means another message on another connection: what was not acknowledged on this one comes again.
			if (packet.qos === 1 && this.#state !== 'closed') this.#write({ cmd: 'puback', messageId: packet.messageId! });
		});
	}

	#write(packet: Packet): void {
		this.#socket.write(generate(packet));
	}
}

/** MQTT 3.1.1, section 3.2.2.3. */
const refusals: Readonly<Record<number, string>> = {
	1: 'the broker does not speak MQTT 3.1.1',
	2: 'the broker refused our client id',
	3: 'the broker is not available',
	4: 'wrong user or password',
	5: 'wrong user or password, or no right to connect',
};

/** Why a connection failed, for a person who can do something about it. */
function explain(error: NodeJS.ErrnoException, { host, port }: BrokerAddress): string {
	switch (error.code) {
		case 'CERT_HAS_EXPIRED':
			return 'the certificate has expired';
		case 'CERT_NOT_YET_VALID':
			return 'the certificate is not valid yet';
		case 'ERR_TLS_CERT_ALTNAME_INVALID':
			return `wrong host name: the certificate is not for ${host}`;
		case 'DEPTH_ZERO_SELF_SIGNED_CERT':
		case 'SELF_SIGNED_CERT_IN_CHAIN':
		case 'UNABLE_TO_GET_ISSUER_CERT':
		case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
		case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
		case 'CERT_SIGNATURE_FAILURE':
			return 'wrong CA: the certificate was not signed by the one given';
		case 'ECONNREFUSED':
			return `nobody listens at ${host}:${port}`;
		case 'ENOTFOUND':
		case 'EAI_AGAIN':
			return `the name ${host} is not found`;
		default:
			return `${error.code ? `${error.code}: ` : ''}${error.message.split('\n')[0]}`;
	}
}
