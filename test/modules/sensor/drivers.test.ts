import { describe, test } from 'vitest';
import { table } from './cases/table';

describe('the drivers on the models of their parts', () => {
	for (const { name, run } of table) test(name, run);
});
