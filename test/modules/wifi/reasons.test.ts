import { expect, test } from 'vitest';
import { reasonOf } from '../../../modules/wifi/reasons';

test('reasons are words, and the ones without words keep their number', () => {
	expect(reasonOf(15)).toMatch(/wrong password/);
	expect(reasonOf(201)).toBe('no such network in range');
	expect(reasonOf(7)).toBe('the access point let go (802.11 reason 7)');
	expect(reasonOf(99)).toBe('802.11 reason 99');
});
