import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { setDevEui } from '../../../../hosts/server/enrol';
import { BoardClock } from '../../../../hosts/simulator/board/clocks';
import { VirtualStore } from '../../../../hosts/simulator/board/store';
import { RadioSite } from '../../../../hosts/simulator/radio/site';
import { VirtualTime } from '../../../../hosts/simulator/time';
import { packedReading } from '../../../../src/messages/packed';
import { makeSettings } from '../../../../src/settings';
import { ear } from '../../../support/ear';
import { webRig } from '../../server/doors/support';
import { until } from '../../server/support';

const loraDevEui = 'fe00000000000001';
const loraAppKey = '00112233445566778899aabbccddeeff';

test('a site hands uplinks to a whole server, and takes its commands to the device, over real sockets', async () => {
	const time = new VirtualTime();
	const site = await RadioSite.open({ region: 'EU868', kilometres: 0.3, scheduler: time, log: () => {} });
	onTestFinished(() => site.close());
	const server = await webRig({ lorawan: site.settings });
	server.device('ESP32_001');
	setDevEui(server.state, 'ESP32_001', loraDevEui.toUpperCase());
	site.serve(server.httpsPort, readFileSync(server.caFile, 'utf8'));
	site.register(loraDevEui, loraAppKey);
	const clock = new BoardClock(time, { epoch: Date.now() });
	const settings = makeSettings({ loraDevEui, loraAppKey });
	const { route } = site.plug(settings, { clock, store: new VirtualStore(), log: () => {} });
	const receipts: number[] = [];
	const messages: string[] = [];
	ear(route).onReceipt = (sequence) => receipts.push(sequence);
	ear(route).onMessage = (body) => messages.push(Buffer.from(body).toString());
	route.open();
	time.advance(30_000);
	expect(route.state).toBe('open');
	const send = (sequence: number): void => {
		const reading = { stamp: { epochMilliseconds: 0 }, heartRateBpm: 70 + sequence } as never;
		const body = packedReading({ epoch: 7, sequence }, Date.now(), reading);
		expect(route.send({ channel: 'data', body, sequence, again: false })).toBe(true);
		time.advance(30_000);
	};
	send(1);
	send(2);
	expect(receipts).toEqual([1, 2]);
	await until(() => server.rows('readings').length === 2, 'two rows');
	expect(server.rows('readings').map(({ reading_id, door }) => [reading_id, door])).toEqual([
		['00000007-1', 'lorawan'],
		['00000007-2', 'lorawan'],
	]);
	const { command } = server.commands.issue('ESP32_001', { command: 'read_now' }, 'somebody');
	await until(() => server.commands.one('ESP32_001', command.command_id)?.state === 'sent', 'the command is queued');
	send(3);
	expect(messages.map((message) => JSON.parse(message))).toMatchObject([
		{ command_id: command.command_id, command: 'read_now' },
	]);
	expect(site.counts).toMatchObject({ joins: 1, uplinks: { 2: 3 }, repeated: 0 });
	const { url } = site.settings.downlinks!;
	expect((await fetch(`${url}/api/devices/${loraDevEui}/queue`, { method: 'POST', body: '{}' })).status).toBe(401);
});
