/** What a body holds: strings, numbers, booleans, null, arrays and objects without a prototype's tricks. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** Why a text was refused; `message` begins with the field ("heart_rate: NaN is not JSON") or with "body". */
export class JsonError extends Error {
	override readonly name = 'JsonError';
}

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in a string (RFC 8259, section 7)
const string = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const powersOfTen = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);
const word = /[A-Za-z0-9_+.-]+/y;

/**
 * JSON (RFC 8259) as strictly as devices deserve. Beside JSON.parse, which it agrees with on everything it accepts, it
 * refuses what two readers may understand differently (a key given twice, `__proto__`, a number too large to be finite),
 * bounds the depth, and says in which field the trouble lies.
 */
class Reader {
	readonly #text: string;
	readonly #maximumDepth: number;
	readonly #path: string[] = [];
	#at = 0;

	constructor(text: string, maximumDepth: number) {
		this.#text = text;
		this.#maximumDepth = maximumDepth;
	}

	document(): Json {
		this.#skip();
		const value = this.#value();
		this.#skip();
		if (this.#at < this.#text.length) this.#fail('something follows the JSON');
		return value;
	}

	#value(): Json {
		switch (this.#text.charCodeAt(this.#at)) {
			case 0x22:
				return this.#string();
			case 0x7b:
				return this.#object();
			case 0x5b:
				return this.#array();
			case 0x74:
				return this.#literal('true', true);
			case 0x66:
				return this.#literal('false', false);
			case 0x6e:
				return this.#literal('null', null);
			default:
				return this.#number();
		}
	}

	#object(): { [name: string]: Json } {
		const result: { [name: string]: Json } = {};
		this.#at += 1;
		this.#skip();
		if (this.#takes(0x7d)) return result;
		for (;;) {
			if (this.#text.charCodeAt(this.#at) !== 0x22) this.#fail('a name in double quotes must stand here');
			const name = this.#string();
			this.#enter(name);
			if (name === '__proto__') this.#fail('not a name that is taken');
			if (result[name] !== undefined && Object.hasOwn(result, name)) this.#fail('given twice');
			this.#skip();
			if (!this.#takes(0x3a)) this.#fail('":" is missing');
			this.#skip();
			result[name] = this.#value();
			this.#skip();
			const ended = this.#takes(0x7d);
			if (!ended && !this.#takes(0x2c))
				this.#fail(this.#at < this.#text.length ? '"," or "}" is missing' : 'ends too early');
			this.#path.pop();
			if (ended) return result;
			this.#skip();
		}
	}

	#array(): Json[] {
		const result: Json[] = [];
		this.#at += 1;
		this.#skip();
		if (this.#takes(0x5d)) return result;
		for (;;) {
			this.#enter(String(result.length));
			result.push(this.#value());
			this.#skip();
			const ended = this.#takes(0x5d);
			if (!ended && !this.#takes(0x2c))
				this.#fail(this.#at < this.#text.length ? '"," or "]" is missing' : 'ends too early');
			this.#path.pop();
			if (ended) return result;
			this.#skip();
		}
	}

	#string(): string {
		const text = this.#text;
		const begin = this.#at + 1;
		// Nearly all strings are short and hold no escape: no regular expression for those.
		for (let at = begin; at < text.length; at += 1) {
			const code = text.charCodeAt(at);
			if (code === 0x22) {
				this.#at = at + 1;
				return text.slice(begin, at);
			}
			if (code === 0x5c || code < 0x20) break;
		}
		string.lastIndex = this.#at;
		if (!string.test(text)) this.#fail('a string that does not end, or holds what JSON forbids');
		const quoted = text.slice(this.#at, string.lastIndex);
		this.#at = string.lastIndex;
		return JSON.parse(quoted);
	}

	#number(): number {
		const text = this.#text;
		const negative = text.charCodeAt(this.#at) === 0x2d;
		const begin = negative ? this.#at + 1 : this.#at;
		let at = begin;
		let digits = 0;
		let point = -1;
		for (; ; at += 1) {
			const code = text.charCodeAt(at);
			if (code >= 0x30 && code <= 0x39) digits = digits * 10 + code - 0x30;
			else if (code === 0x2e && point < 0) point = at;
			else if (code === 0x65 || code === 0x45) return this.#longNumber();
			else break;
		}
		const whole = (point < 0 ? at : point) - begin;
		const decimals = point < 0 ? 0 : at - point - 1;
		// Up to 15 digits are exact in a double, and so is a power of ten: the quotient is what Number() would give.
		if (whole < 1 || (whole > 1 && text.charCodeAt(begin) === 0x30) || point === at - 1 || whole + decimals > 15)
			return this.#longNumber();
		this.#at = at;
		const value = digits / powersOfTen[decimals]!;
		return negative ? -value : value;
	}

	#longNumber(): number {
		number.lastIndex = this.#at;
		if (!number.test(this.#text)) this.#unknown();
		const value = Number(this.#text.slice(this.#at, number.lastIndex));
		if (!Number.isFinite(value)) this.#fail('a number too large');
		this.#at = number.lastIndex;
		return value;
	}

	#literal<Value extends boolean | null>(spelling: string, value: Value): Value {
		if (!this.#text.startsWith(spelling, this.#at)) this.#unknown();
		this.#at += spelling.length;
		return value;
	}

	#unknown(): never {
		word.lastIndex = this.#at;
		if (this.#at >= this.#text.length) this.#fail('ends too early');
		const found = word.test(this.#text) ? this.#text.slice(this.#at, Math.min(word.lastIndex, this.#at + 20)) : 'this';
		this.#fail(`${found} is not JSON`);
	}

	#enter(name: string): void {
		this.#path.push(name);
		if (this.#path.length > this.#maximumDepth) this.#fail(`nested deeper than ${this.#maximumDepth}`);
	}

	#skip(): void {
		// Most messages hold no space at all: look before the regular expression is started.
		if (this.#text.charCodeAt(this.#at) > 0x20) return;
		space.lastIndex = this.#at;
		space.test(this.#text);
		this.#at = space.lastIndex;
	}

	#takes(code: number): boolean {
		if (this.#text.charCodeAt(this.#at) !== code) return false;
		this.#at += 1;
		return true;
	}

	#fail(why: string): never {
		throw new JsonError(`${fieldName(this.#path)}: ${why}`);
	}
}

/** A path as one printable word of bounded length: it goes into logs. */
export function fieldName(path: readonly string[]): string {
	if (path.length === 0) return 'body';
	const name = path.map((part) => part.slice(0, 40)).join('.');
	return name.slice(0, 120).replace(/[^\x20-\x7e]/g, '?') || '?';
}

/**
 * @param maximumDepth how many objects and arrays may lie in each other
 * @throws JsonError
 */
export function parseJson(text: string, maximumDepth = 8): Json {
	return new Reader(text, maximumDepth).document();
}
