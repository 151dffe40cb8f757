import { describe, expect, test } from 'vitest';
import { seededRandom32 } from '../../../hosts/simulator/random';
import { Hostility, play, ROUNDS } from './hostile';
import { makeHttpWorld, reading } from './world';

/** Cases a run; a bench runs more. */
const CASES = Number(process.env.HOSTILE_CASES ?? 6_000);

describe('a hostile server', () => {
	test.each([1, 2, 3, 4])('of seed %i: each message ends in one way, in time, and nothing is thrown', (seed) => {
		const random32 = seededRandom32(seed);
		for (let index = 0; index < CASES / 4 / ROUNDS; index++) play(seed * 100_000 + index, new Hostility(random32));
	});

	test.each([
		['a head without an end', 'X: y\r\n'],
		['one line without an end', 'xxxxxxxxxxxxxxxx'],
		['1xx for ever', 'HTTP/1.1 100 Continue\r\n\r\n'],
		['chunks for ever', '1\r\nx\r\n', 'Transfer-Encoding: chunked\r\n\r\n'],
		['a chunk size without an end', '0000000000', 'Transfer-Encoding: chunked\r\n\r\n'],
		['a trailer without an end', 'T: u\r\n', 'Transfer-Encoding: chunked\r\n\r\n0\r\n'],
		['a body without an end', 'xxxxxxxxxxxxxxxx', '\r\n'],
		['a body of 100 MB', 'xxxxxxxxxxxxxxxx', 'Content-Length: 100000000\r\n\r\n'],
	])('%s: given up before 20 KB of it are read', (_, text, start = '') => {
		const { scheduler, heard, open, route, server, script } = makeHttpWorld({ keepAlive: 600_000 });
		let said = 0;
		script.answer = (request) => {
			request.say(`HTTP/1.1 200 OK\r\n${start}`);
			const flood = (): void => {
				if (heard.closed.length > 0 || said > 1_000_000) return;
				const bytes = text.repeat(1_000 / text.length);
				said += bytes.length;
				request.say(bytes);
				scheduler.schedule(50, flood);
			};
			scheduler.schedule(0, flood);
		};
		open();
		route.send(reading(1));
		scheduler.advance(19_000);
		expect(heard.closed.map(({ fault }) => fault.code)).toEqual(['protocol']);
		expect(said).toBeLessThan(20_000);
		expect(server.open).toBe(0);
	});

	test('that says a byte a second is given up after the receipt timeout', () => {
		const { scheduler, heard, open, route, script, server } = makeHttpWorld();
		script.answer = (request) => {
			const drip = (): void => {
				request.say('x');
				if (server.open > 0) scheduler.schedule(1_000, drip);
			};
			request.say('HTTP/1.1 200 OK\r\n');
			drip();
		};
		open();
		route.send(reading(1));
		scheduler.advance(20_500);
		expect(heard.closed.map(({ fault }) => fault.code)).toEqual(['timeout']);
		scheduler.advance(1_000);
		expect(server.open).toBe(0);
	});
});
