import { Fault } from '../fault';
import { JsonObject, type JsonValue, parseJson } from '../text/json';
import { printable } from './faults';
import type { Outbox } from './outbox';
import type { Watch } from './watch';

/** The largest command that is passed on, in bytes. */
const COMMAND_LIMIT = 2048;
/** Of a message: a message of 4 KB can hold 2,000 values, which is more than the heap has. */
const BOUNDS = Object.freeze({ depth: 8, values: 128 });
/** Characters of a server's reason that are kept. */
const ERROR_LIMIT = 120;

export interface AnswersOwner {
	receive(sequence: number): void;
	refuse(sequence: number, fault: Fault): void;
	takeCommand(body: ArrayBuffer): void;
	/** A message that is of no use, and why. */
	turnAway(why: string): void;
}

/** What the server's messages mean. One that means nothing is left at that: a server may have more to say than this knows. */
export class Answers {
	readonly #outbox: Outbox;
	readonly #watch: Watch;
	readonly #owner: AnswersOwner;
	#strays = 0;

	constructor(outbox: Outbox, watch: Watch, owner: AnswersOwner) {
		this.#outbox = outbox;
		this.#watch = watch;
		this.#owner = owner;
	}

	/** Receipts and refusals that nothing waited for. */
	get strays(): number {
		return this.#strays;
	}

	/** A whole message: its bytes, and the text that they are. */
	take(bytes: Uint8Array, text: string): void {
		const owner = this.#owner;
		this.#watch.heard();
		let message: JsonValue;
		try {
			message = parseJson(text, BOUNDS);
		} catch (thrown) {
			owner.turnAway(Fault.from(thrown, 'malformed').message);
			return;
		}
		if (!(message instanceof JsonObject)) {
			owner.turnAway('it is no object');
			return;
		}
		const type = message.get('type');
		const id = message.get('reading_id') ?? message.get('alert_id') ?? message.get('command_id');
		if (type === 'command' && bytes.length > COMMAND_LIMIT) owner.turnAway(`a command of ${bytes.length} bytes`);
		else if (type === 'command') owner.takeCommand(bytes.slice().buffer);
		else if (type === 'ack' && typeof id === 'string') this.#receipt(id);
		else if (type === 'nack' && typeof id === 'string') this.#refused(id, message.get('error'));
		else owner.turnAway('of a type that nobody knows');
	}

	#receipt(id: string): void {
		const sequence = this.#landed(id);
		if (sequence !== undefined) this.#owner.receive(sequence);
	}

	#refused(id: string, error: JsonValue | undefined): void {
		const sequence = this.#landed(id);
		if (sequence === undefined) return;
		const why = typeof error === 'string' ? printable(error, ERROR_LIMIT) : 'the server gives no reason';
		this.#owner.refuse(sequence, new Fault('refused', why));
	}

	/** The sequence that was out under this name. */
	#landed(id: string): number | undefined {
		const sequence = this.#outbox.received(id);
		if (sequence === undefined) this.#strays++;
		else this.#watch.answered();
		return sequence;
	}
}
