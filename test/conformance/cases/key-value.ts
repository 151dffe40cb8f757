import type { KeyValue } from '../../../modules/ports';
import type { Case, Trial } from './bench';

function withStore(name: string, run: (trial: Trial, store: KeyValue) => void): Case {
	return {
		name,
		run(trial) {
			run(trial, trial.bench.keyValue(name));
			trial.done();
		},
	};
}

/** As NVS has it (ESP-IDF, "Keys and Values"). To go through all keys is not asked of a store. */
export const keyValueCases: readonly Case[] = [
	withStore('a key that is absent is undefined', (trial, store) => {
		trial.equal(store.read('absent'), undefined, 'read');
	}),
	withStore('what is written is read, and the last counts', (trial, store) => {
		store.write('key', 'one');
		store.write('key', 'two');
		store.write('other', '');
		trial.equal(store.read('key'), 'two', 'read');
		trial.equal(store.read('other'), '', 'an empty text');
	}),
	withStore('a key that is deleted is absent; to delete an absent one is nothing', (trial, store) => {
		store.write('key', 'one');
		store.delete('key');
		store.delete('key');
		trial.equal(store.read('key'), undefined, 'read');
	}),
	withStore('any text: accents, other scripts, emoji, quotes', (trial, store) => {
		const value = 'é ß “Ω” \\ " \n 測試 😀';
		store.write('key', value);
		trial.equal(store.read('key'), value, 'read');
	}),
	withStore('a key of 15 characters, and none longer or empty', (trial, store) => {
		store.write('k'.repeat(15), 'x');
		trial.equal(store.read('k'.repeat(15)), 'x', 'read');
		trial.throws(() => store.write('k'.repeat(16), 'x'), 'a key of 16');
		trial.throws(() => store.write('', 'x'), 'an empty key');
	}),
	withStore('3,999 bytes in a value, and no more, whatever the characters', (trial, store) => {
		store.write('key', 'x'.repeat(3_999));
		trial.throws(() => store.write('key', 'x'.repeat(4_000)), '4,000 bytes');
		trial.throws(() => store.write('key', 'é'.repeat(2_000)), '4,000 bytes in 2,000 characters');
		trial.equal(store.read('key')?.length, 3_999, 'what was there before');
	}),
	withStore('names that objects have are keys like others', (trial, store) => {
		trial.equal(store.read('constructor'), undefined, 'constructor');
		store.write('__proto__', 'x');
		trial.equal(store.read('__proto__'), 'x', '__proto__');
	}),
	{
		name: 'what is written is there for the next',
		run(trial) {
			trial.bench.keyValue('kept').write('key', 'é');
			trial.bench.keyValue('kept').write('other', '1');
			trial.equal(trial.bench.keyValue('kept').read('key'), 'é', 'read');
			trial.done();
		},
	},
];
