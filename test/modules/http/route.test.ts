import { expect, test } from 'vitest';
import { makeHttpWorld, reading } from './world';

test('it opens without a connection, and makes one for the first message', () => {
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
