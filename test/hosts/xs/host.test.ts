import { afterEach, describe, expect, test } from 'vitest';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { Abort } from '../../../hosts/xs/engine';
import { encodeFrame, Kind } from '../../../hosts/xs/frames';
import { Bare, type Limits } from './support';

const open: Bare[] = [];

function bare(main: string, preload?: string, limits?: Limits): Bare {
	const made = new Bare(main, preload, limits);
	open.push(made);
	return made;
}

/** A machine that runs `body` when an event comes. */
const on = (body: string, preload?: string, limits?: Limits): Bare =>
	bare(`globalThis.dispatch = (...values) => { ${body} };`, preload, limits);

afterEach(() => {
	for (const made of open.splice(0)) made.close();
});

describe('a machine ends as a board reboots', () => {
	const ends: readonly (readonly [name: string, body: string, status: number, why: string])[] = [
		['memory full of slots', 'const all = []; for (;;) all.push({});', Abort.MEMORY_FULL, 'memory full'],
		[
			'memory full of chunks',
			'const all = []; for (;;) all.push(new Uint8Array(500));',
			Abort.MEMORY_FULL,
			'memory full',
		],
		['one buffer too large', 'new Uint8Array(200000);', Abort.MEMORY_FULL, 'memory full'],
		['stack overflow', 'const down = (n) => down(n + 1) + 1; down(0);', Abort.STACK_OVERFLOW, 'stack overflow'],
		[
			'no more keys',
			'const o = {}; for (let n = 0; ; n++) { o["k" + n] = 1; delete o["k" + n]; }',
			Abort.NO_MORE_KEYS,
			'not enough keys',
		],
		['an exception that nobody catches', 'throw new RangeError("too far");', Abort.EXCEPTION, 'RangeError: too far'],
		['a rejection that nobody handles', 'Promise.reject(new Error("late"));', Abort.REJECTION, 'Error: late'],
		['what cannot go into a frame', 'native("xs_request")(1, () => 1);', Abort.EXCEPTION, 'TypeError'],
		['a native that this host lacks', 'native("xs_nobody")();', Abort.EXCEPTION, 'no such native'],
	];
	for (const [name, body, status, why] of ends)
		test(name, async () => {
			const machine = on(body);
			expect(machine.event()).toMatchObject({ status, why: expect.stringContaining(why) });
			expect(await machine.exitCode()).toBe(10 + status);
		});

	test('an arena that does not hold the machine itself', async () => {
		const machine = on('', '', { arena: 8_000 });
		expect(machine.event()).toMatchObject({ status: Abort.MEMORY_FULL });
		expect(await machine.exitCode()).toBe(10 + Abort.MEMORY_FULL);
	});

	test('a module that does not parse, or is not there', () => {
		expect(bare('import "nowhere";').event()).toMatchObject({ status: Abort.EXCEPTION });
		expect(bare('const const;').event()).toMatchObject({ status: Abort.EXCEPTION });
	});
});

describe('what would be in flash', () => {
	test('built-ins and preloaded functions are frozen', () => {
		const frozen = (path: string): string =>
			`(() => { try { ${path}.added = 1; return 0; } catch (e) { return 1; } })()`;
		const paths = [
			'Array.prototype',
			'Math',
			'JSON',
			'Promise',
			'globalThis.kept',
			'Object.getPrototypeOf(function* () {})',
		];
		const kept = 'globalThis.kept = function kept() {};';
		const freeze =
			'for (const o of [Array.prototype, Math, JSON, Promise, Object.getPrototypeOf(function* () {})]) Object.freeze(o);';
		expect(on(`return ${paths.map(frozen).join(' + ')};`, kept + freeze).event()).toBe(paths.length);
	});

	test('a preloaded Map and a preloaded buffer are read-only; a plain object is shadowed in RAM', () => {
		const preload =
			'globalThis.map = new Map([[1, 2]]); globalThis.bytes = new Uint8Array(4); globalThis.plain = { n: 1 };';
		const main = `const tries = (f) => { try { f(); return 'written'; } catch (e) { return e.name; } };
			return [map.get(1), tries(() => map.set(1, 3)), tries(() => { bytes[0] = 1; }), tries(() => { plain.n = 2; }), plain.n].join();`;
		expect(on(main, preload).event()).toBe('2,TypeError,TypeError,written,2');
	});

	test('collections leave it alone', () => {
		const preload = 'globalThis.words = Array.from({ length: 500 }, (_, n) => "word " + n);';
		const main = 'for (let n = 0; n < 20000; n++) ({ n: "x" + n }); return words.join().length;';
		const expected = Array.from({ length: 500 }, (_, n) => `word ${n}`).join().length;
		expect(on(main, preload).event()).toBe(expected);
	});
});

describe('no real time, no real chance', () => {
	test('Date stands still and Math.random repeats', () => {
		const main = 'return [Date.now(), new Date().toISOString(), Math.random(), Math.random()].join();';
		const first = on(main).event();
		expect(first).toContain('0,1970-01-01T00:00:00.000Z,');
		expect(on(main).event()).toBe(first);
	});
});

describe('frames', () => {
	test('every kind of value comes through, both ways', () => {
		const values = [
			undefined,
			null,
			true,
			false,
			0,
			-0,
			1.5,
			-(2 ** 31),
			2 ** 53,
			Number.NaN,
			Number.POSITIVE_INFINITY,
			'',
			'é€😀',
			new Uint8Array([0, 255]),
		];
		const seen: unknown[] = [];
		const machine = on('return native("xs_request")(...values).length;');
		const count = machine.event(values, (asked) => {
			seen.push(...asked);
			return asked;
		});
		expect(seen).toEqual(values);
		expect(count).toBe(values.length);
	});

	test('bytes are filled in where they belong, and an answer that is too long ends the process', async () => {
		const main =
			'const into = new Uint8Array(8); const n = native("xs_fill")(into.subarray(2, 6), 1); return [n, ...into].join();';
		expect(on(main).event([], () => [new Uint8Array([1, 2, 3])])).toBe('3,0,0,1,2,3,0,0,0');
		const cheated = on(main);
		cheated.event([], () => [new Uint8Array(5)]);
		expect(await cheated.exitCode()).toBe(2);
	});

	test('garbage ends the process, and nothing worse', async () => {
		const random32 = seededRandom32(7);
		const kinds = [Kind.EVENT, Kind.ANSWER, Kind.REFUSAL, Kind.IDLE, 0, 255];
		for (let round = 0; round < 60; round++) {
			const machine = on('return values.length;');
			const length = 1 + (random32() % 40);
			const bytes = Buffer.alloc(4 + length);
			for (let at = 4; at < bytes.length; at++) bytes[at] = random32() & 0xff;
			bytes[4] = kinds[round % kinds.length]!;
			bytes.writeUInt32LE(round % 7 === 0 ? 0xffff_0000 + round : length, 0);
			machine.channel.sendBytes(bytes);
			const frame = machine.channel.receive();
			// Random bytes may happen to be a whole event; all else is refused.
			if (frame) expect([Kind.IDLE, Kind.ABORT]).toContain(frame.kind);
			else expect(await machine.exitCode()).toBe(2);
			machine.close();
		}
	});

	test('the process ends when Node goes', async () => {
		const machine = on('return 1;');
		machine.event();
		machine.channel.kill();
		await machine.exitCode();
		expect(() => machine.channel.send(Kind.EVENT, [])).toThrow();
	});

	test('a frame that is too large is refused on either side', () => {
		expect(() => encodeFrame(Kind.EVENT, [new Uint8Array(70_000)])).toThrow(RangeError);
		const machine = on('return "x".repeat(20000);', '', { arena: 200_000 });
		expect(String(machine.event()).length).toBe(20_000);
		const large = on('return "x".repeat(70000);', '', { arena: 400_000 });
		expect(large.event()).toMatchObject({ status: Abort.MEMORY_FULL, why: 'more than a frame holds' });
	});
});
