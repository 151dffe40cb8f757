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

interface AnswersOptions {
	readonly outbox: Outbox;
	readonly watch: Watch;
	readonly onReceipt: (sequence: number) => void;
	readonly onRefused: (sequence: number, fault: Fault) => void;
	readonly onCommand: (body: ArrayBuffer) => void;
	/** A message that is of no use, and why. */
	readonly onTurnedAway: (why: string) => void;
}

/** What the server's messages mean. One that means nothing is left at that: a server may have more to say than this knows. */
export class Answers {
	readonly #options: AnswersOptions;
	#strays = 0;

	constructor(options: AnswersOptions) {
		this.#options = options;
	}

	/** Receipts and refusals that nothing waited for. */
	get strays(): number {
		return this.#strays;
	}

	/** A whole message: its bytes, and the text that they are. */
	take(bytes: Uint8Array, text: string): void {
		const { watch, onCommand, onTurnedAway } = this.#options;
		watch.heard();
		let message: JsonValue;
		try {
			message = parseJson(text, BOUNDS);
		} catch (thrown) {
			onTurnedAway(Fault.from(thrown, 'malformed').message);
			return;
		}
		if (!(message instanceof JsonObject)) {
			onTurnedAway('it is no object');
			return;
		}
		const type = message.get('type');
		const id = message.get('reading_id') ?? message.get('alert_id') ?? message.get('command_id');
		if (type === 'command' && bytes.length > COMMAND_LIMIT) onTurnedAway(`a command of ${bytes.length} bytes`);
		else if (type === 'command') onCommand(bytes.slice().buffer);
		else if (type === 'ack' && typeof id === 'string') this.#receipt(id);
		else if (type === 'nack' && typeof id === 'string') this.#refused(id, message.get('error'));
		else onTurnedAway('of a type that nobody knows');
	}

	#receipt(id: string): void {
		const sequence = this.#landed(id);
		if (sequence !== undefined) this.#options.onReceipt(sequence);
	}

	#refused(id: string, error: JsonValue | undefined): void {
		const sequence = this.#landed(id);
		if (sequence === undefined) return;
		const why = typeof error === 'string' ? printable(error, ERROR_LIMIT) : 'the server gives no reason';
		this.#options.onRefused(sequence, new Fault('refused', why));
	}

	/** The sequence that was out under this name. */
	#landed(id: string): number | undefined {
		const sequence = this.#options.outbox.received(id);
		if (sequence === undefined) this.#strays++;
		else this.#options.watch.answered();
		return sequence;
	}
}
