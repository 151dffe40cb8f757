import { constants } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import { Aedes, type AuthenticateError, type Client, type ConnectPacket, type PublishPacket } from 'aedes';
import type { Log } from '../../../modules/ports';
import type { TlsFiles } from '../certificates';
import type { Commands } from '../commands/commands';
import type { Credentials } from '../credentials';
import { Doorstep } from '../doorstep';
import type { Ingest, Outcome } from '../ingest';
import { fieldName } from '../json';
import { Seldom } from '../seldom';
import { keepOnlyGranted, refuseLongPackets } from './aedesgaps';
import { Authenticator } from './authenticator';
import { BrokerCommands } from './brokercommands';
import type { Topics } from './topics';

export interface BrokerOptions {
	readonly ingest: Pick<Ingest, 'submit'>;
	readonly topics: Topics;
	readonly credentials: Credentials;
	/** What devices are told to do; without, nothing. */
	readonly commands?: Pick<Commands, 'take' | 'addDelivery'>;
	readonly tls: TlsFiles;
	readonly host: string;
	/** 0: any that is free. */
	readonly port: number;
	/** Epoch ms. */
	readonly now: () => number;
	readonly log: Log;
	readonly maximumConnections?: number;
	/** Of one address, those that have not logged in yet. Default 64, and any number of this machine itself. */
	readonly strangers?: number;
}

/** Bytes of one MQTT packet. A body over `maximumBody` fits, so that it can be refused instead of coming again for ever. */
const maximumPacket = 65_536;
/** From TCP to CONNECT, ms. */
const connectTimeout = 5_000;

/** For the first certificate and for every renewed one. */
function secured({ key, cert }: TlsFiles): SecureContextOptions {
	// Renegotiation costs the server more than whoever asks for it.
	return { key, cert, minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION };
}

/**
 * The door for devices: an MQTT 3.1.1 broker over TLS that hands everything to `ingest` and forwards nothing between
 * devices. aedes sends PUBACK (PUBREC) only after `authorizePublish` has called back, and that is after the commit
 * (node_modules/aedes/lib/handlers/publish.js): a PUBACK is a receipt.
 */
export class Broker {
	readonly #options: BrokerOptions;
	readonly #server: Server;
	readonly #aedes: Aedes;
	readonly #authenticator: Authenticator;
	/** Who each connection belongs to. */
	readonly #devices = new WeakMap<Client, string>();
	readonly #connects = new WeakMap<Client, ConnectPacket>();
	/** Client ids in use, and by whom. */
	readonly #holders = new Map<string, string>();
	/** Below TLS: a connection may end before its handshake does. */
	readonly #sockets = new Set<Socket>();
	readonly #doorstep: Doorstep;
	readonly #seldom: Seldom;
	#closing = false;

	private constructor(options: BrokerOptions) {
		this.#options = options;
		this.#seldom = new Seldom(options.log, options.now);
		this.#authenticator = new Authenticator({ ...options, holder: (clientId) => this.#holders.get(clientId) });
		this.#aedes = this.#makeAedes();
		const { commands, topics } = options;
		if (commands) {
			const take = commands.take.bind(commands);
			const deviceOf = (client: Client) => this.#devices.get(client);
			commands.addDelivery(new BrokerCommands(this.#aedes, { topics, take, deviceOf, now: options.now }));
		}
		this.#doorstep = new Doorstep({
			perAddress: options.strangers,
			within: connectTimeout,
			onTurnedAway: (address, why) =>
				this.#seldom.log(`${address} strangers`, 'warning', 'broker', `${address} was turned away: ${why}`),
		});
		this.#server = createServer({ ...secured(options.tls), handshakeTimeout: connectTimeout });
		this.#server.maxConnections = options.maximumConnections ?? 5_000;
		this.#server.on('connection', (socket: Socket) => {
			this.#sockets.add(socket);
			socket.once('close', () => this.#sockets.delete(socket));
			this.#doorstep.arrived(socket);
		});
		this.#server.on('secureConnection', (socket) => this.#connected(socket));
		this.#server.on('tlsClientError', (error, socket) => {
			options.log('debug', 'broker', `TLS with ${socket.remoteAddress ?? 'somebody'} failed: ${error.message}`);
			socket.destroy();
		});
		this.#server.on('drop', () =>
			this.#seldom.log('drop', 'warning', 'broker', 'too many connections: one was turned away'),
		);
	}

	/** @throws the listening error, with its `code` (EADDRINUSE) */
	static async open(options: BrokerOptions): Promise<Broker> {
		const broker = new Broker(options);
		await broker.#aedes.listen();
		keepOnlyGranted(broker.#aedes, (client, topic) => broker.#mayRead(client, topic));
		try {
			await new Promise<void>((resolve, reject) => {
				broker.#server.once('error', reject);
				broker.#server.listen(options.port, options.host, () => {
					broker.#server.off('error', reject);
					resolve();
				});
			});
		} catch (error) {
			broker.#aedes.close();
			throw error;
		}
		broker.#server.on('error', (error) => options.log('error', 'broker', error.message));
		return broker;
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	/** Connections, also those that have not said who they are. */
	get connections(): number {
		return this.#sockets.size;
	}

	/**
	 * For connections from now on.
	 * @throws Error when key and certificate do not fit
	 */
	useCertificate(tls: TlsFiles): void {
		this.#server.setSecureContext(secured(tls));
	}

	/** Ends every connection. Nothing is handed to `ingest` afterwards. Twice is fine. */
	async close(): Promise<void> {
		if (this.#closing) return;
		this.#closing = true;
		const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
		for (const socket of this.#sockets) socket.destroy();
		await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
		await closed;
	}

	#makeAedes(): Aedes {
		const { log } = this.#options;
		const aedes = new Aedes({
			connectTimeout,
			// Above what a device has in flight between CONNECT and CONNACK.
			queueLimit: 128,
			preConnect: (client, packet, done) => {
				this.#connects.set(client, packet);
				this.#doorstep.greeted(client.conn as TLSSocket);
				done(null, true);
			},
			authenticate: (client, user, password, done) => void this.#authenticate(client, user, password, done),
			authorizePublish: (client, packet, done) => this.#publish(client, packet, done),
			authorizeSubscribe: (client, subscription, done) => {
				if (this.#mayRead(client, subscription.topic)) return done(null, subscription);
				const who = this.#name(client);
				const what = `${who} may not subscribe to ${fieldName([subscription.topic])}`;
				this.#seldom.log(`${who} subscribes`, 'warning', 'broker', what);
				done(null, null);
			},
			authorizeForward: (client, packet) => (this.#mayRead(client, packet.topic) ? packet : null),
		});
		aedes.on('client', (client) => {
			this.#holders.set(client.id, this.#name(client));
			log('info', 'broker', `${this.#name(client)} connected`);
		});
		aedes.on('clientDisconnect', (client) => {
			this.#holders.delete(client.id);
			log('info', 'broker', `${this.#name(client)} left`);
		});
		aedes.on('clientError', (client, error) => log('debug', 'broker', `${this.#name(client)}: ${error.message}`));
		aedes.on('connectionError', (_, error) => log('debug', 'broker', `a connection failed: ${error.message}`));
		aedes.on('keepaliveTimeout', (client) => log('info', 'broker', `${this.#name(client)} went silent`));
		return aedes;
	}

	#connected(socket: TLSSocket): void {
		if (this.#closing) return void socket.destroy();
		socket.setNoDelay(true);
		// A device may ask for no MQTT keep-alive; TCP's finds out that it is gone.
		socket.setKeepAlive(true, 60_000);
		refuseLongPackets(socket, maximumPacket, () => {
			const address = socket.remoteAddress ?? 'somebody';
			const what = `${address} sent a packet over ${maximumPacket} bytes`;
			this.#seldom.log(`${address} packet`, 'warning', 'broker', what);
		});
		this.#aedes.handle(socket);
	}

	async #authenticate(
		client: Client,
		user: string | undefined,
		password: Buffer | undefined,
		done: (error: AuthenticateError | null, success: boolean | null) => void,
	): Promise<void> {
		const address = (client.conn as TLSSocket).remoteAddress ?? 'somebody';
		const admission = await this.#authenticator.admit(address, client.id, user, password);
		if (this.#closing || client.closed) return;
		if ('deviceId' in admission) {
			this.#devices.set(client, admission.deviceId);
			this.#doorstep.entered(client.conn as TLSSocket);
			// Only under its own name may a device keep a session over connections: others could not be told apart.
			if (client.id !== admission.deviceId) {
				(client as { clean: boolean }).clean = true;
				this.#connects.get(client)!.clean = true;
			}
			return done(null, true);
		}
		done(Object.assign(new Error(admission.why), { returnCode: admission.refused }), false);
	}

	#publish(client: Client | null, packet: PublishPacket, done: (error?: Error | null) => void): void {
		// Connections that we end ourselves leave wills behind; those devices are well.
		if (this.#closing) {
			done(new Error('the server is closing'));
			return;
		}
		const deviceId = client ? this.#devices.get(client) : undefined;
		const channel = this.#options.topics.channel(packet.topic);
		if (client === null || deviceId === undefined || channel === undefined) {
			const who = client ? this.#name(client) : 'somebody';
			const topic = fieldName([packet.topic]);
			const what = `${who} may not publish to ${topic}: disconnected`;
			this.#seldom.log(`${who} publishes`, 'warning', 'broker', what);
			done(new Error(`no right to publish to ${topic}`));
			return;
		}
		// Nobody may subscribe to it, and the store keeps it: a retained copy would only take memory.
		packet.retain = false;
		const body = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload;
		const receivedAt = this.#options.now();
		this.#options.ingest.submit({ door: 'mqtt', deviceId, channel, body, receivedAt }, (outcome: Outcome) => {
			// No receipt: the connection ends, and the device sends it again on the next.
			done(outcome === 'busy' ? new Error('the server has no room now') : null);
		});
	}

	#mayRead(client: Client, topic: string): boolean {
		const deviceId = this.#devices.get(client);
		return deviceId !== undefined && this.#options.topics.mayRead(topic, deviceId);
	}

	#name(client: Client): string {
		return this.#devices.get(client) ?? 'somebody';
	}
}
