import { Fault } from '../../modules/fault';
import type { Client, HttpPart, Request } from '../../modules/http/client';
import type { Bytes } from '../../modules/sockets';
import { HttpEvent } from './device/operations';
import type { Value } from './frames';

type Tell = (handle: number, ...values: Value[]) => void;

/** The HTTP clients of a machine, by its handles, as `device/http.ts` asks for them. */
export class HttpClients {
	readonly #make: () => HttpPart;
	readonly #tell: Tell;
	readonly #clients = new Map<number, { readonly client: Client; request?: Request }>();

	constructor(make: () => HttpPart, tell: Tell) {
		this.#make = make;
		this.#tell = tell;
	}

	open(handle: number, host: string, port: number): void {
		const part = this.#make();
		const onError = (reason: unknown): void => {
			const { code, message } = Fault.from(reason, 'closed');
			this.#say(handle, HttpEvent.ERROR, code, message);
			this.#clients.delete(handle);
		};
		this.#clients.set(handle, { client: new part.io({ ...part, host, port, onError } as never) });
	}

	request(handle: number, method: string, path: string, headers: string): void {
		const one = this.#one(handle);
		one.request = one.client.request({
			method,
			path,
			headers: new Map(JSON.parse(headers) as [string, string][]),
			onHeaders: (status, fields) => this.#say(handle, HttpEvent.HEADERS, status, JSON.stringify([...fields])),
			onReadable: (count) => this.#say(handle, HttpEvent.READABLE, count),
			onWritable: (count) => this.#say(handle, HttpEvent.WRITABLE, count),
			onDone: (error) => this.#say(handle, HttpEvent.DONE, error === null),
		});
	}

	read(handle: number, count: number): readonly Value[] {
		const bytes = this.#one(handle).request?.read(count);
		return [bytes && new Uint8Array(bytes)];
	}

	write(handle: number, data: Bytes): number {
		const { request } = this.#one(handle);
		if (!request) throw new Fault('misuse', 'there is no request');
		return request.write(data);
	}

	close(handle: number): void {
		this.#clients.get(handle)?.client.close();
		this.#clients.delete(handle);
	}

	#say(handle: number, event: number, ...values: Value[]): void {
		if (this.#clients.has(handle)) this.#tell(handle, event, ...values);
	}

	#one(handle: number): { readonly client: Client; request?: Request } {
		const one = this.#clients.get(handle);
		if (!one) throw new Fault('closed', 'the HTTP client is closed');
		return one;
	}
}
