/**
 * What the body of an answer means. Ours names each item of a batch:
 *
 *   {"status":"success","count":2,"results":[{"reading_id":"5f1c09aa-7","status":"stored"},
 *     {"reading_id":"5f1c09aa-8","status":"refused","error":"…"}],"commands":[…]}
 *
 * the guide's only counts: {"status":"success","created_count":2}. A refusal is {"status":"error","error":"…"}, or the guide's
 * {"error":"…"}.
 */
import { Fault } from '../fault';
import { JsonObject, type JsonValue, parseJson } from '../text/json';
import { decode } from '../text/utf8';
import { eachElement, eachMember, isArray, isObject, isText } from './spans';

/** Of what is taken out: a result has three values, a command a few dozen. */
const BOUNDS = Object.freeze({ depth: 6, values: 64 });

/** Commands in one answer that are taken, and bytes of each. */
const COMMANDS = 8;
const COMMAND_LIMIT = 2048;

/** Characters of what a server says of a refusal that are kept. */
const WORDS = 96;

/** What became of one item of a batch. */
export const Item = Object.freeze({ KEPT: 0, REFUSED: 1, UNKNOWN: 2 } as const);
export type Item = (typeof Item)[keyof typeof Item];

export interface Verdict {
	readonly item: Item;
	/** Why it was refused, as the server says it: printable ASCII of bounded length, '' if it says nothing. */
	readonly words: string;
}

const KEPT: Verdict = Object.freeze({ item: Item.KEPT, words: '' });
const UNKNOWN: Verdict = Object.freeze({ item: Item.UNKNOWN, words: '' });

/** The members of an answer that mean something, as they came. */
export class Said {
	#status: Uint8Array | undefined;
	#count: Uint8Array | undefined;
	#createdCount: Uint8Array | undefined;
	#results: Uint8Array | undefined;
	#error: Uint8Array | undefined;
	#commands: Uint8Array | undefined;

	/** A body that is no JSON object says nothing. */
	constructor(body: Uint8Array) {
		try {
			eachMember(body, (name, value) => this.#note(name, value));
			// Walked over once before anything is told of it.
			if (this.#results) eachElement(this.#results, () => {});
			if (this.#commands) eachElement(this.#commands, () => {});
		} catch (thrown) {
			if (!(thrown instanceof Fault)) throw thrown;
			this.#status = this.#error = undefined;
		}
	}

	/** It did what it was asked. A page that anybody could have put there does not say so. */
	get isSuccess(): boolean {
		return this.#status !== undefined && isText(this.#status, '"success"');
	}

	/** What it says is wrong, as in Verdict. */
	get words(): string {
		return wordsOf(this.#error && parsed(this.#error));
	}

	/** What became of each reading of a batch, in its order: a list first, since what is told of it goes deep into the stack. */
	verdicts(batch: readonly number[]): readonly Verdict[] {
		const count = this.#createdCount ?? this.#count;
		const keptAll = this.#results === undefined && count !== undefined && isText(count, String(batch.length));
		const verdicts = batch.map(() => (keptAll ? KEPT : UNKNOWN));
		if (this.#results)
			eachElement(this.#results, (result, index) => {
				if (index < batch.length) verdicts[index] = verdictOf(result, batch[index]!);
			});
		return verdicts;
	}

	/** Calls `found` with each command, a JSON object as it came; returns how many were too many, too long or none. */
	eachCommand(found: (body: ArrayBuffer) => void): number {
		let leftOut = 0;
		if (this.#commands)
			eachElement(this.#commands, (command, index) => {
				if (index < COMMANDS && command.length <= COMMAND_LIMIT && isObject(command)) found(command.slice().buffer);
				else leftOut++;
			});
		return leftOut;
	}

	#note(name: Uint8Array, value: Uint8Array): void {
		if (isText(name, 'status')) this.#status = value;
		else if (isText(name, 'count')) this.#count = value;
		else if (isText(name, 'created_count')) this.#createdCount = value;
		else if (isText(name, 'results') && isArray(value)) this.#results = value;
		else if (isText(name, 'error')) this.#error = value;
		else if (isText(name, 'commands') && isArray(value)) this.#commands = value;
	}
}

const BEFORE = '{"reading_id":"';
const BEHIND = '","status":"stored"}';

/** Just what our server says of a reading that it kept: seen so without making anything of it, as there are dozens. */
function isPlainlyKept(bytes: Uint8Array, sequence: number): boolean {
	const end = `-${sequence}${BEHIND}`;
	const start = bytes.length - end.length;
	if (start < BEFORE.length || !startsWith(bytes, 0, BEFORE) || !startsWith(bytes, start, end)) return false;
	for (let at = BEFORE.length; at < start; at++) {
		const byte = bytes[at]!;
		if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) return false;
	}
	return true;
}

function startsWith(bytes: Uint8Array, from: number, text: string): boolean {
	for (let at = 0; at < text.length; at++) if (bytes[from + at] !== text.charCodeAt(at)) return false;
	return true;
}

/** A result that names another reading is none. */
function verdictOf(bytes: Uint8Array, sequence: number): Verdict {
	if (isPlainlyKept(bytes, sequence)) return KEPT;
	const result = parsed(bytes);
	if (!(result instanceof JsonObject)) return UNKNOWN;
	const id = result.get('reading_id');
	const status = result.get('status');
	if (typeof id === 'string' && !id.endsWith(`-${sequence}`)) return UNKNOWN;
	if (status === 'stored' || status === 'duplicate') return KEPT;
	return status === 'refused' ? { item: Item.REFUSED, words: wordsOf(result.get('error')) } : UNKNOWN;
}

/** Undefined: it is none, or one that nobody would send. */
function parsed(bytes: Uint8Array): JsonValue | undefined {
	try {
		return parseJson(decode(bytes), BOUNDS);
	} catch (thrown) {
		if (thrown instanceof Fault) return undefined;
		throw thrown;
	}
}

function wordsOf(said: JsonValue | undefined): string {
	return typeof said === 'string' ? said.slice(0, WORDS).replace(/[^ -~]/g, '?') : '';
}
