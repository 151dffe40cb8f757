import type { Socket } from 'node:net';
import type { Case } from './cases';
import { message, rawPeer, record, serverHello } from './peers';

const HANDSHAKE = 22;
const DATA = 23;

/** Answers the ClientHello with these bytes and stays. */
const says =
	(...parts: (Buffer | string)[]): Case['set'] =>
	async () => ({
		peer: await rawPeer((socket) =>
			socket.write(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)))),
		),
		trial: { timeout: 2500 },
	});
const does =
	(script: (socket: Socket, hello: Buffer) => void, at?: 'connect'): Case['set'] =>
	async () => ({
		peer: await rawPeer(script, at),
		trial: { timeout: 1500 },
	});

/** Reproducible noise. */
function noise(seed: number, length: number): Buffer {
	const bytes = Buffer.alloc(length);
	let x = seed;
	for (let i = 0; i < length; i++) {
		x = (Math.imul(x, 1103515245) + 12345) >>> 0;
		bytes[i] = x >>> 16;
	}
	return bytes;
}

const hello = record(HANDSHAKE, serverHello());
const TLS = /^tls: /;
/** Some versions of the library wait for the rest of a message. */
const EITHER = /^(tls|timeout): /;

export const byteCases: readonly Case[] = [
	{
		name: 'close_notify in the clear',
		set: says('15030300020100'),
		refused: /^tls: peer closed during the handshake$/,
	},
	{ name: 'close_notify in the clear, of TLS 1.0', set: says('15030100020100'), refused: TLS },
	{
		name: 'close_notify after the ServerHello',
		set: says(hello, '15030300020100'),
		refused: /^tls: peer closed during the handshake$/,
	},
	{ name: 'a fatal alert', set: says('15030300020228'), refused: /^tls: the peer refused: handshake failure \(40\)$/ },
	{
		name: 'a fatal alert that nobody knows',
		set: says('150303000202fe'),
		refused: /^tls: the peer refused: alert \(254\)$/,
	},
	{ name: 'an alert of one byte', set: says('150303000102'), refused: TLS },
	{ name: 'two alerts in one record', set: says('1503030004' + '015a0228'), refused: TLS },
	{
		name: 'a thousand warnings, and then nothing',
		set: does((socket) => socket.write(Buffer.from('1503030002015a'.repeat(1000), 'hex'))),
		refused: /^timeout: /,
	},
	{ name: 'nothing at all', set: does(() => {}), refused: /^timeout: no TLS in 1500 ms$/ },
	{
		name: 'nothing at all, and the end',
		set: does((socket) => socket.end()),
		refused: /^tls: peer closed during the handshake$/,
	},
	{
		name: 'a reset',
		set: does((socket) => socket.resetAndDestroy()),
		refused: /^tls: peer closed during the handshake$/,
	},
	{
		name: 'the end before the ClientHello',
		set: does((socket) => socket.end(), 'connect'),
		refused: /^(tls|connect): /,
	},
	{
		name: 'a web server',
		set: says(Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')),
		refused: TLS,
	},
	{
		name: 'a web server that speaks first',
		set: does((socket) => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n'), 'connect'),
		refused: TLS,
	},
	{
		name: 'an MQTT broker without TLS',
		set: does((socket) => socket.write(Buffer.from('20020000', 'hex'))),
		refused: /^(tls|timeout): /,
	},
	{ name: 'noise', set: says(noise(1, 500)), refused: TLS },
	{ name: 'other noise', set: says(noise(77, 4000)), refused: TLS },
	{ name: 'noise in a handshake record', set: says(record(HANDSHAKE, noise(3, 300))), refused: EITHER },
	{ name: 'noise in a ServerHello', set: says(record(HANDSHAKE, message(2, noise(4, 70)))), refused: EITHER },
	{
		name: 'noise in place of a certificate',
		set: says(hello, record(HANDSHAKE, message(11, noise(5, 900)))),
		refused: TLS,
	},
	{ name: 'a list of no certificates', set: says(hello, record(HANDSHAKE, message(11, '000000'))), refused: TLS },
	{
		name: 'a list of certificates that ends too late',
		set: says(hello, record(HANDSHAKE, message(11, '0000100000ff3000'))),
		refused: TLS,
	},
	{ name: 'a record of SSL 2', set: says('802e0100020015001000100100800700c0'), refused: TLS },
	{ name: 'a record of SSL 3', set: says(record(HANDSHAKE, serverHello({ version: 0x0300 }), 0x0300)), refused: TLS },
	{
		name: 'a ServerHello of TLS 1.0',
		set: says(record(HANDSHAKE, serverHello({ version: 0x0301 }), 0x0301)),
		refused: /^tls: (the peer does not speak|TLS handshake failed|a TLS record)/,
	},
	{
		name: 'a ServerHello of TLS 1.1',
		set: says(record(HANDSHAKE, serverHello({ version: 0x0302 }))),
		refused: /^tls: (the peer does not speak|TLS handshake failed)/,
	},
	{
		name: 'a ServerHello of a version to come',
		set: says(record(HANDSHAKE, serverHello({ version: 0x0305 }))),
		refused: TLS,
	},
	{
		name: 'a cipher suite that was not offered',
		set: says(record(HANDSHAKE, serverHello({ suite: 0x002f }))),
		refused: TLS,
	},
	{ name: 'no cipher', set: says(record(HANDSHAKE, serverHello({ suite: 0x0000 }))), refused: TLS },
	{ name: 'integrity without a cipher', set: says(record(HANDSHAKE, serverHello({ suite: 0xc006 }))), refused: TLS },
	{ name: 'no authentication', set: says(record(HANDSHAKE, serverHello({ suite: 0xc018 }))), refused: TLS },
	{ name: 'compression', set: says(record(HANDSHAKE, serverHello({ compression: 1 }))), refused: TLS },
	{ name: 'a session id that is too long', set: says(record(HANDSHAKE, serverHello({ session: 33 }))), refused: TLS },
	{
		name: 'a ServerHello that ends early',
		set: says(record(HANDSHAKE, serverHello().subarray(0, 30)), '1503030002022f'),
		refused: TLS,
	},
	{ name: 'two ServerHellos', set: says(hello, hello), refused: TLS },
	{ name: 'application data at once', set: says(record(DATA, '68656c6c6f')), refused: TLS },
	{ name: 'application data after the ServerHello', set: says(hello, record(DATA, '68656c6c6f')), refused: TLS },
	{
		name: 'ChangeCipherSpec after the ServerHello',
		set: says(hello, '140303000101', record(HANDSHAKE, message(20, '000102030405060708090a0b'))),
		refused: TLS,
	},
	{ name: 'Finished at once', set: says(record(HANDSHAKE, message(20, '000102030405060708090a0b'))), refused: TLS },
	{ name: 'ServerHelloDone after the ServerHello', set: says(hello, record(HANDSHAKE, message(14, ''))), refused: TLS },
	{ name: 'a record of a kind that nobody knows', set: says(record(99, '0000')), refused: TLS },
	{ name: 'a heartbeat', set: says(record(24, '0140000000')), refused: TLS },
	{ name: 'a record of 65,535 bytes', set: says('160303ffff', noise(6, 3000)), refused: TLS },
	{ name: 'a record of 18,433 bytes', set: says('1603034801', noise(7, 18433)), refused: TLS },
	{ name: 'a message of 16 MB', set: says('1603030004' + '02ffffff'), refused: EITHER },
	{
		name: 'a thousand empty records',
		set: does((socket) => socket.write(Buffer.from('1603030000'.repeat(1000), 'hex'))),
		refused: EITHER,
	},
	{
		name: 'half a record',
		set: does((socket) => socket.end(hello.subarray(0, 20))),
		refused: /^tls: peer closed during the handshake$/,
	},
	{
		name: 'three bytes of a record',
		set: does((socket) => socket.end(Buffer.from('160303', 'hex'))),
		refused: /^tls: peer closed during the handshake$/,
	},
	{
		name: 'half a record, and nothing more',
		set: does((socket) => socket.write(hello.subarray(0, 20))),
		refused: /^timeout: /,
	},
	{
		name: 'HelloRequests without end',
		set: does((socket) => socket.write(Buffer.concat(Array(500).fill(record(HANDSHAKE, message(0, '')))))),
		refused: /^(tls|timeout): /,
	},
	{ name: 'our own ClientHello', set: does((socket, own) => socket.write(own)), refused: TLS },
];
