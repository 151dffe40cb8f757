/** NMEA 0183, section 5.3: from "$" to the line's end at most 82 characters. */
const LONGEST = 82;
/** A sentence of more fields is not one of those that are looked for: GGA has 15, RMC 14 at most. */
const MOST_FIELDS = 24;

const DOLLAR = 0x24;
const STAR = 0x2a;
const COMMA = 0x2c;
const DOT = 0x2e;
const ZERO = 0x30;

/**
 * Puts sentences together from bytes as they come, in a buffer of its own. What is no sentence, is too long or has a wrong checksum
 * is dropped and counted, and the next "$" begins anew.
 */
export class SentenceReader {
	readonly #bytes = new Uint8Array(LONGEST);
	readonly #fields = new Uint8Array(MOST_FIELDS + 1);
	#length = 0;
	#reading = false;
	#count = 0;
	#good = 0;
	#bad = 0;

	/** Sentences with a right checksum, and those that began and came to nothing. */
	get good(): number {
		return this.#good;
	}

	get bad(): number {
		return this.#bad;
	}

	/** True when this byte ends a good sentence: the fields are there until the next byte. */
	push(byte: number): boolean {
		if (byte === DOLLAR) {
			if (this.#reading) this.#bad++;
			this.#reading = true;
			this.#length = 0;
			return false;
		}
		if (!this.#reading) return false;
		if (byte === 0x0d || byte === 0x0a) {
			this.#reading = false;
			if (this.#split()) {
				this.#good++;
				return true;
			}
			this.#bad++;
			return false;
		}
		// "$" and the line's end are not kept.
		if (byte < 0x20 || byte > 0x7e || this.#length >= LONGEST - 3) {
			this.#reading = false;
			this.#bad++;
			return false;
		}
		this.#bytes[this.#length++] = byte;
		return false;
	}

	/** Something was lost on the way: what was begun cannot be whole. */
	reset(): void {
		if (this.#reading) this.#bad++;
		this.#reading = false;
	}

	/** How many fields there are, with the first, which names talker and kind. */
	get count(): number {
		return this.#count;
	}

	/** Is the kind, which follows two characters of talker, this? */
	is(kind: string): boolean {
		return (
			this.#fields[1]! - 1 === 5 &&
			this.#bytes[2] === kind.charCodeAt(0) &&
			this.#bytes[3] === kind.charCodeAt(1) &&
			this.#bytes[4] === kind.charCodeAt(2)
		);
	}

	isEmpty(field: number): boolean {
		return field >= this.#count || this.#start(field) === this.#end(field);
	}

	/** The only character of a field, or undefined when it has none or more. */
	letter(field: number): string | undefined {
		if (field >= this.#count || this.#end(field) - this.#start(field) !== 1) return undefined;
		return String.fromCharCode(this.#bytes[this.#start(field)]!);
	}

	/** A field of digits with or without a point; undefined for anything else. */
	number(field: number): number | undefined {
		if (field >= this.#count) return undefined;
		return this.#decimal(this.#start(field), this.#end(field));
	}

	/**
	 * Degrees from `ddmm.mmmm` or `dddmm.mmmm` and the letter in the field behind it; undefined when it is no angle.
	 * @param digits of whole degrees: 2 or 3
	 */
	angle(field: number, digits: 2 | 3, positive: string, negative: string): number | undefined {
		const letter = this.letter(field + 1);
		if (letter !== positive && letter !== negative) return undefined;
		const start = this.#start(field);
		const end = this.#end(field);
		if (end - start < digits + 2) return undefined;
		const degrees = this.#decimal(start, start + digits, false);
		if (this.#decimal(start + digits, start + digits + 2, false) === undefined) return undefined;
		const minutes = this.#decimal(start + digits, end);
		if (degrees === undefined || minutes === undefined || minutes >= 60) return undefined;
		const angle = degrees + minutes / 60;
		if (angle > (digits === 2 ? 90 : 180)) return undefined;
		return letter === positive ? angle : -angle;
	}

	#decimal(start: number, end: number, point = true): number | undefined {
		let value = 0;
		let scale = 0;
		let digits = 0;
		for (let at = start; at < end; at++) {
			const byte = this.#bytes[at]!;
			if (byte === DOT && point && scale === 0) scale = 1;
			else if (byte >= ZERO && byte <= ZERO + 9) {
				// More digits than a double holds say nothing more.
				if (++digits > 15) return undefined;
				value = value * 10 + (byte - ZERO);
				scale *= 10;
			} else return undefined;
		}
		if (digits === 0) return undefined;
		return scale > 1 ? value / scale : value;
	}

	#start(field: number): number {
		return this.#fields[field]!;
	}

	#end(field: number): number {
		return this.#fields[field + 1]! - 1;
	}

	/** Section 5.3.1: the exclusive or of all between "$" and "*" follows in two hexadecimal digits. */
	#split(): boolean {
		const bytes = this.#bytes;
		const star = this.#length - 3;
		if (star < 5 || bytes[star] !== STAR) return false;
		let sum = 0;
		let count = 0;
		this.#fields[0] = 0;
		for (let at = 0; at < star; at++) {
			const byte = bytes[at]!;
			sum ^= byte;
			if (byte !== COMMA) continue;
			if (++count >= MOST_FIELDS) return false;
			this.#fields[count] = at + 1;
		}
		this.#count = count + 1;
		this.#fields[this.#count] = star + 1;
		return hexadecimal(bytes[star + 1]!) * 16 + hexadecimal(bytes[star + 2]!) === sum;
	}
}

/** −1,000 for what is no digit: no sum is made of that. */
function hexadecimal(byte: number): number {
	if (byte >= ZERO && byte <= ZERO + 9) return byte - ZERO;
	const letter = byte & ~0x20;
	return letter >= 0x41 && letter <= 0x46 ? letter - 0x41 + 10 : -1_000;
}
