import { generate, type IConnectPacket, type Packet, type Parser, parser } from 'mqtt-packet';
import { Fault } from '../../../modules/fault';
import type { ClientOptions, WriteOptions } from '../../../modules/mqtt/client';
import { Frame } from '../../../modules/mqtt/frame';
import { Packet as Type } from '../../../modules/mqtt/packet';

/** The largest packet that is taken from a peer, in bytes. */
const LIMIT = 64 * 1024;

const V4 = Object.freeze({ protocolVersion: 4 });

/** The bytes of an MQTT 3.1.1 packet. */
export function bytesOf(packet: Packet): Buffer {
	return generate(packet, V4);
}

/** Cuts a stream of bytes into packets, and keeps no more of it than one packet of 64 KiB. */
export class PacketReader {
	readonly #frame = new Frame();
	readonly #parser: Parser = parser(V4);
	readonly #packets: Packet[] = [];
	#fault: Fault | undefined;

	constructor() {
		this.#parser.on('packet', (packet) => this.#packets.push(packet));
		this.#parser.on('error', (error) => {
			this.#fault ??= new Fault('protocol', error.message);
		});
	}

	/** Takes at most 64 KiB at once. Throws a Fault 'protocol' when these bytes, or those before them, are no packets. */
	push(chunk: Uint8Array): void {
		this.#frame.pushAll(chunk);
		if (this.#frame.length > LIMIT)
			this.#fault ??= new Fault('protocol', `a packet of ${this.#frame.length} bytes, more than ${LIMIT}`);
		try {
			if (this.#fault === undefined) this.#parser.parse(Buffer.from(chunk));
		} catch (thrown) {
			this.#fault = Fault.from(thrown, 'protocol');
		}
		if (this.#fault) throw this.#fault;
	}

	/** The next whole packet. */
	shift(): Packet | undefined {
		return this.#packets.shift();
	}
}

type Login = Pick<ClientOptions, 'id' | 'user' | 'password' | 'clean' | 'will' | 'keepAlive'>;

export function connectPacket({ id, user, password, clean, will, keepAlive }: Login): IConnectPacket {
	return {
		cmd: 'connect',
		protocolId: 'MQTT',
		protocolVersion: 4,
		clientId: id,
		clean,
		keepalive: Math.ceil(keepAlive / 1000),
		...(user !== undefined && { username: user }),
		...(password !== undefined && { password: Buffer.from(password) }),
		...(will && { will: { topic: will.topic, payload: will.message, qos: will.QoS as 0 | 1, retain: will.retain } }),
	};
}

/** The packet that the options of a `write` stand for. Throws a Fault 'misuse' when the twin does not write such. */
export function writtenPacket(
	data: ArrayBuffer | Uint8Array | undefined,
	messageId: number,
	options: WriteOptions,
): Packet {
	const { operation, topic = '', QoS = 0, retain = false, duplicate = false, items = [] } = options;
	switch (operation) {
		case Type.PUBLISH: {
			const payload = Buffer.from(data instanceof Uint8Array ? data : new Uint8Array(data ?? new ArrayBuffer(0)));
			if (options.byteLength !== undefined && options.byteLength !== payload.byteLength)
				throw new Fault('misuse', 'the twin writes whole messages only');
			return { cmd: 'publish', topic, payload, qos: QoS as 0 | 1, retain, dup: duplicate, messageId };
		}
		case Type.SUBSCRIBE: {
			const subscriptions = items.map((item) => ({ topic: item.topic, qos: item.QoS as 0 | 1 }));
			return { cmd: 'subscribe', messageId, subscriptions };
		}
		case Type.PINGREQ:
			return { cmd: 'pingreq' };
		case Type.DISCONNECT:
			return { cmd: 'disconnect' };
		default:
			throw new Fault('misuse', `operation ${operation} is not for writing`);
	}
}
