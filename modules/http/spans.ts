/**
 * Where things stand in JSON (RFC 8259), found without making anything of it: an answer with fifty results would fill a board's
 * heap if it were all there at once. What is skipped is not checked; who takes something out parses it.
 */
import { Fault } from '../fault';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const ARRAY = 0x5b;
const ARRAY_END = 0x5d;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;

/** Calls `found` with each member of the object that `bytes` are: its name, and where its value stands. Throws a Fault 'malformed'. */
export function eachMember(bytes: Uint8Array, found: (name: Uint8Array, value: Uint8Array) => void): void {
	const end = walk(bytes, OBJECT, OBJECT_END, (at) => {
		const close = endOfString(bytes, at);
		const colon = pastSpace(bytes, close);
		if (bytes[colon] !== COLON) throw malformed(colon);
		const start = pastSpace(bytes, colon + 1);
		const stop = endOfValue(bytes, start);
		found(bytes.subarray(at + 1, close - 1), bytes.subarray(start, stop));
		return stop;
	});
	if (end < bytes.length) throw malformed(end);
}

/** The same with each element of the array that `bytes` are, if they are one. */
export function eachElement(bytes: Uint8Array, found: (value: Uint8Array, index: number) => void): void {
	let index = 0;
	walk(bytes, ARRAY, ARRAY_END, (at) => {
		const stop = endOfValue(bytes, at);
		found(bytes.subarray(at, stop), index++);
		return stop;
	});
}

export function isArray(bytes: Uint8Array): boolean {
	return bytes[0] === ARRAY;
}

export function isObject(bytes: Uint8Array): boolean {
	return bytes[0] === OBJECT;
}

/** These bytes are this ASCII text. */
export function isText(bytes: Uint8Array, text: string): boolean {
	if (bytes.length !== text.length) return false;
	for (let at = 0; at < bytes.length; at++) if (bytes[at] !== text.charCodeAt(at)) return false;
	return true;
}

/** From the opening bracket over each item, which `step` passes, to behind the closing one and the space that follows. */
function walk(bytes: Uint8Array, open: number, close: number, step: (at: number) => number): number {
	let at = pastSpace(bytes, 0);
	if (bytes[at] !== open) throw malformed(at);
	at = pastSpace(bytes, at + 1);
	if (bytes[at] === close) return pastSpace(bytes, at + 1);
	for (;;) {
		at = pastSpace(bytes, step(at));
		if (bytes[at] === close) return pastSpace(bytes, at + 1);
		if (bytes[at] !== COMMA) throw malformed(at);
		at = pastSpace(bytes, at + 1);
	}
}

function endOfValue(bytes: Uint8Array, start: number): number {
	const first = bytes[start];
	if (first === QUOTE) return endOfString(bytes, start);
	let depth = 0;
	for (let at = start; at < bytes.length; at++) {
		const byte = bytes[at]!;
		if (byte === QUOTE && depth > 0) at = endOfString(bytes, at) - 1;
		else if (byte === OBJECT || byte === ARRAY) depth++;
		else if (depth === 0 && (byte <= 0x20 || byte === COMMA || byte === OBJECT_END || byte === ARRAY_END)) {
			if (at === start) throw malformed(at);
			return at;
		} else if ((byte === OBJECT_END || byte === ARRAY_END) && --depth === 0) return at + 1;
	}
	throw malformed(bytes.length);
}

/** Behind the closing quote of the string that begins at `start`. */
function endOfString(bytes: Uint8Array, start: number): number {
	if (bytes[start] !== QUOTE) throw malformed(start);
	for (let at = start + 1; at < bytes.length; at++) {
		if (bytes[at] === BACKSLASH) at++;
		else if (bytes[at] === QUOTE) return at + 1;
	}
	throw malformed(bytes.length);
}

function pastSpace(bytes: Uint8Array, from: number): number {
	let at = from;
	while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
	return at;
}

function malformed(at: number): Fault {
	return new Fault('malformed', `JSON: nothing that belongs at byte ${at}`);
}
