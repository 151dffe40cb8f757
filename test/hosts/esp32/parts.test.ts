import { describe, expect, test } from 'vitest';
import type { Board } from '../../../hosts/esp32/board';
import { BoardClock } from '../../../hosts/esp32/clock';
import { firstLevel, uartLog } from '../../../hosts/esp32/log';
import { type Domain, NvsStore } from '../../../hosts/esp32/nvs';
import { compiledSettings, readNetworks, readSettings, settingKeys } from '../../../hosts/esp32/provision';
import { type IoClasses, makeSensors } from '../../../hosts/esp32/sensors/sensors';
import { allDrivers } from '../../../hosts/sensors/all';
import { VirtualTime } from '../../../hosts/simulator/time';
import type { Log } from '../../../modules/ports';
import { KeptSession } from '../../../modules/tls/session';
import { settingNames } from '../../../src/settings';
import { clockOf } from '../../modules/wifi/fake-air';
import { boards } from './boards';

const FLOOR = 1_767_225_600_000;

/** The SDK's Timer on a board: what has fired or is cleared is freed, and must not be touched again; all else stays for ever. */
class FakeTimer {
	readonly time = new VirtualTime();
	readonly alive = new Set<object>();
	made = 0;

	set(callback: (timer: object) => void, interval: number): object {
		this.made++;
		const timer = { callback, event: undefined as { cancel(): void } | undefined };
		this.alive.add(timer);
		this.schedule(timer, interval);
		return timer;
	}

	schedule(timer: object, interval: number): void {
		const it = timer as { callback: (timer: object) => void; event: { cancel(): void } | undefined };
		if (!this.alive.has(it)) throw new Error('invalid');
		if (!Number.isInteger(interval) || interval < 0 || interval >= 2 ** 31) throw new Error(`interval ${interval}`);
		it.event?.cancel();
		it.event = this.time.schedule(interval, () => {
			it.callback(it);
			this.alive.delete(it);
		});
	}

	clear(timer: object): void {
		const it = timer as { event: { cancel(): void } | undefined };
		if (!this.alive.delete(it)) throw new Error('invalid');
		it.event?.cancel();
	}
}

function boardClock(now = () => 0) {
	const timer = new FakeTimer();
	const time = { ticks: 0 };
	return { timer, time, clock: new BoardClock({ timer, time, now, floor: FLOOR }) };
}

describe('the clock', () => {
	test('ticks go on where 32 bits end', () => {
		const { time, clock } = boardClock();
		const day = 86_400_000;
		for (let days = 0; days <= 120; days += 20) {
			time.ticks = (days * day) | 0;
			expect(clock.ticks).toBe(days * day);
		}
	});

	test('a clock that is made late starts where the board is', () => {
		const time = { ticks: (30 * 86_400_000) | 0 };
		const clock = new BoardClock({ timer: new FakeTimer(), time, now: () => 0, floor: FLOOR });
		expect(clock.ticks).toBe(30 * 86_400_000);
	});

	test('the time is unknown until it can be true', () => {
		let now = 819_195_899_000;
		const { clock } = boardClock(() => now);
		expect(clock.time).toBeUndefined();
		now = FLOOR;
		expect(clock.time).toBe(FLOOR);
	});

	test('an alarm fires once each time it is set, may set itself, and holds a timer only while it is armed', () => {
		const { timer, clock } = boardClock();
		const fired: number[] = [];
		const alarm = clock.alarm({
			onAlarm: () => {
				fired.push(timer.time.now);
				if (fired.length < 3) alarm.set(100);
			},
		});
		timer.time.advance(1_000_000);
		expect([fired, timer.made]).toEqual([[], 0]);
		alarm.set(50.5);
		alarm.set(10);
		expect(timer.made).toBe(1);
		timer.time.advance(1_000_000);
		expect(fired).toEqual([1_000_010, 1_000_110, 1_000_210]);
		expect(timer.alive.size).toBe(0);
		alarm.set(5);
		expect(timer.alive.size).toBe(1);
		alarm.clear();
		alarm.clear();
		expect(timer.alive.size).toBe(0);
		timer.time.advance(1_000);
		alarm.set(2 ** 31 - 1);
		expect(fired.length).toBe(3);
	});
});

describe('the log', () => {
	test.each([
		['error', true, 'error'],
		['debug', false, 'debug'],
		[undefined, true, 'debug'],
		[undefined, false, 'error'],
		['loud', false, 'error'],
	] as const)('level %s, diagnosis %s: %s', (word, diagnosis, level) => {
		expect(firstLevel(word, diagnosis)).toBe(level);
	});

	test('one line each, up to its level, without control characters', () => {
		const lines: string[] = [];
		const { log } = uartLog({ print: (line) => void lines.push(line), ticks: () => 12_345, upTo: 'warning' });
		log('error', 'mqtt', 'a\r\nb\x7f');
		log('warning', 'wifi', 'é');
		log('info', 'device', 'no');
		expect(lines).toEqual(['12.345 error mqtt: a??b?', '12.345 warning wifi: é']);
	});
});

function memory(values: Record<string, unknown> = {}): Domain & { values: Map<string, unknown> } {
	const kept = new Map(Object.entries(values));
	return {
		values: kept,
		read(key) {
			const value = kept.get(key);
			if (value !== undefined && typeof value !== 'string') throw new TypeError('mismatch');
			return value;
		},
		write: (key, value) => void kept.set(key, value),
		delete: (key) => void kept.delete(key),
	};
}

describe('NVS', () => {
	test('reads, writes, deletes', () => {
		const domain = memory();
		const store = new NvsStore(domain);
		expect(store.read('boots')).toBeUndefined();
		store.write('boots', 'é');
		expect(store.read('boots')).toBe('é');
		store.delete('boots');
		expect(domain.values.size).toBe(0);
	});

	test('bounds are held before the flash is touched', () => {
		const domain = memory();
		const store = new NvsStore(domain);
		expect(() => store.write('sixteen-letters!', '')).toThrow('a key of 1 to 15 characters');
		expect(() => store.read('')).toThrow('a key of 1 to 15 characters');
		expect(() => store.write('k', 'é'.repeat(2000))).toThrow('k: 4000 bytes, NVS takes 3999');
		store.write('k', 'x'.repeat(3_999));
		expect(domain.values.size).toBe(1);
	});

	test('what fails is a Fault that names the key', () => {
		expect(() => new NvsStore(memory({ k: 1 })).read('k')).toThrow(
			expect.objectContaining({ code: 'flash', message: 'NVS, k: mismatch' }),
		);
	});
});

describe('what it is told', () => {
	const lines: string[] = [];
	const log: Log = (level, _source, message) => void lines.push(`${level} ${message}`);
	const said = (): string[] => lines.splice(0);

	test('each setting has a key of its own that NVS takes', () => {
		const keys = Object.values(settingKeys);
		expect(Object.keys(settingKeys).sort()).toEqual([...settingNames].sort());
		expect(new Set(keys).size).toBe(keys.length);
		for (const key of keys) expect(key).toMatch(/^[a-z][a-z.]{1,14}$/);
	});

	test('NVS over what was compiled in, over the defaults', () => {
		const store = new NvsStore(memory({ 'device.id': 'ESP32_007', 'mqtt.window': '4' }));
		const compiled = compiledSettings({ board: 'x', mqttUrl: 'mqtts://a.example', mqttWindow: '8' });
		expect(readSettings(store, compiled, log)).toEqual({
			deviceId: 'ESP32_007',
			mqttUrl: 'mqtts://a.example',
			mqttWindow: '4',
		});
		expect(said()).toEqual([]);
	});

	test('an image with a secret in it does not start', () => {
		expect(() => compiledSettings({ mqttPassword: 'x' })).toThrow(
			'mqttPassword is a secret: it is for NVS, not for an image',
		);
	});

	test('a value that cannot be is left out, and said', () => {
		const store = new NvsStore(memory({ 'mqtt.window': '1000', 'mqtt.user': 7, 'device.id': 'A' }));
		expect(readSettings(store, {}, log)).toEqual({ deviceId: 'A' });
		expect(said()).toEqual([
			'error NVS, mqtt.user: mismatch: not taken',
			'error mqttWindow: 1000 is above 64: not taken',
		]);
	});

	test('values that cannot be together: the second is left out, and nothing else', () => {
		const store = new NvsStore(memory({ 'backoff.min': '50', 'backoff.max': '40', 'mqtt.user': 'u' }));
		expect(readSettings(store, { deviceId: 'B' }, log)).toEqual({
			deviceId: 'B',
			mqttUser: 'u',
			backoffMinimumSeconds: '50',
		});
		expect(said()).toEqual(['error backoffMaximumSeconds: 40 is below backoffMinimumSeconds (50): not taken']);
	});

	test('values that are good only together are taken together', () => {
		const store = new NvsStore(memory({ 'backoff.min': '50', 'backoff.max': '100' }));
		const compiled = { backoffMaximumSeconds: '20' };
		expect(readSettings(store, compiled, log)).toEqual({ backoffMinimumSeconds: '50', backoffMaximumSeconds: '100' });
		expect(said()).toEqual([]);
	});

	test('networks, those that can be, and no password in the log', () => {
		const store = new NvsStore(
			memory({
				'wifi.0.ssid': 'home',
				'wifi.0.key': 'short',
				'wifi.1.ssid': 'open',
				'wifi.3.ssid': 'clinic',
				'wifi.3.key': 'long-enough',
			}),
		);
		expect(readNetworks(store, log)).toEqual([
			{ SSID: 'open', password: undefined },
			{ SSID: 'clinic', password: 'long-enough' },
		]);
		expect(said()).toEqual(['error wifi.0: network 0: a password of 5 bytes, not 8 to 63: not taken']);
	});
});

describe('sensors', () => {
	/** What each of the SDK's classes was made with. */
	function classes() {
		const made: [string, Record<string, unknown>][] = [];
		const named = (name: string) =>
			class {
				static readonly InputPullUp = 1;
				static readonly Falling = 2;
				readonly resolution = 12;
				constructor(options: Record<string, unknown>) {
					made.push([name, options]);
				}
				read() {
					return 0;
				}
				readUint8() {
					return 0x15;
				}
				writeUint8() {}
				readBuffer() {}
				write() {}
				close() {}
			};
		const io = Object.fromEntries(['I2C', 'SMBus', 'Serial', 'Analog', 'Digital'].map((name) => [name, named(name)]));
		return { made, io: io as unknown as IoClasses };
	}

	test('of each board, on its own pins', () => {
		const names = (board: Board): string[] =>
			makeSensors(board, classes().io, allDrivers, clockOf(new VirtualTime())).map(({ name }) => name);
		const named = Object.fromEntries(boards.map((board) => [board.name, names(board)]));
		expect(named).toMatchObject({
			'esp32-devkitc': [],
			'esp32-vitals': ['pulse', 'mlx90614', 'sht4x', 'gps', 'battery'],
			'heltec-lora32-v2': ['battery'],
		});
	});

	test('the classes get pins, a clock within the part’s bounds, and a short patience', () => {
		const { made, io } = classes();
		const time = new VirtualTime();
		const board = boards.find(({ name }) => name === 'esp32-vitals')!;
		for (const sensor of makeSensors(board, io, allDrivers, clockOf(time))) sensor.start?.();
		time.advance(10);
		const wires = { data: 21, clock: 22, timeout: 50 };
		const of = (name: string) => made.filter(([each]) => each === name).map(([, options]) => options);
		expect(of('SMBus')[0]).toMatchObject({ ...wires, address: 0x57, hz: 400_000 });
		expect(of('SMBus')[1]).toMatchObject({ ...wires, address: 0x5a, hz: 100_000 });
		expect(of('I2C')[0]).toMatchObject({ ...wires, address: 0x44, hz: 400_000 });
		expect(of('Serial')[0]).toMatchObject({ receive: 16, port: 1, baud: 9_600, format: 'buffer' });
		expect(of('Digital')[0]).toMatchObject({ pin: 19, mode: 1, edge: 2 });
		expect(of('Analog')[0]).toMatchObject({ pin: 35 });
	});

	test('a part without a driver, and one on a bus of another kind, are refused', () => {
		const make = (sensors: Board['sensors']) =>
			makeSensors({ ...boards[0]!, sensors }, classes().io, allDrivers, clockOf(new VirtualTime()));
		expect(() => make([{ part: 'bmp280' as never, bus: 'main' }])).toThrow('there is no driver for bmp280');
		expect(() => make([{ part: 'gps', bus: 'main' }])).toThrow('main is no bus of the kind serial');
		expect(() => make([{ part: 'sht3x', bus: 'second' }])).toThrow('second is no bus of the kind i2c');
	});
});

test('a TLS session is kept as bytes of its own', () => {
	const kept = new KeptSession('tls');
	expect(kept.keep()).toBeUndefined();
	const memory = new Uint8Array([1, 2, 3, 4]);
	kept.recall(memory.subarray(1, 3));
	memory.fill(0);
	expect([...kept.keep()!]).toEqual([2, 3]);
	expect(kept.session!.byteLength).toBe(2);
});
