import type { Outgoing } from '../ports';
import { ANSWER_LIMIT, type Plan, pathOf, RESULTS_LIMIT } from './options';

const NOTHING = new Uint8Array(0);

/** A message that is out: kept until its answer, as it may have to be sent twice. */
export class Letter {
	readonly path: string;
	body: Uint8Array;
	readonly sequence: number | undefined;
	readonly id: string | undefined;
	readonly batch: readonly number[] | undefined;
	/** It was sent again since the kept connection turned out to be closed. */
	resent = false;
	/** When it went out last, in ticks. */
	sentAt = 0;

	/** Throws a Fault 'misuse' or 'range' for a message that this route does not carry. */
	constructor(outgoing: Outgoing) {
		this.path = pathOf(outgoing);
		const { body } = outgoing;
		this.body = body instanceof Uint8Array ? body : new Uint8Array(body);
		this.sequence = outgoing.sequence;
		this.id = outgoing.id;
		this.batch = outgoing.batch?.slice();
	}

	/** It is answered for good: what it said goes, while what was answered is told. */
	forget(): void {
		this.body = NOTHING;
	}

	/** How many readings it carries that want a receipt. */
	get count(): number {
		return this.batch?.length ?? (this.sequence === undefined ? 0 : 1);
	}

	/** Bytes of the answer that are worth keeping. */
	get answerLimit(): number {
		return this.batch ? RESULTS_LIMIT : ANSWER_LIMIT;
	}

	/** As wire.md says; Host is the client's. */
	headers({ deviceId }: Plan, token: string): Map<string, string> {
		const headers = new Map<string, string>();
		headers.set('Authorization', `Bearer ${token}`);
		headers.set('X-Device-ID', deviceId);
		headers.set('Content-Type', 'application/json');
		if (this.id !== undefined) headers.set('Idempotency-Key', this.id);
		headers.set('Content-Length', String(this.body.byteLength));
		return headers;
	}
}
