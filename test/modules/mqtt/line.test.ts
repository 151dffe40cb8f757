import { generate, type Packet } from 'mqtt-packet';
import { beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../../../modules/fault';
import type { ClientOptions, Readable } from '../../../modules/mqtt/client';
import { Line } from '../../../modules/mqtt/line';
import { Packet as Type } from '../../../modules/mqtt/packet';
import type { ResolveRequest, Resolver, Socket, SocketOptions } from '../../../modules/sockets';

let asked: ResolveRequest;
let socket: FakeSocket;
let client: SilentClient;
let ends: Fault[];
let readables: Readable[];
let onReadable: () => void;

class FakeResolver implements Resolver {
	resolve(request: ResolveRequest): void {
		asked = request;
	}
}

/** As strict as a native object of the SDK: any use after close throws. */
class FakeSocket implements Socket {
	readonly options: SocketOptions;
	closed = 0;
	received: number[] = [];
	sent: number[] = [];
	onWrite: (() => number | undefined) | undefined;
	#format: 'buffer' | 'number' = 'buffer';

	constructor(options: SocketOptions) {
		this.options = options;
		socket = this;
	}

	#check(): void {
		if (this.closed > 0) throw new TypeError('closed native object');
	}

	get format() {
		this.#check();
		return this.#format;
	}

	set format(format) {
		this.#check();
		this.#format = format;
	}

	read(into?: number | ArrayBuffer | Uint8Array) {
		this.#check();
		if (this.#format === 'number') return this.received.shift();
		if (typeof into !== 'object') return Uint8Array.from(this.received.splice(0, into ?? this.received.length)).buffer;
		const view = into instanceof Uint8Array ? into : new Uint8Array(into);
		view.set(this.received.splice(0, view.byteLength));
		return view.byteLength;
	}

	write(data: number | ArrayBuffer | Uint8Array) {
		this.#check();
		if (this.onWrite) return this.onWrite();
		this.sent.push(...(typeof data === 'number' ? [data] : new Uint8Array(data)));
		return 1000;
	}

	close(): void {
		this.#check();
		this.closed++;
	}

	receive(packet: Packet): void {
		this.received.push(...generate(packet));
		this.options.onReadable(this.received.length);
	}
}

/** Reads byte by byte, gives no reason, and stumbles over its own end, as the SDK's class does. */
class SilentClient {
	readonly options: ClientOptions;
	socket: Socket | undefined;
	deaf = false;
	constructor(options: ClientOptions) {
		this.options = options;
		client = this;
		const resolver = new options.dns.io(options.dns as never);
		resolver.resolve({
			host: options.host,
			onResolved: (host, address) => {
				if (!this.options.socket) throw new TypeError('undefined');
				this.socket = new options.socket.io({
					...options.socket,
					host,
					address,
					port: options.port,
					onReadable: (count: number) => this.#read(count),
					onWritable: () => {},
					onError: () => options.onError(),
				} as never);
			},
			onError: () => options.onError(),
		});
	}

	#read(count: number): void {
		if (this.deaf) return;
		const { socket, options } = this;
		socket!.format = 'number';
		const bytes: number[] = [];
		while (count-- > 0) {
			bytes.push(socket!.read() as number);
			// The header of a PUBLISH with a topic of one letter, at QoS 0.
			if (bytes[0]! >> 4 === Type.PUBLISH && bytes.length === 5) {
				options.onReadable(count, { more: false, topic: 't', QoS: 0, byteLength: count });
				socket!.format = 'number';
			}
		}
		if (bytes[0] === Type.CONNACK << 4)
			if (bytes[3] === 0) options.onControl({ operation: Type.CONNACK });
			else {
				options.onError();
				socket!.read();
				throw new TypeError('cannot read properties of undefined');
			}
	}

	read(): undefined {}

	write(data: ArrayBuffer): number {
		return this.socket!.write(data) ?? 0;
	}

	close(): void {
		this.socket?.close();
		this.socket = undefined;
	}
}

function makeLine(): Line {
	return new Line(
		{ io: SilentClient as never, dns: { io: FakeResolver }, socket: { io: FakeSocket, key: 'kept' } },
		{ host: 'broker.example', port: 8883, id: 'me', clean: false, keepAlive: 60_000 },
		{
			onControl: () => {},
			onReadable: (_client, _count, options) => {
				readables.push(options);
				onReadable();
			},
			onRoom: () => {},
			onEnd: (fault) => ends.push(fault),
		},
	);
}

function connect(): Line {
	const line = makeLine();
	asked.onResolved('broker.example', '192.0.2.1');
	socket.options.onWritable(1000);
	return line;
}

const connack = (returnCode: number): Packet => ({ cmd: 'connack', returnCode, sessionPresent: false });
const publish = (retain: boolean): Packet => ({ cmd: 'publish', topic: 't', payload: 'x', qos: 0, retain, dup: false });

beforeEach(() => {
	ends = [];
	readables = [];
	onReadable = () => {};
});

describe('over a client that says little, the line', () => {
	test('passes the address and what the socket needs', () => {
		connect();
		expect(socket.options).toMatchObject({ host: 'broker.example', address: '192.0.2.1', port: 8883, key: 'kept' });
	});

	test('keeps why the name did not resolve', () => {
		makeLine();
		asked.onError(new Fault('dns', 'no name server'));
		expect(ends.map(String)).toEqual(['Fault: no name server']);
	});

	test('keeps why the socket failed', () => {
		connect();
		socket.options.onError(new Fault('tls', 'the certificate has expired'));
		expect(ends.map(({ code, message }) => [code, message])).toEqual([['tls', 'the certificate has expired']]);
	});

	test('tells by the stage what an end without a reason is', () => {
		makeLine();
		asked.onError();
		makeLine();
		asked.onResolved('broker.example', '192.0.2.1');
		socket.options.onError();
		connect();
		socket.options.onError();
		connect();
		socket.receive(connack(0));
		socket.options.onError();
		expect(ends.map(({ code, message }) => `${code}: ${message}`)).toEqual([
			'dns: the name of the broker did not resolve',
			'connect: no connection to the broker',
			'closed: the connection ended before the broker answered',
			'closed: the connection ended',
		]);
	});

	test('reads the code of a refusal off the wire, and takes what the client throws after it', () => {
		connect();
		socket.receive(connack(5));
		expect(ends.map(({ code, message }) => `${code}: ${message}`)).toEqual([
			'refused: not authorised: a wrong user or password, or no right to come in (CONNACK 5)',
		]);
		expect(socket.closed).toBe(1);
	});

	test('reads the RETAIN flag off the wire', () => {
		connect();
		socket.receive(connack(0));
		socket.receive(publish(true));
		socket.receive(publish(false));
		expect(readables.map(({ retain }) => retain)).toEqual([true, false]);
		expect(ends).toEqual([]);
	});

	test('may be closed while a name resolves: the answer is dropped', () => {
		const line = makeLine();
		line.close();
		asked.onResolved('broker.example', '192.0.2.1');
		asked.onError();
		expect(ends).toEqual([]);
	});

	test('may be closed in onReadable, where the client touches its socket again', () => {
		const line = connect();
		socket.receive(connack(0));
		onReadable = () => line.close();
		socket.receive(publish(false));
		expect([ends, socket.closed]).toEqual([[], 1]);
		socket.options.onReadable(1);
		socket.options.onWritable(1);
		socket.options.onError();
		line.close();
		expect([ends, socket.closed]).toEqual([[], 1]);
	});

	test('ends when the client stops reading', () => {
		connect();
		socket.receive(connack(0));
		client.deaf = true;
		socket.receive({ cmd: 'pingresp' });
		expect(ends.map(({ code, message }) => `${code}: ${message}`)).toEqual(['protocol: the client stopped reading']);
	});

	test('ends, and throws nothing, when a timer of the client writes to a socket that throws', () => {
		connect();
		socket.onWrite = () => {
			throw new Error('would block');
		};
		expect(client.write(new ArrayBuffer(1))).toBe(0);
		expect(ends.map(({ code, message }) => `${code}: ${message}`)).toEqual(['closed: would block']);
	});

	test('throws in its own write what the socket throws', () => {
		const line = connect();
		socket.receive(connack(0));
		socket.onWrite = () => {
			throw new Error('would block');
		};
		expect(() => line.write(new ArrayBuffer(1), { operation: Type.PUBLISH })).toThrow('would block');
		expect(ends).toEqual([]);
	});

	test('takes no room for what a dying socket returns', () => {
		const line = connect();
		socket.onWrite = () => undefined;
		expect(line.write(new ArrayBuffer(1), { operation: Type.PUBLISH })).toBe(0);
	});

	test('closes a socket whose constructor failed half-way, and says why', () => {
		class Failing {
			constructor() {
				throw new Fault('connect', 'no sockets left');
			}
		}
		new Line(
			{ io: SilentClient as never, dns: { io: FakeResolver }, socket: { io: Failing as never } },
			{ host: 'broker.example', port: 8883, id: 'me', clean: false, keepAlive: 60_000 },
			{ onControl: () => {}, onReadable: () => {}, onRoom: () => {}, onEnd: (fault) => ends.push(fault) },
		);
		asked.onResolved('broker.example', '192.0.2.1');
		expect(ends.map(String)).toEqual(['Fault: no sockets left']);
	});

	test('says nothing of a write after its end', () => {
		const line = connect();
		socket.options.onError();
		expect(() => line.write(new ArrayBuffer(1), { operation: Type.PUBLISH })).toThrow('the connection ended');
	});
});
