import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { VirtualTime } from '../../../hosts/simulator/time';
import type { Fault } from '../../../modules/fault';
import type { Client, ClientOptions, Readable, WriteOptions } from '../../../modules/mqtt/client';
import type { MqttRouteOptions } from '../../../modules/mqtt/options';
import { Packet } from '../../../modules/mqtt/packet';
import { MqttRoute } from '../../../modules/mqtt/route';
import type { Outgoing } from '../../../modules/ports';
import { decode, encode } from '../../../modules/text/utf8';
import { ear } from '../../support/ear';

export interface Written extends WriteOptions {
	readonly body: string;
}

/** A client of the SDK's shape that does what a test says, and nothing by itself. */
export class FakeClient implements Client {
	static made: FakeClient[] = [];
	/** Called in the constructor, before it returns. */
	static onMade: ((client: FakeClient) => void) | undefined;
	readonly options: ClientOptions;
	readonly written: Written[] = [];
	room = 10_000;
	closed = 0;
	onWrite: ((options: WriteOptions) => void) | undefined;
	#unread = new Uint8Array(0);

	constructor(options: ClientOptions) {
		this.options = options;
		FakeClient.made.push(this);
		FakeClient.onMade?.(this);
	}

	write(data: ArrayBuffer | Uint8Array | undefined, options: WriteOptions): number {
		if (this.closed > 0) throw new TypeError('cannot read properties of undefined');
		this.onWrite?.(options);
		const length = (data?.byteLength ?? 0) + (options.topic?.length ?? 0) + 6;
		if (length > this.room) throw new Error('overflow');
		this.written.push({ ...options, body: data ? decode(data as ArrayBuffer) : '' });
		this.room -= length;
		return this.room;
	}

	read(count: number): ArrayBuffer | undefined;
	read(into: Uint8Array): number | undefined;
	read(into: number | Uint8Array): ArrayBuffer | number | undefined {
		if (this.#unread.byteLength === 0) return undefined;
		const part = this.#unread.slice(0, typeof into === 'number' ? into : into.byteLength);
		this.#unread = this.#unread.slice(part.byteLength);
		if (typeof into === 'number') return part.buffer;
		into.set(part);
		return part.byteLength;
	}

	close(): void {
		this.closed++;
	}

	connack(returnCode = 0): void {
		this.options.onControl({ operation: Packet.CONNACK, returnCode });
	}

	suback(...codes: number[]): void {
		this.options.onControl({ operation: Packet.SUBACK, id: 65_535, payload: codes });
	}

	puback(id: number): void {
		this.options.onControl({ operation: Packet.PUBACK, id });
	}

	writable(room = 10_000): void {
		this.room = room;
		this.options.onWritable(room);
	}

	/** As the SDK's: tells, without a reason, then closes itself. */
	fail(reason?: unknown): void {
		this.options.onError(reason);
		this.close();
	}

	/** A message in fragments of these sizes; what they leave over comes as one more. */
	message(
		body: string,
		{ topic = 'fajma/esp32/commands', sizes = [] as number[], retain = undefined as boolean | undefined } = {},
	) {
		const bytes = new Uint8Array(encode(body));
		let at = 0;
		for (const size of [...sizes, bytes.byteLength]) {
			const fragment = bytes.slice(at, at + size);
			const first = at === 0 && {
				topic,
				QoS: 1,
				byteLength: bytes.byteLength,
				...(retain !== undefined && { retain }),
			};
			at += fragment.byteLength;
			this.fragment(fragment, { ...first, more: at < bytes.byteLength });
			if (at === bytes.byteLength) return;
		}
	}

	fragment(bytes: Uint8Array, options: Readable, count = bytes.byteLength): void {
		this.#unread = bytes.slice();
		this.options.onReadable(count, options);
	}

	get unread(): number {
		return this.#unread.byteLength;
	}

	get publishes(): Written[] {
		return this.written.filter(({ operation }) => operation === Packet.PUBLISH);
	}
}

export function reading(sequence: number | undefined, again = false): Outgoing {
	return { channel: 'data', body: encode(`{"n":${sequence}}`), sequence, again };
}

/** A route over fake clients, and all that it said. */
export function makeRoute(options: Partial<MqttRouteOptions> = {}) {
	FakeClient.made = [];
	FakeClient.onMade = undefined;
	const scheduler = new VirtualTime();
	const heard = {
		opens: 0,
		closed: [] as Fault[],
		receipts: [] as number[],
		writables: 0,
		messages: [] as string[],
		log: [] as string[],
	};
	const route = new MqttRoute({
		mqtt: { io: FakeClient, dns: { io: class {} as never }, socket: { io: class {} as never } },
		clock: new BoardClock(scheduler),
		log: (level, source, message) => heard.log.push(`${level} ${source} ${message}`),
		host: 'broker.example',
		port: 8883,
		deviceId: 'ESP32_001',
		user: 'ESP32_001',
		password: 'hunter2-secret',
		...options,
	});
	ear(route).onOpen = () => heard.opens++;
	ear(route).onClosed = (fault) => heard.closed.push(fault);
	ear(route).onReceipt = (sequence) => heard.receipts.push(sequence);
	ear(route).onWritable = () => heard.writables++;
	ear(route).onMessage = (body) => heard.messages.push(decode(body));
	return {
		scheduler,
		route,
		heard,
		/** The newest client. */
		get client(): FakeClient {
			return FakeClient.made.at(-1)!;
		},
		/** Opens the route up to where it is open. */
		open(): FakeClient {
			route.open();
			const client = FakeClient.made.at(-1)!;
			client.connack();
			client.suback(1, 1);
			return client;
		},
	};
}
