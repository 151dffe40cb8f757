import { describe, expect, test } from 'vitest';
import { Fault } from '../../../modules/fault';
import type { ResolveRequest, Resolver, Socket, SocketOptions } from '../../../modules/sockets';
import { type Ending, ending, Stage, TapLine, type Targeted } from '../../../modules/tap/line';
import { TapResolver } from '../../../modules/tap/resolver';
import { TapSocket } from '../../../modules/tap/socket';

const ENDS = [
	ending('dns', 'no name'),
	ending('connect', 'no connection'),
	ending('closed', 'no answer'),
	ending('closed', 'cut'),
	ending('closed', 'over'),
];

/** What stands below: a resolver and a socket that do as the test says. */
const below = {
	asked: undefined as ResolveRequest | undefined,
	socket: undefined as BelowSocket | undefined,
	refuses: false,
};

class BelowResolver implements Resolver {
	resolve(request: ResolveRequest): void {
		below.asked = request;
	}
}

class BelowSocket implements Socket {
	format: 'buffer' | 'number' = 'buffer';
	readonly target: unknown;
	readonly options: SocketOptions;
	closes = 0;
	throws = false;

	constructor(options: SocketOptions) {
		if (below.refuses) throw new Error('no socket is left');
		this.options = options;
		this.target = options.target;
		below.socket = this;
	}

	read(): undefined {}

	write(): undefined {
		if (this.throws) throw new Error('would block');
	}

	close(): void {
		this.closes++;
	}
}

class PlainSocket extends TapSocket<TestLine> {
	format: 'buffer' | 'number' = 'buffer';

	read(): undefined {}

	protected readable(count: number): void {
		this.onReadable(count);
	}
}

/** A client of the SDK's shape: it resolves, then makes its socket, and passes on what comes. */
class TestClient {
	static last: TestClient | undefined;
	readonly target: unknown;
	socket: Socket | undefined;
	closes = 0;

	constructor(options: {
		target: unknown;
		dns: { io: new (options: never) => Resolver };
		socket: { io: new (options: never) => Socket };
		onData: (this: unknown, count: number) => void;
		onError: (this: unknown, reason?: unknown) => void;
	}) {
		this.target = options.target;
		TestClient.last = this;
		new options.dns.io(options.dns as never).resolve({
			host: 'asked.example',
			onResolved: (host, address) => {
				this.socket = new options.socket.io({
					...options.socket,
					address,
					host,
					port: 1,
					onReadable: (count: number) => options.onData.call(this, count),
					onWritable: () => {},
					onError: () => options.onError.call(this),
				} as never);
			},
			onError: () => options.onError.call(this),
		});
	}

	close(): void {
		this.closes++;
		this.socket?.close();
	}
}

class Ends {
	readonly said: string[] = [];

	onEnd({ code, message }: Fault): void {
		this.said.push(`${code}: ${message}`);
	}
}

class TestLine extends TapLine<TestClient, PlainSocket, Ends> {
	readonly data: number[] = [];
	throws = false;

	constructor(name?: string) {
		super(new Ends());
		this.connect(TestClient as never, {
			target: this,
			dns: { io: TapResolver, line: this, part: { io: BelowResolver }, ...(name !== undefined && { name }) },
			socket: { io: PlainSocket, line: this, part: { io: BelowSocket } },
			onData(this: Targeted<TestLine>, count: number): void {
				this.target.guard(this.target, 0, count);
			},
			onError(this: Targeted<TestLine>, reason?: unknown): void {
				this.target.gaveUp(reason);
			},
		});
	}

	get ends(): string[] {
		return this.events.said;
	}

	protected get endings(): readonly Ending[] {
		return ENDS;
	}

	protected get doings(): readonly string[] {
		return ['resolving', 'connecting', 'asking', 'up', 'ended'];
	}

	connected(): void {
		this.become(2);
	}

	take(_event: number, count: unknown): void {
		if (this.throws) throw new RangeError('a bug');
		this.data.push(count as number);
	}
}

function resolved(): { line: TestLine; tcp: BelowSocket } {
	below.refuses = false;
	const line = new TestLine();
	below.asked!.onResolved('asked.example', '192.0.2.1');
	return { line, tcp: below.socket! };
}

const events = (tcp: BelowSocket) => ({
	readable: (count: number) => tcp.options.onReadable.call(tcp, count),
	writable: (count: number) => tcp.options.onWritable.call(tcp, count),
	error: (reason?: unknown) => tcp.options.onError.call(tcp, reason),
});

describe('a line', () => {
	test('says what it is doing, and lets events through to whom they are for', () => {
		const { line, tcp } = resolved();
		expect(line.doing).toBe('connecting');
		events(tcp).writable(100);
		expect(line.doing).toBe('asking');
		events(tcp).readable(7);
		expect([line.data, line.ends]).toEqual([[7], []]);
	});

	test.each<[string, (line: TestLine, tcp: BelowSocket) => void, string]>([
		['the socket fails with a reason', (_, tcp) => events(tcp).error('reset'), 'connect: no connection: reset'],
		['it fails without one', (_, tcp) => events(tcp).error(), 'connect: no connection'],
		[
			'it fails with a Fault',
			(_, tcp) => events(tcp).error(new Fault('tls', 'bad certificate')),
			'tls: bad certificate',
		],
		[
			'whoever takes an event throws',
			(line, tcp) => {
				line.throws = true;
				events(tcp).readable(1);
			},
			'protocol: a bug',
		],
	])('ends once when %s, and lets nothing through after it', (_, strike, words) => {
		const { line, tcp } = resolved();
		strike(line, tcp);
		events(tcp).error('again');
		events(tcp).readable(1);
		line.close();
		expect([line.ends, line.data, line.doing]).toEqual([[words], [], 'ended']);
		expect(tcp.closes).toBe(1);
	});

	test('a name that does not resolve, and an answer after the end', () => {
		const line = new TestLine();
		below.asked!.onError();
		expect(line.ends).toEqual(['dns: no name']);
		const late = new TestLine();
		late.close();
		below.socket = undefined;
		below.asked!.onResolved('asked.example', '192.0.2.1');
		expect([below.socket, late.ends]).toEqual([undefined, []]);
	});

	test('the resolver is asked for the name that the line gives, not for the client’s', () => {
		new TestLine('name.example');
		expect(below.asked!.host).toBe('name.example');
	});

	test('a socket that cannot be made', () => {
		below.refuses = true;
		const line = new TestLine();
		below.asked!.onResolved('asked.example', '192.0.2.1');
		expect(line.ends).toEqual(['connect: no connection: no socket is left']);
		below.refuses = false;
	});

	test('a write that throws ends the line when no caller of it would catch that', () => {
		const { line, tcp } = resolved();
		tcp.throws = true;
		expect(TestClient.last!.socket!.write(new Uint8Array(1))).toBe(0);
		expect(line.ends).toEqual(['closed: would block']);
		expect(line.ended && line.doing).toBe('ended');
		expect(Stage.ENDED).toBe(4);
	});

	test('a socket that gives no room gives 0, and after its end takes nothing', () => {
		const { tcp } = resolved();
		const { socket } = TestClient.last!;
		expect(socket!.write(new Uint8Array(1))).toBe(0);
		socket!.close();
		tcp.throws = true;
		expect(socket!.write(new Uint8Array(1))).toBe(0);
		expect(tcp.closes).toBe(1);
	});
});
