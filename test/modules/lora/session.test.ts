import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SESSION_HEAD_LENGTH, SessionKeeper } from '../../../modules/lora/session';
import type { KeyValue } from '../../../modules/ports';

class PowerCut extends Error {}

/** Flash that loses its power before or behind a write. */
class Store implements KeyValue {
	readonly values = new Map<string, string>();
	writes = 0;
	/** Writes that still succeed; then the power goes, with or without the last one done. */
	left = Number.POSITIVE_INFINITY;
	lastIsDone = false;

	read(key: string): string | undefined {
		return this.values.get(key);
	}

	write(key: string, value: string): void {
		if (--this.left >= 0 || this.lastIsDone) this.values.set(key, value);
		this.writes++;
		if (this.left < 0) throw new PowerCut();
	}

	delete(key: string): void {
		this.values.delete(key);
	}
}

const keeperOf = (store: Store) => new SessionKeeper({ store, log: () => {} });

/** What a radio does with its session: a nonce a join, keys of it, a counter an uplink. */
class Radio {
	readonly #keeper: SessionKeeper;
	readonly #used: Set<string>;
	#session: Uint8Array;

	constructor(keeper: SessionKeeper, used: Set<string>) {
		this.#keeper = keeper;
		this.#used = used;
		this.#session = keeper.session;
	}

	get #view(): DataView {
		return new DataView(this.#session.buffer);
	}

	get isJoined(): boolean {
		return this.#session.byteLength > SESSION_HEAD_LENGTH;
	}

	join(isAnswered: boolean): void {
		const nonce = this.#view.getUint16(8, true);
		this.#view.setUint16(8, nonce + 1, true);
		this.#keeper.save(this.#session);
		this.#use(`nonce ${nonce}`);
		if (!isAnswered) return;
		const joined = new Uint8Array(SESSION_HEAD_LENGTH + 4);
		new DataView(joined.buffer).setUint16(8, nonce + 1, true);
		new DataView(joined.buffer).setUint32(SESSION_HEAD_LENGTH, nonce, true);
		this.#session = joined;
		this.#keeper.save(joined);
	}

	uplink(): void {
		const counter = this.#view.getUint32(0, true);
		this.#view.setUint32(0, counter + 1, true);
		this.#keeper.save(this.#session);
		this.#use(`keys ${this.#view.getUint32(SESSION_HEAD_LENGTH, true)} counter ${counter}`);
	}

	#use(what: string): void {
		if (this.#used.has(what)) throw new Error(`${what} is used twice`);
		this.#used.add(what);
	}
}

const steps = fc.array(
	fc.oneof(
		{
			weight: 8,
			arbitrary: fc.record({ kind: fc.constant('uplinks' as const), count: fc.integer({ min: 1, max: 90 }) }),
		},
		{ weight: 2, arbitrary: fc.record({ kind: fc.constant('join' as const), isAnswered: fc.boolean() }) },
		{ weight: 2, arbitrary: fc.record({ kind: fc.constant('cut' as const) }) },
		{ weight: 2, arbitrary: fc.record({ kind: fc.constant('sleep' as const) }) },
		{ weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const) }) },
		{
			weight: 2,
			arbitrary: fc.record({
				kind: fc.constant('cut at a write' as const),
				left: fc.nat(2),
				lastIsDone: fc.boolean(),
			}),
		},
	),
	{ maxLength: 40 },
);

test('no counter and no DevNonce is ever used twice, whenever the power goes, and over deep sleep', () => {
	fc.assert(
		fc.property(steps, (steps) => {
			const store = new Store();
			const used = new Set<string>();
			let keeper = keeperOf(store);
			let radio = new Radio(keeper, used);
			const boot = (recalled?: Uint8Array): void => {
				store.left = Number.POSITIVE_INFINITY;
				keeper = keeperOf(store);
				if (recalled) keeper.recall(recalled);
				radio = new Radio(keeper, used);
			};
			for (const step of steps)
				try {
					if (step.kind === 'cut') boot();
					else if (step.kind === 'sleep') boot(keeper.keep()?.slice());
					else if (step.kind === 'join') radio.join(step.isAnswered);
					else if (step.kind === 'cut at a write')
						Object.assign(store, { left: step.left, lastIsDone: step.lastIsDone });
					else if (step.kind === 'forget') {
						keeper.forget();
						radio = new Radio(keeper, used);
					} else for (let left = step.count; left > 0; left--) radio.isJoined ? radio.uplink() : radio.join(true);
				} catch (thrown) {
					if (!/not kept/.test((thrown as Error).message)) throw thrown;
					boot();
				}
		}),
		{ numRuns: 2_000 },
	);
});

test('flash is written once in 64 uplinks, and not at all for a waking', () => {
	const store = new Store();
	let keeper = keeperOf(store);
	let radio = new Radio(keeper, new Set());
	radio.join(true);
	const before = store.writes;
	for (let at = 0; at < 640; at++) {
		radio.uplink();
		const kept = keeper.keep()!.slice();
		keeper = keeperOf(store);
		keeper.recall(kept);
		radio = new Radio(keeper, new Set());
	}
	expect(store.writes - before).toBe(9);
});

test('DevNonces end before they begin anew', () => {
	const store = new Store();
	store.write('loraNonce', '65534');
	const radio = new Radio(keeperOf(store), new Set());
	radio.join(false);
	const view = new DataView(keeperOf(store).session.buffer);
	expect(view.getUint16(8, true)).toBe(65_535);
});

test('what RTC memory has of another session, or behind what flash stands for, is as nothing', () => {
	const store = new Store();
	const keeper = keeperOf(store);
	const radio = new Radio(keeper, new Set());
	radio.join(true);
	radio.uplink();
	const good = keeper.keep()!;
	const after = (bytes: Uint8Array): number => {
		const next = keeperOf(store);
		next.recall(bytes);
		return new DataView(next.session.buffer).getUint32(0, true);
	};
	expect(after(good)).toBe(1);
	expect(after(good.slice(1))).toBe(64);
	expect(after(good.map((byte, at) => (at === SESSION_HEAD_LENGTH ? byte + 1 : byte)))).toBe(64);
	expect(after(good.map((byte, at) => (at === 0 ? 65 : byte)))).toBe(64);
});

test.each(['', '00', 'zz'.repeat(20), '0'.repeat(1_026)])('garbage in flash (%s) is no session', (garbage) => {
	const store = new Store();
	store.write('lora', garbage);
	store.write('loraNonce', '12');
	const { session } = keeperOf(store);
	expect([session.byteLength, new DataView(session.buffer).getUint16(8, true)]).toEqual([SESSION_HEAD_LENGTH, 12]);
});
