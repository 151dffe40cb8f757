/** Where there is no network for a while: the packed route. */
import { describe, expect, test } from 'vitest';
import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { VirtualFlash } from '../../../hosts/simulator/board/flash';
import { VirtualStore } from '../../../hosts/simulator/board/store';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { VirtualTime } from '../../../hosts/simulator/time';
import { Journal } from '../../../modules/journal/journal';
import { LoraRoute } from '../../../modules/lora/route';
import { SessionKeeper } from '../../../modules/lora/session';
import { AlertBook } from '../../../src/alerts/book';
import { Courier } from '../../../src/delivery/courier';
import { MAIL_BASE } from '../../../src/delivery/mail';
import { Dating } from '../../../src/sensing/dating';
import { packReading, quantise, READING_BYTE_LENGTH } from '../../../src/sensing/reading';
import { FakeRadio } from '../../modules/lora/fake-radio';
import { loadCodec } from '../../support/codec';
import { FakeRoute } from '../../support/fake-route';

const NOON = 1_767_268_800_000;
const codec = loadCodec();

function setUp() {
	const world = new VirtualTime();
	const random32 = seededRandom32(1);
	const flash = (blocks: number) => new VirtualFlash({ blocks, random32 });
	const journal = new Journal({ flash: flash(8), payloadByteLength: READING_BYTE_LENGTH, random32 });
	const clock = new BoardClock(world, { epoch: NOON });
	const store = new VirtualStore();
	const dating = new Dating({ clock, store });
	const log = () => {};
	const wifi = new FakeRoute('wifi');
	let changed = 0;
	const radio = new FakeRadio();
	const lora = new LoraRoute({ radio, keeper: new SessionKeeper({ store, log }), clock, log });
	const alerts = new AlertBook({
		deviceId: 'ESP32_001',
		language: 'en',
		flash: flash(2) as never,
		random32,
		dating,
		log,
		base: MAIL_BASE,
		owner: { deliverNow: () => courier.wake() } as never,
	});
	const courier: Courier = new Courier({
		deviceId: 'ESP32_001',
		clock,
		log,
		random32: () => 2 ** 31,
		journal,
		dating,
		mails: [alerts],
		routes: [wifi, lora],
		backoff: { minimum: 1_000, maximum: 60_000 },
		patience: 5_000,
		strandedAfter: 30_000,
		owner: {
			routeOpened() {},
			deliveryChanged() {
				changed++;
			},
			takeMessage() {},
		},
	});
	const bytes = new Uint8Array(READING_BYTE_LENGTH);
	const take = (): void => {
		packReading(quantise({ heartRateBpm: 60 }, dating.stamp()), bytes);
		journal.append(bytes);
		courier.wake();
	};
	/** What went over the air, by its name. */
	const names = () =>
		radio.sent.map(({ port, hex }) => {
			const { data } = codec.decodeUplink({ bytes: [...Buffer.from(hex, 'hex')], fPort: port });
			return String(data!.reading_id ?? data!.alert_id ?? data!.timestamp).replace(/^[0-9a-f]{8}-/, '');
		});
	const acknowledge = (acknowledged = true): void => {
		radio.onSent?.({ acknowledged });
		world.advance(10);
	};
	const join = (): void => {
		courier.waitForNetwork();
		world.advance(30_010);
		radio.join();
		world.advance(10);
	};
	return { world, journal, wifi, radio, lora, alerts, courier, take, names, acknowledge, join, changes: () => changed };
}

describe('without a network', () => {
	test('the packed route is opened after a while, and not before, nor beside a network', () => {
		const { world, courier, radio, lora } = setUp();
		courier.waitForNetwork();
		world.advance(29_000);
		expect(radio.state).toBe('closed');
		courier.start();
		world.advance(60_000);
		expect(radio.state).toBe('closed');
		courier.pause();
		world.advance(29_000);
		expect(radio.state).toBe('closed');
		world.advance(1_010);
		expect([radio.state, lora.state]).toEqual(['joining', 'opening']);
		courier.start();
		expect([radio.state, lora.state]).toEqual(['closed', 'closed']);
	});

	test('the newest reading goes first, an alert before all, and each leaves the journal on its acknowledgement', () => {
		const { world, journal, alerts, take, names, acknowledge, join, courier } = setUp();
		for (let count = 0; count < 3; count++) take();
		join();
		expect(names()).toEqual(['3']);
		expect(journal.backlog).toBe(3);
		alerts.raise(24, 905, 910);
		take();
		world.advance(10);
		acknowledge();
		expect(names()).toEqual(['3', 'a1']);
		acknowledge();
		acknowledge();
		acknowledge();
		acknowledge();
		expect(names()).toEqual(['3', 'a1', '4', '2', '1']);
		expect([journal.backlog, alerts.backlog, courier.released]).toEqual([0, 0, 4]);
		expect(courier.lanes.map(({ delivered }) => delivered)).toEqual([0, 5]);
	});

	test('of a long backlog it takes the newest; the rest waits for Wi-Fi, and goes in its order', () => {
		const { world, journal, wifi, radio, courier, take, names, acknowledge, join } = setUp();
		for (let count = 0; count < 100; count++) take();
		join();
		for (let count = 0; count < 80; count++) acknowledge();
		expect(names().length).toBe(64);
		expect(names()[63]).toBe('37');
		expect(courier.isSpent).toBe(true);
		courier.start();
		world.advance(10);
		expect(radio.state).toBe('closed');
		wifi.accept();
		world.advance(10);
		wifi.acknowledge(...wifi.sequences);
		world.advance(10);
		expect(wifi.sequences).toEqual(Array.from({ length: 36 }, (_, at) => at + 1));
		expect(journal.backlog).toBe(0);
	});

	test('where an alert has no room it goes in short, once, and whole when there is room', () => {
		const { world, alerts, radio, names, acknowledge, join } = setUp();
		radio.room = 11;
		alerts.raise(24, 905, 910);
		join();
		expect(radio.sent.map(({ port, hex }) => [port, hex.length / 2])).toEqual([[3, 9]]);
		acknowledge();
		world.advance(60_000);
		expect([radio.sent.length, alerts.backlog]).toEqual([1, 1]);
		alerts.raise(25, 920, 910);
		world.advance(10);
		acknowledge();
		expect(names()).toEqual([expect.stringMatching(/spo2_low$/), expect.stringMatching(/spo2_high$/)]);
		radio.room = 51;
		alerts.raise(24, 900, 910);
		world.advance(10);
		for (let count = 0; count < 3; count++) acknowledge();
		expect(names().slice(2)).toEqual(['a1', 'a2', 'a3']);
		expect(alerts.backlog).toBe(0);
	});

	test('what nobody acknowledged goes again, later', () => {
		const { world, journal, take, names, acknowledge, join } = setUp();
		take();
		join();
		acknowledge(false);
		expect([names(), journal.backlog]).toEqual([['1'], 1]);
		world.advance(2_000);
		expect(names()).toEqual(['1', '1']);
		acknowledge();
		expect(journal.backlog).toBe(0);
	});

	test('where 11 bytes are all, each new reading is shown once in short, and stays in the journal', () => {
		const { world, journal, radio, take, names, acknowledge, join } = setUp();
		radio.room = 11;
		take();
		take();
		join();
		acknowledge();
		acknowledge();
		world.advance(60_000);
		take();
		world.advance(10);
		expect(radio.sent.map(({ port, confirmed }) => [port, confirmed])).toEqual([
			[1, false],
			[1, false],
		]);
		expect(names()).toEqual([NOON, NOON + 90_000].map(String));
		expect(journal.backlog).toBe(3);
	});

	test('heartbeats and results do not go by it', () => {
		const { courier, radio, join } = setUp();
		join();
		expect(courier.isOpen).toBe(true);
		expect(courier.post('heartbeat', '{}')).toBe(false);
		expect(radio.sent).toEqual([]);
	});

	test('it is spent when all is delivered, or it must wait', () => {
		const { courier, radio, take, acknowledge, join } = setUp();
		take();
		take();
		join();
		expect(courier.isSpent).toBe(false);
		radio.readyAt = 1e9;
		acknowledge();
		expect(courier.isSpent).toBe(true);
	});

	test('it is not spent while an uplink is out that no receipt ends: its windows are open, and something may come down', () => {
		const { world, courier, radio, take, acknowledge, join, changes } = setUp();
		radio.room = 11;
		take();
		take();
		join();
		world.advance(2_000);
		expect(radio.sent.map(({ confirmed }) => confirmed)).toEqual([false]);
		expect(courier.isSpent).toBe(false);
		// The band must rest now: whoever waits for the windows is told that they are over.
		radio.readyAt = 1e9;
		const before = changes();
		acknowledge(false);
		expect(changes()).toBeGreaterThan(before);
		expect(courier.isSpent).toBe(true);
	});
});
