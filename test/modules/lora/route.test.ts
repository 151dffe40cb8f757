import { describe, expect, test } from 'vitest';
import { VirtualStore } from '../../../hosts/simulator/board/store';
import { Fault } from '../../../modules/fault';
import { LoraRoute } from '../../../modules/lora/route';
import { SessionKeeper } from '../../../modules/lora/session';
import type { Alarm, AlarmOwner, Clock } from '../../../modules/ports';
import { ear } from '../../support/ear';
import { FakeRadio } from './fake-radio';
import { vectors } from './vectors';

const bodyOf = (port: number) => Uint8Array.from(vectors.find((vector) => vector.port === port)!.bytes).buffer;
const reading = bodyOf(2);
const data = (sequence: number | undefined) => ({ channel: 'data' as const, body: reading, sequence, again: false });

function rig({ clockless = false } = {}) {
	const armed: { at: number | undefined; run: () => void }[] = [];
	const clock = {
		ticks: 0,
		time: clockless ? undefined : 1_767_268_800_000,
		alarm(owner: AlarmOwner): Alarm {
			const alarm = { at: undefined as number | undefined, run: () => owner.onAlarm(made) };
			armed.push(alarm);
			const made: Alarm = {
				set: (delay) => {
					alarm.at = clock.ticks + delay;
				},
				clear: () => {
					alarm.at = undefined;
				},
			};
			return made;
		},
	} satisfies Clock & { time: number | undefined };
	const radio = new FakeRadio();
	const said: unknown[] = [];
	const lines: string[] = [];
	const log = (_level: string, _source: string, message: string) => void lines.push(message);
	const keeper = new SessionKeeper({ store: new VirtualStore(), log });
	const route = new LoraRoute({ radio, keeper, clock, log, onTime: (time) => said.push(['time', time]) });
	ear(route).onOpen = () => said.push('open');
	ear(route).onClosed = (fault) => said.push(['closed', fault.code]);
	ear(route).onReceipt = (sequence) => said.push(['receipt', sequence]);
	ear(route).onWritable = () => said.push('writable');
	ear(route).onMessage = (body) => said.push(JSON.parse(Buffer.from(body).toString()));
	return {
		clock: clock as { time: number | undefined },
		radio,
		route,
		said,
		lines,
		pass(milliseconds: number) {
			clock.ticks += milliseconds;
			for (const alarm of armed)
				if (alarm.at !== undefined && alarm.at <= clock.ticks) {
					alarm.at = undefined;
					alarm.run();
				}
		},
	};
}

function opened() {
	const all = rig();
	all.route.open();
	all.radio.join();
	all.said.length = 0;
	return all;
}

describe('the LoRaWAN route', () => {
	test('a listener that throws ends the route, and nothing is thrown into the radio', () => {
		const { route, radio, said, lines } = opened();
		ear(route).onReceipt = () => {
			throw new Error('a mistake of ours');
		};
		route.send(data(1));
		radio.onSent?.({ acknowledged: true });
		expect([said, route.state, radio.state]).toEqual([[['closed', 'misuse']], 'closed', 'closed']);
		ear(route).onClosed = () => {
			throw new Error('another');
		};
		route.open();
		radio.onFailed?.(new Fault('connect', 'no radio'));
		expect([route.state, lines.at(-1)]).toEqual(['closed', 'onClosed threw: another']);
	});

	test('a listener that throws at an alarm ends the route too', () => {
		const { route, radio, said, pass } = opened();
		ear(route).onWritable = () => {
			throw new Error('a mistake of ours');
		};
		radio.readyAt = 50;
		expect(route.send(data(1))).toBe(false);
		pass(50);
		expect([said, route.state]).toEqual([[['closed', 'misuse']], 'closed']);
	});

	test('opens when it has joined, and says so outside of open() where it goes on with a session', () => {
		const { route, radio, said, pass } = rig();
		route.open();
		expect([route.state, said, radio.opened]).toEqual(['opening', [], [16]]);
		radio.join();
		expect([route.state, said]).toEqual(['open', ['open']]);
		route.close();
		expect([route.state, radio.state]).toEqual(['closed', 'closed']);
		route.open();
		expect([route.state, radio.opened]).toEqual(['opening', [16, 20]]);
		pass(0);
		expect([route.state, said]).toEqual(['open', ['open', 'open']]);
		expect(() => route.open()).toThrow(Fault);
	});

	test("sends one record at a time, confirmed, and gives a receipt on the network's acknowledgement alone", () => {
		const { route, radio, said } = opened();
		expect(route.send(data(7))).toBe(true);
		expect(route.send(data(8))).toBe(false);
		expect(radio.sent).toEqual([{ port: 2, hex: Buffer.from(reading).toString('hex'), confirmed: true }]);
		expect(said).toEqual([]);
		radio.onSent?.({ acknowledged: true });
		expect(said).toEqual([['receipt', 7], 'writable']);
		const alert = { channel: 'alert' as const, body: bodyOf(3), sequence: 9, again: false };
		expect(route.send(alert)).toBe(true);
		expect(radio.sent[1]).toMatchObject({ port: 3, confirmed: true });
	});

	test('waits until the band has rested', () => {
		const { route, radio, said, pass } = opened();
		radio.readyAt = 5_000;
		expect(route.send(data(1))).toBe(false);
		pass(4_999);
		expect(said).toEqual([]);
		pass(1);
		expect(said).toEqual(['writable']);
		expect(route.send(data(1))).toBe(true);
	});

	test('without a clock it asks for the time with an uplink of nothing, ever more seldom, and no longer than it must', () => {
		const { route, radio, clock, said, pass } = rig({ clockless: true });
		route.open();
		radio.join();
		const ask = { port: 10, hex: '', confirmed: false };
		expect([radio.sent, route.isBusy, said]).toEqual([[ask], true, ['open']]);
		expect(route.send(data(1))).toBe(false);
		radio.onSent?.({ acknowledged: false });
		expect([route.isBusy, said]).toEqual([false, ['open', 'writable']]);
		for (const [wait, count] of [
			[59_999, 1],
			[1, 2],
			[119_999, 2],
			[1, 3],
		] as const) {
			pass(wait);
			expect(radio.sent.length).toBe(count);
			radio.onSent?.({ acknowledged: false });
		}
		radio.onTime?.(1_767_268_800_000);
		clock.time = 1_767_268_800_000;
		pass(240_000);
		pass(3_600_000);
		expect(radio.sent.length).toBe(3);
	});

	test('asks for the time when the band has rested, and not when it is closed', () => {
		const { route, radio, pass } = rig({ clockless: true });
		radio.readyAt = 20_000;
		route.open();
		radio.join();
		pass(19_999);
		expect(radio.sent).toEqual([]);
		pass(1);
		expect(radio.sent.length).toBe(1);
		route.close();
		pass(600_000);
		expect([radio.sent.length, route.isBusy]).toEqual([1, false]);
	});

	test("a reading without a number goes as the guide's eight bytes, and gets no receipt", () => {
		const { route, radio, said } = opened();
		radio.room = 11;
		expect(route.packedRoom).toBe(11);
		expect(route.send(data(1))).toBe(false);
		expect(route.send(data(undefined))).toBe(true);
		const short = vectors.find(({ port }) => port === 1)!.bytes.toString('hex');
		expect(radio.sent).toEqual([{ port: 1, hex: short, confirmed: false }]);
		radio.onSent?.({ acknowledged: false });
		expect(said).toEqual(['writable']);
	});

	test('an alert without a number goes in short: confirmed, and without a receipt', () => {
		const { route, radio, said } = opened();
		const body = bodyOf(3);
		radio.room = 11;
		const alert = { channel: 'alert' as const, body, again: false };
		expect(route.send({ ...alert, sequence: 5 })).toBe(false);
		expect(route.send({ ...alert, sequence: undefined })).toBe(true);
		const short = vectors.find(({ port, bytes }) => port === 3 && bytes.length === 9)!.bytes.toString('hex');
		expect(radio.sent).toEqual([{ port: 3, hex: short, confirmed: true }]);
		radio.onSent?.({ acknowledged: false });
		expect([said, route.state]).toEqual([['writable'], 'open']);
	});

	test('how a command ended goes by port 4, and has a receipt', () => {
		const { route, radio, said } = opened();
		radio.room = 11;
		expect(route.send({ channel: 'replies', body: bodyOf(4), sequence: 9, again: false })).toBe(true);
		expect(radio.sent).toMatchObject([{ port: 4, confirmed: true }]);
		radio.onSent?.({ acknowledged: true });
		expect(said).toEqual([['receipt', 9]]);
	});

	test('an uplink that nobody acknowledges ends it; after four it joins anew', () => {
		const { route, radio, said, pass } = opened();
		for (let at = 0; at < 4; at++) {
			expect(route.send(data(7))).toBe(true);
			radio.onSent?.({ acknowledged: false });
			expect([route.state, radio.state, said.splice(0)]).toEqual(['closed', 'closed', [['closed', 'timeout']]]);
			route.open();
			pass(0);
			said.length = 0;
		}
		expect(radio.opened).toEqual([16, 20, 20, 20, 16]);
		expect(route.state).toBe('opening');
	});

	test('a radio that fails ends it, once', () => {
		const { route, radio, said } = opened();
		radio.onFailed?.(new Fault('sensor', 'SPI'));
		radio.onFailed?.(new Fault('sensor', 'SPI'));
		expect([route.state, said]).toEqual(['closed', [['closed', 'sensor']]]);
	});

	test('a session that the radio does not know is forgotten, and it joins', () => {
		const { route, radio } = rig();
		radio.refuses = new Fault('malformed', 'no session of mine');
		route.open();
		expect([radio.opened, route.state]).toEqual([[16, 16], 'opening']);
	});

	test('a command of port 10 is a message; what is none is said in the log', () => {
		const { radio, said, lines } = opened();
		const { bytes, message } = vectors.find(({ port }) => port === 10)!;
		radio.onDownlink?.(10, Uint8Array.from(bytes).buffer);
		radio.onDownlink?.(10, new ArrayBuffer(1));
		radio.onDownlink?.(99, new ArrayBuffer(1));
		expect(said).toEqual([message]);
		expect(lines.slice(-2)).toEqual(['downlink: command 0 is not known', 'a downlink on port 99: none of ours']);
	});

	test("the network's time is told on", () => {
		const { radio, said } = opened();
		radio.onTime?.(1_767_225_600_000);
		expect(said).toEqual([['time', 1_767_225_600_000]]);
	});

	test('nothing follows a close, and what is not packed for it is misuse', () => {
		const { route, radio, said, pass } = opened();
		expect(() =>
			route.send({ channel: 'heartbeat', body: new ArrayBuffer(2), sequence: undefined, again: false }),
		).toThrow('heartbeat of 2 bytes');
		route.send(data(1));
		route.close();
		route.close();
		radio.onSent?.({ acknowledged: true });
		pass(1e6);
		expect(said).toEqual([]);
		expect(() => route.send(data(1))).toThrow(Fault);
	});
});
