import { expect, test } from 'vitest';
import { LEVELS, LevelledLog, levelOf } from '../../../modules/log/levelled';

test('a log tells up to its level, and from then on up to another', () => {
	const lines: string[] = [];
	const levelled = new LevelledLog((level) => lines.push(level), 'warning');
	const { log } = levelled;
	const speak = (): string[] => {
		lines.length = 0;
		for (const level of LEVELS) log(level, 'test', 'said');
		return [...lines];
	};
	expect(speak()).toEqual(['error', 'warning']);
	levelled.upTo = 'debug';
	expect(speak()).toEqual(['error', 'warning', 'info', 'debug']);
	levelled.upTo = 'error';
	expect(speak()).toEqual(['error']);
});

test('what is no level is none', () => {
	expect(['info', 'INFO', '', undefined, 2].map(levelOf)).toEqual(['info', undefined, undefined, undefined, undefined]);
});
