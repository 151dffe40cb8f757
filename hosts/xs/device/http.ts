import { Fault, type FaultCode } from '../../../modules/fault';
import type { Client, ClientOptions, HttpPart, Request, RequestOptions } from '../../../modules/http/client';
import type { Bytes } from '../../../modules/sockets';
import { Elsewhere } from './elsewhere';
import { HttpEvent, Operation } from './operations';
import { fill, type Receiver, request, type Wire } from './wire';

/**
 * The HTTP client of the other side, with its resolver and its socket, as if it were here: one request after the other. What it
 * keeps in memory is therefore not in this heap.
 */
export class WireHttpClient implements Client, Receiver {
	readonly #wire: Wire;
	readonly #handle: number;
	readonly #onError: ClientOptions['onError'];
	#current: RequestOptions | undefined;
	#request: Request | undefined;

	constructor({ wire, host, port, onError }: ClientOptions & { readonly wire: Wire }) {
		this.#wire = wire;
		this.#onError = onError;
		this.#handle = wire.attach(this);
		try {
			request(Operation.HTTP_OPEN, this.#handle, host, port);
		} catch (thrown) {
			wire.detach(this.#handle);
			throw thrown;
		}
	}

	request(options: RequestOptions): Request {
		if (this.#current) throw new Fault('misuse', 'one request at a time');
		this.#current = options;
		const { method, path, headers } = options;
		request(Operation.HTTP_REQUEST, this.#handle, method, path, JSON.stringify([...headers]));
		this.#request = new WireRequest(this.#handle);
		return this.#request;
	}

	close(): void {
		this.#wire.detach(this.#handle);
		request(Operation.HTTP_CLOSE, this.#handle);
	}

	receive(event: unknown, ...values: unknown[]): void {
		const [first, second] = values;
		const current = this.#current;
		const asked = this.#request!;
		if (event === HttpEvent.HEADERS)
			current?.onHeaders.call(asked, first as number, new Map(JSON.parse(second as string) as [string, string][]));
		else if (event === HttpEvent.READABLE) current?.onReadable.call(asked, first as number);
		else if (event === HttpEvent.WRITABLE) current?.onWritable.call(asked, first as number);
		else if (event === HttpEvent.DONE) {
			this.#current = this.#request = undefined;
			current?.onDone.call(asked, first === true ? null : new Error());
		} else {
			this.#wire.detach(this.#handle);
			this.#onError(new Fault(first as FaultCode, second as string));
		}
	}
}

class WireRequest implements Request {
	target: unknown;
	readonly #handle: number;

	constructor(handle: number) {
		this.#handle = handle;
	}

	read(count: number): ArrayBuffer | undefined;
	read(into: Uint8Array): number | undefined;
	read(into: number | Uint8Array): ArrayBuffer | number | undefined {
		if (typeof into === 'number') return request(Operation.HTTP_READ, this.#handle, into) as ArrayBuffer | undefined;
		return fill(into, Operation.HTTP_READ, this.#handle, into.byteLength) || undefined;
	}

	write(data: Bytes): number {
		return request(Operation.HTTP_WRITE, this.#handle, data) as number;
	}
}

export function httpPart(wire: Wire): HttpPart {
	return { io: WireHttpClient, dns: { io: Elsewhere }, socket: { io: Elsewhere }, wire };
}
