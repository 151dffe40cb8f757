import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFolder } from '../../../../hosts/simulator/board/lock';

let folder = '';
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'fajma-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a folder is taken once, and is free again when it was given back', () => {
	const unlock = lockFolder(folder);
	expect(() => lockFolder(folder)).toThrow(`is in use by process ${process.pid}`);
	unlock();
	expect(readdirSync(folder)).toEqual([]);
	lockFolder(folder)();
});

test('the lock of a living process holds', () => {
	writeFileSync(join(folder, 'lock'), String(process.ppid));
	expect(() => lockFolder(folder)).toThrow(`is in use by process ${process.ppid}`);
});

test.each(['', 'garbage', '-1', '4194999', String(process.pid)])(
	'the lock "%s" is nobody’s: its owner was killed, even if it had our own number',
	(owner) => {
		writeFileSync(join(folder, 'lock'), owner);
		lockFolder(folder)();
	},
);
