import { type Behaviour, bytes, type Case, connect, text } from './bench';

/** What holds for every TCP-shaped socket, plain or not; `echo` is a peer that says what it hears. */
export function streamCases(kind: 'tcp' | 'tls', echo: Behaviour): readonly Case[] {
	return [
		{
			name: 'says what it hears: write, read all',
			run(trial) {
				let wrote = false;
				let heard = '';
				connect(trial, trial.bench[kind], echo, {
					onWritable: (socket, count) => {
						trial.ok(count >= 20, 'too little room');
						if (!wrote) trial.ok((socket.write(bytes('good morning')) as number) >= 0, 'no room is told');
						wrote = true;
					},
					onReadable: (socket, count) => {
						const part = text(socket.read());
						trial.equal(part.length, count, 'bytes told and bytes read');
						heard += part;
						if (heard === 'good morning') trial.done();
					},
				});
			},
		},
		{
			name: 'write before onWritable throws',
			run(trial) {
				const socket = connect(trial, trial.bench[kind], echo, {});
				trial.throws(() => socket.write(bytes('x')), 'a write too early');
				trial.done();
			},
		},
		{
			name: 'written in pieces, an ArrayBuffer among them, it arrives in order',
			run(trial) {
				let wrote = false;
				let heard = '';
				connect(trial, trial.bench[kind], echo, {
					onWritable: (socket) => {
						if (wrote) return;
						wrote = true;
						socket.write(bytes('one '), { more: true, byteLength: 13 });
						socket.write(bytes('two ').buffer as ArrayBuffer, { more: true });
						socket.write(bytes('-three-').subarray(1, 6));
					},
					onReadable: (socket) => {
						heard += text(socket.read());
						if (heard === 'one two three') trial.done();
					},
				});
			},
		},
		{
			name: 'read in parts, into a buffer, and not more than there is',
			run(trial) {
				let wrote = false;
				let ready = 0;
				connect(trial, trial.bench[kind], echo, {
					onWritable: (socket) => {
						if (!wrote) socket.write(bytes('abcdefgh'));
						wrote = true;
					},
					onReadable: (socket, count) => {
						ready = count;
						if (ready < 8) return;
						trial.throws(() => socket.read(9), 'nine of eight bytes');
						trial.equal(text(socket.read(3)), 'abc', 'three bytes');
						const into = new Uint8Array(2);
						trial.equal(socket.read(into), 2, 'bytes read into a buffer');
						trial.equal(text(into.buffer as ArrayBuffer), 'de', 'the buffer');
						const buffer = new ArrayBuffer(1);
						trial.equal(socket.read(buffer), 1, 'bytes read into an ArrayBuffer');
						trial.equal(text(buffer), 'f', 'the ArrayBuffer');
						trial.equal(text(socket.read()), 'gh', 'the rest');
						trial.equal(socket.read(), undefined, 'when nothing is there');
						trial.equal(socket.read(into), undefined, 'into a buffer when nothing is there');
						trial.done();
					},
				});
			},
		},
		{
			name: 'format number: one byte at a time, both ways',
			run(trial) {
				let wrote = false;
				let heard = '';
				connect(trial, trial.bench[kind], echo, {
					format: 'number',
					onWritable: (socket) => {
						if (wrote) return;
						wrote = true;
						trial.equal(socket.format, 'number', 'format');
						for (const byte of bytes('byte')) socket.write(byte);
					},
					onReadable: (socket, count) => {
						for (let i = 0; i < count; i++) heard += String.fromCharCode(socket.read() as number);
						trial.equal(socket.read(), undefined, 'when nothing is there');
						if (heard === 'byte') trial.done();
					},
				});
			},
		},
		{
			name: 'the format can be changed in between, to one that is',
			run(trial) {
				let wrote = false;
				connect(trial, trial.bench[kind], echo, {
					onWritable: (socket) => {
						if (!wrote) socket.write(bytes('a12'));
						wrote = true;
					},
					onReadable: (socket, count) => {
						if (count < 3) return;
						trial.throws(() => {
							socket.format = 'string' as never;
						}, 'a format that is not');
						trial.equal(socket.format, 'buffer', 'format');
						socket.format = 'number';
						trial.equal(socket.read(), 97, 'a number');
						socket.format = 'buffer';
						trial.equal(text(socket.read()), '12', 'a buffer');
						trial.done();
					},
				});
			},
		},
		{
			name: 'close twice, and before it is connected',
			run(trial) {
				const socket = connect(trial, trial.bench[kind], echo, {
					onWritable: () => trial.fail('onWritable after close'),
				});
				socket.close();
				socket.close();
				trial.later(200, () => trial.done());
			},
		},
		{
			name: 'after close read and write throw',
			run(trial) {
				connect(trial, trial.bench[kind], echo, {
					onWritable: (socket) => {
						socket.close();
						trial.throws(() => socket.read(), 'read');
						trial.throws(() => socket.write(bytes('x')), 'write');
						socket.close();
						trial.later(100, () => trial.done());
					},
				});
			},
		},
		{
			name: 'close in onReadable: nothing follows',
			run(trial) {
				let closed = false;
				let wrote = false;
				connect(trial, trial.bench[kind], echo, {
					onWritable: (socket) => {
						trial.ok(!closed, 'onWritable after close');
						if (!wrote) socket.write(bytes('x'));
						wrote = true;
					},
					onReadable: (socket) => {
						trial.ok(!closed, 'onReadable after close');
						closed = true;
						socket.close();
						trial.later(200, () => trial.done());
					},
				});
			},
		},
		{
			name: 'no callback from inside read or write',
			run(trial) {
				let inside = false;
				let heard = 0;
				let wrote = 0;
				const call = <T>(run: () => T): T => {
					inside = true;
					try {
						return run();
					} finally {
						inside = false;
					}
				};
				connect(trial, trial.bench[kind], echo, {
					onWritable: (socket) => {
						trial.ok(!inside, 'onWritable from inside a call');
						if (wrote < 3) call(() => socket.write(bytes('four')));
						wrote++;
					},
					onReadable: (socket) => {
						trial.ok(!inside, 'onReadable from inside a call');
						heard += call(() => (socket.read() as ArrayBuffer).byteLength);
						if (heard >= 4) trial.done();
					},
				});
			},
		},
	];
}
