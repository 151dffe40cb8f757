import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fault } from '../../../modules/fault';
import { byteLength, decode, encode } from '../../../modules/text/utf8';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

test('text goes to the bytes of a TextEncoder and back', () => {
	const text = fc.string({ unit: 'binary', maxLength: 600 });
	fc.assert(
		fc.property(text, (value) => {
			const bytes = encode(value);
			expect(Buffer.from(bytes)).toEqual(Buffer.from(value));
			expect([byteLength(value), decode(bytes), decode(new Uint8Array(bytes))]).toEqual([
				bytes.byteLength,
				value,
				value,
			]);
		}),
		{ seed: 3, numRuns: 2000 },
	);
});

test('every code point goes through', () => {
	for (let point = 0; point <= 0x10_ffff; point += point < 0x1_1000 ? 1 : 251) {
		if (point >= 0xd800 && point <= 0xdfff) continue;
		const text = String.fromCodePoint(point);
		if (decode(encode(text)) !== text || Buffer.from(text).compare(Buffer.from(encode(text))) !== 0)
			expect.fail(`U+${point.toString(16)}`);
	}
});

test('bytes are taken just where a strict TextDecoder takes them', () => {
	const edges = fc.constantFrom(
		0x41,
		0x80,
		0x8f,
		0x90,
		0x9f,
		0xa0,
		0xbf,
		0xc0,
		0xc1,
		0xc2,
		0xdf,
		0xe0,
		0xed,
		0xef,
		0xf0,
		0xf4,
		0xf5,
		0xff,
	);
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 8 }), fc.array(edges, { maxLength: 8 }), (any, edge) => {
			for (const bytes of [any, Uint8Array.from(edge)]) {
				let expected: string | undefined;
				try {
					expected = strict.decode(bytes);
				} catch {
					expect(() => decode(bytes)).toThrow(Fault);
					continue;
				}
				expect(decode(bytes)).toBe(expected);
			}
		}),
		{ seed: 4, numRuns: 20_000 },
	);
});

test('half a surrogate pair is refused, not repaired', () => {
	for (const text of ['\ud800', 'a\udc00', '\ud83dx', '\ude00\ud83d']) {
		expect(() => encode(text)).toThrow(Fault);
		expect(() => byteLength(text)).toThrow(Fault);
	}
});

test('text of megabytes needs no deep stack', () => {
	const text = 'é€😀a'.repeat(300_000);
	expect(decode(encode(text)) === text).toBe(true);
});
