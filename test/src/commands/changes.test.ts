import { describe, expect, test } from 'vitest';
import { VirtualStore } from '../../../hosts/simulator/board/store';
import { Fault } from '../../../modules/fault';
import { Changes } from '../../../src/commands/changes';
import { makeSettings } from '../../../src/settings';

function open(store: VirtualStore, given: object = {}) {
	const log: string[] = [];
	const changes = new Changes(makeSettings(given), store, (level, source, text) =>
		log.push(`${level} ${source}: ${text}`),
	);
	return { changes, log };
}

describe('settings that commands changed', () => {
	test('are kept over the ones that the host gives', () => {
		const store = new VirtualStore();
		open(store).changes.change({ dataIntervalSeconds: 5, mode: 'sleep' });
		const { changes, log } = open(store, { dataIntervalSeconds: 60, mqttWindow: 8 });
		expect(changes.settings).toMatchObject({ dataIntervalSeconds: 5, mode: 'sleep', mqttWindow: 8 });
		expect(log).toEqual(['info settings: changed by commands: dataIntervalSeconds, mode']);
	});

	test.each([
		['{', 'JSON: no name at character 1'],
		['7', 'not an object'],
		['{"dataIntervalSeconds":0}', 'dataIntervalSeconds: 0 is below 0.05'],
		['{"thresholds":"no"}', 'thresholds: JSON: no value at character 0'],
		['{"mode":7}', 'mode: not a text'],
	])('that are spoilt (%s) are left aside, and said', (stored, why) => {
		const store = new VirtualStore();
		store.write('changes', stored);
		const { changes, log } = open(store, { dataIntervalSeconds: 60 });
		expect(changes.settings).toEqual(makeSettings({ dataIntervalSeconds: 60 }));
		expect(log).toEqual([`warning settings: changed by commands: ${why}: not taken`]);
		changes.change({ dataIntervalSeconds: 7 });
		expect(open(store).changes.settings.dataIntervalSeconds).toBe(7);
	});

	test('never reach a setting that is not for commands, whatever stands in the store', () => {
		const store = new VirtualStore();
		store.write('changes', '{"mqttUrl":"mqtts://elsewhere.example","dataIntervalSeconds":9}');
		expect(open(store).changes.settings).toMatchObject({ mqttUrl: '', dataIntervalSeconds: 9 });
		expect(() => open(store).changes.change({ mqttUrl: 'mqtts://elsewhere.example' })).toThrow(
			'mqttUrl is not for commands',
		);
	});

	test('that are refused, or cannot be kept, change nothing', () => {
		const store = new VirtualStore();
		const { changes } = open(store);
		expect(() => changes.change({ dataIntervalSeconds: 1e9 })).toThrow('above 86400');
		store.write = () => {
			throw new Fault('flash', 'full');
		};
		expect(() => changes.change({ dataIntervalSeconds: 3 })).toThrow('full');
		expect(changes.settings.dataIntervalSeconds).toBe(30);
	});
});
