import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadScenario, namedScenarios, parseScenario } from '../../../../hosts/simulator/scenarios/scenario';
import { makeSettings } from '../../../../src/settings';

const good = { name: 'mine', description: 'a try', for: 10, steps: [] as unknown[] };
const withStep = (step: unknown): string => JSON.stringify({ ...good, steps: [step] });

describe('a scenario', () => {
	test('is shipped under its own name, and its settings are settings', () => {
		const named = namedScenarios();
		expect(named.length).toBeGreaterThanOrEqual(14);
		for (const scenario of named) {
			expect(loadScenario(scenario.name)).toEqual(scenario);
			makeSettings(scenario.settings);
			for (const { at, until = at } of scenario.steps) expect(Math.max(at, until)).toBeLessThanOrEqual(scenario.for);
		}
	});

	test('that is not there is refused with the names of those that are', () => {
		expect(() => loadScenario('no-such-play')).toThrow(/^no-such-play: no such file, nor one of captive-portal, /);
	});

	test.each([
		['{', /^not JSON/],
		['[]', /it must be object/],
		[JSON.stringify({ ...good, for: 0 }), /\/for must be >= 1/],
		[JSON.stringify({ ...good, seed: 1 }), /it must NOT have additional properties/],
		[withStep({ at: -1, wifi: 'gone' }), /\/steps\/0/],
		[withStep({ at: 1, wifi: 'slow' }), /\/steps\/0/],
		[withStep({ at: 1, doors: ['mqtt'], weather: { is: 'slow' } }), /\/steps\/0/],
		[withStep({ at: 5, until: 5, wifi: 'gone' }), /^\/steps\/0\/until 5 is not after 5$/],
	])('that is none is refused with its field: %s', (text, message) => {
		expect(() => parseScenario(text)).toThrow(message);
	});

	test('never comes out of rubbish, and rubbish never does worse than an Error', () => {
		fc.assert(
			fc.property(fc.json(), (text) => {
				expect(() => parseScenario(text)).toThrow(Error);
			}),
			{ numRuns: 300 },
		);
	});
});
