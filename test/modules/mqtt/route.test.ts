import { describe, expect, test } from 'vitest';
import { Fault } from '../../../modules/fault';
import { Packet } from '../../../modules/mqtt/packet';
import { encode } from '../../../modules/text/utf8';
import { ear } from '../../support/ear';
import { FakeClient, makeRoute, reading } from './fake-client';

describe('opening', () => {
	test('the client gets the device id as client id, a session that is kept, and the will', () => {
		const { route, client } = (() => {
			const made = makeRoute({ will: () => '{"status":"offline"}', keepAlive: 30_000 });
			made.route.open();
			return { route: made.route, client: made.client };
		})();
		expect(route.state).toBe('opening');
		expect(client.options).toMatchObject({
			host: 'broker.example',
			port: 8883,
			id: 'ESP32_001',
			user: 'ESP32_001',
			clean: false,
			keepAlive: 30_000,
			will: { topic: 'fajma/esp32/heartbeat', message: '{"status":"offline"}', QoS: 1, retain: false },
		});
	});

	test('it is open once CONNACK came and SUBSCRIBE to both command topics is out', () => {
		const made = makeRoute();
		made.route.open();
		made.client.connack();
		expect(made.route.state).toBe('open');
		expect(made.heard.opens).toBe(1);
		expect(made.client.written).toEqual([
			{
				operation: Packet.SUBSCRIBE,
				id: 65_535,
				items: [
					{ topic: 'fajma/esp32/commands', QoS: 1 },
					{ topic: 'fajma/esp32/commands/ESP32_001', QoS: 1 },
				],
				body: '',
			},
		]);
	});

	test('without room for SUBSCRIBE it waits for room', () => {
		const made = makeRoute();
		made.route.open();
		made.client.room = 0;
		made.client.connack();
		expect(made.route.state).toBe('opening');
		made.client.writable();
		expect([made.route.state, made.heard.opens]).toEqual(['open', 1]);
	});

	test('it subscribes again on each connection', () => {
		const made = makeRoute();
		made.open().fail();
		const second = made.open();
		expect(second.written.map(({ operation }) => operation)).toEqual([Packet.SUBSCRIBE]);
	});

	test('nothing in 15 s: a time-out, and a CONNACK after it is too late', () => {
		const { route, scheduler, heard, client } = (() => {
			const made = makeRoute();
			made.route.open();
			return { ...made, client: made.client };
		})();
		scheduler.advance(14_999);
		expect(heard.closed).toEqual([]);
		scheduler.advance(1);
		expect(heard.closed.map((fault) => fault.code)).toEqual(['timeout']);
		expect([route.state, client.closed]).toEqual(['closed', 1]);
		client.connack();
		client.fail();
		expect([heard.opens, heard.closed.length]).toEqual([0, 1]);
	});

	test.each([
		[1, 'does not speak MQTT 3.1.1'],
		[2, 'client id'],
		[3, 'not available'],
		[4, 'wrong user or password'],
		[5, 'not authorised'],
		[77, 'unknown reason'],
	])('CONNACK %i is a refusal, in words', (code, words) => {
		const made = makeRoute();
		made.route.open();
		made.client.connack(code);
		expect(made.heard.closed.map((fault) => fault.code)).toEqual(['refused']);
		expect(made.heard.closed[0]!.message).toContain(words);
		expect(made.heard.log.join()).toContain(words);
	});

	test('a subscription that is refused is logged, and the route stays open', () => {
		const made = makeRoute();
		made.route.open();
		made.client.connack();
		made.client.suback(1, 0x80);
		expect(made.route.state).toBe('open');
		expect(made.heard.log.filter((line) => line.startsWith('warning'))).toEqual([
			'warning mqtt the broker refuses a subscription to fajma/esp32/commands/ESP32_001',
		]);
	});

	test('a SUBACK whose payload is a buffer is understood too', () => {
		const made = makeRoute();
		made.route.open();
		made.client.connack();
		made.client.options.onControl({ operation: Packet.SUBACK, id: 65_535, payload: Uint8Array.of(0x80, 1).buffer });
		expect(made.heard.log.filter((line) => line.startsWith('warning')).length).toBe(1);
	});

	test('a client that fails in its constructor: told at the next turn, not from inside open', () => {
		const made = makeRoute();
		FakeClient.onMade = (client) => client.fail(new Fault('dns', 'no such name'));
		made.route.open();
		expect(made.heard.closed).toEqual([]);
		made.scheduler.advance(0);
		expect(made.heard.closed.map(String)).toEqual(['Fault: no such name']);
		FakeClient.onMade = () => {
			throw new Error('host required');
		};
		made.route.open();
		made.scheduler.advance(0);
		expect(made.heard.closed.at(-1)!.message).toBe('host required');
		FakeClient.onMade = undefined;
		made.open();
		expect(made.route.state).toBe('open');
	});
});

describe('sending', () => {
	test('a record goes at QoS 1 under its channel, anything else at QoS 0', () => {
		const made = makeRoute();
		const client = made.open();
		made.route.send(reading(7));
		made.route.send(reading(8, true));
		made.route.send({ channel: 'heartbeat', body: encode('{}'), sequence: undefined, again: true });
		expect(client.publishes).toEqual([
			{ operation: 3, topic: 'fajma/esp32/data', QoS: 1, id: 7, duplicate: false, byteLength: 7, body: '{"n":7}' },
			{ operation: 3, topic: 'fajma/esp32/data', QoS: 1, id: 8, duplicate: true, byteLength: 7, body: '{"n":8}' },
			{ operation: 3, topic: 'fajma/esp32/heartbeat', QoS: 0, byteLength: 2, body: '{}' },
		]);
	});

	test('all channels have their topic under the prefix', () => {
		const made = makeRoute({ prefix: 'clinic/7' });
		const client = made.open();
		for (const channel of ['data', 'heartbeat', 'alert', 'diagnostics', 'replies'] as const)
			made.route.send({ channel, body: encode(''), sequence: undefined, again: false });
		expect(client.publishes.map(({ topic }) => topic)).toEqual([
			'clinic/7/data',
			'clinic/7/heartbeat',
			'clinic/7/alert',
			'clinic/7/diagnostics',
			'clinic/7/replies',
		]);
	});

	test('the identifier follows from the sequence, and is never 0', () => {
		const made = makeRoute({ window: 64 });
		const client = made.open();
		for (const sequence of [0, 1, 2, 65_534, 65_536 * 65_535 + 9, Number.MAX_SAFE_INTEGER])
			made.route.send(reading(sequence));
		expect(client.publishes.map(({ id }) => id)).toEqual([65_535, 1, 2, 65_534, 9, 1 + ((2 ** 53 - 2) % 65_535)]);
	});

	test('a re-send after a reconnect bears the identifier of the first time', () => {
		const made = makeRoute();
		const first = made.open();
		made.route.send(reading(70_000));
		first.fail();
		const second = made.open();
		made.route.send(reading(70_000, true));
		expect(second.publishes[0]).toMatchObject({ id: first.publishes[0]!.id!, duplicate: true });
	});

	test('the window bounds what is in flight; a receipt opens it, and is told once', () => {
		const made = makeRoute();
		const client = made.open();
		for (let sequence = 1; sequence <= 16; sequence++) expect(made.route.send(reading(sequence))).toBe(true);
		expect(made.route.send(reading(17))).toBe(false);
		expect(made.route.send(reading(undefined))).toBe(true);
		client.puback(3);
		expect([made.heard.receipts, made.heard.writables]).toEqual([[3], 1]);
		client.puback(4);
		expect([made.heard.receipts, made.heard.writables]).toEqual([[3, 4], 1]);
	});

	test('an identifier that another sequence holds is waited for', () => {
		const made = makeRoute();
		const client = made.open();
		expect(made.route.send(reading(1))).toBe(true);
		expect(made.route.send(reading(65_536))).toBe(false);
		client.puback(1);
		expect(made.heard.writables).toBe(1);
		expect(made.route.send(reading(65_536))).toBe(true);
		client.puback(1);
		expect(made.heard.receipts).toEqual([1, 65_536]);
	});

	test('the identifier of SUBSCRIBE is waited for until SUBACK', () => {
		const made = makeRoute();
		made.route.open();
		made.client.connack();
		expect(made.route.send(reading(65_535))).toBe(false);
		made.client.suback(1, 1);
		expect(made.heard.writables).toBe(1);
		expect(made.route.send(reading(65_535))).toBe(true);
	});

	test('a sequence in flight is not sent twice', () => {
		const made = makeRoute();
		const client = made.open();
		expect([made.route.send(reading(5)), made.route.send(reading(5, true))]).toEqual([true, true]);
		expect(client.publishes.length).toBe(1);
		client.puback(5);
		expect(made.heard.receipts).toEqual([5]);
	});

	test('a message that does not fit whole waits for room', () => {
		const made = makeRoute();
		const client = made.open();
		client.writable(28);
		expect(made.route.send(reading(1))).toBe(false);
		expect(client.publishes).toEqual([]);
		client.writable(29);
		expect(made.heard.writables).toBe(1);
		expect(made.route.send(reading(1))).toBe(true);
	});

	test('"overflow" from the client is no room, and no end', () => {
		const made = makeRoute();
		const client = made.open();
		client.onWrite = () => {
			throw new Error('overflow');
		};
		expect(made.route.send(reading(1))).toBe(false);
		client.onWrite = undefined;
		client.writable();
		expect([made.heard.writables, made.route.send(reading(1)), made.route.state]).toEqual([1, true, 'open']);
	});

	test('a body that could never go out is misuse', () => {
		const made = makeRoute();
		made.open();
		const send = () => made.route.send({ channel: 'data', body: new ArrayBuffer(4097), sequence: 1, again: false });
		expect(send).toThrow(Fault);
		expect(made.route.state).toBe('open');
	});

	test('receipts may come in any order; those that nothing waits for are counted', () => {
		const made = makeRoute();
		const client = made.open();
		for (let sequence = 1; sequence <= 4; sequence++) made.route.send(reading(sequence));
		for (const id of [4, 1, 1, 99, 0, 2, 3, 3]) client.puback(id);
		expect(made.heard.receipts).toEqual([4, 1, 2, 3]);
		expect(made.route.strays).toBe(4);
		expect(made.route.state).toBe('open');
	});

	test('a receipt of the connection before is none of this one', () => {
		const made = makeRoute();
		const first = made.open();
		made.route.send(reading(1));
		first.fail();
		made.open();
		first.puback(1);
		expect([made.heard.receipts, made.route.strays]).toEqual([[], 0]);
	});
});

describe('deadlines', () => {
	test('a receipt that does not come in 20 s: the peer is dead', () => {
		const made = makeRoute();
		const client = made.open();
		made.scheduler.advance(100_000);
		made.route.send(reading(1));
		made.scheduler.advance(10_000);
		made.route.send(reading(2));
		client.puback(1);
		made.scheduler.advance(19_999);
		expect(made.heard.closed).toEqual([]);
		made.scheduler.advance(1);
		expect(made.heard.closed.map((fault) => fault.code)).toEqual(['timeout']);
		expect(client.closed).toBe(1);
	});

	test('a SUBACK that does not come: the peer is dead', () => {
		const made = makeRoute({ receiptTimeout: 5000 });
		made.route.open();
		made.client.connack();
		made.scheduler.advance(5000);
		expect(made.heard.closed.map((fault) => fault.code)).toEqual(['timeout']);
	});

	test('room that does not come: the peer is dead', () => {
		const made = makeRoute({ receiptTimeout: 5000 });
		const client = made.open();
		client.writable(0);
		expect(made.route.send(reading(undefined))).toBe(false);
		made.scheduler.advance(10_000);
		expect(made.heard.closed.map((fault) => fault.code)).toEqual(['timeout']);
	});

	test('an idle route has no deadline', () => {
		const made = makeRoute();
		made.open();
		made.scheduler.advance(10 * 86_400_000);
		expect(made.route.state).toBe('open');
	});
});

describe('messages from the server', () => {
	test('come whole, however they were cut', () => {
		const made = makeRoute();
		const client = made.open();
		const text = JSON.stringify({ command: 'flush', words: 'é€😀'.repeat(20) });
		for (const sizes of [[], [1], [1, 1, 1], [5, 40], [100, 100]]) client.message(text, { sizes });
		expect(made.heard.messages).toEqual([text, text, text, text, text]);
	});

	test('of more than 2 KiB are read to their end and refused', () => {
		const made = makeRoute();
		const client = made.open();
		client.message('x'.repeat(2048));
		client.message('x'.repeat(2049), { sizes: [1000] });
		expect(client.unread).toBe(0);
		client.message('after');
		expect(made.heard.messages).toEqual(['x'.repeat(2048), 'after']);
		expect(made.route.turnedAway).toBe(1);
		expect(made.route.state).toBe('open');
	});

	test('retained, or on a topic that was not asked for, are refused', () => {
		const made = makeRoute();
		const client = made.open();
		client.message('old', { retain: true });
		client.message('foreign', { topic: 'fajma/esp32/commands/ESP32_002' });
		client.message('good', { topic: 'fajma/esp32/commands/ESP32_001', retain: false });
		expect(made.heard.messages).toEqual(['good']);
		expect(made.route.turnedAway).toBe(2);
	});

	test('of no bytes are whole too', () => {
		const made = makeRoute();
		made.open().fragment(new Uint8Array(0), { topic: 'fajma/esp32/commands', byteLength: 0, more: false });
		expect(made.heard.messages).toEqual(['']);
	});

	test.each([
		['go on where none began', (client: FakeClient) => client.fragment(Uint8Array.of(1), { more: false })],
		[
			'begin anew amid one',
			(client: FakeClient) => {
				client.fragment(Uint8Array.of(1), { topic: 'fajma/esp32/commands', byteLength: 2, more: true });
				client.fragment(Uint8Array.of(1), { topic: 'fajma/esp32/commands', byteLength: 2, more: true });
			},
		],
		[
			'are longer than they said',
			(client: FakeClient) =>
				client.fragment(Uint8Array.of(1, 2, 3), { topic: 'fajma/esp32/commands', byteLength: 2, more: false }),
		],
		[
			'are shorter than they said',
			(client: FakeClient) =>
				client.fragment(Uint8Array.of(1), { topic: 'fajma/esp32/commands', byteLength: 2, more: false }),
		],
		[
			'announce bytes that are not there',
			(client: FakeClient) =>
				client.fragment(Uint8Array.of(1), { topic: 'fajma/esp32/commands', byteLength: 2, more: false }, 2),
		],
		[
			'count below nothing',
			(client: FakeClient) =>
				client.fragment(Uint8Array.of(1), { topic: 'fajma/esp32/commands', byteLength: -5, more: false }, -5),
		],
		[
			'are refused and not there to be read',
			(client: FakeClient) => client.fragment(Uint8Array.of(1), { topic: 'elsewhere', byteLength: 9, more: false }, 9),
		],
	])('that %s end the route as a fault of the peer', (_, act) => {
		const made = makeRoute();
		act(made.open());
		expect(made.heard.closed.map((fault) => fault.code)).toEqual(['protocol']);
		expect(made.heard.messages).toEqual([]);
	});

	test('before CONNACK, and a second CONNACK, are against the protocol', () => {
		const made = makeRoute();
		made.route.open();
		made.client.message('early');
		expect(made.heard.closed.map((fault) => fault.code)).toEqual(['protocol']);
		made.route.open();
		made.client.puback(1);
		expect(made.heard.closed.map((fault) => fault.code)).toEqual(['protocol', 'protocol']);
		made.open().connack();
		expect(made.heard.closed.map((fault) => fault.code)).toEqual(['protocol', 'protocol', 'protocol']);
	});
});

describe('ending', () => {
	test('close says DISCONNECT, closes the client, and may be called twice', () => {
		const made = makeRoute();
		const client = made.open();
		made.route.close();
		made.route.close();
		expect(client.written.at(-1)!.operation).toBe(Packet.DISCONNECT);
		expect([client.closed, made.route.state, made.heard.closed.length]).toEqual([1, 'closed', 0]);
	});

	test('close without room for DISCONNECT, or with a client that throws, is silent', () => {
		const made = makeRoute();
		made.open().room = 0;
		made.route.close();
		made.open().onWrite = () => {
			throw new Error('gone');
		};
		made.route.close();
		made.scheduler.advance(100_000);
		expect(made.heard.closed).toEqual([]);
		expect(made.route.state).toBe('closed');
	});

	test('close while opening says nothing to the broker', () => {
		const made = makeRoute();
		made.route.open();
		made.route.close();
		expect([made.client.written, made.client.closed]).toEqual([[], 1]);
	});

	test('no callback comes after close, whatever the client does', () => {
		const made = makeRoute();
		const client = made.open();
		made.route.send(reading(1));
		made.route.close();
		const before = JSON.stringify(made.heard);
		client.puback(1);
		client.suback(0x80, 0x80);
		client.writable();
		client.message('late');
		client.connack();
		client.fail();
		made.scheduler.advance(100_000);
		expect(JSON.stringify(made.heard)).toBe(before);
	});

	test.each(['onOpen', 'onReceipt', 'onWritable', 'onMessage'] as const)('it may be closed in %s', (name) => {
		const made = makeRoute({ window: 1 });
		ear(made.route)[name] = () => made.route.close();
		made.route.open();
		const { client } = made;
		client.connack();
		if (made.route.state === 'open') {
			made.route.send(reading(1));
			made.route.send(reading(2));
			client.puback(1);
			client.message('hello');
		}
		expect([made.route.state, made.heard.closed.length, client.closed]).toEqual(['closed', 0, 1]);
	});

	test('it may be opened again in onClosed', () => {
		const made = makeRoute();
		ear(made.route).onClosed = () => made.route.open();
		made.open().fail();
		expect(made.route.state).toBe('opening');
		expect(FakeClient.made.length).toBe(2);
		made.client.connack();
		expect(made.route.state).toBe('open');
	});

	test('use before open, after close, and open twice are misuse', () => {
		const made = makeRoute();
		expect(() => made.route.send(reading(1))).toThrow('not open');
		made.open();
		expect(() => made.route.open()).toThrow('open already');
		made.route.close();
		expect(() => made.route.send(reading(1))).toThrow('not open');
	});

	test('a client that ends without a reason: the Fault says what was going on', () => {
		const made = makeRoute();
		made.route.open();
		made.client.fail();
		made.open().fail();
		made.open().fail('time out');
		made.open().fail(new Error('socket gone'));
		expect(made.heard.closed.map((fault) => `${fault.code}: ${fault.message}`)).toEqual([
			'dns: the name of the broker did not resolve',
			'closed: the connection ended',
			'closed: the connection ended: time out',
			'closed: the connection ended: socket gone',
		]);
	});

	test('a client that throws in write: false now, the Fault at the next turn', () => {
		const made = makeRoute();
		const client = made.open();
		client.onWrite = () => {
			throw new TypeError('undefined is no object');
		};
		expect(made.route.send(reading(1))).toBe(false);
		expect(made.heard.closed).toEqual([]);
		expect(made.route.state).toBe('opening');
		expect(made.route.send(reading(1))).toBe(false);
		made.scheduler.advance(0);
		expect(made.heard.closed.map((fault) => fault.message)).toEqual(['undefined is no object']);
		expect(made.route.state).toBe('closed');
	});

	test('a client that calls back from inside write is told nothing of, and ends', () => {
		const made = makeRoute();
		const client = made.open();
		client.onWrite = () => client.puback(1);
		made.route.send(reading(1));
		expect([made.heard.receipts, made.heard.closed]).toEqual([[], []]);
		made.scheduler.advance(0);
		expect(made.heard.closed.map((fault) => fault.code)).toEqual(['protocol']);
		const second = made.open();
		second.onWrite = () => second.fail();
		made.route.send(reading(1));
		expect(made.heard.closed.length).toBe(1);
		made.scheduler.advance(0);
		expect(made.heard.closed.length).toBe(2);
	});

	test('close between a failure inside send and its telling is silent', () => {
		const made = makeRoute();
		const client = made.open();
		client.onWrite = () => {
			throw new Error('gone');
		};
		made.route.send(reading(1));
		made.route.close();
		made.scheduler.advance(100_000);
		expect(made.heard.closed).toEqual([]);
	});

	test.each(['onOpen', 'onReceipt', 'onWritable', 'onMessage'] as const)(
		'what %s throws goes no further: the route ends, and says so',
		(name) => {
			const made = makeRoute({ window: 1 });
			ear(made.route)[name] = () => {
				throw new RangeError('a bug');
			};
			made.route.open();
			const { client } = made;
			client.connack();
			if (made.route.state === 'open') {
				made.route.send(reading(1));
				made.route.send(reading(2));
				client.puback(1);
				client.message('hello');
			}
			expect(made.heard.closed.map((fault) => `${fault.code}: ${fault.message}`)).toEqual([
				'misuse: a callback threw: a bug',
			]);
		},
	);

	test('what onClosed throws is logged', () => {
		const made = makeRoute();
		ear(made.route).onClosed = () => {
			throw new RangeError('a bug');
		};
		made.open().fail();
		expect(made.heard.log.at(-1)).toBe('error mqtt onClosed threw: a bug');
	});

	test('no log line and no Fault holds the password', () => {
		const made = makeRoute();
		made.route.open();
		made.client.connack(4);
		made.open().fail();
		made.route.open();
		made.scheduler.advance(100_000);
		const said = [...made.heard.log, ...made.heard.closed.map(String)].join('\n');
		expect(said.length).toBeGreaterThan(100);
		expect(said).not.toContain('hunter2');
	});
});

describe('options outside their bounds are refused by name', () => {
	test.each([
		['port', { port: 0 }],
		['port', { port: 65_536 }],
		['window', { window: 0 }],
		['window', { window: 65 }],
		['window', { window: 1.5 }],
		['keepAlive', { keepAlive: 65_536_000 }],
		['connectTimeout', { connectTimeout: 0 }],
		['receiptTimeout', { receiptTimeout: Number.NaN }],
		['deviceId', { deviceId: 'a/b' }],
		['deviceId', { deviceId: '#' }],
		['deviceId', { deviceId: '' }],
		['prefix', { prefix: 'fajma/+' }],
		['prefix', { prefix: '' }],
		['prefix', { prefix: 'é' }],
		['host', { host: '' }],
	])('%s', (name, options) => {
		expect(() => makeRoute(options)).toThrow(name);
	});
});
