import { describe, expect, test } from 'vitest';
import { frame } from '../../../hosts/simulator/net/ws-frames';
import { Fault } from '../../../modules/fault';
import { Opcode } from '../../../modules/websocket/client';
import { ear } from '../../support/ear';
import { makeWorld, message, NOON, reading } from './world';

const MINUTE = 60_000;

describe('opening', () => {
	test('that throws for want of a token can be tried again', () => {
		const world = makeWorld();
		const { token } = world.tokens;
		world.tokens.token = () => {
			throw new Error('nobody foresaw it');
		};
		expect(() => world.route.open()).toThrow('nobody foresaw it');
		world.route.close();
		world.tokens.token = token;
		world.open();
		expect([world.route.state, world.heard.opens]).toEqual(['open', 1]);
	});

	test('asks for the path of the guide with the token, says who it is, and is open', () => {
		const requests: string[] = [];
		const world = makeWorld({
			onUpgrade: ({ path, headers }) => {
				requests.push(`${path} ${headers.get('authorization')} ${headers.get('sec-websocket-version')}`);
				return undefined;
			},
		});
		world.open();
		expect(requests).toEqual(['/ws/iot/ESP32_001/ Bearer token-1 13']);
		expect([world.route.state, world.heard.opens, world.tokens.accepts]).toEqual(['open', 1, 1]);
		const [{ timestamp, ...greeting }] = world.said() as [Record<string, unknown>];
		expect(greeting).toEqual({ type: 'connection', device_id: 'ESP32_001', data: 'ESP32_001 connected' });
		expect(timestamp).toBeGreaterThanOrEqual(NOON);
	});

	test('a refused token makes one new try with another, then backs off', () => {
		const tokens: (string | undefined)[] = [];
		const world = makeWorld({
			onUpgrade: ({ headers }) => {
				tokens.push(headers.get('authorization'));
				return { status: 401 };
			},
		});
		world.open();
		expect(tokens).toEqual(['Bearer token-1', 'Bearer token-2']);
		expect(world.heard.closed.map(({ code, message }) => `${code}: ${message}`)).toEqual([
			'refused: the server answered 401',
		]);
		expect([world.route.state, world.tokens.rejections, world.tokens.accepts]).toEqual(['closed', 2, 0]);
	});

	test('a second token that cannot be made ends the route as a refusal would', () => {
		const world = makeWorld({ onUpgrade: () => ({ status: 401 }) });
		const { tokens } = world;
		const make = tokens.token.bind(tokens);
		tokens.token = () => {
			if (tokens.rejections > 0) throw new Fault('misuse', 'no key');
			return make();
		};
		world.open();
		expect(world.heard.closed.map(({ code, message }) => `${code}: ${message}`)).toEqual(['misuse: no key']);
		expect(world.route.state).toBe('closed');
	});

	test('the second token is taken', () => {
		const world = makeWorld({
			onUpgrade: ({ headers }) => (headers.get('authorization') === 'Bearer token-2' ? undefined : { status: 401 }),
		});
		world.open();
		expect([world.route.state, world.heard.opens, world.heard.closed]).toEqual(['open', 1, []]);
	});

	test('no token while the time is unknown: closed a turn later, and nobody was asked', () => {
		const world = makeWorld();
		world.tokens.known = false;
		world.route.open();
		expect(world.heard.closed).toEqual([]);
		world.scheduler.advance(1_000);
		expect(world.heard.closed.map(({ code }) => code)).toEqual(['refused']);
		expect(world.server.guests.size).toBe(0);
	});

	test.each([
		[429, { 'Retry-After': '17' }, 17_000],
		[503, { 'Retry-After': '99999999' }, 3_600_000],
		[503, { 'Retry-After': 'Thu, 01 Jan 2026 12:00:30 GMT', Date: 'Thu, 01 Jan 2026 12:00:00 GMT' }, 30_000],
		[503, { 'Retry-After': 'soon' }, undefined],
		[302, { Location: 'https://elsewhere.example/' }, undefined],
		[200, {}, undefined],
	])('%i %o: closed, to be tried again after %s ms', (status, headers, wait) => {
		const world = makeWorld({ onUpgrade: () => ({ status, headers: headers as Record<string, string> }) });
		world.open();
		expect(world.heard.closed.map(({ code }) => code)).toEqual(['refused']);
		expect(world.heard.retryAfter).toEqual([wait]);
		expect(world.server.guests.size).toBe(0);
	});

	test('the server’s Date is passed on, with when it was asked and answered', () => {
		const heard: unknown[] = [];
		const world = makeWorld({
			date: () => 'Thu, 01 Jan 2026 12:00:00 GMT',
			route: { onDate: (...values) => heard.push(values) },
		});
		world.open();
		expect(heard).toEqual([['Thu, 01 Jan 2026 12:00:00 GMT', 80, 120]]);
	});

	test('nobody answers in 15 s: a time-out that says what it was at', () => {
		const world = makeWorld();
		world.line.down();
		world.route.open();
		world.scheduler.advance(15_000);
		expect(world.heard.closed.map(({ message }) => message)).toEqual(['no WebSocket in 15000 ms (resolving the name)']);
	});
});

describe('messages out', () => {
	test('each channel has its type, and the body is as it was', () => {
		const world = makeWorld();
		world.open();
		const send = (channel: Parameters<typeof message>[0], fields: object): boolean =>
			world.route.send(message(channel, fields));
		expect(send('data', { heart_rate: 72 })).toBe(true);
		expect(send('live', { type: 'realtime_data', heart_rate: 72 })).toBe(true);
		expect(send('diagnostics', { type: 'diagnostics', heap: 1 })).toBe(true);
		expect(send('alert', { alert_type: 'fever' })).toBe(true);
		expect(send('heartbeat', { status: 'online' })).toBe(true);
		expect(send('replies', { command_id: 'c1' })).toBe(true);
		world.scheduler.advance(100);
		expect(world.said().slice(1)).toEqual([
			{ heart_rate: 72 },
			{ type: 'realtime_data', heart_rate: 72 },
			{ type: 'diagnostics', heap: 1 },
			{ type: 'alert', alert_type: 'fever' },
			{ type: 'heartbeat', status: 'online' },
			{ type: 'reply', command_id: 'c1' },
		]);
	});

	test('a batch, a body that is too long, and a record without a name are misuse', () => {
		const world = makeWorld();
		world.open();
		expect(() => world.route.send(message('batch', { a: 1 }))).toThrow('batch does not go');
		expect(() => world.route.send(message('data', { a: 'x'.repeat(4096) }))).toThrow('more than 4096');
		expect(() => world.route.send(message('data', { a: 1 }, { sequence: 1 }))).toThrow('without a name');
		expect(world.route.state).toBe('open');
	});

	test('without room it says so, takes nothing, and tells when there is room again', () => {
		const world = makeWorld();
		world.open();
		world.line.down();
		const long = { type: 'realtime_data', padding: 'x'.repeat(1_800) };
		const taken = [1, 2, 3, 4].map(() => world.route.send(message('live', long)));
		expect(taken).toEqual([true, true, true, false]);
		world.line.up();
		world.scheduler.advance(2_000);
		expect(world.heard.writables).toBeGreaterThan(0);
		expect(world.said()).toHaveLength(4);
	});
});

describe('receipts', () => {
	test('an ack of its name is the receipt; one that is heard twice is a stray', () => {
		const world = makeWorld();
		const guest = world.open();
		expect(world.route.send(reading(7))).toBe(true);
		world.scheduler.advance(100);
		expect(world.said().at(-1)).toEqual({ device_id: 'ESP32_001', reading_id: '5f1c09aa-7' });
		expect(world.route.inFlight).toBe(1);
		for (const _ of [1, 2]) guest.say('{"type":"ack","reading_id":"5f1c09aa-7"}');
		world.scheduler.advance(100);
		expect([world.heard.receipts, world.route.inFlight, world.route.strays]).toEqual([[7], 0, 1]);
	});

	test('alerts and results are known by their names too', () => {
		const world = makeWorld();
		const guest = world.open();
		world.route.send(message('alert', { alert_id: 'a1' }, { sequence: 1, id: 'a1' }));
		world.route.send(message('replies', { command_id: 'c1' }, { sequence: 2, id: 'c1' }));
		guest.say('{"type":"ack","command_id":"c1"}');
		guest.say('{"alert_id":"a1","type":"ack"}');
		world.scheduler.advance(100);
		expect(world.heard.receipts).toEqual([2, 1]);
	});

	test('a nack is a refusal, in words fit for a log', () => {
		const world = makeWorld();
		const guest = world.open();
		world.route.send(reading(7));
		guest.say(JSON.stringify({ type: 'nack', reading_id: '5f1c09aa-7', error: `no\n${'é'.repeat(500)}` }));
		world.scheduler.advance(100);
		expect(world.heard.refusals).toEqual([`7 refused: no${'?'.repeat(118)}…`]);
	});

	test('eight are in flight at most; a receipt makes room', () => {
		const world = makeWorld();
		const guest = world.open();
		const taken = Array.from({ length: 9 }, (_, index) => world.route.send(reading(index + 1)));
		expect(taken.indexOf(false)).toBe(8);
		guest.say('{"type":"ack","reading_id":"5f1c09aa-3"}');
		world.scheduler.advance(100);
		expect(world.heard.writables).toBe(1);
		expect(world.route.send(reading(9))).toBe(true);
	});

	test('what is in flight goes out once more only when its sender has lost hope', () => {
		const world = makeWorld();
		world.open();
		for (const again of [false, false, true]) expect(world.route.send(reading(1, again))).toBe(true);
		world.scheduler.advance(100);
		expect([world.said().length, world.route.inFlight]).toEqual([3, 1]);
	});

	test('a server that never gives one keeps its connection, for an hour', () => {
		const world = makeWorld();
		world.open();
		world.route.send(reading(1));
		world.scheduler.advance(60 * MINUTE);
		expect([world.route.state, world.heard.closed]).toEqual(['open', []]);
	});

	test('a server that gave one and then owes one for 20 s is dead', () => {
		const world = makeWorld();
		const guest = world.open();
		world.route.send(reading(1));
		guest.say('{"type":"ack","reading_id":"5f1c09aa-1"}');
		world.scheduler.advance(100);
		world.route.send(reading(2));
		world.scheduler.advance(20_000);
		expect(world.heard.closed.map(({ message }) => message)).toEqual([
			'nothing came back in 20000 ms: the peer is dead',
		]);
	});
});

describe('messages in', () => {
	test('a command comes whole, byte for byte; what is longer than 2 KB does not', () => {
		const world = makeWorld();
		const guest = world.open();
		const command = '{"type":"command","command_id":"c1","command":"flush","arguments":{"é":[1,{}]}}';
		guest.say(command);
		guest.say(JSON.stringify({ type: 'command', padding: 'x'.repeat(2048) }));
		world.scheduler.advance(100);
		expect([world.heard.messages, world.route.turnedAway]).toEqual([[command], 1]);
	});

	test.each([
		['no JSON', 'hello'],
		['no object', '[1,2]'],
		['no type', '{}'],
		['a type that nobody knows', '{"type":"welcome"}'],
		['a type that is no text', '{"type":["ack"],"reading_id":"5f1c09aa-1"}'],
		['an ack of nothing', '{"type":"ack"}'],
		['an ack of a number', '{"type":"ack","reading_id":1}'],
		['a JSON bomb', `{"type":"command","a":${'['.repeat(1000)}${']'.repeat(1000)}}`],
		['a wide JSON bomb', `{"type":"command","a":[${'1,'.repeat(900)}1]}`],
		['a member twice', '{"type":"ack","type":"nack","reading_id":"5f1c09aa-1"}'],
	])('%s is left aside, and the connection stands', (_, text) => {
		const world = makeWorld();
		const guest = world.open();
		world.route.send(reading(1));
		guest.say(text);
		guest.send(frame(Opcode.BINARY, Buffer.of(1, 2, 3)));
		world.scheduler.advance(100);
		expect(world.route.turnedAway).toBe(2);
		expect([world.route.state, world.heard.messages, world.heard.receipts]).toEqual(['open', [], []]);
	});

	test('a message in fragments, with pings between, is one', () => {
		const world = makeWorld();
		const guest = world.open();
		guest.send(frame(Opcode.TEXT, Buffer.from('{"type":'), { fin: false }));
		guest.send(frame(Opcode.PING, Buffer.from('?')));
		guest.send(frame(Opcode.CONTINUATION, Buffer.from('"comm'), { fin: false }));
		world.scheduler.advance(5_000);
		guest.send(frame(Opcode.CONTINUATION, Buffer.from('and"}')));
		world.scheduler.advance(100);
		expect(world.heard.messages).toEqual(['{"type":"command"}']);
	});
});

describe('whether the peer lives', () => {
	test('silence is broken by a ping, and a pong keeps it open', () => {
		let pings = 0;
		const world = makeWorld({
			answersPings: () => {
				pings++;
				return true;
			},
		});
		world.open();
		world.scheduler.advance(5 * MINUTE);
		expect([world.route.state, pings]).toEqual(['open', 15]);
	});

	test('no pong in 20 s: dead', () => {
		const world = makeWorld({ answersPings: () => false });
		world.open();
		world.scheduler.advance(40_000);
		expect(world.heard.closed.map(({ message }) => message)).toEqual(['no pong in 20000 ms: the peer is dead']);
	});

	test('a half-open connection is found out while live messages fill the buffer', () => {
		const world = makeWorld();
		world.open();
		world.line.down();
		for (let second = 0; second < 60 && world.route.state === 'open'; second++) {
			world.route.send(message('live', { type: 'realtime_data', padding: 'x'.repeat(500) }));
			world.scheduler.advance(1_000);
		}
		expect(world.heard.closed.map(({ code }) => code)).toEqual(['timeout']);
	});
});

describe('ends', () => {
	test('the server says why it closes', () => {
		const world = makeWorld();
		world.open().close(1012, 'restart\u0007 now');
		world.scheduler.advance(2_000);
		expect(world.heard.closed.map(({ code, message }) => `${code}: ${message}`)).toEqual([
			'closed: the server closed the WebSocket: 1012 restart? now',
		]);
	});

	test('a reset in the middle of a frame', () => {
		const world = makeWorld();
		const guest = world.open();
		guest.send(frame(Opcode.TEXT, Buffer.from('{"type":"command"}')).subarray(0, 9));
		world.scheduler.advance(100);
		world.line.reset();
		world.scheduler.advance(100);
		expect([world.heard.closed.length, world.heard.messages]).toEqual([1, []]);
	});

	test('close tells the server, calls nobody back, and may come twice', () => {
		const world = makeWorld();
		world.open();
		world.route.close();
		world.route.close();
		world.scheduler.advance(5_000);
		expect([world.route.state, world.heard.closed, world.server.guests.size]).toEqual(['closed', [], 0]);
		expect(() => world.route.send(reading(1))).toThrow('not open');
	});

	test('closed by its own callback, in the middle of what came', () => {
		const world = makeWorld();
		const guest = world.open();
		ear(world.route).onMessage = () => world.route.close();
		for (const _ of [1, 2, 3]) guest.say('{"type":"command"}');
		world.scheduler.advance(100);
		expect([world.route.state, world.heard.closed]).toEqual(['closed', []]);
	});

	test('a callback that throws ends it as misuse', () => {
		const world = makeWorld();
		const guest = world.open();
		ear(world.route).onMessage = () => {
			throw new Error('oops');
		};
		guest.say('{"type":"command"}');
		world.scheduler.advance(100);
		expect(world.heard.closed.map(({ code, message }) => `${code}: ${message}`)).toEqual([
			'misuse: a callback threw: oops',
		]);
	});

	test('it opens again after any end', () => {
		const world = makeWorld();
		for (let round = 1; round <= 3; round++) {
			world.open().drop();
			world.scheduler.advance(1_000);
			expect([world.heard.opens, world.heard.closed.length]).toEqual([round, round]);
		}
	});
});
