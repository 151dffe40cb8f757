import { type Client, Opcode, type Readable } from '../../../modules/websocket/client';
import { type Behaviour, bytes, type Case, type Trial, text } from './bench';

interface Events {
	readonly onReadable?: (client: Client, count: number, options: Readable) => void;
	readonly onWritable?: (client: Client, count: number) => void;
	readonly onControl?: (client: Client, opcode: number, payload: ArrayBuffer) => void;
	readonly onError?: (client: Client) => void;
	readonly onClose?: (client: Client) => void;
	readonly options?: object;
}

function ask(trial: Trial, behaviour: Behaviour, events: Events): Client {
	let client: Client | undefined;
	const tell = (run: (made: Client) => void): void =>
		trial.guard(() => {
			trial.ok(client !== undefined, 'a callback from inside the constructor');
			run(client!);
		});
	const { webSocket } = trial.bench;
	client = new webSocket.io({
		...webSocket,
		host: '127.0.0.1',
		port: trial.bench.port(behaviour),
		path: '/ws/iot/ESP32_001/',
		headers: [['Authorization', 'Bearer x.y.z']],
		onReadable: (count: number, options: Readable) => tell((made) => events.onReadable?.(made, count, options)),
		onWritable: (count: number) => tell((made) => events.onWritable?.(made, count)),
		onControl: (opcode: number, payload: ArrayBuffer) => tell((made) => events.onControl?.(made, opcode, payload)),
		onError: () => tell((made) => (events.onError ? events.onError(made) : trial.fail('onError'))),
		onClose: () => tell((made) => (events.onClose ? events.onClose(made) : trial.fail('onClose'))),
		...events.options,
	} as never);
	trial.cleanup(() => client?.close());
	return client;
}

/** Says this once it is open; what comes back goes to `hear`, message by message. */
function converse(
	trial: Trial,
	behaviour: Behaviour,
	say: (client: Client) => void,
	hear: (client: Client, message: string, binary: boolean) => void,
	events: Events = {},
): Client {
	let said = false;
	let heard = '';
	return ask(trial, behaviour, {
		onWritable: (client) => {
			if (!said) say(client);
			said = true;
		},
		onReadable: (client, count, { more, binary }) => {
			if (count > 0) heard += text(client.read(count));
			if (more) return;
			const message = heard;
			heard = '';
			hear(client, message, binary);
		},
		...events,
	});
}

const WORD = Object.freeze({ binary: false });
const pattern = (length: number): string => '0123456789abcdef'.repeat(length / 16);

const TAPPED = 'hardened: nothing of the kind passes TapSocket';

/** The SDK's client and its twin, over plain TCP. */
export const webSocketCases: readonly Case[] = [
	{
		name: 'onWritable with room says that it is open',
		run(trial) {
			ask(trial, 'webSocket', {
				onWritable: (_, count) => {
					trial.ok(count > 100, 'no room');
					trial.done();
				},
			});
		},
	},
	{
		name: 'asks for the path, with the headers that were given',
		run(trial) {
			converse(
				trial,
				'webSocket',
				(client) => client.write(bytes('ask'), WORD),
				(_, message) => {
					const request = JSON.parse(message) as Record<string, string>;
					trial.equal(request.url, '/ws/iot/ESP32_001/', 'path');
					trial.equal(request.authorization, 'Bearer x.y.z', 'Authorization');
					trial.equal(request['sec-websocket-version'], '13', 'version');
					trial.equal(request['sec-websocket-key']?.length, 24, 'length of the key');
					trial.equal(request['sec-websocket-extensions'], undefined, 'extensions');
					trial.done();
				},
			);
		},
	},
	...['a', pattern(112), pattern(128), pattern(1024)].map((message) => ({
		name: `a text of ${message.length} bytes goes there and back`,
		run(trial: Trial) {
			converse(
				trial,
				'webSocket',
				(client) => client.write(bytes(message), WORD),
				(_, echo, binary) => {
					trial.equal(echo, message, 'echo');
					trial.equal(binary, false, 'binary');
					trial.done();
				},
			);
		},
	})),
	{
		name: 'bytes are binary, without saying so',
		run(trial) {
			converse(
				trial,
				'webSocket',
				(client) => client.write(bytes('raw'), {}),
				(_, echo, binary) => {
					trial.equal(echo, 'raw', 'echo');
					trial.equal(binary, true, 'binary');
					trial.done();
				},
			);
		},
	},
	{
		name: 'an empty message is one',
		run(trial) {
			const heard: string[] = [];
			converse(
				trial,
				'webSocket',
				(client) => {
					client.write(new Uint8Array(0), WORD);
					client.write(bytes('after'), WORD);
				},
				(_, message) => {
					heard.push(message);
					if (heard.length < 2) return;
					trial.equal(heard.join('|'), '|after', 'heard');
					trial.done();
				},
			);
		},
	},
	{
		name: 'ten messages at once: each, in order, with its own end',
		run(trial) {
			let heard = '';
			converse(
				trial,
				'webSocket',
				(client) => {
					for (let digit = 0; digit < 10; digit++) client.write(bytes(`${digit}`), WORD);
				},
				(_, message) => {
					heard += `${message},`;
					if (heard === '0,1,2,3,4,5,6,7,8,9,') trial.done();
				},
			);
		},
	},
	{
		name: 'a message written in fragments is one',
		run(trial) {
			converse(
				trial,
				'webSocket',
				(client) => {
					client.write(bytes('one '), { binary: false, more: true });
					client.write(bytes('and '), { more: true });
					client.write(bytes('only'), { more: false });
				},
				(_, message) => {
					trial.equal(message, 'one and only', 'echo');
					trial.done();
				},
			);
		},
	},
	{
		name: 'fragments with a ping between are one message',
		run(trial) {
			let pings = 0;
			converse(
				trial,
				'webSocketFragments',
				() => {},
				(_, message, binary) => {
					trial.equal(message, 'abcd', 'message');
					trial.equal(binary, false, 'binary');
					trial.equal(pings, 1, 'pings');
					trial.done();
				},
				{ onControl: (_, opcode) => void (opcode === Opcode.PING && pings++) },
			);
		},
	},
	{
		name: 'a ping is answered with what it held',
		run(trial) {
			converse(
				trial,
				'webSocket',
				(client) => client.write(bytes('ping'), WORD),
				(_, message) => {
					trial.equal(message, 'pong are you there', 'the server heard');
					trial.done();
				},
			);
		},
	},
	{
		name: 'a pong comes through onControl',
		run(trial) {
			let asked = false;
			ask(trial, 'webSocket', {
				onWritable: (client) => {
					if (!asked) client.write(bytes('me?'), { opcode: Opcode.PING });
					asked = true;
				},
				onControl: (_, opcode, payload) => {
					trial.equal(opcode, Opcode.PONG, 'opcode');
					trial.equal(text(payload), 'me?', 'payload');
					trial.done();
				},
			});
		},
	},
	{
		name: 'the server closes: onControl with its code, then onClose, once',
		run(trial) {
			let code = 0;
			let closes = 0;
			converse(
				trial,
				'webSocket',
				(client) => client.write(bytes('bye'), WORD),
				() => trial.fail('a message'),
				{
					onControl: (_, opcode, payload) => {
						trial.equal(opcode, Opcode.CLOSE, 'opcode');
						const given = new Uint8Array(payload);
						code = (given[0]! << 8) | given[1]!;
					},
					onClose: () => {
						closes++;
						trial.equal(closes, 1, 'calls of onClose');
						trial.equal(code, 1001, 'code');
						trial.later(200, () => trial.done());
					},
				},
			);
		},
	},
	{
		name: 'a close frame of one’s own is answered: onClose, once',
		run(trial) {
			let closes = 0;
			let said = false;
			ask(trial, 'webSocket', {
				onWritable: (client) => {
					if (!said) client.write(Uint8Array.of(0x03, 0xe8), { opcode: Opcode.CLOSE });
					said = true;
				},
				onControl: (_, opcode) => trial.equal(opcode, Opcode.CLOSE, 'opcode'),
				onClose: () => {
					closes++;
					trial.equal(closes, 1, 'calls of onClose');
					trial.later(200, () => trial.done());
				},
			});
		},
	},
	{
		name: 'what does not fit throws an Error without a message, and the next does fit',
		run(trial) {
			let tried = false;
			ask(trial, 'webSocket', {
				onWritable: (client, count) => {
					if (tried) return;
					tried = true;
					let thrown: unknown;
					try {
						client.write(new Uint8Array(count + 20), {});
					} catch (caught) {
						thrown = caught;
					}
					trial.ok(thrown instanceof Error && thrown.message === '', 'no Error without a message');
					client.write(bytes('x'), WORD);
				},
				onReadable: (client, count) => {
					trial.equal(text(client.read(count)), 'x', 'echo');
					trial.done();
				},
			});
		},
	},
	{
		name: 'as much as there is room for is taken',
		run(trial) {
			let tried = false;
			ask(trial, 'webSocket', {
				onWritable: (client, count) => {
					if (tried) return;
					tried = true;
					client.write(new Uint8Array(Math.min(count, 60_000)), {});
					trial.done();
				},
			});
		},
	},
	{
		name: 'close in onWritable: nothing follows',
		run(trial) {
			let closed = false;
			ask(trial, 'webSocketFragments', {
				onWritable: (client) => {
					trial.ok(!closed, 'onWritable after close');
					closed = true;
					client.close();
					client.close();
					trial.later(300, () => trial.done());
				},
				onReadable: () => trial.fail('onReadable after close'),
			});
		},
	},
	{
		name: 'close in onReadable: nothing follows',
		run(trial) {
			let closed = false;
			converse(
				trial,
				'webSocket',
				(client) => {
					client.write(bytes('1'), WORD);
					client.write(bytes('2'), WORD);
				},
				(client) => {
					trial.ok(!closed, 'onReadable after close');
					closed = true;
					client.close();
					trial.later(300, () => trial.done());
				},
			);
		},
	},
	{
		name: 'closed while the name resolves: nothing follows',
		differs: { sdk: `it opens a socket all the same; hardened: TapResolver keeps the answer back` },
		run(trial) {
			const client = ask(trial, 'webSocket', {
				options: { host: 'localhost' },
				onWritable: () => trial.fail('onWritable'),
			});
			client.close();
			trial.later(500, () => trial.done());
		},
	},
	failure('a server that says 401: onError, once', 'webSocketDenied'),
	failure('a server that is no HTTP: onError, once', 'webSocketNonsense'),
	failure('a server that is gone before it answers: onError, once', 'webSocketUnready'),
	failure('nobody listens: onError, once', 'refuse'),
	failure('an accept that proves nothing', 'webSocketAccept', { sdk: `it looks only whether there is one; ${TAPPED}` }),
	failure('an extension that nobody offered', 'webSocketExtension', { sdk: `it does not look; ${TAPPED}` }),
	{
		name: '"Connection: keep-alive, Upgrade" upgrades',
		differs: { sdk: 'it takes it for a refusal; hardened: TapSocket tells it "Upgrade"' },
		run(trial) {
			ask(trial, 'webSocketList', { onWritable: () => trial.done() });
		},
	},
	{
		name: 'a header in two pieces, and a write in between: the message is whole',
		differs: {
			sdk: 'the write makes it read the rest of the header as a buffer; hardened: TapSocket passes headers whole, and minds no format',
		},
		run(trial) {
			converse(
				trial,
				'webSocketSplit',
				() => {},
				(client, message) => {
					// By then the first byte of the next header is there.
					if (message === 'ab') trial.later(60, () => client.write(bytes('x'), WORD));
					else {
						trial.equal(message, 'cd', 'the second message');
						trial.done();
					}
				},
			);
		},
	},
	failure('a masked frame', 'webSocketMasked', { sdk: `it unmasks it; ${TAPPED}` }),
	failure('a reserved bit', 'webSocketReserved'),
	failure('a fragment of nothing', 'webSocketOrphan', { sdk: `it takes it for a message; ${TAPPED}` }),
	failure('a ping of 126 bytes', 'webSocketPingTooLong', { sdk: `it takes it; ${TAPPED}` }),
	failure('a close frame of one byte', 'webSocketCloseOfOne', { sdk: `it closes in peace; ${TAPPED}` }),
	{
		name: 'a text that is not UTF-8 comes as it is: whoever reads it has to look',
		run(trial) {
			ask(trial, 'webSocketNotUtf8', {
				onReadable: (client, count) => {
					trial.equal(new Uint8Array(client.read(count)!)[0], 0xc3, 'the first byte');
					trial.done();
				},
			});
		},
	},
	{
		name: 'a server that closes and stays: the close frame is answered, and onClose comes',
		run(trial) {
			ask(trial, 'webSocketGone', { onClose: () => trial.done() });
		},
	},
];

function failure(name: string, behaviour: Behaviour, differs?: Case['differs']): Case {
	return {
		name,
		...(differs && { differs }),
		patience: 2_000,
		run(trial) {
			let errors = 0;
			ask(trial, behaviour, {
				onReadable: () => trial.fail('onReadable'),
				onClose: () => trial.fail('onClose'),
				onError: () => {
					errors++;
					trial.equal(errors, 1, 'calls of onError');
					trial.later(200, () => trial.done());
				},
			});
		},
	};
}
