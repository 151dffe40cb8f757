/** The world's side of the WebSocket clients of a machine. */
import { Fault } from '../../modules/fault';
import type { Client, ClientOptions, Readable, WebSocketPart } from '../../modules/websocket/client';
import { Refusal } from '../../modules/websocket/faults';
import { WebSocketEvent } from './device/operations';
import type { Value } from './frames';

export class WebSocketClients {
	readonly #part: () => WebSocketPart;
	readonly #tell: (handle: number, ...values: Value[]) => void;
	readonly #clients = new Map<number, Client>();

	constructor(part: () => WebSocketPart, tell: (handle: number, ...values: Value[]) => void) {
		this.#part = part;
		this.#tell = tell;
	}

	/** @param asked JSON of host, port, path and headers */
	open(handle: number, asked: string): void {
		const part = this.#part();
		const tell = (event: number, ...values: Value[]): void => {
			if (this.#clients.has(handle)) this.#tell(handle, event, ...values);
		};
		const options: Omit<ClientOptions, 'dns' | 'socket'> = {
			...(JSON.parse(asked) as Pick<ClientOptions, 'host' | 'port' | 'path' | 'headers'>),
			onReadable: (count, { more, binary }: Readable) => tell(WebSocketEvent.READABLE, count, more, binary),
			onWritable: (count) => tell(WebSocketEvent.WRITABLE, count),
			onControl: (opcode, payload) => tell(WebSocketEvent.CONTROL, opcode, new Uint8Array(payload)),
			onClose: () => {
				tell(WebSocketEvent.CLOSED);
				this.#clients.delete(handle);
			},
			onError: (reason) => {
				const fault = Fault.from(reason ?? 'the connection ended', 'closed');
				if (fault instanceof Refusal) tell(WebSocketEvent.REFUSED, fault.status, fault.retryAfter);
				else tell(WebSocketEvent.ERROR, fault.code, fault.message);
				this.#clients.delete(handle);
			},
		};
		this.#clients.set(handle, new part.io({ ...part, ...options } as never));
	}

	read(handle: number, count: number): Value {
		const bytes = this.#client(handle).read(count);
		return bytes && new Uint8Array(bytes);
	}

	/** Bytes that may be written next; undefined: it did not fit. */
	write([handle, data, binary, more, opcode]: readonly Value[]): number | undefined {
		const given = Object.entries({ binary, more, opcode }).filter(([, value]) => value !== undefined);
		try {
			return this.#client(handle as number).write(data as Uint8Array, Object.fromEntries(given));
		} catch (thrown) {
			if (thrown instanceof Error && thrown.message === '') return undefined;
			throw thrown;
		}
	}

	close(handle: number): void {
		this.#clients.get(handle)?.close();
		this.#clients.delete(handle);
	}

	#client(handle: number): Client {
		const client = this.#clients.get(handle);
		if (!client) throw new Fault('closed', 'the WebSocket client is closed');
		return client;
	}
}
