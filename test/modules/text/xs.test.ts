/** XS writes what Node writes, by its own shorter way where that is right. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Fault } from '../../../modules/fault';
import { encode } from '../../../modules/text/utf8';
import { XsProgram } from '../../support/xs-program';

let xs: XsProgram;

beforeAll(() => {
	xs = new XsProgram('test/modules/text/xs/main', ['modules/text']);
});

afterAll(() => xs.close());

function both(text: string): [onXs: string, onNode: string] {
	const shown = (bytes: unknown): string =>
		typeof bytes === 'string' ? bytes : Buffer.from(bytes as Uint8Array).toString('hex');
	let onNode: string | ArrayBuffer;
	try {
		onNode = encode(text);
	} catch (thrown) {
		onNode = Fault.from(thrown, 'misuse').code;
	}
	const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
	return [shown(xs.event(JSON.stringify(units))), typeof onNode === 'string' ? onNode : shown(new Uint8Array(onNode))];
}

test.each([
	['', ''],
	['{"device_id":"ESP32_001"}', '7b226465766963655f6964223a2245535033325f303031227d'],
	['Température', '54656d70c3a9726174757265'],
	['€', 'e282ac'],
	['💓', 'f09f9293'],
	['le 💓 bat', '6c6520f09f929320626174'],
	['a\u0000b', '610062'],
	['\ud83d', 'malformed'],
	['a\udc93', 'malformed'],
])('%j', (text, bytes) => {
	expect(both(text)).toEqual([bytes, bytes]);
});

test('any text at all', () => {
	fc.assert(
		fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
			const [onXs, onNode] = both(text);
			expect(onXs).toBe(onNode);
		}),
		{ seed: 1, numRuns: 300 },
	);
	fc.assert(
		fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }), (units) => {
			const [onXs, onNode] = both(String.fromCharCode(...units));
			expect(onXs).toBe(onNode);
		}),
		{ seed: 1, numRuns: 300 },
	);
});
