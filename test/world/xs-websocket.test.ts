/** A device with WebSocket whose firmware runs on XS, in an arena as large as a board has to spare. */
import { describe, expect } from 'vitest';
import { BUDGET, budget, MINUTE, QUICK, story } from '../hosts/xs/story';

const SETTINGS = {
	...QUICK,
	webSocketUrl: 'wss://server.example:8443',
	deviceSecret: 'a secret of thirty-two characters',
};

describe('WebSocket, on XS', () => {
	story('live each second, and readings with receipts', { live: true, settings: SETTINGS }, ({ world, resident }) => {
		resident.powerOn();
		world.time.advance(5 * MINUTE);
		expect(world.webSocket.live.length).toBeGreaterThan(290);
		expect(world.query('SELECT DISTINCT door FROM readings')).toEqual([{ door: 'websocket' }]);
	});

	story('the guide’s server gives no receipts', { live: true, settings: SETTINGS }, ({ world, resident }) => {
		world.webSocket.receipts = 0;
		world.webSocket.forgets = true;
		resident.powerOn();
		world.time.advance(5 * MINUTE);
		expect(world.webSocket.live.length).toBeGreaterThan(290);
		expect(world.query('SELECT DISTINCT door FROM readings')).toEqual([{ door: 'mqtt' }]);
	});

	story('401, 503, a reset, a half-open line', { live: true, settings: SETTINGS }, ({ world, resident, said }) => {
		world.webSocket.denial = () => ({ status: 401 });
		resident.powerOn();
		world.time.advance(MINUTE);
		expect(said('the token was refused')).toBeGreaterThan(0);
		world.webSocket.denial = () => ({ status: 503, headers: { 'Retry-After': '20' } });
		world.time.advance(MINUTE);
		expect(said('the server answered 503')).toBeGreaterThan(0);
		world.webSocket.denial = undefined;
		world.time.advance(MINUTE);
		resident.line.reset();
		world.time.advance(MINUTE);
		resident.line.down();
		world.time.advance(2 * MINUTE);
		resident.line.up();
		world.time.advance(MINUTE);
		expect(world.webSocket.live.length).toBeGreaterThan(60);
	});
});

/** What was measured and a tenth more. */
budget(3, { ...BUDGET, arenaPeak: 39_500, slotsPeak: 22_500, chunksPeak: 5_800, stackPeak: 8_100 });
