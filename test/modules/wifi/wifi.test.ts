import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { seededRandom32, substream } from '../../../hosts/simulator/random';
import { decode, encode } from '../../../modules/text/utf8';
import { WifiLink, type WifiLinkOptions } from '../../../modules/wifi/wifi';
import { FakeAir, type FakePoint } from './fake-air';

const home: FakePoint = { SSID: 'home', BSSID: 'aa:bb:cc:dd:ee:01', channel: 6, RSSI: -60, password: 'secret-123' };
const clinic: FakePoint = {
	SSID: 'clinic',
	BSSID: 'aa:bb:cc:dd:ee:02',
	channel: 11,
	RSSI: -70,
	password: 'word-of-pass',
};
const networks = [
	{ SSID: 'home', password: 'secret-123' },
	{ SSID: 'clinic', password: 'word-of-pass' },
];

let air: FakeAir;
let log: string[];

beforeEach(() => {
	air = new FakeAir();
	air.points = [home, clinic];
	log = [];
});

function make(options: Partial<WifiLinkOptions> = {}): WifiLink {
	return new WifiLink({
		io: air.io,
		radio: air.radio,
		networks,
		clock: air.clock,
		random32: seededRandom32(1),
		log: (level, source, message) => void log.push(`${level} ${source}: ${message}`),
		...options,
	});
}

const remember = (link: WifiLink, text: string): void => link.keepsake.recall(new Uint8Array(encode(text)));
const kept = (link: WifiLink): string | undefined => {
	const bytes = link.keepsake.keep();
	return bytes && decode(bytes);
};

/** States as they are told, with the moment. */
function watch(link: WifiLink): string[] {
	const told: string[] = [];
	link.onChanged = () => void told.push(`${link.state} ${air.time.now}`);
	return told;
}

describe('joining', () => {
	test('the first time: a scan, then the first network that was heard', () => {
		const link = make();
		const told = watch(link);
		expect(link.state).toBe('down');
		link.open();
		expect([link.state, told]).toEqual(['joining', []]);
		air.time.advance(10_000);
		expect(air.calls).toEqual(['scan', 'connect home 6']);
		expect(told.map((line) => line.split(' ')[0])).toEqual(['joining', 'up']);
		expect(link.rssiDbm).toBe(-60);
		expect(kept(link)).toBe('6 aa:bb:cc:dd:ee:01 home');
	});

	test('is up with IPv4 alone, a second before the SDK says so', () => {
		const link = make();
		const told = watch(link);
		link.open();
		air.time.advance(10_000);
		// 2,000 scan, 400 search, 250 DHCP, and a look.
		expect(told.at(-1)).toMatch(/^up 2[67]\d\d$/);
	});

	test('the next time: without a search, in 0.6 s', () => {
		const link = make();
		remember(link, '6 aa:bb:cc:dd:ee:01 home');
		const told = watch(link);
		link.open();
		air.time.advance(3_000);
		expect(air.calls).toEqual(['join home 6 aa:bb:cc:dd:ee:01']);
		expect(told.at(-1)).toMatch(/^up [56]\d\d$/);
	});

	test('where it was is gone: a scan, and the new place is kept', () => {
		const link = make();
		remember(link, '1 aa:bb:cc:dd:ee:01 home');
		link.open();
		air.time.advance(10_000);
		expect(air.calls).toEqual(['join home 1 aa:bb:cc:dd:ee:01', 'scan', 'connect home 6']);
		expect(link.state).toBe('up');
		expect(kept(link)).toBe('6 aa:bb:cc:dd:ee:01 home');
		expect(log).toEqual(['warning wifi: home: no such network in range (where it was last time)']);
	});

	test('a network that is not in the settings any more is not joined', () => {
		const link = make();
		remember(link, '6 aa:bb:cc:dd:ee:09 cafe');
		link.open();
		air.time.advance(10_000);
		expect(air.calls).toEqual(['scan', 'connect home 6']);
	});

	test.each([
		'',
		'x',
		'6',
		'6 aa:bb:cc:dd:ee:01',
		'99 aa:bb:cc:dd:ee:01 home',
		'6 aa:bb:cc:dd:ee home',
		'6 AA:bb:cc:dd:ee:01 home',
		'6.5 aa:bb:cc:dd:ee:01 home',
	])('nonsense that is remembered ("%s") is passed over', (text) => {
		const link = make();
		remember(link, text);
		link.open();
		air.time.advance(10_000);
		expect(air.calls[0]).toBe('scan');
		expect(link.state).toBe('up');
	});

	test('bytes that are no text are passed over', () => {
		const link = make();
		link.keepsake.recall(new Uint8Array([0xff, 0xc0]));
		expect(link.keepsake.keep()).toBeUndefined();
		link.open();
		air.time.advance(10_000);
		expect(link.state).toBe('up');
	});

	test('the strongest access point of a network gives the channel', () => {
		air.points = [
			{ ...home, RSSI: -80, channel: 1, BSSID: 'aa:bb:cc:dd:ee:03' },
			home,
			{ ...home, RSSI: -85, channel: 13, BSSID: 'aa:bb:cc:dd:ee:04' },
		];
		make().open();
		air.time.advance(10_000);
		expect(air.calls).toEqual(['scan', 'connect home 6']);
	});

	test('a wrong password: the next network, in the order of the settings', () => {
		air.points = [{ ...home, password: 'changed-it' }, clinic];
		const link = make();
		link.open();
		air.time.advance(15_000);
		expect(air.calls).toEqual(['scan', 'connect home 6', 'connect clinic 11']);
		expect(link.state).toBe('up');
		expect(log[0]).toMatch(/home: wrong password/);
		expect(log.join()).not.toContain('secret');
	});

	test('a hidden network is tried, after those that were heard', () => {
		air.points = [{ ...home, hidden: true }];
		const link = make();
		link.open();
		air.time.advance(15_000);
		expect(air.calls).toEqual(['scan', 'connect home']);
		expect(link.state).toBe('up');
	});

	test('an access point without DHCP is left for the next', () => {
		air.points = [{ ...home, mute: true }, clinic];
		const link = make();
		link.open();
		air.time.advance(30_000);
		expect(log[0]).toBe('warning wifi: home: no address in time (DHCP)');
		expect(link.state).toBe('up');
		expect(air.point?.SSID).toBe('clinic');
	});

	test('a scan that never ends is given up, and every network tried', () => {
		air.scanless = true;
		const link = make();
		link.open();
		air.time.advance(20_000);
		expect(log[0]).toBe('warning wifi: the scan did not end');
		expect(link.state).toBe('up');
	});

	test('a scan that ends after it was given up is not believed', () => {
		air.scanTime = 9_000;
		air.points = [{ ...clinic, hidden: true }];
		const link = make({ networks: [{ SSID: 'clinic', password: 'word-of-pass' }] });
		link.open();
		air.time.advance(8_500);
		air.calls.length = 0;
		air.time.advance(1_000);
		expect([link.state, air.calls]).toEqual(['joining', []]);
		air.time.advance(5_000);
		expect(link.state).toBe('up');
	});

	test('the end of the connection before, told late, does not end the next one', () => {
		air.points = [{ ...home, mute: true }, clinic];
		air.leaveTime = 400;
		const link = make();
		link.open();
		air.time.advance(19_000);
		expect(link.state).toBe('up');
		expect(log).toEqual(['warning wifi: home: no address in time (DHCP)']);
	});

	test('without a radio of ours: no fast join, and a failure is still seen', () => {
		air.points = [{ ...home, password: 'changed-it' }, clinic];
		const { radio: _, ...rest } = { radio: undefined };
		const link = new WifiLink({
			io: air.io,
			networks,
			clock: air.clock,
			random32: seededRandom32(1),
			log: (level, source, message) => void log.push(`${level} ${source}: ${message}`),
			...rest,
		});
		remember(link, '6 aa:bb:cc:dd:ee:01 home');
		link.open();
		air.time.advance(8_000);
		expect(air.calls).toEqual(['scan', 'connect home 6', 'connect clinic 11']);
		expect(log).toEqual(['warning wifi: home: refused, or out of range']);
		expect(link.state).toBe('up');
	});

	test('an interface that does not start is tried again', () => {
		air.broken = true;
		const link = make();
		link.open();
		air.time.advance(1);
		expect(log[0]).toMatch(/the interface does not start: no memory; next try in/);
		air.broken = false;
		air.time.advance(20_000);
		expect(link.state).toBe('up');
	});
});

describe('back-off', () => {
	test('grows to its bound, with jitter, for ever', () => {
		air.points = [];
		make({ backoff: { minimum: 1_000, maximum: 30_000 } }).open();
		air.time.advance(3_600_000);
		const waits = log.flatMap((line) => /next try in (\d+) s/.exec(line)?.[1] ?? []).map(Number);
		expect(waits.length).toBeGreaterThan(60);
		expect(Math.max(...waits)).toBeLessThanOrEqual(30);
		expect(Math.max(...waits.slice(5))).toBeGreaterThan(20);
		expect(new Set(waits).size).toBeGreaterThan(5);
	});

	test('an access point that comes back after a night is found', () => {
		air.points = [];
		const link = make();
		link.open();
		air.time.advance(8 * 3_600_000);
		air.points = [clinic];
		air.time.advance(400_000);
		expect(link.state).toBe('up');
	});
});

describe('loss', () => {
	function up(): { link: WifiLink; told: string[] } {
		const link = make();
		link.open();
		air.time.advance(10_000);
		const told = watch(link);
		expect(link.state).toBe('up');
		air.calls.length = 0;
		return { link, told };
	}

	test('is told, and mended where it was, after a moment of chance', () => {
		const { link, told } = up();
		air.drop(200);
		air.time.advance(5_000);
		expect(told.map((line) => line.split(' ')[0])).toEqual(['joining', 'up']);
		expect(air.calls).toEqual(['join home 6 aa:bb:cc:dd:ee:01']);
		expect(log).toEqual(['warning wifi: lost: out of range (no beacons)']);
		expect(link.failure).toBeUndefined();
	});

	test('devices that lose one access point do not come back all at once', () => {
		const moments = [1, 2, 3, 4, 5].map((seed) => {
			air = new FakeAir();
			air.points = [home];
			const link = make({ random32: substream(seed, 'jitter') });
			link.open();
			air.time.advance(10_000);
			const told = watch(link);
			air.drop(200);
			air.time.advance(5_000);
			return told.at(-1);
		});
		expect(new Set(moments).size).toBe(5);
	});

	test('to another network, if the first one is gone', () => {
		const { link } = up();
		air.remove(home.BSSID);
		air.time.advance(20_000);
		expect(link.state).toBe('up');
		expect(air.point?.SSID).toBe('clinic');
	});

	test('of the address alone is seen within seconds', () => {
		const { told } = up();
		air.address = undefined;
		air.time.advance(6_000);
		expect(told[0]).toMatch(/^joining/);
	});
});

describe('close', () => {
	test('is silent, turns the radio off, and may be repeated', () => {
		const link = make();
		link.open();
		air.time.advance(10_000);
		const told = watch(link);
		link.close();
		link.close();
		expect([link.state, link.rssiDbm, air.on]).toEqual(['down', undefined, false]);
		air.time.advance(100_000);
		expect(told).toEqual([]);
	});

	test.each([0, 1, 100, 1_999, 2_000, 2_050, 2_399, 2_500, 2_700])('at %i ms, then open again: it joins', (moment) => {
		const link = make();
		link.open();
		air.time.advance(moment);
		link.close();
		const told = watch(link);
		air.time.advance(5_000);
		expect(told).toEqual([]);
		link.open();
		air.time.advance(15_000);
		expect(link.state).toBe('up');
		expect(told.map((line) => line.split(' ')[0])).toEqual(['joining', 'up']);
	});

	test('out of onChanged', () => {
		const link = make();
		link.onChanged = () => {
			if (link.state === 'up') link.close();
		};
		link.open();
		air.time.advance(60_000);
		expect([link.state, air.on]).toEqual(['down', false]);
	});
});

describe('misuse', () => {
	test.each([
		[{ networks: [{ SSID: '' }] }, 'network 0: a name of 0 bytes, not 1 to 32'],
		[{ networks: [{ SSID: 'é'.repeat(17) }] }, 'network 0: a name of 34 bytes, not 1 to 32'],
		[
			{ networks: [{ SSID: 'a' }, { SSID: 'b', password: '1234567' }] },
			'network 1: a password of 7 bytes, not 8 to 63',
		],
		[{ networks: [{ SSID: 'a', password: 'x'.repeat(65) }] }, 'network 0: a password of 65 bytes, not 8 to 63'],
		[{ networks: [{ SSID: 'a\0b' }] }, 'network 0: holds a NUL character'],
		[{ backoff: { minimum: 10, maximum: 1 } }, 'the back-off is none'],
	])('%j is refused', (options, words) => {
		expect(() => make(options)).toThrow(words);
	});

	test('no network at all: it stays down, and says so', () => {
		const link = make({ networks: [] });
		link.open();
		air.time.advance(60_000);
		expect([link.state, air.on, log]).toEqual([
			'down',
			false,
			['error wifi: no network is set: readings stay in the journal'],
		]);
	});
});

describe('whatever happens, in any order', () => {
	const step = fc.oneof(
		fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 20_000 }) }),
		fc.record({
			do: fc.constantFrom('open', 'close', 'lose', 'vanish', 'appear', 'lock', 'mute', 'expire', 'break' as const),
		}),
	);

	test('no callback from inside a call or after close; up means connected; and in the end it is', () => {
		fc.assert(
			fc.property(fc.array(step, { maxLength: 40 }), fc.nat(), (steps, seed) => {
				air = new FakeAir();
				air.points = [{ ...home }, { ...clinic }];
				let inside = false;
				let open = false;
				const link = make({ random32: seededRandom32(seed), backoff: { minimum: 500, maximum: 10_000 } });
				let last = link.state;
				link.onChanged = () => {
					expect(inside).toBe(false);
					expect(open).toBe(true);
					expect(link.state).not.toBe(last);
					last = link.state;
					if (link.state === 'up') expect(air.address).toBe('192.168.1.7');
				};
				const call = (run: () => void): void => {
					inside = true;
					run();
					inside = false;
				};
				for (const it of steps) {
					if (it.do === 'wait') air.time.advance(it.ms);
					else if (it.do === 'open') {
						open = true;
						call(() => link.open());
					} else if (it.do === 'close') {
						open = false;
						call(() => link.close());
						last = 'down';
						expect([link.state, air.on && air.calls.includes('off')]).toEqual(['down', false]);
					} else if (it.do === 'lose') air.drop(7);
					else if (it.do === 'vanish') air.remove(home.BSSID);
					else if (it.do === 'appear') air.points = [{ ...home }, { ...clinic }];
					else if (it.do === 'lock') air.points[0]!.password &&= 'another-one';
					else if (it.do === 'mute') air.points.at(-1)!.mute = true;
					else if (it.do === 'expire') air.address = undefined;
					else air.broken = !air.broken;
				}
				air.broken = false;
				air.points = [{ ...clinic }];
				open = true;
				call(() => link.open());
				air.time.advance(120_000);
				expect(link.state).toBe('up');
				expect(log.join()).not.toMatch(/secret-123|word-of-pass/);
			}),
			{ numRuns: 500 },
		);
	});
});
