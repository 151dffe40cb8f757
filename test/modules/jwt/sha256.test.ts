import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64urlLength, writeBase64url } from '../../../modules/jwt/base64url';
import { HmacSha256 } from '../../../modules/jwt/hmac';
import { Sha256 } from '../../../modules/jwt/sha256';
import { digests, signatures } from './vectors';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test.each(digests)('the digest of $name is the published one', ({ message, expected }) => {
	expect(hex(new Sha256().update(message).digest())).toBe(expected);
});

test('the digest of a million bytes is the published one', () => {
	const sha256 = new Sha256();
	for (let thousands = 0; thousands < 1000; thousands++) sha256.update(new Uint8Array(1000).fill(0x61));
	expect(hex(sha256.digest())).toBe('cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0');
});

test('every length around a block digests as in OpenSSL, in one piece or in any pieces', () => {
	for (let length = 0; length <= 260; length++) {
		const message = Uint8Array.from({ length }, (_, at) => (at * 37 + length) & 255);
		expect(hex(new Sha256().update(message).digest()), `${length} bytes`).toBe(
			createHash('sha256').update(message).digest('hex'),
		);
	}
	const bytes = fc.uint8Array({ maxLength: 300 });
	fc.assert(
		fc.property(fc.array(bytes, { maxLength: 6 }), (pieces) => {
			const sha256 = new Sha256();
			for (const piece of pieces) sha256.update(piece);
			expect(hex(sha256.digest())).toBe(createHash('sha256').update(Buffer.concat(pieces)).digest('hex'));
		}),
		{ seed: 1, numRuns: 300 },
	);
});

test.each(signatures)('the signature of $name is the published one', ({ key, message, expected }) => {
	const signature = hex(new HmacSha256(key).sign(message));
	expect(signature.slice(0, expected.length)).toBe(expected);
});

test('any key signs any message as OpenSSL does, and again the same', () => {
	const bytes = fc.uint8Array({ maxLength: 200 });
	fc.assert(
		fc.property(bytes, bytes, (key, message) => {
			const hmac = new HmacSha256(key);
			const expected = createHmac('sha256', key).update(message).digest('hex');
			expect([hex(hmac.sign(message)), hex(hmac.sign(message))]).toEqual([expected, expected]);
		}),
		{ seed: 2, numRuns: 300 },
	);
});

test('base64url is what Node writes, without padding, where it was asked for', () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(5), (bytes, at) => {
			const expected = Buffer.from(bytes).toString('base64url');
			const into = new Uint8Array(at + base64urlLength(bytes.length));
			expect(writeBase64url(into, at, bytes)).toBe(into.length);
			expect(Buffer.from(into.subarray(at)).toString('latin1')).toBe(expected);
		}),
		{ seed: 3, numRuns: 1000 },
	);
});
