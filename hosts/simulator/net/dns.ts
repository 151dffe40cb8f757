import { lookup } from 'node:dns';
import type { ResolveRequest, Resolver } from '../../../modules/mqtt/client';
import type { Lifeline, Vanishing } from './lifeline';
import { reasonOf } from './reasons';

/** The twin of the SDK's `embedded:network/dns/resolver/udp`, over the resolver of the operating system: IPv4, as the SDK's. */
export class NodeDns implements Resolver, Vanishing {
	readonly #lifeline: Lifeline | undefined;
	#closed = false;

	constructor(options: { readonly lifeline?: Lifeline } = {}) {
		this.#lifeline = options.lifeline;
		this.#lifeline?.add(this);
	}

	resolve({ host, onResolved, onError }: ResolveRequest): void {
		lookup(host, { family: 4 }, (error, address) => {
			if (this.#closed) return;
			if (error) onError(reasonOf(error, host, true));
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
