import { drain, type Engine, Fact, fact, feed, gather, seal, unused } from './engine';
import type { Bytes } from './options';
import { Status } from './reasons';
import type { Source, Wire } from './wire';

/** Records on their way between the library and the socket beneath, and plaintext on its way into them. */
export class Records implements Source {
	/** The socket beneath, if there is one. */
	wire: Wire | undefined;
	/** There is a session to keep that the application does not have. */
	ticket = false;
	readonly #engine: Engine;
	readonly #capacity: number;
	/** Plaintext that the application has given and that is in no record yet. */
	#gathered = 0;
	#sealing = false;

	constructor(engine: Engine) {
		this.#engine = engine;
		this.#capacity = fact(engine, Fact.GATHER);
	}

	/** A record waits for room in the socket beneath. */
	get sealing(): boolean {
		return this.#sealing;
	}

	/** Bytes that the next record still takes. */
	get room(): number {
		return this.#sealing ? 0 : this.#capacity - this.#gathered;
	}

	gather(data: number | Bytes, length: number): void {
		if (length > 0) gather(this.#engine, data);
		this.#gathered += length;
	}

	/** DONE: what was gathered is on its way. WANT_READ, WANT_WRITE: call again when there is something, or room. */
	seal(): number {
		this.#sealing = true;
		for (;;) {
			const status = seal(this.#engine);
			const moved = this.flush();
			if (status === Status.DONE) {
				this.#sealing = false;
				this.#gathered = 0;
				return status;
			}
			// TLS 1.3: the library read on, and found a ticket, or half a one.
			if (status === Status.TICKET) this.ticket = true;
			else if (status !== Status.WANT_WRITE || !moved) return status;
		}
	}

	/** True: the socket beneath took some. */
	flush(): boolean {
		return this.wire?.send(this) ?? false;
	}

	drain(limit: number): ArrayBuffer | undefined {
		return drain(this.#engine, limit);
	}

	/** Gives the library what came: one buffer full, once it has used up the last. False: nothing is there. */
	refill(): boolean {
		if (unused(this.#engine) > 0) return true;
		const bytes = this.wire?.take(fact(this.#engine, Fact.RECEIVE));
		if (bytes) feed(this.#engine, bytes);
		return bytes !== undefined;
	}
}
