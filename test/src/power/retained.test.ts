import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packRetained, type Retained, unpackRetained, unremembered } from '../../../src/power/retained';

/** The vectors of FORMAT.md: what stands there as text and as bytes. */
const vectors = readFileSync(join(import.meta.dirname, '../../../src/power/FORMAT.md'), 'utf8')
	.split('\n')
	.filter((line) => line.startsWith('| `{'))
	.map((line) => {
		const [text, hex] = [...line.matchAll(/`([^`]*)`/g)].map(([, part]) => part!) as [string, string];
		const given = JSON.parse(text) as Omit<Retained, 'keepsakes'> & { keepsakes: [string, number[]][] };
		const state = { ...unremembered(), ...given };
		return {
			state: { ...state, keepsakes: given.keepsakes.map(([name, bytes]) => [name, Uint8Array.from(bytes)] as const) },
			bytes: Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex')),
		};
	});

function pack(state: Retained, size = 4_096): Uint8Array {
	const memory = new Uint8Array(size).fill(0xa5);
	return memory.subarray(0, packRetained(state, memory));
}

const moment = fc.integer({ min: 0, max: 10 ** 13 });
const states: fc.Arbitrary<Retained> = fc
	.record({
		age: moment,
		asleep: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
		born: fc.option(moment, { nil: undefined }),
		driftPpm: fc.integer({ min: -100_000, max: 100_000 }),
		boot: fc.option(fc.integer({ min: 0, max: 4_095 }), { nil: undefined }),
		readings: fc.integer({ min: 0, max: 0xffff }),
		wanted: fc.boolean(),
		spared: fc.boolean(),
		wakings: fc.nat(),
		awake: moment,
		health: fc.array(
			fc.record({
				name: fc.stringMatching(/^[a-z]{1,15}$/),
				failures: fc.integer({ min: 0, max: 255 }),
				retryAt: moment,
				delivered: fc.nat(),
				failed: fc.nat(),
			}),
			{ maxLength: 8 },
		),
		keepsakes: fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,15}$/), fc.uint8Array({ maxLength: 300 })), {
			maxLength: 4,
		}),
	})
	.map((state) => ({ ...state, next: state.age, told: state.age, delivered: state.age }));

describe('what RTC memory holds', () => {
	test('has two vectors', () => expect(vectors.length).toBe(2));

	test.each(vectors)('is written, read and mirrored as FORMAT.md says', ({ state, bytes }) => {
		expect(Buffer.from(pack(state)).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
		expect(unpackRetained(bytes)).toEqual(state);
		expect(pack(unpackRetained(bytes)!)).toEqual(bytes);
	});

	test('comes back as it was, whatever lay in the memory before', () => {
		fc.assert(
			fc.property(states, fc.uint8Array({ minLength: 4_096, maxLength: 4_096 }), (state, memory) => {
				packRetained(state, memory);
				expect(unpackRetained(memory)).toEqual(state);
			}),
		);
	});

	test('is nothing when it is garbage of any kind', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 4_096 }), (garbage) => {
				expect(unpackRetained(garbage)).toBeUndefined();
			}),
			{ numRuns: 2_000 },
		);
	});

	test('is nothing when a bit flipped, or when it is cut short', () => {
		for (const { bytes } of vectors) {
			for (let bit = 0; bit < 8 * bytes.length; bit++) {
				const spoilt = bytes.slice();
				spoilt[bit >> 3]! ^= 1 << (bit & 7);
				expect(unpackRetained(spoilt)).toBeUndefined();
			}
			for (let end = 0; end < bytes.length; end++) expect(unpackRetained(bytes.slice(0, end))).toBeUndefined();
		}
	});

	test.each([
		['a moment that is no number', { next: Number.NaN }],
		['an age of ever', { age: 1e300 }],
		['an age before it began', { age: -1 }],
		['half a millisecond', { delivered: 0.5 }],
		['a reading due in a year', { next: 3.2e10 }],
		['a delivery to come', { delivered: 1 }],
		['a time told in the future', { told: 1 }],
		['a boot that nobody numbers', { boot: 4_096 }],
		['an oscillator that stands still', { driftPpm: 1_000_000 }],
		['a sleep of years', { asleep: 2 ** 31 }],
		[
			'a wait without end',
			{ health: [{ name: 'mqtt', failures: 0, retryAt: Number.POSITIVE_INFINITY, delivered: 0, failed: 0 }] },
		],
	])('is nothing when it has a good CRC and says nonsense: %s', (_, nonsense) => {
		expect(unpackRetained(pack({ ...unremembered(), ...nonsense }))).toBeUndefined();
	});

	test('leaves out a keepsake that has no room, and one with a name that is none', () => {
		const memory = new Uint8Array(300);
		const small = Uint8Array.of(1, 2, 3);
		packRetained(
			{
				...unremembered(),
				keepsakes: [
					['tls', new Uint8Array(250)],
					['wifi', small],
					['', small],
					['a-name-that-is-too-long', small],
					['späti', small],
				],
			},
			memory,
		);
		expect(unpackRetained(memory)?.keepsakes).toEqual([['wifi', small]]);
	});

	test('does not fit into nothing', () => {
		expect(() => packRetained(unremembered(), new Uint8Array(40))).toThrow(RangeError);
	});
});
