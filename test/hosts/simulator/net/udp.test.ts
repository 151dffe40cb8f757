import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { Lifeline } from '../../../../hosts/simulator/net/lifeline';
import { NodeUdp } from '../../../../hosts/simulator/net/udp';

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
