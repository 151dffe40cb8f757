import { describe, expect, test } from 'vitest';
import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { VirtualFlash } from '../../../hosts/simulator/board/flash';
import { VirtualStore } from '../../../hosts/simulator/board/store';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { VirtualTime } from '../../../hosts/simulator/time';
import { Fault } from '../../../modules/fault';
import { Journal } from '../../../modules/journal/journal';
import { AlertBook } from '../../../src/alerts/book';
import { Kind } from '../../../src/alerts/kinds';
import { FlashSlice, shareFlash } from '../../../src/alerts/slice';
import { MAIL_BASE } from '../../../src/delivery/mail';
import { Dating } from '../../../src/sensing/dating';

const NOON = 1_767_268_800_000;

function setUp(options: { clockless?: boolean; blocks?: number; language?: 'en' | 'fr' } = {}) {
	const { clockless = false, blocks = 8, language = 'en' } = options;
	const world = new VirtualTime();
	const random32 = seededRandom32(3);
	const flash = new VirtualFlash({ blocks, random32 });
	const store = new VirtualStore();
	const log: string[] = [];
	let alerts = 0;
	const boot = (time: number | undefined = clockless ? undefined : NOON) => {
		const clock = new BoardClock(world, { epoch: time });
		const book = new AlertBook({
			deviceId: 'ESP32_001',
			language,
			flash: shareFlash(flash).alerts,
			random32,
			dating: new Dating({ clock, store }),
			log: (level, source, message) => log.push(`${level} ${source}: ${message}`),
			base: MAIL_BASE,
			owner: { deliverNow: () => void alerts++ },
		});
		return { book, clock };
	};
	return { world, flash, log, boot, alerts: () => alerts };
}

function messages(book: AlertBook): Record<string, unknown>[] {
	const found: Record<string, unknown>[] = [];
	for (let letter = book.next(0); letter; letter = book.next(letter.sequence)) {
		const message = JSON.parse(Buffer.from(letter.body).toString()) as Record<string, unknown>;
		expect(message.alert_id).toBe(letter.id);
		found.push(message);
	}
	return found;
}

describe('the book of alerts', () => {
	test('writes an alert as the guide does, with its id, value and threshold', () => {
		const { boot, alerts, log } = setUp();
		const { book } = boot();
		book.raise(1, 3_960, 3_910);
		expect(alerts()).toBe(1);
		const [message] = messages(book);
		expect(message).toEqual({
			device_id: 'ESP32_001',
			alert_type: 'temperature_high',
			message: 'Temperature 39.6 °C, at or above 39.1 °C',
			timestamp: NOON,
			priority: 'high',
			alert_id: expect.stringMatching(/^[0-9a-f]{8}-a1$/),
			value: 39.6,
			threshold: 39.1,
		});
		expect(log).toEqual(['warning alert: temperature_high: Temperature 39.6 °C, at or above 39.1 °C']);
	});

	test('leaves out a value that there is not, and keeps a number of readings as it is', () => {
		const { book } = setUp({ language: 'fr' }).boot();
		book.raise(28, undefined, 5);
		book.raise(Kind.READINGS_DROPPED, 169, undefined);
		const [lost, dropped] = messages(book);
		expect(lost).toMatchObject({ alert_type: 'spo2_lost', threshold: 5, priority: 'medium' });
		expect(lost).not.toHaveProperty('value');
		expect(dropped).toMatchObject({ alert_type: 'readings_dropped', value: 169, priority: 'high' });
		expect(dropped!.message).toBe('Journal plein ; mesures perdues jusqu’ici : 169');
	});

	test('holds an alert over power cuts until its receipt, under the same id', () => {
		const { boot } = setUp();
		const first = boot().book;
		for (const value of [140, 150, 160]) first.raise(17, value, 131);
		const ids = messages(first).map(({ alert_id }) => alert_id);
		first.release(2);
		const second = boot().book;
		expect(messages(second).map(({ alert_id }) => alert_id)).toEqual([ids[0], ids[2]]);
		second.release(1);
		second.release(3);
		expect(boot().book.next(0)).toBeUndefined();
	});

	test('loses no alert that was raised, whichever byte the power is cut at', () => {
		for (let cut = 1; cut < 12; cut++) {
			const { boot, flash } = setUp({ blocks: 4 });
			const { book } = boot();
			book.raise(17, 140, 131);
			let raised = 1;
			flash.cutAt(cut);
			// The journal takes failing flash in its stride, a board without power does not.
			while (raised < 9) {
				book.raise(17, 140 + raised, 131);
				if (flash.isOff) break;
				raised++;
			}
			expect(raised).toBeLessThan(9);
			flash.powerOn();
			const values = messages(boot().book).map(({ value }) => value);
			expect(values.slice(0, raised)).toEqual(Array.from({ length: raised }, (_, index) => 140 + index));
		}
	});

	test('dates an alert of an unknown time once that is known, and gives none before', () => {
		const { world, boot } = setUp({ clockless: true });
		const { book, clock } = boot();
		world.advance(5_000);
		book.raise(17, 140, 131);
		world.advance(5_000);
		expect(book.next(0)).toBeUndefined();
		clock.time = NOON + 10_000;
		expect(messages(book)[0]).toMatchObject({ timestamp: NOON + 5_000 });
	});

	test('sets aside what the server refuses for good, and says so', () => {
		const { boot, log } = setUp();
		const { book } = boot();
		book.raise(17, 140, 131);
		book.refuse(1, new Fault('refused', 'HTTP 422'));
		book.refuse(1, new Fault('refused', 'HTTP 422'));
		expect(book.next(0)).toBeUndefined();
		expect(book.refused).toBe(1);
		expect(log.at(-1)).toBe('error alert: 1 set aside: HTTP 422');
	});

	test('sets aside a record that is no alert', () => {
		const { boot, flash, log } = setUp();
		const slice = shareFlash(flash).alerts;
		new Journal({ flash: slice, payloadByteLength: 13, random32: seededRandom32(1) }).append(new Uint8Array(13));
		const { book } = boot();
		book.raise(17, 140, 131);
		expect(messages(book).map(({ value }) => value)).toEqual([140]);
		expect(log.at(-1)).toBe('error alert: 1 set aside: alert: kind 0 is not known');
	});

	test('never takes more than its blocks: the oldest go', () => {
		const { boot } = setUp({ blocks: 4 });
		const { book } = boot();
		for (let count = 0; count < 1_000; count++) book.raise(17, 140, 131);
		expect(book.backlog).toBeLessThanOrEqual(225);
		expect(book.backlog + book.dropped).toBe(1_000);
	});

	test('is emptied on command', () => {
		const { boot } = setUp();
		const { book } = boot();
		for (let count = 0; count < 3; count++) book.raise(17, 140, 131);
		expect(book.clear()).toBe(3);
		expect(book.next(0)).toBeUndefined();
	});
});

describe('a slice of flash', () => {
	test('is a partition of its own, and touches nothing beside it', () => {
		const flash = new VirtualFlash({ blocks: 8, blockLength: 64, random32: seededRandom32(1) });
		const slice = new FlashSlice(flash, 2, 4);
		expect(slice.status()).toEqual({ size: 128, blockLength: 64, blocks: 2 });
		slice.eraseBlock(0, 2);
		slice.write(Uint8Array.of(1, 2, 3), 125);
		const bytes = new Uint8Array(3);
		flash.read(bytes, 2 * 64 + 125);
		expect([...bytes]).toEqual([1, 2, 3]);
		expect(() => slice.write(Uint8Array.of(1), 128)).toThrow('flash: 1 bytes at 128 of 128');
		expect(() => slice.read(new Uint8Array(1), -1)).toThrow(Fault);
		expect(() => slice.eraseBlock(2)).toThrow('flash: blocks 2 to 3 of 2');
		expect(() => new FlashSlice(flash, 6, 9)).toThrow('flash: blocks 6 to 9 of 8');
		slice.close();
		flash.read(bytes, 0);
	});

	test('of a partition: alerts have four blocks of many, two of few, and readings the others', () => {
		const blocksOf = (blocks: number): number[] => {
			const { alerts, readings } = shareFlash(new VirtualFlash({ blocks }));
			return [alerts.status().blocks, readings.status().blocks];
		};
		expect([4, 31, 32, 256].map(blocksOf)).toEqual([
			[2, 2],
			[2, 29],
			[4, 28],
			[4, 252],
		]);
	});
});
