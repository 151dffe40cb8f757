import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acceptFor, sha1 } from '../../../modules/websocket/sha1';

test('the example of RFC 6455 §1.3', () => {
	expect(acceptFor('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
});

test('any ASCII, as OpenSSL has it', () => {
	fc.assert(
		fc.property(fc.string({ unit: 'binary-ascii', maxLength: 200 }), (text) => {
			expect(Buffer.from(sha1(text)).toString('hex')).toBe(createHash('sha1').update(text, 'latin1').digest('hex'));
		}),
		{ numRuns: 300, seed: 1 },
	);
});
