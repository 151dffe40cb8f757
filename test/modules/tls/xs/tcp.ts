import { request, type Wire } from '../../../../hosts/xs/device/wire';
import { Fault, type FaultCode } from '../../../../modules/fault';
import type { Bytes, Socket } from '../../../../modules/tls/options';
import { Ask, TcpEvent } from './operations';

export interface WireTcpOptions {
	readonly wire: Wire;
	readonly address: string;
	readonly port: number;
	readonly target?: unknown;
	readonly onReadable: (count: number) => void;
	readonly onWritable: (count: number) => void;
	readonly onError: (reason?: Fault) => void;
}

/** A TCP socket (ECMA-419 §12.1) whose other half is Node's. */
export class WireTcp implements Socket {
	readonly format = 'buffer';
	readonly target: unknown;
	readonly #wire: Wire;
	readonly #handle: number;

	constructor(options: WireTcpOptions) {
		const { wire, address, port, onReadable, onWritable, onError, target } = options;
		this.target = target;
		this.#wire = wire;
		this.#handle = wire.attachFunction((event: number, first: number | FaultCode, words: string) => {
			if (event === TcpEvent.READABLE) onReadable.call(this, first as number);
			else if (event === TcpEvent.WRITABLE) onWritable.call(this, first as number);
			else onError.call(this, new Fault(first as FaultCode, words));
		});
		request(Ask.TCP_OPEN, this.#handle, address, port);
	}

	read(count: number): ArrayBuffer | undefined {
		return request(Ask.TCP_READ, this.#handle, count) as ArrayBuffer | undefined;
	}

	write(data: Bytes): number {
		return request(Ask.TCP_WRITE, this.#handle, data) as number;
	}

	close(): void {
		this.#wire.detach(this.#handle);
		request(Ask.TCP_CLOSE, this.#handle);
	}
}
