import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { BoardClock } from '../../../../hosts/simulator/board/clocks';
import { NodeDns } from '../../../../hosts/simulator/net/dns';
import { Lifeline } from '../../../../hosts/simulator/net/lifeline';
import { NodeUdp } from '../../../../hosts/simulator/net/udp';
import { writeStamp } from '../../../../hosts/simulator/net/virtual-ntp';
import { seededRandom32 } from '../../../../hosts/simulator/random';
import { RealTime } from '../../../../hosts/simulator/time';
import { Timekeeper } from '../../../../modules/time/timekeeper';

const ends: (() => void)[] = [];

afterEach(() => {
	for (const end of ends.splice(0)) end();
});

/** A socket that says back what it hears, in capitals. */
async function echo(): Promise<number> {
	const socket = createSocket('udp4');
	ends.push(() => socket.close());
	socket.on('message', (message, { address, port }) => {
		socket.send(message.toString().toUpperCase(), port, address);
	});
	socket.bind(0, '127.0.0.1');
	await once(socket, 'listening');
	return socket.address().port;
}

test('what was sent comes back, and from whom', async () => {
	const port = await echo();
	const heard = await new Promise((resolve) => {
		const udp = new NodeUdp({ onReadable: () => resolve([udp.read(), udp.read()]) });
		ends.push(() => udp.close());
		udp.write(Buffer.from('time'), '127.0.0.1', port);
	});
	const [datagram, none] = heard as [ArrayBuffer & { address: string; port: number }, undefined];
	expect(Buffer.from(datagram).toString()).toBe('TIME');
	expect([datagram.address, datagram.port, none]).toEqual(['127.0.0.1', port, undefined]);
});

test('what cannot be sent is lost; closed, it throws, and may be closed again', async () => {
	const udp = new NodeUdp({});
	udp.write(new Uint8Array(1), 'no.such.invalid', 123);
	await new Promise((resolve) => setTimeout(resolve, 20));
	udp.close();
	udp.close();
	expect(() => udp.write(new Uint8Array(1), '127.0.0.1', 9)).toThrow();
});

test('the power goes: nothing is heard any more', async () => {
	const port = await echo();
	const lifeline = new Lifeline();
	let heard = 0;
	const udp = new NodeUdp({ lifeline, onReadable: () => heard++ });
	udp.write(Buffer.from('x'), '127.0.0.1', port);
	lifeline.cut();
	const other = new NodeUdp({});
	ends.push(() => other.close());
	await new Promise((resolve) => setTimeout(resolve, 50));
	expect(heard).toBe(0);
});

test('a timekeeper over it is told the time by a server of this computer', async () => {
	const server = createSocket('udp4');
	ends.push(() => server.close());
	server.on('message', (question, { address, port }) => {
		const answer = Buffer.alloc(48);
		const view = new DataView(answer.buffer, answer.byteOffset);
		answer.set([0x24, 1]);
		answer.set(question.subarray(40, 48), 24);
		for (const at of [32, 40]) writeStamp(view, at, Date.now());
		server.send(answer, port, address);
	});
	server.bind(0, '127.0.0.1');
	await once(server, 'listening');
	/** Port 123 is for the superuser: to the server, it is another. */
	class Mapped extends NodeUdp {
		override write(buffer: Uint8Array, address: string): void {
			super.write(buffer, address, server.address().port);
		}

		override read() {
			const datagram = super.read();
			return datagram && Object.assign(datagram, { port: 123 });
		}
	}
	const clock = new BoardClock(new RealTime());
	ends.push(() => clock.kill());
	await new Promise<void>((resolve) => {
		const keeper = new Timekeeper({
			clock,
			udp: { io: Mapped },
			dns: { io: NodeDns },
			servers: ['localhost'],
			random32: seededRandom32(1),
			earliest: 0,
			onStep: (from, to) => {
				expect(from).toBeUndefined();
				expect(Math.abs(to - Date.now())).toBeLessThan(1_000);
				keeper.stop();
				resolve();
			},
			log: () => {},
		});
		keeper.start();
	});
});
