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
import { decode, encode } from '../text/utf8';

/** An answer nests five deep: the arguments of a command. It has five values for each of 50 results, and commands. */
const BOUNDS = Object.freeze({ depth: 8, values: 500 });

/** Commands in one answer that are taken, and bytes of each. */
const COMMANDS = 8;
const COMMAND_LIMIT = 2048;

/** Characters of what a server says of a refusal that are kept. */
const WORDS = 96;

/** What became of one item of a batch. */
export const Item = Object.freeze({ KEPT: 0, REFUSED: 1, UNKNOWN: 2 } as const);
export type Item = (typeof Item)[keyof typeof Item];

/** The object that a body is; undefined: it is none, or one that nobody would send. */
export function objectOf(body: Uint8Array): JsonObject | undefined {
	try {
		const value = parseJson(decode(body), BOUNDS);
		return value instanceof JsonObject ? value : undefined;
	} catch (thrown) {
		if (thrown instanceof Fault) return undefined;
		throw thrown;
	}
}

/** It says that it did what it was asked. A page that anybody could have put there does not. */
export function saysSuccess(answer: JsonObject | undefined): answer is JsonObject {
	return answer?.get('status') === 'success';
}

/** What became of each reading of a batch, in its order. */
export function itemsOf(answer: JsonObject, batch: readonly number[]): readonly Item[] {
	const results = answer.get('results');
	if (Array.isArray(results)) return batch.map((sequence, index) => itemOf(results[index], sequence));
	const keptAll = (answer.get('created_count') ?? answer.get('count')) === batch.length;
	return batch.map(() => (keptAll ? Item.KEPT : Item.UNKNOWN));
}

/** A result that names another reading is none. */
function itemOf(result: JsonValue | undefined, sequence: number): Item {
	if (!(result instanceof JsonObject)) return Item.UNKNOWN;
	const id = result.get('reading_id');
	const status = result.get('status');
	if (typeof id === 'string' && !id.endsWith(`-${sequence}`)) return Item.UNKNOWN;
	if (status === 'stored' || status === 'duplicate') return Item.KEPT;
	return status === 'refused' ? Item.REFUSED : Item.UNKNOWN;
}

/** What the server says is wrong with the item at `index`, as `wordsOf`. */
export function wordsOfItem(answer: JsonObject, index: number): string {
	const results = answer.get('results');
	const result: unknown = Array.isArray(results) ? results[index] : undefined;
	return wordsOf(result instanceof JsonObject ? result : undefined);
}

/** What the server says is wrong, as printable ASCII of bounded length; '' if it says nothing. */
export function wordsOf(answer: JsonObject | undefined): string {
	const said = answer?.get('error');
	return typeof said === 'string' ? said.slice(0, WORDS).replace(/[^ -~]/g, '?') : '';
}

/** The commands that came along, each as JSON of its own; what is none, too long or one too many is left out, and counted. */
export function commandsOf(answer: JsonObject): { readonly bodies: readonly ArrayBuffer[]; readonly leftOut: number } {
	const commands = answer.get('commands');
	const bodies: ArrayBuffer[] = [];
	if (!Array.isArray(commands)) return { bodies, leftOut: 0 };
	for (const command of commands.slice(0, COMMANDS) as JsonValue[]) {
		if (!(command instanceof JsonObject)) continue;
		const body = encode(textOf(command));
		if (body.byteLength <= COMMAND_LIMIT) bodies.push(body);
	}
	return { bodies, leftOut: commands.length - bodies.length };
}

/** As JSON again. */
function textOf(value: JsonValue): string {
	if (value instanceof JsonObject) {
		const { names, values } = value;
		return `{${names.map((name, at) => `${JSON.stringify(name)}:${textOf(values[at]!)}`).join(',')}}`;
	}
	if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(textOf).join(',')}]`;
	return JSON.stringify(value);
}
