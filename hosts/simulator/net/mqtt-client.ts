/**
 * The twin of the SDK's `embedded:network/mqtt/client`, with its shape and its order of events; unlike it, it says why it ends.
 *
 *   RESOLVING ──> CONNECTING ── socket writable: CONNECT ──> LOGIN ── CONNACK 0 ──> CONNECTED
 *       any ── failure: onError(Fault) ──> CLOSED          any ── close() ──> CLOSED
 */
import type { IConnackPacket, IPublishPacket, Packet } from 'mqtt-packet';
import { Fault } from '../../../modules/fault';
import type { Client, ClientOptions, Socket, WriteOptions } from '../../../modules/mqtt/client';
import { refusal } from '../../../modules/mqtt/packet';
import { RealTime } from '../time';
import type { Lifeline, Vanishing } from './lifeline';
import { bytesOf, connectPacket, PacketReader, writtenPacket } from './packets';
import type { Scheduler } from './scheduler';

const State = Object.freeze({ RESOLVING: 0, CONNECTING: 1, LOGIN: 2, CONNECTED: 3, CLOSED: 4 } as const);
type State = (typeof State)[keyof typeof State];

/** Bytes read from the socket at once. */
const CHUNK = 1460;
/** Bytes that the SDK's class keeps back from its user, for a PUBACK and a ping of its own. */
const RESERVE = 8;
/** Milliseconds to connect, as in the SDK's class. */
const CONNECT_TIMEOUT = 30_000;

export interface NodeMqttClientOptions extends ClientOptions {
	/** Default: real time. */
	readonly scheduler?: Scheduler;
	readonly lifeline?: Lifeline;
}

export class NodeMqttClient implements Client, Vanishing {
	static readonly CONNECT = 1;
	static readonly CONNACK = 2;
	static readonly PUBLISH = 3;
	static readonly PUBACK = 4;
	static readonly PUBREC = 5;
	static readonly PUBREL = 6;
	static readonly PUBCOMP = 7;
	static readonly SUBSCRIBE = 8;
	static readonly SUBACK = 9;
	static readonly UNSUBSCRIBE = 10;
	static readonly UNSUBACK = 11;
	static readonly PINGREQ = 12;
	static readonly PINGRESP = 13;
	static readonly DISCONNECT = 14;

	readonly #options: NodeMqttClientOptions;
	readonly #scheduler: Scheduler;
	readonly #timers = new Set<{ cancel(): void }>();
	readonly #reader = new PacketReader();
	/** Packets of the client's own that wait for room. */
	readonly #pending: Buffer[] = [];
	#state: State = State.RESOLVING;
	#socket: Socket | undefined;
	#room = 0;
	#readable = 0;
	/** What the user has yet to read of the message at hand. */
	#payload: Buffer = Buffer.alloc(0);
	#pumping = false;
	#heardAt = 0;
	#pingedAt = 0;
	#identifier = 0;

	constructor(options: NodeMqttClientOptions) {
		this.#options = options;
		this.#scheduler = options.scheduler ?? new RealTime();
		options.lifeline?.add(this);
		const resolver = new options.dns.io(options.dns as never);
		resolver.resolve({
			host: options.host,
			onResolved: (host, address) => this.#connect(host, address),
			onError: (reason) => this.#fail(Fault.from(reason ?? `${options.host} does not resolve`, 'dns')),
		});
	}

	read(count: number): ArrayBuffer | undefined;
	read(into: Uint8Array): number | undefined;
	read(into: number | Uint8Array): ArrayBuffer | number | undefined {
		if (this.#payload.byteLength === 0) return undefined;
		const wanted = typeof into === 'number' ? into : into.byteLength;
		const part = Uint8Array.from(this.#payload.subarray(0, wanted));
		this.#payload = this.#payload.subarray(part.byteLength);
		if (this.#payload.byteLength === 0 && !this.#pumping) this.#later(0, () => this.#pump());
		if (typeof into === 'number') return part.buffer;
		into.set(part);
		return part.byteLength;
	}

	write(data: ArrayBuffer | Uint8Array | undefined, options: WriteOptions): number {
		if (this.#state !== State.CONNECTED) throw new Fault('closed', 'the MQTT client is not connected');
		const id = options.id ?? this.#nextIdentifier();
		const packet = bytesOf(writtenPacket(data, id, options));
		if (packet.byteLength > this.#room) throw new Error('overflow');
		this.#put(packet);
		return this.#offer;
	}

	close(): void {
		this.vanish();
		this.#socket?.close();
		this.#socket = undefined;
	}

	vanish(): void {
		this.#become(State.CLOSED);
		for (const timer of this.#timers) timer.cancel();
		this.#timers.clear();
		this.#pending.length = 0;
		this.#payload = Buffer.alloc(0);
		this.#options.lifeline?.delete(this);
	}

	get #offer(): number {
		return Math.max(0, this.#room - RESERVE);
	}

	#nextIdentifier(): number {
		this.#identifier = (this.#identifier % 65_535) + 1;
		return this.#identifier;
	}

	#connect(host: string, address: string): void {
		if (this.#state !== State.RESOLVING) return;
		this.#become(State.CONNECTING);
		try {
			const { socket, port } = this.#options;
			this.#socket = new socket.io({
				...socket,
				address,
				host,
				port,
				onReadable: (count: number) => this.#onReadable(count),
				onWritable: (count: number) => this.#onWritable(count),
				onError: (reason?: unknown) => this.#fail(Fault.from(reason ?? 'the connection ended', 'closed')),
			} as never);
		} catch (thrown) {
			this.#fail(Fault.from(thrown, 'connect'));
			return;
		}
		this.#later(CONNECT_TIMEOUT, () => {
			if (this.#state === State.CONNECTING) this.#fail(new Fault('timeout', `no connection in ${CONNECT_TIMEOUT} ms`));
		});
	}

	#login(): void {
		const { keepAlive } = this.#options;
		this.#become(State.LOGIN);
		this.#heardAt = this.#pingedAt = this.#scheduler.now;
		this.#put(bytesOf(connectPacket(this.#options)));
		if (keepAlive > 0) this.#later(keepAlive / 4, () => this.#keepAlive());
	}

	#onWritable(count: number): void {
		this.#room = count;
		if (this.#state === State.CONNECTING) this.#login();
		if (this.#state !== State.CONNECTED) return;
		while (this.#pending.length > 0) {
			if (this.#pending[0]!.byteLength > this.#room) return;
			this.#put(this.#pending.shift()!);
		}
		if (this.#offer > 0) this.#options.onWritable(this.#offer);
	}

	#onReadable(count: number): void {
		this.#readable = count;
		this.#pump();
	}

	/** Reads and deals with packets, one after the other, up to a message that the user has yet to read. */
	#pump(): void {
		if (this.#pumping) return;
		this.#pumping = true;
		try {
			while (this.#state !== State.CLOSED && this.#payload.byteLength === 0) {
				const packet = this.#reader.shift();
				if (packet) this.#take(packet);
				else if (this.#readable > 0) this.#parse();
				else break;
			}
		} catch (thrown) {
			this.#fail(Fault.from(thrown, 'protocol'));
		} finally {
			this.#pumping = false;
		}
	}

	#parse(): void {
		const socket = this.#socket!;
		socket.format = 'buffer';
		const chunk = new Uint8Array(socket.read(Math.min(this.#readable, CHUNK)) as ArrayBuffer);
		this.#readable -= chunk.byteLength;
		this.#reader.push(chunk);
	}

	#take(packet: Packet): void {
		this.#heardAt = this.#scheduler.now;
		const id = packet.messageId ?? 0;
		if (this.#state === State.LOGIN) this.#onAnswer(packet);
		else if (packet.cmd === 'publish') this.#onMessage(packet, id);
		else if (packet.cmd === 'puback') this.#options.onControl({ operation: NodeMqttClient.PUBACK, id });
		else if (packet.cmd === 'suback')
			this.#options.onControl({ operation: NodeMqttClient.SUBACK, id, payload: packet.granted as number[] });
		else if (packet.cmd === 'pingresp') this.#options.onControl({ operation: NodeMqttClient.PINGRESP });
		else throw new Fault('protocol', `a ${packet.cmd} that no broker may send now`);
	}

	#onMessage({ topic, qos, retain, payload }: IPublishPacket, id: number): void {
		if (qos > 1) throw new Fault('protocol', `a message of QoS ${qos}, which nobody asked for`);
		if (qos === 1) this.#queue({ cmd: 'puback', messageId: id });
		this.#payload = Buffer.from(payload as Buffer);
		const byteLength = this.#payload.byteLength;
		if (byteLength > 0) this.#options.onReadable(byteLength, { more: false, topic, QoS: qos, byteLength, retain });
	}

	#onAnswer(packet: Packet): void {
		if (packet.cmd !== 'connack') throw new Fault('protocol', `a ${packet.cmd} before CONNACK`);
		const { returnCode = 0 } = packet as IConnackPacket;
		if (returnCode !== 0) throw refusal(returnCode);
		this.#become(State.CONNECTED);
		this.#options.onControl({ operation: NodeMqttClient.CONNACK, returnCode });
		if (this.#offer > 0 && this.#isConnected) this.#options.onWritable(this.#offer);
	}

	get #isConnected(): boolean {
		return this.#state === State.CONNECTED;
	}

	/** Called four times in each interval, as the SDK's class does (MQTT 3.1.1 §3.1.2.10). */
	#keepAlive(): void {
		const interval = Math.ceil(this.#options.keepAlive / 1000) * 1000;
		const now = this.#scheduler.now;
		if (now - this.#heardAt >= 1.5 * interval) {
			this.#fail(new Fault('timeout', `nothing heard for ${Math.round(now - this.#heardAt)} ms: the peer is dead`));
			return;
		}
		this.#later(interval / 4, () => this.#keepAlive());
		if (now - this.#pingedAt < 0.75 * interval - 500 || this.#state !== State.CONNECTED) return;
		this.#pingedAt = now;
		this.#queue({ cmd: 'pingreq' });
	}

	#queue(packet: Packet): void {
		this.#pending.push(bytesOf(packet));
		if (this.#pending.length === 1) this.#later(0, () => this.#onWritable(this.#room));
	}

	#put(packet: Buffer): void {
		this.#room = this.#socket!.write(packet) ?? 0;
	}

	#later(delay: number, run: () => void): void {
		const timer = this.#scheduler.schedule(delay, () => {
			this.#timers.delete(timer);
			if (this.#state !== State.CLOSED) run();
		});
		this.#timers.add(timer);
	}

	/** Says why, then closes, in the order of the SDK's class. */
	#fail(fault: Fault): void {
		if (this.#state === State.CLOSED) return;
		this.#become(State.CLOSED);
		try {
			this.#options.onError(fault);
		} finally {
			this.close();
		}
	}

	#become(state: State): void {
		this.#state = state;
	}
}
