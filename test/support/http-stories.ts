/** What becomes of a device that has HTTP alone: told on Node and on XS alike. */
import { expect } from 'vitest';
import type { VirtualRequest } from '../../hosts/simulator/net/virtual-http-server';
import { DEVICE_SECRET, HTTP_ONLY } from './web';
import type { BoardSetUp, makeWorld, Resident } from './world';

const MINUTE = 60_000;

const QUICK = Object.freeze({
	...HTTP_ONLY,
	dataIntervalSeconds: 1,
	backoffMinimumSeconds: 0.1,
	backoffMaximumSeconds: 4,
});

export interface HttpScene {
	readonly world: ReturnType<typeof makeWorld>;
	readonly resident: Resident;
	/** How many lines of the log, so far, hold these words. */
	readonly said: (words: string) => number;
}

type HttpStory = readonly [name: string, setUp: BoardSetUp, tell: (scene: HttpScene) => void];

/** Answers so until put back. */
function interfere({ world }: HttpScene, answer: (request: VirtualRequest) => void): void {
	world.web.interfere = (request) => {
		answer(request);
		return true;
	};
}

export const httpStories: readonly HttpStory[] = [
	[
		'the first reading arrives within seconds of power, then each, over a kept connection',
		{ settings: { ...HTTP_ONLY, dataIntervalSeconds: 4 } },
		({ world, resident }) => {
			resident.powerOn();
			expect(world.time.advanceUntil(() => world.rows() === 1, 5_000)).toBe(true);
			world.time.advance(10 * MINUTE);
			expect(world.rows()).toBe(151);
			expect(world.http.connections).toBe(1);
			expect(resident.board.device.report()).toMatchObject({ sampled: 151, released: 151, dropped: 0, damaged: 0 });
		},
	],
	[
		'a backlog of a thousand goes in batches, over a connection or two',
		{ settings: QUICK },
		({ world, resident }) => {
			resident.powerOn();
			resident.board.link.reachable = false;
			world.time.advance(1_000_000);
			expect(resident.board.device.report().backlog).toBeGreaterThanOrEqual(1_000);
			resident.board.link.reachable = true;
			world.time.advance(MINUTE);
			expect(world.rows()).toBeGreaterThan(1_040);
			expect(world.web.counts.largest).toBeGreaterThan(15);
			expect(world.web.counts.batched).toBeGreaterThan(900);
			expect(world.http.connections).toBeLessThan(4);
		},
	],
	[
		'the network is gone for ten minutes, half-open at both ends',
		{ settings: QUICK },
		({ world, resident, said }) => {
			resident.powerOn();
			world.time.advance(MINUTE);
			resident.line.down();
			world.time.advance(10 * MINUTE);
			expect(resident.board.device.report().backlog).toBeGreaterThan(500);
			resident.line.up();
			world.time.advance(MINUTE);
			expect(said('http: timeout')).toBeGreaterThan(0);
		},
	],
	[
		'the server crashes and comes back, ten times',
		{ settings: QUICK },
		({ world, resident }) => {
			resident.powerOn();
			for (let round = 0; round < 10; round++) {
				world.time.advance(20_000 + 137 * round);
				world.crashServer();
				world.time.advance(5_000);
				world.http.restart();
				world.broker.restart();
			}
			world.time.advance(MINUTE);
		},
	],
	[
		'connections are reset every few seconds',
		{ settings: QUICK },
		({ world, resident }) => {
			resident.powerOn();
			for (let round = 0; round < 20; round++) {
				world.time.advance(3_000 + 211 * round);
				resident.line.reset();
			}
		},
	],
	[
		'the power is cut every few seconds',
		{ settings: QUICK },
		({ world, resident }) => {
			resident.powerOn();
			for (let round = 0; round < 12; round++) {
				world.time.advance(4_000 + 517 * round);
				resident.cutPower();
				world.time.advance(500);
				resident.powerOn();
			}
			world.time.advance(MINUTE);
		},
	],
	[
		'a token lives an hour, and the one after it is made in time',
		{ settings: HTTP_ONLY },
		({ world, resident, said }) => {
			resident.powerOn();
			world.time.advance(180 * MINUTE);
			expect(world.web.tokens.size).toBe(4);
			expect(said('401')).toBe(0);
			expect(world.rows()).toBeGreaterThanOrEqual(360);
		},
	],
	[
		'tokens are refused for a minute: one more try each time, then longer and longer waits',
		{ settings: { ...QUICK, backoffMaximumSeconds: 30 } },
		(scene) => {
			const { world, resident, said } = scene;
			resident.powerOn();
			world.time.advance(10_000);
			let asked = 0;
			interfere(scene, (request) => {
				asked++;
				request.reply(401, { status: 'error', error: 'token: not signed by a device that is known here' });
			});
			world.time.advance(MINUTE);
			expect(asked).toBeLessThan(40);
			expect(said('refuses the token')).toBeGreaterThan(2);
			world.web.interfere = undefined;
			world.time.advance(MINUTE);
		},
	],
	[
		'429 with Retry-After is heeded',
		{ settings: QUICK },
		(scene) => {
			const { world, resident } = scene;
			resident.powerOn();
			world.time.advance(5_000);
			let asked = 0;
			interfere(scene, (request) => {
				asked++;
				request.reply(
					429,
					{ status: 'error', error: 'rate: too many messages of this device' },
					{ 'Retry-After': '20' },
				);
			});
			world.time.advance(2 * MINUTE);
			expect(asked).toBeGreaterThan(2);
			expect(asked).toBeLessThanOrEqual(6);
			world.web.interfere = undefined;
			world.time.advance(MINUTE);
		},
	],
	[
		'a captive portal answers 200 to all: nothing leaves the journal',
		{ settings: QUICK },
		(scene) => {
			const { world, resident } = scene;
			resident.powerOn();
			world.time.advance(5_000);
			const { released } = resident.board.device.report();
			interfere(scene, (request) => request.reply(200, '<html>Welcome! <a href="/login">Log in</a></html>'));
			world.time.advance(MINUTE);
			expect(resident.board.device.report().released).toBeLessThanOrEqual(released + 1);
			world.web.interfere = undefined;
			world.time.advance(MINUTE);
		},
	],
	[
		'every third answer is lost on its way: each reading is one row all the same',
		{ settings: { ...QUICK, receiptTimeoutSeconds: 2 } },
		({ world, resident }) => {
			let count = 0;
			world.web.interfere = (request) => {
				if (++count % 3 === 0) Object.assign(request, { reply: () => {} });
				return false;
			};
			resident.powerOn();
			world.time.advance(3 * MINUTE);
			world.web.interfere = undefined;
			expect(world.server.ingest().counts().duplicates).toBeGreaterThan(5);
		},
	],
	[
		'a server that refuses every batch gets its readings one by one',
		{ settings: QUICK },
		({ world, resident, said }) => {
			world.web.interfere = (request) => {
				if (request.path !== '/api/iot/batch') return false;
				request.reply(400, { status: 'error', error: 'measurements: no' });
				return true;
			};
			resident.powerOn();
			resident.board.link.reachable = false;
			world.time.advance(100_000);
			resident.board.link.reachable = true;
			world.time.advance(2 * MINUTE);
			expect(world.rows()).toBeGreaterThan(200);
			expect(said('next, 1 at a time')).toBeGreaterThan(0);
		},
	],
	[
		'a server that hurts: garbage, floods, redirects, endless heads, resets in the middle',
		{ settings: QUICK },
		(scene) => {
			const { world, resident } = scene;
			resident.powerOn();
			world.time.advance(3_000);
			let count = 0;
			const hurts: readonly ((request: VirtualRequest) => void)[] = [
				(request) => request.say('\0\0\0\0garbage\r\n\r\n'),
				(request) => request.say(`HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(5_000)}`),
				(request) => request.reply(302, '', { Location: 'http://evil.example/' }),
				(request) => request.reply(200, `{"status":"success","x":${'['.repeat(900)}`),
				(request) => request.reply(200, `{${Array.from({ length: 500 }, (_, at) => `"name ${at}":1`).join()}}`),
				(request) => request.reply(200, 'x'.repeat(100_000)),
				(request) => {
					request.say('HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n{"stat');
					request.reset();
				},
			];
			interfere(scene, (request) => hurts[count++ % hurts.length]!(request));
			world.time.advance(5 * MINUTE);
			expect(count).toBeGreaterThan(20);
			world.web.interfere = undefined;
			world.time.advance(MINUTE);
		},
	],
	[
		'another secret than the server knows delivers nothing, and hurts nobody',
		{ settings: { ...QUICK, deviceSecret: DEVICE_SECRET.toUpperCase() }, blocks: 16 },
		({ world, resident, said }) => {
			resident.powerOn();
			world.time.advance(MINUTE);
			expect(world.rows()).toBe(0);
			expect(said('refuses the token')).toBeGreaterThan(2);
			resident.cutPower();
		},
	],
];
