/**
 * JSON (RFC 8259) out of hostile hands: what `JSON.parse` makes of an object are properties, and on XS each new name of a property
 * takes a place in the machine's table of keys. Here an object is two lists, so whatever it is called costs what it is long.
 *
 * Stricter than the RFC must be: a name given twice and half a surrogate pair are refused, a number must be finite.
 */
import { Fault } from '../fault';
import { furtherPlaces } from './utf8';

export type JsonValue = string | number | boolean | null | JsonObject | readonly JsonValue[];

/** An object: the members in their order. */
export class JsonObject {
	readonly names: readonly string[];
	readonly values: readonly JsonValue[];

	constructor(names: readonly string[], values: readonly JsonValue[]) {
		this.names = names;
		this.values = values;
	}

	/** The value of a member; undefined when there is none of this name. */
	get(name: string): JsonValue | undefined {
		const at = this.names.indexOf(name);
		return at < 0 ? undefined : this.values[at];
	}
}

export interface JsonBounds {
	/** How many objects and arrays may be in one another. */
	readonly depth: number;
	/** How many values there may be in all. */
	readonly values: number;
}

/**
 * @returns the one value that `text` is
 * @throws Fault 'malformed' when it is none, 'range' when it is beyond the bounds
 */
export function parseJson(text: string, bounds: JsonBounds): JsonValue {
	return new Parser(text, bounds).parse();
}

const ESCAPES = Object.freeze(['"', '"', '\\', '\\', '/', '/', 'b', '\b', 'f', '\f', 'n', '\n', 'r', '\r', 't', '\t']);
const END = -1;

class Parser {
	readonly #text: string;
	readonly #depth: number;
	#left: number;
	#at = 0;

	constructor(text: string, bounds: JsonBounds) {
		this.#text = text;
		this.#depth = bounds.depth;
		this.#left = bounds.values;
	}

	parse(): JsonValue {
		const value = this.#value(0);
		if (this.#peek() !== END) throw this.#fault('more than one value');
		return value;
	}

	/** The next character that is no space, not taken yet. */
	#peek(): number {
		for (; this.#at < this.#text.length; this.#at++) {
			const code = this.#text.charCodeAt(this.#at);
			if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
		}
		return END;
	}

	#value(depth: number): JsonValue {
		if (--this.#left < 0) throw new Fault('range', 'JSON: too many values');
		const code = this.#peek();
		if (code === 0x7b || code === 0x5b) {
			if (depth >= this.#depth) throw new Fault('range', `JSON: deeper than ${this.#depth}`);
			this.#at++;
			return code === 0x7b ? this.#object(depth + 1) : this.#array(depth + 1);
		}
		if (code === 0x22) return this.#string();
		if (code === 0x2d || (code >= 0x30 && code <= 0x39)) return this.#number();
		if (this.#take('true')) return true;
		if (this.#take('false')) return false;
		if (this.#take('null')) return null;
		throw this.#fault('no value');
	}

	#object(depth: number): JsonObject {
		const names: string[] = [];
		const values: JsonValue[] = [];
		if (this.#ends(0x7d)) return new JsonObject(names, values);
		do {
			if (this.#peek() !== 0x22) throw this.#fault('no name');
			const name = this.#string();
			if (names.includes(name)) throw this.#fault('a name given twice');
			if (!this.#ends(0x3a)) throw this.#fault('no ":"');
			names.push(name);
			values.push(this.#value(depth));
		} while (this.#ends(0x2c));
		if (!this.#ends(0x7d)) throw this.#fault('no "," and no "}"');
		return new JsonObject(names, values);
	}

	#array(depth: number): JsonValue[] {
		const values: JsonValue[] = [];
		if (this.#ends(0x5d)) return values;
		do values.push(this.#value(depth));
		while (this.#ends(0x2c));
		if (!this.#ends(0x5d)) throw this.#fault('no "," and no "]"');
		return values;
	}

	/** Takes this character if it is the next. */
	#ends(code: number): boolean {
		if (this.#peek() !== code) return false;
		this.#at++;
		return true;
	}

	#take(word: string): boolean {
		if (!this.#text.startsWith(word, this.#at)) return false;
		this.#at += word.length;
		return true;
	}

	#string(): string {
		const text = this.#text;
		let start = ++this.#at;
		let result = '';
		for (; ; this.#at++) {
			const code = this.#at < text.length ? text.charCodeAt(this.#at) : END;
			if (code === 0x22) break;
			if (code < 0x20) throw this.#fault(code === END ? 'an open string' : 'a control character');
			if (code !== 0x5c) continue;
			result += text.slice(start, this.#at) + this.#escape();
			start = this.#at + 1;
		}
		result += text.slice(start, this.#at++);
		for (let at = 0; at < result.length; at++) {
			const point = result.codePointAt(at)!;
			if (point >= 0xd800 && point <= 0xdfff) throw this.#fault('a lone surrogate');
			if (point > 0xffff) at += furtherPlaces();
		}
		return result;
	}

	/** At the backslash; leaves the place on the escape's last character. */
	#escape(): string {
		const letter = this.#text.charAt(++this.#at);
		if (letter === 'u') {
			let unit = 0;
			for (let digits = 4; digits > 0; digits--) {
				const digit = hexDigit(this.#text.charCodeAt(++this.#at));
				if (digit < 0) throw this.#fault('no \\u escape');
				unit = 16 * unit + digit;
			}
			return String.fromCharCode(unit);
		}
		for (let at = 0; at < ESCAPES.length; at += 2) if (ESCAPES[at] === letter) return ESCAPES[at + 1]!;
		throw this.#fault('no such escape');
	}

	#number(): number {
		const start = this.#at;
		if (this.#text.charCodeAt(this.#at) === 0x2d) this.#at++;
		if (this.#text.charCodeAt(this.#at) === 0x30) this.#at++;
		else this.#digits();
		if (this.#text.charCodeAt(this.#at) === 0x2e) {
			this.#at++;
			this.#digits();
		}
		if ((this.#text.charCodeAt(this.#at) | 0x20) === 0x65) {
			const sign = this.#text.charCodeAt(++this.#at);
			if (sign === 0x2b || sign === 0x2d) this.#at++;
			this.#digits();
		}
		const number = Number(this.#text.slice(start, this.#at));
		if (!Number.isFinite(number)) throw this.#fault('a number too large');
		return number;
	}

	#digits(): void {
		const start = this.#at;
		for (let code = this.#text.charCodeAt(this.#at); code >= 0x30 && code <= 0x39; )
			code = this.#text.charCodeAt(++this.#at);
		if (this.#at === start) throw this.#fault('no digit');
	}

	#fault(what: string): Fault {
		return new Fault('malformed', `JSON: ${what} at character ${this.#at}`);
	}
}

function hexDigit(code: number): number {
	if (code >= 0x30 && code <= 0x39) return code - 0x30;
	const letter = code | 0x20;
	return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** The text of a value that parseJson() gave. */
export function formatJson(value: JsonValue): string {
	if (value instanceof JsonObject)
		return `{${value.names.map((name, at) => `${JSON.stringify(name)}:${formatJson(value.values[at]!)}`).join(',')}}`;
	if (typeof value === 'object' && value !== null) return `[${value.map(formatJson).join(',')}]`;
	return JSON.stringify(value);
}
