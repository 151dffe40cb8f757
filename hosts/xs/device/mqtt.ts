import { Fault, type FaultCode } from '../../../modules/fault';
import type { Client, ClientOptions, ClientPart, Control, Readable, WriteOptions } from '../../../modules/mqtt/client';
import { Elsewhere } from './elsewhere';
import { MqttEvent, Operation } from './operations';
import { fill, type Receiver, request, type Wire } from './wire';

type Callbacks = Pick<ClientOptions, 'onReadable' | 'onWritable' | 'onControl' | 'onError' | 'onClose'>;

/**
 * The MQTT client of the other side, with its resolver and its socket, as if it were here. What it keeps in memory is
 * therefore not in this heap; on a board the SDK's takes 2 KB of it (platform.md).
 */
export class WireMqttClient implements Client, Receiver {
	readonly #wire: Wire;
	readonly #handle: number;
	/** For its callbacks, which get the client as `this` (ECMA-419). */
	readonly target: unknown;
	readonly #callbacks: Callbacks;

	constructor(options: ClientOptions & { readonly wire: Wire }) {
		const { wire, host, port, id, user, password, clean, will, keepAlive } = options;
		this.#wire = wire;
		const { onReadable, onWritable, onControl, onError, onClose, target } = options;
		this.#callbacks = { onReadable, onWritable, onControl, onError, onClose };
		this.target = target;
		this.#handle = wire.attach(this);
		try {
			const login = JSON.stringify({ host, port, id, user, password, clean, will, keepAlive });
			request(Operation.MQTT_OPEN, this.#handle, login);
		} catch (thrown) {
			wire.detach(this.#handle);
			throw thrown;
		}
	}

	read(count: number): ArrayBuffer | undefined;
	read(into: Uint8Array): number | undefined;
	read(into: number | Uint8Array): ArrayBuffer | number | undefined {
		if (typeof into === 'number') return request(Operation.MQTT_READ, this.#handle, into) as ArrayBuffer | undefined;
		return fill(into, Operation.MQTT_READ, this.#handle, into.byteLength) || undefined;
	}

	write(data: ArrayBuffer | Uint8Array | undefined, options: WriteOptions): number {
		const { operation, id, topic, QoS, byteLength, duplicate, items } = options;
		const topics = items && JSON.stringify(items);
		const values = [operation, id, topic, QoS, byteLength, duplicate, topics] as const;
		return request(Operation.MQTT_WRITE, this.#handle, data, ...values) as number;
	}

	close(): void {
		this.#wire.detach(this.#handle);
		request(Operation.MQTT_CLOSE, this.#handle);
	}

	receive(event: unknown, ...values: unknown[]): void {
		const { onReadable, onWritable, onControl, onError, onClose } = this.#callbacks;
		const [first, second, topic, QoS, byteLength, retain] = values;
		if (event === MqttEvent.READABLE)
			onReadable.call(this, first as number, { more: second, topic, QoS, byteLength, retain } as Readable);
		else if (event === MqttEvent.WRITABLE) onWritable.call(this, first as number);
		else if (event === MqttEvent.CONTROL) {
			const [operation, id, returnCode, payload] = values;
			onControl.call(this, { operation, id, returnCode, payload } as Control);
		} else if (event === MqttEvent.CLOSED) onClose?.call(this);
		else {
			this.#wire.detach(this.#handle);
			onError.call(this, first === undefined ? undefined : new Fault(first as FaultCode, second as string));
		}
	}
}

export function mqttPart(wire: Wire): ClientPart {
	return { io: WireMqttClient, dns: { io: Elsewhere }, socket: { io: Elsewhere }, wire };
}
