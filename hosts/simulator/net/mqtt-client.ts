/**
 * The twin of the SDK's `embedded:network/mqtt/client`, with its shape and its order of events; unlike it, it says why it ends.
 *
 *   RESOLVING ──> CONNECTING ── socket writable: CONNECT ──> LOGIN ── CONNACK 0 ──> CONNECTED
 *       any ── failure: onError(Fault) ──> CLOSED          any ── close() ──> CLOSED
 */
import type { IConnackPacket, IPublishPacket, Packet } from 'mqtt-packet';
import { Fault } from '../../../modules/fault';
import type { Client, ClientOptions, WriteOptions } from '../../../modules/mqtt/client';
import { refusal } from '../../../modules/mqtt/packet';
import { bytesOf, connectPacket, PacketReader, writtenPacket } from './packets';
import { State as Every, MessageTwin, type TwinOptions } from './twin';

const State = Object.freeze({ ...Every, LOGIN: 2, CONNECTED: 3 } as const);

/** Bytes that the SDK's class keeps back from its user, for a PUBACK and a ping of its own. */
const RESERVE = 8;
/** Milliseconds to connect, as in the SDK's class. */
const CONNECT_TIMEOUT = 30_000;

export interface NodeMqttClientOptions extends ClientOptions, Pick<TwinOptions, 'scheduler' | 'lifeline'> {}

export class NodeMqttClient extends MessageTwin<NodeMqttClientOptions> implements Client {
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

	readonly #reader = new PacketReader();
	/** Packets of the client's own that wait for room. */
	readonly #pending: Buffer[] = [];
	#heardAt = 0;
	#pingedAt = 0;
	#identifier = 0;

	write(data: ArrayBuffer | Uint8Array | undefined, options: WriteOptions): number {
		if (this.state !== State.CONNECTED) throw new Fault('closed', 'the MQTT client is not connected');
		const id = options.id ?? this.#nextIdentifier();
		const packet = bytesOf(writtenPacket(data, id, options));
		if (packet.byteLength > this.room) throw new Error('overflow');
		this.put(packet);
		return this.#offer;
	}

	protected override forget(): void {
		super.forget();
		this.#pending.length = 0;
	}

	get #offer(): number {
		return Math.max(0, this.room - RESERVE);
	}

	#nextIdentifier(): number {
		this.#identifier = (this.#identifier % 65_535) + 1;
		return this.#identifier;
	}

	protected override connecting(): void {
		this.later(CONNECT_TIMEOUT, () => {
			if (this.state === State.CONNECTING) this.fail(new Fault('timeout', `no connection in ${CONNECT_TIMEOUT} ms`));
		});
	}

	#login(): void {
		const { keepAlive } = this.options;
		this.state = State.LOGIN;
		this.#heardAt = this.#pingedAt = this.scheduler.now;
		this.put(bytesOf(connectPacket(this.options)));
		if (keepAlive > 0) this.later(keepAlive / 4, () => this.#keepAlive());
	}

	protected writable(count: number): void {
		this.room = count;
		if (this.state === State.CONNECTING) this.#login();
		if (this.state !== State.CONNECTED) return;
		while (this.#pending.length > 0) {
			if (this.#pending[0]!.byteLength > this.room) return;
			this.put(this.#pending.shift()!);
		}
		if (this.#offer > 0) this.options.onWritable.call(this, this.#offer);
	}

	protected takeNext(): boolean {
		const packet = this.#reader.shift();
		if (packet) this.#take(packet);
		return packet !== undefined;
	}

	protected push(chunk: Uint8Array): void {
		this.#reader.push(chunk);
	}

	#take(packet: Packet): void {
		this.#heardAt = this.scheduler.now;
		const id = packet.messageId ?? 0;
		if (this.state === State.LOGIN) this.#onAnswer(packet);
		else if (packet.cmd === 'publish') this.#onMessage(packet, id);
		else if (packet.cmd === 'puback') this.options.onControl.call(this, { operation: NodeMqttClient.PUBACK, id });
		else if (packet.cmd === 'suback')
			this.options.onControl.call(this, { operation: NodeMqttClient.SUBACK, id, payload: packet.granted as number[] });
		else if (packet.cmd === 'pingresp') this.options.onControl.call(this, { operation: NodeMqttClient.PINGRESP });
		else throw new Fault('protocol', `a ${packet.cmd} that no broker may send now`);
	}

	#onMessage({ topic, qos, retain, payload }: IPublishPacket, id: number): void {
		if (qos > 1) throw new Fault('protocol', `a message of QoS ${qos}, which nobody asked for`);
		if (qos === 1) this.#queue({ cmd: 'puback', messageId: id });
		this.payload = Buffer.from(payload as Buffer);
		const byteLength = this.payload.byteLength;
		if (byteLength > 0)
			this.options.onReadable.call(this, byteLength, { more: false, topic, QoS: qos, byteLength, retain });
	}

	#onAnswer(packet: Packet): void {
		if (packet.cmd !== 'connack') throw new Fault('protocol', `a ${packet.cmd} before CONNACK`);
		const { returnCode = 0 } = packet as IConnackPacket;
		if (returnCode !== 0) throw refusal(returnCode);
		this.state = State.CONNECTED;
		this.options.onControl.call(this, { operation: NodeMqttClient.CONNACK, returnCode });
		if (this.#offer > 0 && this.isIn(State.CONNECTED)) this.options.onWritable.call(this, this.#offer);
	}

	/** Called four times in each interval, as the SDK's class does (MQTT 3.1.1 §3.1.2.10). */
	#keepAlive(): void {
		const interval = Math.ceil(this.options.keepAlive / 1000) * 1000;
		const now = this.scheduler.now;
		if (now - this.#heardAt >= 1.5 * interval) {
			this.fail(new Fault('timeout', `nothing heard for ${Math.round(now - this.#heardAt)} ms: the peer is dead`));
			return;
		}
		this.later(interval / 4, () => this.#keepAlive());
		if (now - this.#pingedAt < 0.75 * interval - 500 || this.state !== State.CONNECTED) return;
		this.#pingedAt = now;
		this.#queue({ cmd: 'pingreq' });
	}

	#queue(packet: Packet): void {
		this.#pending.push(bytesOf(packet));
		if (this.#pending.length === 1) this.later(0, () => this.writable(this.room));
	}

	/** Says why, then closes, in the order of the SDK's class. */
	protected fail(fault: Fault): void {
		if (this.state === State.CLOSED) return;
		this.state = State.CLOSED;
		try {
			this.options.onError.call(this, fault);
		} finally {
			this.close();
		}
	}
}
