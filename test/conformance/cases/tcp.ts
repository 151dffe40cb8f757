import type { Socket } from '../../../modules/sockets';
import { bytes, type Case, connect, text } from './bench';
import { streamCases } from './stream';

/** What the SDK's socket for Linux does, and the one for ESP32 (over lwIP) does not. */
const DANGLING =
	'it calls onReadable, which the collector may have taken: seen to end the machine; hardened: HeldTcp, and nothing passes TLSSocket';

/** ECMA-419 §12.1 over the network itself. */
export const tcpCases: readonly Case[] = [
	...streamCases('tcp', 'echo'),
	{
		name: 'an address that is none is refused',
		run(trial) {
			const { io, ...needs } = trial.bench.tcp;
			const make = (address: string, port: number): Socket => {
				const events = { onReadable() {}, onWritable() {}, onError() {} };
				return new io({ ...needs, address, host: address, port, ...events } as never);
			};
			const port = trial.bench.port('echo');
			trial.throws(() => make('no address', port), 'an address with a blank');
			trial.throws(() => make('127.0.0.1', -1), 'a port below 0');
			trial.throws(() => make('127.0.0.1', 65_536), 'a port of 17 bits');
			trial.done();
		},
	},
	{
		name: 'onWritable comes first, though the peer speaks first',
		run(trial) {
			let writable = 0;
			connect(trial, trial.bench.tcp, 'greet', {
				onWritable: (_, count) => {
					writable++;
					trial.ok(count > 0, 'no room');
				},
				onReadable: (socket) => {
					trial.ok(writable > 0, 'onReadable before onWritable');
					trial.equal(text(socket.read()), 'hello', 'what the peer said');
					trial.done();
				},
			});
		},
	},
	{
		name: 'close in onWritable: nothing follows, though something is there to be read',
		differs: { sdk: DANGLING },
		run(trial) {
			trial.ok(trial.bench.maker === 'twin', 'not tried');
			let closed = false;
			connect(trial, trial.bench.tcp, 'greet', {
				onWritable: (socket) => {
					trial.ok(!closed, 'onWritable after close');
					socket.close();
					closed = true;
					trial.later(300, () => trial.done());
				},
				onReadable: () => trial.ok(!closed, 'onReadable after close'),
			});
		},
	},
	{
		name: 'nobody listens: onError, once, and no onWritable',
		run(trial) {
			let errors = 0;
			connect(trial, trial.bench.tcp, 'refuse', {
				onWritable: () => trial.fail('onWritable'),
				onError: () => {
					errors++;
					trial.equal(errors, 1, 'calls of onError');
					trial.later(200, () => trial.done());
				},
			});
		},
	},
	{
		name: 'close in onError',
		run(trial) {
			connect(trial, trial.bench.tcp, 'refuse', {
				onError: (socket) => {
					socket.close();
					socket.close();
					trial.done();
				},
			});
		},
	},
	{
		name: 'a reset by the peer: onError, once',
		run(trial) {
			let errors = 0;
			let wrote = false;
			connect(trial, trial.bench.tcp, 'reset', {
				onWritable: (socket) => {
					if (!wrote) socket.write(bytes('x'));
					wrote = true;
				},
				onError: () => {
					errors++;
					trial.equal(errors, 1, 'calls of onError');
					trial.later(200, () => trial.done());
				},
			});
		},
	},
	{
		name: 'what the peer says before it goes is read, then onError',
		run(trial) {
			let heard = '';
			connect(trial, trial.bench.tcp, 'goodbye', {
				onReadable: (socket) => {
					heard += text(socket.read());
				},
				onError: () => {
					trial.equal(heard, 'last words', 'heard');
					trial.done();
				},
			});
		},
	},
	{
		name: 'what is left unread when the peer goes can be read later',
		run(trial) {
			const socket = connect(trial, trial.bench.tcp, 'goodbye', { onReadable() {}, onError() {} });
			trial.later(300, () => {
				trial.equal(text(socket.read()), 'last words', 'read late');
				trial.done();
			});
		},
	},
	{
		name: 'onError waits until all is read, and comes then',
		differs: {
			sdk: 'the SDK’s socket on Linux looks no more at a socket that failed while bytes were unread; our deadlines end it',
		},
		patience: 3_000,
		run(trial) {
			let read = false;
			const socket = connect(trial, trial.bench.tcp, 'goodbye', {
				onReadable() {},
				onError: () => {
					trial.ok(read, 'onError with bytes unread');
					trial.done();
				},
			});
			trial.later(300, () => {
				trial.equal(text(socket.read(4)), 'last', 'the first four');
				trial.later(100, () => {
					read = true;
					trial.equal(text(socket.read()), ' words', 'the rest');
				});
			});
		},
	},
	{
		name: 'a peer that says no more has gone',
		run(trial) {
			let wrote = false;
			connect(trial, trial.bench.tcp, 'halfClose', {
				onWritable: (socket) => {
					if (!wrote) socket.write(bytes('x'));
					wrote = true;
				},
				onError: () => trial.done(),
			});
		},
	},
	{
		name: 'a peer that reads nothing: the room goes down to what does not fit, and that throws',
		run(trial) {
			let least = Number.POSITIVE_INFINITY;
			connect(trial, trial.bench.tcp, 'deaf', {
				onWritable: (socket, count) => {
					if (trial.ended) return;
					trial.throws(() => socket.write(new Uint8Array(count + 1)), 'one byte too many');
					const room = socket.write(new Uint8Array(count)) as number;
					trial.equal(room, 0, 'room after all of it is taken');
					least = Math.min(least, room);
					trial.throws(() => socket.write(new Uint8Array(1)), 'a byte and no room');
				},
			});
			trial.later(600, () => {
				trial.equal(least, 0, 'the least room');
				trial.done();
			});
		},
	},
	{
		name: 'into a buffer that is larger than what is there: as much as there is',
		differs: { sdk: 'it throws; TLSSocket does not, and nobody of ours asks for more than is there' },
		run(trial) {
			connect(trial, trial.bench.tcp, 'greet', {
				onReadable: (socket, count) => {
					if (count < 5) return;
					trial.equal(socket.read(new Uint8Array(100)), 5, 'bytes read');
					trial.done();
				},
			});
		},
	},
	{
		name: 'a slow peer: byte for byte',
		run(trial) {
			let heard = '';
			connect(trial, trial.bench.tcp, 'slow', {
				onReadable: (socket) => {
					heard += text(socket.read());
					if (heard === '0123456789') trial.done();
				},
			});
		},
	},
	{
		name: '100,000 bytes arrive, each once and in order, read in pieces of any size',
		patience: 20_000,
		run(trial) {
			let at = 0;
			connect(trial, trial.bench.tcp, 'big', {
				onReadable: (socket, count) => {
					for (let left = count, piece = 1; left > 0; piece = (piece * 7) % 613) {
						const part = new Uint8Array(socket.read(Math.min(left, piece)) as ArrayBuffer);
						for (const byte of part) trial.equal(byte, at++ & 255, `byte ${at}`);
						left -= part.byteLength;
					}
					if (at === 100_000) trial.done();
				},
			});
		},
	},
	{
		name: 'without callbacks: connects, and nobody is told',
		run(trial) {
			const { io, ...needs } = trial.bench.tcp;
			const port = trial.bench.port('goodbye');
			const socket = new io({ ...needs, address: '127.0.0.1', host: 'localhost', port } as never);
			trial.later(300, () => {
				socket.close();
				trial.done();
			});
		},
	},
];
