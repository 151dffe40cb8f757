import { describe, expect, test } from 'vitest';
import { virtualHttp } from '../../../hosts/simulator/net/parts';
import type { VirtualRequest } from '../../../hosts/simulator/net/virtual-http-server';
import { Fault } from '../../../modules/fault';
import type { Outgoing } from '../../../modules/ports';
import { encode } from '../../../modules/text/utf8';
import { ear } from '../../support/ear';
import { batch, makeHttpWorld, reading, SUCCESS } from './world';

type World = ReturnType<typeof makeHttpWorld>;

/** A world whose route is open, and whose server answers so. */
function openWorld(options: Parameters<typeof makeHttpWorld>[0] = {}): World {
	const world = makeHttpWorld(options);
	world.open();
	return world;
}

const answering =
	(status: number, body: object | string, headers: Record<string, string> = {}) =>
	(request: VirtualRequest): void =>
		request.reply(status, body, headers);

describe('opening', () => {
	test('needs no connection: the first message makes one', () => {
		const { route, heard, server, open, deliver, requests } = makeHttpWorld();
		open();
		expect([route.state, heard.opens, server.connections]).toEqual(['open', 1, 0]);
		expect(deliver(reading(7))).toBe(true);
		expect(heard.receipts).toEqual([7]);
		const { method, path, headers, body } = requests[0]!;
		expect([method, path, body.toString()]).toEqual(['POST', '/api/iot/data', '{"n":7}']);
		expect(Object.fromEntries(headers)).toEqual({
			host: 'server:8443',
			authorization: 'Bearer t1',
			'x-device-id': 'ESP32_001',
			'content-type': 'application/json',
			'idempotency-key': '5f1c09aa-7',
			'content-length': '7',
		});
	});

	test('comes in a turn of its own, once', () => {
		const { route, heard, scheduler } = makeHttpWorld();
		route.open();
		expect([route.state, heard.opens]).toEqual(['opening', 0]);
		expect(() => route.open()).toThrow('open already');
		scheduler.advance(60_000);
		expect([route.state, heard.opens]).toEqual(['open', 1]);
	});

	test('a socket that cannot be made ends the route with its reason, and nothing is thrown further', () => {
		class NoSocket {
			constructor() {
				throw new Fault('tls', 'no memory for TLS');
			}
		}
		const { line, scheduler } = makeHttpWorld();
		const http = { ...virtualHttp(line), socket: { io: NoSocket as never } };
		const { heard, deliver } = openWorld({ route: { http } });
		deliver(reading(1));
		scheduler.advance(1_000);
		expect(heard.closed.map(({ fault }) => fault.message)).toEqual(['no memory for TLS']);
	});

	test('after a send that threw, it can be closed, opened and used as before', () => {
		const { route, heard, tokens, scheduler, open, deliver } = openWorld();
		tokens.token = () => {
			throw new Error('nobody foresaw it');
		};
		expect(() => route.send(reading(1))).toThrow('nobody foresaw it');
		tokens.token = () => 't';
		route.close();
		open();
		deliver(reading(2));
		expect(heard.receipts).toEqual([2]);
		tokens.token = () => undefined;
		expect(route.send(reading(3))).toBe(false);
		expect(heard.closed).toEqual([]);
		scheduler.advance(0);
		expect(heard.closed.length).toBe(1);
	});

	test('ends at once while no token can be made', () => {
		const { route, heard, tokens, open } = makeHttpWorld();
		tokens.known = false;
		open();
		expect(route.state).toBe('closed');
		expect(heard.opens).toBe(0);
		expect(heard.closed[0]!.fault.message).toContain('the time is unknown');
	});

	test('a message is not taken once no token can be made, and the route ends in a turn of its own', () => {
		const { route, heard, tokens, scheduler } = openWorld();
		tokens.known = false;
		expect(route.send(reading(1))).toBe(false);
		expect([route.state, heard.closed.length]).toEqual(['opening', 0]);
		scheduler.advance(0);
		expect([route.state, heard.closed.length]).toEqual(['closed', 1]);
	});

	test.each([
		[{ host: 'a b' }, 'host'],
		[{ port: 0 }, 'port'],
		[{ deviceId: 'a\r\nb' }, 'deviceId'],
		[{ batchLimit: 51 }, 'batchLimit'],
		[{ receiptTimeout: 0 }, 'receiptTimeout'],
		[{ connectTimeout: Number.NaN }, 'connectTimeout'],
	])('with %o is refused, naming the option', (route, name) => {
		expect(() => makeHttpWorld({ route })).toThrow(name);
	});
});

describe('one message at a time', () => {
	test('while one is out there is no room; then there is, and it says so', () => {
		const { route, heard, scheduler } = openWorld();
		expect([route.send(reading(1)), route.send(reading(2)), route.send(reading(2))]).toEqual([true, false, false]);
		scheduler.advance(1_000);
		expect([heard.receipts, heard.writable]).toEqual([[1], 1]);
		expect(route.send(reading(2))).toBe(true);
		scheduler.advance(1_000);
		expect([heard.receipts, heard.writable]).toEqual([[1, 2], 1]);
	});

	test('the next may be sent out of a receipt, over the same connection', () => {
		const { route, heard, scheduler, server } = openWorld();
		ear(route).onReceipt = (sequence) => {
			heard.receipts.push(sequence);
			if (sequence < 5) expect(route.send(reading(sequence + 1))).toBe(true);
		};
		route.send(reading(1));
		scheduler.advance(3_000);
		expect(heard.receipts).toEqual([1, 2, 3, 4, 5]);
		expect(server.connections).toBe(1);
	});

	test.each([
		['data', '/api/iot/data'],
		['alert', '/api/iot/alert'],
		['heartbeat', '/api/iot/heartbeat'],
		['diagnostics', '/api/iot/diagnostics'],
		['replies', '/api/iot/replies'],
	] as const)('channel %s goes to %s', (channel, path) => {
		const { deliver, requests } = openWorld();
		deliver(reading(1, { channel }));
		expect(requests[0]!.path).toBe(path);
	});

	test.each([
		['channel live', reading(1, { channel: 'live' })],
		['an empty body', reading(1, { body: new ArrayBuffer(0) })],
		['a body of 10,241 bytes', reading(1, { body: new ArrayBuffer(10_241) })],
		['an id that would end a line', reading(1, { id: 'a\r\nX-Device-ID: other' })],
		['a batch on channel data', { ...batch(1, 2), channel: 'data' }],
		['a batch that does not begin with its sequence', { ...batch(1, 2), sequence: 2 }],
	] satisfies [string, Outgoing][])('%s is misuse, and the route goes on', (_, outgoing) => {
		const { route, deliver, heard } = openWorld();
		expect(() => route.send(outgoing)).toThrow();
		deliver(reading(1));
		expect(heard.receipts).toEqual([1]);
	});

	test('a message of 10,240 bytes arrives whole through a small send buffer', () => {
		const { deliver, requests, heard } = openWorld({ bandwidth: 50_000 });
		const body = encode(JSON.stringify('x'.repeat(10_238)));
		deliver(reading(1, { body }));
		expect(requests[0]!.body.equals(Buffer.from(body))).toBe(true);
		expect(heard.receipts).toEqual([1]);
	});

	test('what wants no receipt goes without a key, and brings none', () => {
		const { deliver, heard, requests } = openWorld();
		deliver({ channel: 'heartbeat', body: encode('{}'), sequence: undefined, again: false });
		expect([requests[0]!.headers.has('idempotency-key'), heard.receipts]).toEqual([false, []]);
	});

	test('nothing is said after close, and what was out may arrive all the same', () => {
		const { route, heard, scheduler, requests } = openWorld();
		route.send(reading(1));
		scheduler.advance(50);
		route.close();
		route.close();
		scheduler.advance(60_000);
		expect([heard.receipts, heard.closed, requests.length, route.state]).toEqual([[], [], 0, 'closed']);
		expect(() => route.send(reading(2))).toThrow('not open');
	});
});

describe('the connection', () => {
	test('is kept for 30 s, and closed then', () => {
		const { deliver, scheduler, server, heard, route } = openWorld({ keepAlive: 600_000 });
		deliver(reading(1));
		scheduler.advance(28_000);
		deliver(reading(2));
		expect([server.connections, server.open]).toEqual([1, 1]);
		scheduler.advance(31_000);
		expect(server.open).toBe(0);
		deliver(reading(3));
		expect([heard.receipts, server.connections, heard.closed, route.state]).toEqual([[1, 2, 3], 2, [], 'open']);
	});

	test('that the server closed while nothing was sent is made anew, and nobody is told', () => {
		const { deliver, scheduler, server, heard } = openWorld({ keepAlive: 5_000 });
		deliver(reading(1));
		scheduler.advance(10_000);
		deliver(reading(2));
		expect([heard.receipts, server.connections, heard.closed]).toEqual([[1, 2], 2, []]);
	});

	test('that ends under a request is made anew, once, and the request sent again', () => {
		const { route, scheduler, server, heard, requests, script, deliver } = openWorld({ keepAlive: 600_000 });
		deliver(reading(1));
		script.answer = (request) => (request.index === 0 ? request.reply(201, SUCCESS) : request.reset());
		deliver(reading(2));
		expect([heard.receipts, server.connections, heard.closed]).toEqual([[1, 2], 2, []]);
		expect(requests.map(({ headers }) => headers.get('idempotency-key'))).toEqual([
			'5f1c09aa-1',
			'5f1c09aa-2',
			'5f1c09aa-2',
		]);
		script.answer = (request) => request.reset();
		route.send(reading(3));
		scheduler.advance(1_000);
		expect(requests.length).toBe(5);
		expect(heard.closed.map(({ fault }) => fault.code)).toEqual(['closed']);
	});

	test('that is half-open is given up after the receipt timeout', () => {
		const { deliver, line, route, scheduler, heard } = openWorld({ keepAlive: 600_000 });
		deliver(reading(1));
		line.down();
		route.send(reading(2));
		scheduler.advance(19_999);
		expect(heard.closed).toEqual([]);
		scheduler.advance(1);
		expect(heard.closed.map(({ fault }) => fault.message)).toEqual(['no answer in 20000 ms (waiting for the answer)']);
	});

	test.each([
		['nobody listens', (world: World) => world.server.crash(), 'connect'],
		['the name does not resolve', (world: World) => world.network.setResolvable('server', false), 'dns'],
		['nothing passes', (world: World) => world.line.down(), 'timeout'],
	] as const)('%s: the route ends with %3$s, and can be opened again', (_, spoil, code) => {
		const world = openWorld();
		spoil(world);
		world.route.send(reading(1));
		world.scheduler.advance(20_000);
		expect(world.heard.closed.map(({ fault }) => fault.code)).toEqual([code]);
		expect(world.route.state).toBe('closed');
		world.open();
		expect(world.route.state).toBe('open');
	});

	test('is not used again after Connection: close, nor when the server says more than it was asked', () => {
		const { deliver, server, heard, script } = openWorld();
		script.answer = answering(201, SUCCESS, { Connection: 'close' });
		deliver(reading(1));
		script.answer = (request) => {
			request.say(`HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n{"status":"success"}HTTP/1.1 201 Created\r\n`);
		};
		deliver(reading(2));
		script.answer = answering(201, SUCCESS);
		deliver(reading(3));
		expect([heard.receipts, server.connections, heard.closed]).toEqual([[1, 2, 3], 3, []]);
	});
});

describe('what is a receipt', () => {
	test.each([
		['a captive portal', 200, '<html>Welcome!</html>', {}],
		['an empty answer', 200, '', {}],
		['no content', 204, '', {}],
		['another word', 200, { status: 'ok' }, {}],
		['an error with status 200', 200, { error: 'no' }, {}],
		['an array', 200, '[]', {}],
		['JSON that is cut', 200, '{"status":"success"', {}],
		['bytes that are no text', 200, Buffer.from([0xff, 0xfe]).toString('latin1'), {}],
		['a compressed answer', 200, SUCCESS, { 'Content-Encoding': 'gzip' }],
		['an answer of 3,000 bytes', 200, { ...SUCCESS, x: 'y'.repeat(3_000) }, {}],
		['a flood of names', 200, `{"status":"success",${Array.from({ length: 600 }, (_, i) => `"${i}":1`).join()}}`, {}],
	] as const)('%s is none, and the route ends', (_, status, body, headers) => {
		const { deliver, heard, script } = openWorld();
		script.answer = answering(status, body, headers);
		deliver(reading(1));
		expect([heard.receipts, heard.refused]).toEqual([[], []]);
		expect(heard.closed.map(({ fault }) => fault.code)).toEqual(['protocol']);
	});

	test.each([
		['chunked', `Transfer-Encoding: chunked\r\n\r\n7;x=y\r\n{"statu\r\nD\r\ns":"success"}\r\n0\r\nTrailer: 1\r\n\r\n`],
		['without a length, to the end of the connection', '\r\n{"status":"success"}'],
	])('an answer %s is taken', (_, rest) => {
		const { deliver, heard, script, server } = openWorld();
		script.answer = (request) => {
			request.say(`HTTP/1.1 200 OK\r\n${rest}`);
			request.end();
		};
		deliver(reading(1));
		deliver(reading(2));
		expect([heard.receipts, heard.closed, server.connections]).toEqual([[1, 2], [], 2]);
	});

	test('an answer that comes in single bytes, slowly, is taken', () => {
		const { deliver, heard, script, scheduler } = openWorld();
		script.answer = (request) => {
			const bytes = Buffer.from('HTTP/1.1 201 Created\r\nX: y\r\nContent-Length: 20\r\n\r\n{"status":"success"}');
			bytes.forEach((byte, index) => void scheduler.schedule(index * 100, () => request.say(Buffer.of(byte))));
		};
		deliver(reading(1));
		scheduler.advance(10_000);
		expect([heard.receipts, heard.closed]).toEqual([[1], []]);
	});

	test('a bomb in what nobody asked for is passed over; in a result it is no result', () => {
		const bomb = `${'['.repeat(500)}${']'.repeat(500)}`;
		const { deliver, heard, script } = openWorld();
		script.answer = answering(200, `{"x":${bomb},"status":"success"}`);
		deliver(reading(1));
		script.answer = answering(
			200,
			`{"status":"success","results":[{"status":"stored"},{"x":${bomb},"status":"stored"}]}`,
		);
		deliver(batch(2, 2));
		expect([heard.receipts, heard.closed.length]).toEqual([[1, 2], 1]);
	});

	test.each(['[{"status":"stored"} {}]', '[{"status":"stored"},', '[{"status":"stored"},]', '[,]', '["'])(
		'results that are no JSON (%s) take the whole answer with them',
		(results) => {
			const { deliver, heard, script } = openWorld();
			script.answer = answering(200, `{"status":"success","results":${results}}`);
			deliver(batch(1, 2));
			expect([heard.receipts, heard.closed.map(({ fault }) => fault.code)]).toEqual([[], ['protocol']]);
		},
	);

	test.each([400, 413, 422])('%i refuses this reading for good, with the server’s words', (status) => {
		const { deliver, heard, script, route } = openWorld();
		script.answer = answering(status, { status: 'error', error: `temperature: 99 is above 45\n${'é'.repeat(200)}` });
		deliver(reading(1));
		expect(heard.closed).toEqual([]);
		expect(heard.refused.map(({ sequence }) => sequence)).toEqual([1]);
		const { message } = heard.refused[0]!.fault;
		expect(message).toMatch(/^the server refuses \(status 4\d\d\): temperature: 99 is above 45\?+$/);
		expect(message.length).toBeLessThan(200);
		script.answer = answering(201, SUCCESS);
		deliver(reading(2));
		expect([heard.receipts, route.state]).toEqual([[2], 'open']);
	});

	test('an alert is refused where the server has no such door; a reading is kept, and the route ends', () => {
		const { deliver, heard, script } = openWorld();
		script.answer = answering(404, '<h1>Not Found</h1>'.repeat(1_000));
		deliver(reading(1, { channel: 'alert' }));
		deliver({ channel: 'heartbeat', body: encode('{}'), sequence: undefined, again: false });
		expect([heard.refused.length, heard.closed.length]).toEqual([1, 0]);
		deliver(reading(2));
		expect([heard.refused.length, heard.closed.map(({ fault }) => fault.code)]).toEqual([1, ['refused']]);
	});

	test.each([301, 302, 304, 307, 308])('a redirect (%i) is not followed', (status) => {
		const { deliver, heard, script, requests } = openWorld();
		script.answer = answering(status, '', { Location: 'https://other.example/' });
		deliver(reading(1));
		expect(heard.closed.map(({ fault }) => fault.message)).toEqual([`redirect refused (status ${status})`]);
		expect(requests.length).toBe(1);
	});

	test.each([
		[429, { 'Retry-After': '7' }, 7_000],
		[503, { 'Retry-After': '0' }, 1_000],
		[503, { 'Retry-After': '9999999' }, 3_600_000],
		[503, { Date: 'Thu, 01 Jan 2026 12:00:00 GMT', 'Retry-After': 'Thu, 01 Jan 2026 12:01:30 GMT' }, 90_000],
		[503, { 'Retry-After': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 1_000],
		[429, { 'Retry-After': 'soon' }, undefined],
		[500, {}, undefined],
		[403, {}, undefined],
	] as const)('%i with %o ends the route, and asks to wait %s ms', (status, headers, expected) => {
		const { deliver, heard, script } = openWorld();
		script.answer = answering(status, { error: 'later' }, headers);
		deliver(reading(1));
		expect(heard.closed.map(({ retryAfter }) => retryAfter)).toEqual([expected]);
		expect([heard.receipts, heard.refused]).toEqual([[], []]);
	});
});

describe('the token', () => {
	test('that is refused is made anew, and the message sent once more over the same connection', () => {
		const { deliver, heard, script, requests, server, tokens } = openWorld();
		script.answer = ({ headers, reply }) =>
			headers.get('authorization') === 'Bearer t1' ? reply(401, { error: 'over' }) : reply(201, SUCCESS);
		deliver(reading(1));
		expect([heard.receipts, heard.closed, requests.length, server.connections]).toEqual([[1], [], 2, 1]);
		expect([tokens.taken, tokens.refusals]).toEqual([1, 0]);
	});

	test('that is refused twice ends the route', () => {
		const { deliver, heard, script, requests } = openWorld();
		script.answer = answering(401, { error: 'token: not signed by a device that is known here' });
		deliver(reading(1));
		expect([heard.receipts, requests.length]).toEqual([[], 2]);
		expect(heard.closed.map(({ fault }) => fault.message)).toEqual([
			'the server refuses the token (status 401): token: not signed by a device that is known here',
		]);
	});
});

describe('a batch', () => {
	const results = (...statuses: string[]) =>
		statuses.map((status, index) => ({ reading_id: `5f1c09aa-${index + 10}`, status, error: 'why' }));

	test('has a receipt or a refusal for each of its readings, in order', () => {
		const { deliver, heard, script, requests, route } = openWorld();
		script.answer = answering(200, { ...SUCCESS, count: 3, results: results('stored', 'refused', 'duplicate') });
		deliver(batch(10, 3));
		expect(requests[0]!.path).toBe('/api/iot/batch');
		expect(requests[0]!.headers.get('idempotency-key')).toBe('5f1c09aa-10..5f1c09aa-12');
		expect([heard.receipts, heard.refused.map(({ sequence, fault }) => [sequence, fault.message])]).toEqual([
			[10, 12],
			[[11, 'refused: why']],
		]);
		expect([route.state, route.batchLimit]).toEqual(['open', 30]);
	});

	test.each([
		['created_count', { created_count: 3 }, [10, 11, 12]],
		['count', { count: 3 }, [10, 11, 12]],
		['a smaller count', { created_count: 2 }, []],
		['no count', {}, []],
	])('at a server that has no results but %s', (_, said, receipts) => {
		const { deliver, heard, script } = openWorld();
		script.answer = answering(200, { ...SUCCESS, ...said });
		deliver(batch(10, 3));
		expect([heard.receipts, heard.closed.length]).toEqual([receipts, receipts.length === 3 ? 0 : 1]);
	});

	test('comes back in part when the server is silent about some, or names others', () => {
		const { deliver, heard, script } = openWorld();
		const [first, second] = results('stored', 'stored');
		script.answer = answering(200, { ...SUCCESS, results: [first, { ...second, reading_id: '5f1c09aa-99' }] });
		deliver(batch(10, 3));
		expect(heard.receipts).toEqual([10]);
		expect(heard.closed.map(({ fault }) => fault.message)).toEqual(['the server says nothing of 2 readings out of 3']);
	});

	test('of 50 with results for each fits into what is kept of an answer', () => {
		const { deliver, heard, script } = openWorld({ route: { batchLimit: 50 } });
		const all = Array.from({ length: 50 }, (_, index) => ({ reading_id: `5f1c09aa-${index + 1}`, status: 'stored' }));
		script.answer = answering(200, { ...SUCCESS, count: 50, results: all, commands: [] });
		deliver(batch(1, 50));
		expect(heard.receipts.length).toBe(50);
	});

	test('that is refused as a whole comes back, to go one by one for a while', () => {
		const { deliver, heard, script, route, open } = openWorld({ route: { batchLimit: 8 } });
		script.answer = answering(400, { error: 'measurements: no' });
		deliver(batch(1, 8));
		expect([heard.refused, heard.closed.map(({ fault }) => fault.message)]).toEqual([
			[],
			['the server refuses (status 400): measurements: no; next, 1 at a time'],
		]);
		expect(route.batchLimit).toBe(1);
		open();
		script.answer = (request) =>
			request.body.toString() === '{"n":3}' ? request.reply(422, { error: 'poison' }) : request.reply(201, SUCCESS);
		for (let sequence = 1; sequence <= 8; sequence++) deliver(reading(sequence));
		expect([heard.receipts, heard.refused.map(({ sequence }) => sequence)]).toEqual([[1, 2, 4, 5, 6, 7, 8], [3]]);
		expect(route.batchLimit).toBe(2);
		script.answer = answering(200, { ...SUCCESS, created_count: 2 });
		deliver(batch(9, 2));
		expect(route.batchLimit).toBe(4);
	});

	test('that is too large comes back, to go in halves', () => {
		const { deliver, script, route } = openWorld();
		script.answer = answering(413, { error: 'body: over 4096 bytes' });
		deliver(batch(1, 30));
		expect(route.batchLimit).toBe(15);
	});

	test.each([404, 405, 501])(
		'at a server that knows none (%i): readings go one by one, for longer each time',
		(status) => {
			const { deliver, script, route, open, heard } = openWorld({ route: { batchLimit: 4 } });
			const refuseBatches = (): void => {
				script.answer = answering(status, '');
				deliver(batch(100, 2));
				expect(route.batchLimit).toBe(1);
				open();
				script.answer = answering(201, SUCCESS);
			};
			refuseBatches();
			for (let sequence = 1; sequence <= 4; sequence++) deliver(reading(sequence));
			expect(route.batchLimit).toBe(2);
			refuseBatches();
			for (let sequence = 1; sequence <= 7; sequence++) deliver(reading(sequence));
			expect(route.batchLimit).toBe(1);
			deliver(reading(8));
			expect(route.batchLimit).toBe(2);
			expect(heard.refused).toEqual([]);
		},
	);

	test('of one that is refused is refused for good', () => {
		const { deliver, heard, script } = openWorld();
		script.answer = answering(400, { error: 'no' });
		deliver(batch(5, 1));
		expect([heard.refused.map(({ sequence }) => sequence), heard.closed]).toEqual([[5], []]);
	});
});

describe('what comes along', () => {
	test('commands, each as JSON of its own: no more than 8, no longer than 2 KB, and objects alone', () => {
		const { deliver, heard, script, lines } = openWorld();
		const command = {
			command_id: 'c"1',
			command: 'set_interval',
			arguments: { seconds: 1.5, deep: [null, true, 'é'] },
		};
		script.answer = answering(201, { ...SUCCESS, commands: [command, 'no', ...Array(9).fill({ a: 1 })] });
		deliver(reading(1));
		expect(heard.messages.map((text) => JSON.parse(text))).toEqual([command, ...Array(6).fill({ a: 1 })]);
		expect(lines.some((line) => line.includes('4 commands'))).toBe(true);
	});

	test('Date, with the ticks at which was asked and answered', () => {
		const dates: unknown[] = [];
		const { deliver, script, scheduler } = openWorld({ route: { onDate: (...values) => dates.push(values) } });
		scheduler.advance(5_000);
		script.answer = answering(201, SUCCESS, { Date: 'Thu, 01 Jan 2026 12:00:00 GMT' });
		deliver(reading(1));
		expect(dates).toEqual([['Thu, 01 Jan 2026 12:00:00 GMT', 5_000, 5_120]]);
	});

	test('a callback that throws ends the route, and nothing is thrown further', () => {
		const { deliver, heard, route } = openWorld();
		ear(route).onReceipt = () => {
			throw new Error('a mistake of ours');
		};
		deliver(reading(1));
		expect(heard.closed.map(({ fault }) => fault.message)).toEqual(['a callback threw: a mistake of ours']);
	});

	test('close out of a callback is the end: the rest of the batch is not told', () => {
		const { deliver, heard, route, script } = openWorld();
		script.answer = answering(200, { ...SUCCESS, created_count: 3, commands: [{ a: 1 }] });
		ear(route).onReceipt = (sequence) => {
			heard.receipts.push(sequence);
			route.close();
		};
		deliver(batch(1, 3));
		expect([heard.receipts, heard.messages, heard.closed, route.state]).toEqual([[1], [], [], 'closed']);
	});
});
