/**
 * Why the machine ended, in memory that outlives the restart that follows (Chip.note).
 *
 *     0x4C 0x57 | length n | check | n bytes of ASCII          check = (0xA5 + length + the sum of the bytes) & 0xFF
 *
 * After a power loss there is noise: it is taken for nothing, but for one time in 2^24, when a log line makes no sense.
 */
const HEADER = 4;
const MAGIC_0 = 0x4c;
const MAGIC_1 = 0x57;

export class LastWord {
	readonly #bytes: Uint8Array;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	/** Writes what fits. Takes no memory: there may be none left. */
	say(text: string): void {
		const bytes = this.#bytes;
		const length = Math.min(text.length, bytes.length - HEADER, 0xff);
		bytes[0] = 0;
		for (let at = 0; at < length; at++) bytes[HEADER + at] = printable(text.charCodeAt(at));
		bytes[2] = length;
		bytes[3] = this.#check(length);
		bytes[1] = MAGIC_1;
		bytes[0] = MAGIC_0;
	}

	/** What was said, once: it is gone then. Undefined when nothing was. */
	take(): string | undefined {
		const bytes = this.#bytes;
		const length = bytes[2]!;
		const said = bytes[0] === MAGIC_0 && bytes[1] === MAGIC_1 && length <= bytes.length - HEADER;
		if (!said || bytes[3] !== this.#check(length)) return undefined;
		let text = '';
		for (let at = 0; at < length; at++) text += String.fromCharCode(printable(bytes[HEADER + at]!));
		bytes[0] = 0;
		return text;
	}

	#check(length: number): number {
		let sum = 0xa5 + length;
		for (let at = 0; at < length; at++) sum += this.#bytes[HEADER + at]!;
		return sum & 0xff;
	}
}

function printable(code: number): number {
	return code >= 0x20 && code < 0x7f ? code : 0x3f;
}
