import { Fault, type FaultCode } from '../../../modules/fault';
import type { Client, ClientOptions, Readable, WebSocketPart, WriteOptions } from '../../../modules/websocket/client';
import { Refusal } from '../../../modules/websocket/faults';
import { Elsewhere } from './elsewhere';
import { Operation, WebSocketEvent } from './operations';
import { fill, type Receiver, request, type Wire } from './wire';

type Callbacks = Pick<ClientOptions, 'onReadable' | 'onWritable' | 'onControl' | 'onError' | 'onClose'>;

/**
 * The WebSocket client of the other side, with its resolver and its socket, as if it were here. The route's watch over the socket
 * below sees nothing then: why the connection ends is what the client says, and no Date header is heard.
 */
export class WireWebSocketClient implements Client, Receiver {
	readonly #wire: Wire;
	readonly #handle: number;
	/** For its callbacks, which get the client as `this` (ECMA-419). */
	readonly target: unknown;
	readonly #callbacks: Callbacks;

	constructor(options: ClientOptions & { readonly wire: Wire }) {
		const { wire, host, port, path, headers } = options;
		this.#wire = wire;
		const { onReadable, onWritable, onControl, onError, onClose, target } = options;
		this.#callbacks = { onReadable, onWritable, onControl, onError, onClose };
		this.target = target;
		this.#handle = wire.attach(this);
		try {
			const asked = JSON.stringify({ host, port, path, headers: [...headers] });
			request(Operation.WEBSOCKET_OPEN, this.#handle, asked);
		} catch (thrown) {
			wire.detach(this.#handle);
			throw thrown;
		}
	}

	read(count: number): ArrayBuffer | undefined;
	read(into: Uint8Array): number | undefined;
	read(into: number | Uint8Array): ArrayBuffer | number | undefined {
		if (typeof into === 'number')
			return request(Operation.WEBSOCKET_READ, this.#handle, into) as ArrayBuffer | undefined;
		return fill(into, Operation.WEBSOCKET_READ, this.#handle, into.byteLength) || undefined;
	}

	write(data: ArrayBuffer | Uint8Array, { binary, more, opcode }: WriteOptions): number {
		const room = request(Operation.WEBSOCKET_WRITE, this.#handle, data, binary, more, opcode) as number | undefined;
		// As the SDK's: no room has no name.
		if (room === undefined) throw new Error();
		return room;
	}

	close(): void {
		this.#wire.detach(this.#handle);
		request(Operation.WEBSOCKET_CLOSE, this.#handle);
	}

	receive(event: unknown, ...values: unknown[]): void {
		const { onReadable, onWritable, onControl, onError, onClose } = this.#callbacks;
		const [first, second] = values;
		if (event === WebSocketEvent.READABLE) {
			const [, more, binary] = values;
			onReadable.call(this, first as number, { more, binary } as Readable);
		} else if (event === WebSocketEvent.WRITABLE) onWritable.call(this, first as number);
		else if (event === WebSocketEvent.CONTROL) onControl.call(this, first as number, second as ArrayBuffer);
		else {
			this.#wire.detach(this.#handle);
			if (event === WebSocketEvent.CLOSED) onClose.call(this);
			else if (event === WebSocketEvent.REFUSED)
				onError.call(this, new Refusal(first as number, second as number | undefined));
			else onError.call(this, new Fault(first as FaultCode, second as string));
		}
	}
}

export function webSocketPart(wire: Wire): WebSocketPart {
	return { io: WireWebSocketClient, dns: { io: Elsewhere }, socket: { io: Elsewhere }, wire };
}
