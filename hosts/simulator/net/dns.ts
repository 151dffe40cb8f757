import { lookup } from 'node:dns';
import { Fault } from '../../../modules/fault';
import type { ResolveRequest, Resolver } from '../../../modules/sockets';
import type { Lifeline, Vanishing } from './lifeline';
import { reasonOf } from './reasons';

/** Whether names resolve now: a scenario may say no. */
export interface Names {
	resolve: boolean;
}

/** The twin of the SDK's `embedded:network/dns/resolver/udp`, over the resolver of the operating system: IPv4, as the SDK's. */
export class NodeDns implements Resolver, Vanishing {
	readonly #lifeline: Lifeline | undefined;
	readonly #names: Names | undefined;
	#closed = false;

	constructor(options: { readonly lifeline?: Lifeline | undefined; readonly names?: Names | undefined } = {}) {
		this.#lifeline = options.lifeline;
		this.#names = options.names;
		this.#lifeline?.add(this);
	}

	resolve({ host, onResolved, onError }: ResolveRequest): void {
		lookup(host, { family: 4 }, (error, address) => {
			if (this.#closed) return;
			if (this.#names?.resolve === false) onError(new Fault('dns', `${host} does not resolve`));
			else if (error) onError(reasonOf(error, host, true));
			else onResolved(host, address);
		});
	}

	close(): void {
		this.#closed = true;
		this.#lifeline?.delete(this);
	}

	vanish(): void {
		this.#closed = true;
	}
}
