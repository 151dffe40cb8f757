import { describe, expect, test } from 'vitest';
import { makeLora } from '../../hosts/lora';
import { makeRoutes, type RouteParts } from '../../hosts/routes';
import { VirtualStore } from '../../hosts/simulator/board/store';
import { VirtualTime } from '../../hosts/simulator/time';
import type { Keepsake } from '../../modules/ports';
import { makeSettings } from '../../src/settings';
import { clockOf } from '../modules/wifi/fake-air';

const rests: Keepsake = { name: 'rests', recall: () => {}, keep: () => undefined };

/** As much of a radio as a route needs to be made. */
function radio(): { state: 'closed'; onTime?: (time: number) => void } {
	return { state: 'closed' };
}

function routesOf(settings: object, lora?: RouteParts['lora']): string[] {
	const clock = clockOf(new VirtualTime());
	const none = () => ({ io: class {} }) as never;
	const parts = { clock, time: clock, random32: () => 0, log: () => {}, will: () => '', lora };
	return makeRoutes({ settings: makeSettings(settings), ...parts, mqtt: none, http: none, webSocket: none }).map(
		({ name }) => name,
	);
}

describe('the routes of a host', () => {
	const told = {
		mqttUrl: 'mqtts://a.example',
		httpUrl: 'https://a.example',
		webSocketUrl: 'wss://a.example',
		deviceSecret: 'x'.repeat(32),
	};

	test('are those the settings ask for, best first, and the radio behind them all', () => {
		const { route } = makeLora({
			radio: radio() as never,
			rests,
			clock: clockOf(new VirtualTime()),
			store: new VirtualStore(),
			log: () => {},
		});
		expect(routesOf(told)).toEqual(['websocket', 'mqtt', 'http']);
		expect(routesOf(told, route)).toEqual(['websocket', 'mqtt', 'http', 'lorawan']);
		expect(routesOf({}, route)).toEqual(['lorawan']);
	});
});

describe('the route over a radio', () => {
	test('keeps its session in flash and over sleep, its rests over sleep, and hands on the time of the network', () => {
		const store = new VirtualStore();
		const clock = clockOf(new VirtualTime());
		const part = radio();
		const heard: number[] = [];
		const onTime = (time: number): void => void heard.push(time);
		const { keepsakes } = makeLora({ radio: part as never, rests, clock, store, log: () => {}, onTime });
		expect(keepsakes.map(({ name }) => name)).toEqual(['lora', 'rests']);
		const session = new Uint8Array(16);
		session[8] = 3;
		(part as unknown as { onSession: (session: Uint8Array) => void }).onSession(session);
		expect(store.read('loraNonce')).toBe('7');
		expect(keepsakes[0]!.keep()).toEqual(session);
		part.onTime?.(1_767_268_800_000);
		expect(heard).toEqual([1_767_268_800_000]);
	});
});
