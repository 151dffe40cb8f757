import type { ResolveRequest, Resolver, ResolverPart } from '../sockets';
import type { Taker, Tapped } from './line';

const RESOLVED = 0;
const FAILED = 1;

interface TapResolverOptions {
	readonly line: Tapped;
	/** What resolves. */
	readonly part: ResolverPart;
	/** What to resolve, whatever the client asks for. */
	readonly name?: string;
}

/** Stands between a client and its resolver. */
export class TapResolver implements Resolver, Taker {
	readonly #options: TapResolverOptions;
	readonly #inner: Resolver;
	#request: ResolveRequest | undefined;

	constructor(options: TapResolverOptions) {
		this.#options = options;
		this.#inner = new options.part.io(options.part as never);
	}

	/** Answers that come after the line's end are dropped: the SDK's clients would open a socket for them, or throw. */
	resolve(request: ResolveRequest): void {
		const { line, name = request.host } = this.#options;
		this.#request = request;
		this.#inner.resolve({
			host: name,
			onResolved: (host, address) => line.guard(this, RESOLVED, host, address),
			onError: (reason) => line.guard(this, FAILED, reason),
		});
	}

	take(event: number, first: unknown, second: unknown): void {
		const { onResolved, onError } = this.#request!;
		if (event === RESOLVED) onResolved(first as string, second as string);
		else {
			this.#options.line.failed(first);
			onError(first);
		}
	}
}
