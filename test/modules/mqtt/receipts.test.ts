import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeRoute, reading } from './fake-client';

const step = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ do: fc.constant('send'), at: fc.nat(40) }) },
	{ weight: 6, arbitrary: fc.record({ do: fc.constant('ack'), at: fc.nat(200_000) }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constantFrom('fail', 'close', 'stall', 'room'), at: fc.nat(300) }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant('wait'), at: fc.nat(30_000) }) },
);

test('whatever the order of sends, receipts and ends, no receipt is lost and none is told twice', () => {
	fc.assert(
		fc.property(
			fc.array(step, { maxLength: 200 }),
			fc.integer({ min: 1, max: 64 }),
			fc.nat(1),
			(steps, window, far) => {
				const made = makeRoute({ window });
				let client = made.open();
				/** Identifier to sequence, as the broker sees this connection. */
				const out = new Map<number, number>();
				const expected: number[] = [];
				let refused = false;
				for (const { do: what, at } of steps) {
					if (made.route.state === 'closed') {
						client = made.open();
						out.clear();
						refused = false;
					}
					// Sequences that share identifiers, over and over.
					const sequence = (at % 20) + (at % 2 === far ? 65_535 : 0) + 1;
					if (what === 'send') {
						const before = client.publishes.length;
						const held = out.get(((sequence - 1) % 65_535) + 1);
						const taken = made.route.send(reading(sequence));
						const went = client.publishes.length > before;
						expect(went).toBe(taken && held !== sequence);
						if (went) {
							const { id } = client.publishes.at(-1)!;
							expect(out.has(id!)).toBe(false);
							out.set(id!, sequence);
						}
						refused ||= !taken;
					} else if (what === 'ack') {
						const ids = [...out.keys()];
						const id = at % 3 === 0 || ids.length === 0 ? at % 65_536 : ids[at % ids.length]!;
						const writables = made.heard.writables;
						if (out.has(id)) {
							expected.push(out.get(id)!);
							out.delete(id);
							client.puback(id);
							expect(made.heard.writables - writables).toBe(refused ? 1 : 0);
							refused = false;
						} else client.puback(id);
					} else if (what === 'fail') client.fail();
					else if (what === 'close') made.route.close();
					else if (what === 'stall') client.writable(0);
					else if (what === 'room') client.writable(at * 20);
					else made.scheduler.advance(at);
					if (what === 'room' || what === 'stall') refused = false;
					expect(made.heard.receipts).toEqual(expected);
					if (made.route.state === 'open') expect(made.route.inFlight).toBe(out.size);
					expect(out.size).toBeLessThanOrEqual(window);
				}
				const ends = made.heard.closed.length;
				made.route.close();
				for (const id of out.keys()) client.puback(id);
				made.scheduler.advance(1_000_000);
				expect(made.heard.receipts).toEqual(expected);
				expect(made.heard.closed.length).toBe(ends);
			},
		),
		{ numRuns: 1000, seed: 20_260_101 },
	);
});
