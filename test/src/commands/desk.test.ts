import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../../modules/fault';
import type { WakeCause } from '../../../modules/ports';
import { command, Machine, NOON } from './harness';

describe('a command', () => {
	test.each([
		['set_interval', { seconds: 5 }, 'change {"dataIntervalSeconds":5}', 'a reading every 5 s'],
		['set_thresholds', { spo2: { low: 88 } }, 'change {"thresholds":"{\\"spo2\\":{\\"low\\":88}}"}', 'set for spo2'],
		['send_diagnostics', {}, 'diagnostics', 'diagnostics follow'],
		['read_now', undefined, 'read', 'reading 5f1c09aa-7'],
		['flush', null, 'flush', '12 readings to deliver'],
		['clear_alerts', {}, 'clear', '3 undelivered alerts let go'],
	])('%s %j is done, once, and its result is delivered', (name, given, act, detail) => {
		const machine = new Machine();
		machine.send(command('c1', name, given));
		machine.pass(1_000);
		expect(machine.acts).toEqual([act]);
		expect(machine.deliverAll()).toEqual([
			{ device_id: 'ESP32_001', command_id: 'c1', status: 'done', detail, timestamp: NOON },
		]);
		machine.boot('power');
		machine.pass(60_000);
		expect(machine.deliverAll()).toHaveLength(1);
		expect(machine.acts).toHaveLength(1);
	});

	test('to restart is done when the machine is back', () => {
		const machine = new Machine();
		machine.send(command('c1', 'restart'));
		expect(machine.deliver()).toBe(false);
		machine.pass(2_000);
		expect(machine.boots).toBe(2);
		expect(machine.deliverAll()).toMatchObject([{ command_id: 'c1', status: 'done', detail: 'restarted' }]);
	});

	test('to change the mode is done when the machine is back in it; in it already, at once', () => {
		const machine = new Machine();
		machine.send(command('c1', 'set_mode', { mode: 'sleep' }));
		machine.pass(2_000);
		expect(machine.boots).toBe(2);
		expect(machine.changes.settings.mode).toBe('sleep');
		machine.send(command('c2', 'set_mode', { mode: 'sleep' }));
		machine.pass(2_000);
		expect(machine.boots).toBe(2);
		expect(machine.deliverAll()).toMatchObject([
			{ command_id: 'c1', status: 'done', detail: 'mode sleep' },
			{ command_id: 'c2', status: 'done', detail: 'mode sleep' },
		]);
	});

	test.each([
		['timer', 'done', 'slept for 60 s'],
		['pin', 'done', 'slept, and was woken by a pin'],
		['power', 'failed', 'interrupted: power'],
		['brownout', 'failed', 'interrupted: brownout'],
	] as const)('to sleep that ends by %s is %s', (cause, status, detail) => {
		const machine = new Machine();
		machine.send(command('c1', 'sleep', { seconds: 60 }));
		machine.world.advance(100);
		expect(machine.acts).toEqual(['sleep 60000']);
		machine.boot(cause);
		machine.pass(1_000);
		expect(machine.deliverAll()).toMatchObject([{ command_id: 'c1', status, detail }]);
		expect(machine.acts).toHaveLength(1);
	});

	test('that fails says why', () => {
		const machine = new Machine();
		machine.fault = new Fault('sensor', 'nobody answers');
		machine.send(command('c1', 'read_now'));
		machine.pass(1_000);
		expect(machine.deliverAll()).toMatchObject([{ status: 'failed', detail: 'nobody answers' }]);
	});

	test.each([
		[command('c1', 'fly'), /^command: there are set_interval, .*clear_alerts$/],
		[command('c1', 'toString'), /^command: there are/],
		[{ command_id: 'c1' }, /^command: there are/],
		[command('c1', 'set_interval'), 'seconds: missing'],
		[command('c1', 'set_interval', { seconds: 0 }), 'seconds: 0 is below 1'],
		[command('c1', 'set_interval', { seconds: 86_401 }), 'seconds: 86401 is above 86400'],
		[command('c1', 'set_interval', { seconds: 1.5 }), 'seconds: 1.5 is not a whole number'],
		[command('c1', 'set_interval', { seconds: '5' }), 'seconds: not a number'],
		[command('c1', 'set_interval', { seconds: 5, minutes: 1 }), 'arguments: only seconds'],
		[command('c1', 'set_interval', [5]), 'arguments: not an object'],
		[command('c1', 'restart', { now: true }), 'arguments: none are taken'],
		[command('c1', 'set_mode', { mode: 'nap' }), 'mode: always or sleep'],
		[command('c1', 'set_thresholds', {}), 'arguments: no quantity'],
		[
			command('c1', 'set_thresholds', { temperature: { low: 40 } }),
			'temperature.low: 40 is not below temperature.high',
		],
		[command('c1', 'read_now', {}, { expires: NOON - 1_500 }), 'expires: 2 s too late'],
		[command('c1', 'read_now', {}, { expires: 'soon' }), 'expires: not epoch milliseconds'],
	])('%j is refused, and does nothing', (message, detail) => {
		const machine = new Machine();
		machine.send(message);
		machine.send(message);
		machine.pass(5_000);
		const [reply] = machine.deliverAll();
		expect(reply).toMatchObject({ command_id: 'c1', status: 'refused', detail: expect.stringMatching(detail) });
		expect(machine.replies).toHaveLength(1);
		expect(machine.acts).toEqual([]);
	});

	test('that cannot go with the other settings is refused', () => {
		const machine = new Machine();
		machine.changes.change({ dataIntervalSeconds: 0.5 });
		machine.send(command('c1', 'set_mode', { mode: 'sleep' }));
		machine.pass(5_000);
		expect(machine.boots).toBe(1);
		expect(machine.deliverAll()).toMatchObject([
			{ status: 'refused', detail: 'dataIntervalSeconds: 0.5 is below 1, the least with mode sleep' },
		]);
		machine.send(command('c2', 'read_now'));
		machine.pass(1_000);
		expect(machine.acts).toContain('read');
	});

	test('that came before is not done again, by whatever route it comes, before and after its result and a restart', () => {
		const machine = new Machine();
		const again = (): void => machine.send(command('c1', 'flush', {}, { device_id: 'ESP32_001', type: 'command' }));
		again();
		again();
		machine.pass(1_000);
		again();
		machine.deliverAll();
		again();
		machine.boot('power');
		again();
		machine.pass(1_000);
		expect(machine.acts).toEqual(['flush']);
		expect(machine.deliverAll()).toHaveLength(1);
	});

	test('is remembered for 31 commands more', () => {
		const machine = new Machine();
		for (let count = 0; count < 32; count++) {
			machine.send(command(`c${count}`, 'flush'));
			machine.pass(20_000);
			machine.deliverAll();
		}
		machine.boot('restart');
		for (let count = 0; count < 32; count++) machine.send(command(`c${count}`, 'flush'));
		machine.pass(20_000);
		expect(machine.acts).toHaveLength(32);
	});

	test('for another device, for nobody, or of another type is left alone', () => {
		const machine = new Machine();
		machine.send(command('c1', 'flush', {}, { device_id: 'ESP32_002' }));
		machine.send(command('c2', 'flush', {}, { device_id: null }));
		machine.send(command('c3', 'flush', {}, { type: 'ack' }));
		machine.pass(1_000);
		expect([machine.acts, machine.deliverAll(), machine.posted, machine.store.writes]).toEqual([[], [], [], 0]);
	});

	test('that expires waits while nobody tells the time, over a power cut too', () => {
		const machine = new Machine();
		machine.boot('power');
		machine.time = undefined;
		machine.boot('power');
		machine.send(command('late', 'flush', {}, { expires: NOON - 1 }));
		machine.send(command('early', 'read_now', {}, { expires: NOON + 3_600_000 }));
		machine.pass(5_000);
		expect(machine.acts).toEqual([]);
		machine.boot('power');
		machine.pass(5_000);
		machine.tell(NOON);
		machine.pass(5_000);
		expect(machine.acts).toEqual(['read']);
		expect(machine.deliverAll()).toMatchObject([
			{ command_id: 'late', status: 'refused', detail: expect.stringMatching(/^expires: [12] s too late$/) },
			{ command_id: 'early', status: 'done' },
		]);
	});

	test('that expires is refused when nobody tells the time for ten minutes; its result has none either', () => {
		const machine = new Machine();
		machine.time = undefined;
		machine.boot('power');
		machine.send(command('c1', 'flush', {}, { expires: NOON }));
		machine.pass(605_000);
		const [reply] = machine.deliverAll();
		expect(reply).toEqual({
			device_id: 'ESP32_001',
			command_id: 'c1',
			status: 'refused',
			detail: 'expires: nobody tells the time',
		});
	});

	test('that crashed the machine has failed: it is not tried again', () => {
		const machine = new Machine();
		machine.send(command('c1', 'read_now'));
		machine.boot('crash');
		machine.pass(1_000);
		expect(machine.acts).toEqual([]);
		expect(machine.deliverAll()).toMatchObject([{ status: 'failed', detail: 'interrupted: crash' }]);
	});

	test('whose end the flash does not take has ended all the same', () => {
		const machine = new Machine();
		machine.send(command('c1', 'flush'));
		const { write } = machine.store;
		machine.store.write = () => {
			throw new Fault('flash', 'worn out');
		};
		machine.pass(1_000);
		machine.send(command('c1', 'flush'));
		machine.send(command('c2', 'flush'));
		machine.pass(1_000);
		machine.store.write = write;
		expect(machine.acts).toEqual(['flush']);
		expect(machine.deliverAll()).toMatchObject([{ command_id: 'c1', status: 'done' }]);
		expect(machine.posted).toMatchObject([{ command_id: 'c2', detail: 'it cannot be written down: worn out' }]);
		machine.pass(1_000);
		machine.send(command('c2', 'flush'));
		machine.pass(1_000);
		expect(machine.deliverAll()).toHaveLength(2);
	});
});

describe('a flood', () => {
	test('of commands costs a bounded number of writes, lines and replies; then there is room again', () => {
		const machine = new Machine();
		for (let count = 0; count < 10_000; count++) {
			machine.send(command(`c${count}`, 'flush'));
			machine.pass(10);
			machine.deliver();
		}
		// 16, and one each 20 s of the 99.99.
		expect(machine.acts).toHaveLength(20);
		expect(machine.store.writes).toBe(3 * 20);
		expect(machine.posted.length).toBeLessThanOrEqual(101);
		expect(machine.posted[0]).toMatchObject({ status: 'refused', detail: 'too many commands; send it again later' });
		expect(machine.log.length).toBeLessThanOrEqual(3 * 20 + 101);
		machine.pass(20_000);
		machine.send(command('c9999', 'flush'));
		machine.pass(1_000);
		expect(machine.deliverAll().at(-1)).toMatchObject({ command_id: 'c9999', status: 'done' });
	});

	test('without anybody who takes the results leaves eight', () => {
		const machine = new Machine();
		for (let count = 0; count < 100; count++) machine.send(command(`c${count}`, 'flush'));
		machine.pass(5_000);
		expect(machine.acts).toHaveLength(8);
		expect(machine.deliverAll().map(({ command_id }) => command_id)).toEqual([...'01234567'].map((n) => `c${n}`));
	});

	test('of nonsense costs no write and a line a second', () => {
		const machine = new Machine();
		for (let count = 0; count < 1_000; count++) {
			machine.send(`{"n":${count}}`);
			machine.pass(10);
		}
		expect(machine.store.writes).toBe(0);
		expect(machine.log.length).toBeLessThanOrEqual(11);
	});
});

describe('what is no command', () => {
	test.each([
		['', 'not taken: JSON: no value'],
		['[]', 'not taken: not an object'],
		['{"command":"flush"}', 'not taken: command_id: 1 to 64 characters'],
		[`{"command_id":"${'x'.repeat(65)}"}`, 'not taken: command_id: 1 to 64 characters'],
		['{"command_id":"a b","command":"flush"}', 'not taken: command_id: letters, digits'],
		['{"command_id":"c1","command_id":"c2"}', 'not taken: JSON: a name given twice'],
		[`{"a":${'['.repeat(900)}}`, 'not taken: JSON: deeper than 5'],
		[`{"a":[${'0,'.repeat(900)}0]}`, 'not taken: JSON: too many values'],
		[' '.repeat(2_049), 'not taken: 2049 bytes, at most 2048'],
	])('%s is not taken: %s', (text, line) => {
		const machine = new Machine();
		machine.send(text);
		machine.pass(1_000);
		expect(machine.log[0]).toContain(line);
		expect([machine.acts, machine.deliverAll(), machine.posted, machine.store.writes]).toEqual([[], [], [], 0]);
	});

	test('of bytes from anywhere breaks nothing, and whatever is taken ends', () => {
		const seeds = [
			command('c1', 'set_interval', { seconds: 7 }),
			command('c1', 'set_thresholds', { spo2: { low: 88, hysteresis: 1 } }, { expires: NOON + 1_000 }),
			command('c1', 'sleep', { seconds: 7 }, { device_id: 'ESP32_001', type: 'command' }),
		].map((each) => Buffer.from(JSON.stringify(each)));
		const mutated = fc
			.tuple(
				fc.constantFrom(...seeds),
				fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(2)), { minLength: 1, maxLength: 5 }),
			)
			.map(([seed, changes]) => {
				let bytes = seed;
				for (const [at, value, kind] of changes) {
					const place = at % (bytes.length + 1);
					const middle = kind === 0 ? Buffer.alloc(0) : Buffer.from([value]);
					bytes = Buffer.concat([bytes.subarray(0, place), middle, bytes.subarray(kind === 2 ? place : place + 1)]);
				}
				return Uint8Array.from(bytes);
			});
		const bodies = fc.oneof(
			{ weight: 4, arbitrary: mutated },
			{ weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
			{
				weight: 1,
				arbitrary: fc
					.tuple(fc.string(), fc.jsonValue(), fc.jsonValue())
					.map(
						([name, given, expires]) =>
							new Uint8Array(Buffer.from(JSON.stringify(command('c1', name, given, { expires })))),
					),
			},
		);
		let machine = new Machine();
		let taken = 0;
		fc.assert(
			fc.property(bodies, (bytes) => {
				if (machine.recorded.size > 0) {
					taken++;
					machine = new Machine();
				}
				machine.sendBytes(bytes.slice().buffer);
				machine.pass(10_000);
				const replies = machine.deliverAll();
				expect(replies.map(({ command_id }) => command_id)).toEqual([...machine.recorded]);
				expect(machine.log.filter((line) => line.startsWith('error'))).toEqual([]);
				const { dataIntervalSeconds } = machine.changes.settings;
				expect(dataIntervalSeconds).toBeGreaterThanOrEqual(1);
				expect(dataIntervalSeconds).toBeLessThanOrEqual(86_400);
			}),
			{ numRuns: 4_000, seed: 11 },
		);
		// Not all were noise.
		expect(taken).toBeGreaterThan(200);
	});
});

type Step =
	| { readonly kind: 'send'; readonly id: number }
	| { readonly kind: 'pass'; readonly milliseconds: number }
	| { readonly kind: 'deliver'; readonly isLost: boolean }
	| { readonly kind: 'cutIn'; readonly writes: number; readonly after: boolean }
	| { readonly kind: 'boot'; readonly cause: WakeCause };

describe('whatever comes between', () => {
	const KINDS = [
		['flush', {}],
		['restart', {}],
		['set_interval', { seconds: 9 }],
		['sleep', { seconds: 1 }],
		['set_mode', { mode: 'sleep' }],
		['fly', {}],
		['set_interval', { seconds: 0 }],
		['read_now', {}],
		['set_mode', { mode: 'always' }],
	] as const;
	const steps: fc.Arbitrary<Step[]> = fc.array(
		fc.oneof(
			{ weight: 4, arbitrary: fc.record({ kind: fc.constant('send' as const), id: fc.nat(KINDS.length - 1) }) },
			{
				weight: 3,
				arbitrary: fc.record({ kind: fc.constant('pass' as const), milliseconds: fc.constantFrom(1, 600, 30_000) }),
			},
			{ weight: 3, arbitrary: fc.record({ kind: fc.constant('deliver' as const), isLost: fc.boolean() }) },
			{
				weight: 2,
				arbitrary: fc.record({
					kind: fc.constant('cutIn' as const),
					writes: fc.integer({ min: 1, max: 4 }),
					after: fc.boolean(),
				}),
			},
			{
				weight: 2,
				arbitrary: fc.record({
					kind: fc.constant('boot' as const),
					cause: fc.constantFrom<WakeCause>('power', 'crash', 'brownout', 'restart', 'timer', 'pin'),
				}),
			},
		),
		{ maxLength: 40 },
	);

	test('every command that was written down ends once, with one result', () => {
		let ended = 0;
		fc.assert(
			fc.property(steps, (list) => {
				const machine = new Machine();
				for (const step of list) {
					if (step.kind === 'send') machine.send(command(`c${step.id}`, KINDS[step.id]![0], KINDS[step.id]![1]));
					else if (step.kind === 'pass') machine.pass(step.milliseconds);
					else if (step.kind === 'deliver') machine.deliver(step.isLost);
					else if (step.kind === 'cutIn') {
						machine.cutIn = step.writes;
						machine.cutAfter = step.after;
					} else machine.boot(step.cause);
				}
				machine.cutIn = 0;
				if (!machine.isOn) machine.boot('power');
				machine.pass(60_000);
				machine.deliverAll();
				const results = new Map<string, Set<string>>();
				for (const { command_id, status, detail } of machine.replies) {
					const set = results.get(command_id) ?? new Set();
					results.set(command_id, set.add(`${status}: ${detail}`));
				}
				// A receipt that was lost costs a repeat of the same result.
				for (const [id, all] of results) expect([...all], id).toHaveLength(1);
				expect([...results.keys()].sort()).toEqual([...machine.recorded].sort());
				expect(results.get('c5') ?? new Set(['refused'])).toSatisfy((set: Set<string>) =>
					[...set][0]!.startsWith('refused'),
				);
				expect(machine.acts.filter((act) => act.startsWith('sleep')).length).toBeLessThanOrEqual(1);
				expect(machine.acts.filter((act) => act === 'flush').length).toBeLessThanOrEqual(1 + machine.boots);
				// One by 'restart', one each by the two changes of mode.
				expect(machine.acts.filter((act) => act === 'restart').length).toBeLessThanOrEqual(3);
				ended += results.size;
			}),
			{ numRuns: 2_000, seed: 12 },
		);
		expect(ended).toBeGreaterThan(2_000);
	});
});
