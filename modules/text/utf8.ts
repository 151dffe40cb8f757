/**
 * Text to bytes and back (RFC 3629), for an engine that has no TextEncoder. The same on XS and on Node.
 *
 * Strict both ways: a lone surrogate cannot be written, and bytes that no encoder may write (overlong forms, surrogates,
 * beyond U+10FFFF, cut short) are refused and never repaired.
 */
import { Fault } from '../fault';

/** Characters handed to `String.fromCharCode` at once: bounds its argument list, and so the stack. */
const SLICE = 48;

/** The smallest code point that may take a form of 2, 3 or 4 bytes (RFC 3629 §3); index: the bytes that follow the first. */
const SMALLEST = Object.freeze([0, 0x80, 0x800, 0x1_0000]);

/** XS gives a string's bytes at once, Node does not. */
const Engine = ArrayBuffer as unknown as { fromString?(text: string): ArrayBuffer };

/** Further places of a character above U+FFFF: XS may count characters where Node counts halves of pairs. */
export const furtherPlaces = (): number => '\u{10000}'.length - 1;

/** The code point at `index`. Throws a Fault 'malformed' on half a surrogate pair. */
function pointAt(text: string, index: number): number {
	const point = text.codePointAt(index)!;
	if (point >= 0xd800 && point <= 0xdfff) throw new Fault('malformed', `a lone surrogate at character ${index}`);
	return point;
}

/** How many bytes `text` takes. Throws a Fault 'malformed' on half a surrogate pair. */
export function byteLength(text: string): number {
	const units = text.length;
	const further = furtherPlaces();
	let length = 0;
	for (let index = 0; index < units; index++) {
		const point = pointAt(text, index);
		if (point < 0x80) length += 1;
		else if (point < 0x800) length += 2;
		else if (point < 0x1_0000) length += 3;
		else {
			length += 4;
			index += further;
		}
	}
	return length;
}

/** The UTF-8 bytes of `text`. Throws a Fault 'malformed' on half a surrogate pair. */
export function encode(text: string): ArrayBuffer {
	const units = text.length;
	// A byte for each character: ASCII, as nearly all that is sent. Of all else the engine is not asked, as it takes a lone surrogate.
	const plain = Engine.fromString?.(text);
	if (plain?.byteLength === units) return plain;
	const further = furtherPlaces();
	const bytes = new Uint8Array(byteLength(text));
	let at = 0;
	for (let index = 0; index < units; index++) {
		const point = pointAt(text, index);
		if (point < 0x80) bytes[at++] = point;
		else {
			if (point < 0x800) bytes[at++] = 0xc0 | (point >> 6);
			else {
				if (point < 0x1_0000) bytes[at++] = 0xe0 | (point >> 12);
				else {
					bytes[at++] = 0xf0 | (point >> 18);
					bytes[at++] = 0x80 | ((point >> 12) & 0x3f);
					index += further;
				}
				bytes[at++] = 0x80 | ((point >> 6) & 0x3f);
			}
			bytes[at++] = 0x80 | (point & 0x3f);
		}
	}
	return bytes.buffer;
}

/** The text that `source` holds. Throws a Fault 'malformed' unless every byte is valid UTF-8. */
export function decode(source: ArrayBuffer | Uint8Array): string {
	const bytes = source instanceof Uint8Array ? source : new Uint8Array(source);
	let text = '';
	// Not a list of numbers: that one is sixteen bytes a character while it grows.
	const units = new Uint16Array(Math.min(SLICE, bytes.length));
	let count = 0;
	for (let at = 0; at < bytes.length; ) {
		const start = at;
		const first = bytes[at++]!;
		let point = first;
		if (first >= 0x80) {
			const following = first < 0xc2 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 0;
			if (following === 0) throw new Fault('malformed', `not UTF-8 at byte ${start}`);
			point = first & (0x3f >> following);
			for (let left = following; left > 0; left--) {
				const next = at < bytes.length ? bytes[at++]! : 0;
				if ((next & 0xc0) !== 0x80) throw new Fault('malformed', `not UTF-8 at byte ${start}`);
				point = (point << 6) | (next & 0x3f);
			}
			if (point < SMALLEST[following]! || point > 0x10_ffff || (point >= 0xd800 && point <= 0xdfff))
				throw new Fault('malformed', `not UTF-8 at byte ${start}`);
		}
		if (point < 0x1_0000) units[count++] = point;
		else {
			units[count++] = 0xd800 + ((point - 0x1_0000) >> 10);
			units[count++] = 0xdc00 + (point & 0x3ff);
		}
		if (count < SLICE - 1) continue;
		text += characters(units, count);
		count = 0;
	}
	return text + characters(units, count);
}

function characters(units: Uint16Array, count: number): string {
	return String.fromCharCode.apply(undefined, units.subarray(0, count) as unknown as number[]);
}
