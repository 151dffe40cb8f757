import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LastWord } from '../../../modules/sleep/last-word';

describe('the last word', () => {
	test('is said in the bytes that its file says', () => {
		const bytes = new Uint8Array(16).fill(0xee);
		new LastWord(bytes).say('ab');
		expect([...bytes.subarray(0, 6)]).toEqual([0x4c, 0x57, 2, (0xa5 + 2 + 0x61 + 0x62) & 0xff, 0x61, 0x62]);
	});

	test('is taken once', () => {
		const bytes = new Uint8Array(128);
		new LastWord(bytes).say('memory full');
		expect(new LastWord(bytes).take()).toBe('memory full');
		expect(new LastWord(bytes).take()).toBeUndefined();
	});

	test('holds what fits, and no control characters', () => {
		const bytes = new Uint8Array(12);
		new LastWord(bytes).say('a\nlong\u2026 word');
		expect(new LastWord(bytes).take()).toBe('a?long? ');
	});

	test('any text comes back as far as it fits', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 4, max: 300 }), (text, size) => {
				const word = new LastWord(new Uint8Array(size));
				word.say(text);
				const said = word.take()!;
				expect(said.length).toBe(Math.min(text.length, size - 4, 255));
				for (let at = 0; at < said.length; at++) {
					const code = text.charCodeAt(at);
					expect(said[at]).toBe(code >= 0x20 && code < 0x7f ? text[at] : '?');
				}
			}),
		);
	});

	test('a damaged byte anywhere says nothing', () => {
		for (let at = 0; at < 9; at++) {
			const bytes = new Uint8Array(128);
			new LastWord(bytes).say('hello');
			bytes[at]! ^= 0x40;
			expect(new LastWord(bytes).take(), `byte ${at}`).toBeUndefined();
		}
	});

	test('noise never throws', () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 4, maxLength: 128 }), (noise) => {
				const said = new LastWord(noise).take();
				expect(said === undefined || typeof said === 'string').toBe(true);
			}),
		);
	});
});
