/**
 * MQTT 3.1.1 as a route: QoS 1, a PUBACK is the receipt. One session lives on at the broker, under the device's id, from
 * connection to connection. When to try again is the courier's to decide.
 *
 *   CLOSED ── open() ──> OPENING ── CONNACK 0, SUBSCRIBE written ──> OPEN
 *   OPENING, OPEN ── the line ended, or a deadline passed ──> CLOSED (onClosed)
 *   OPENING, OPEN ── the same from inside a call to the route ──> ENDING ── next turn ──> CLOSED (onClosed)
 *   any ── close() ──> CLOSED (silent)
 */
import { Fault } from '../fault';
import type { Alarm, Clock, Log, Outgoing, Route, RouteListener } from '../ports';
import type { Client, Control, Readable } from './client';
import { Inbox, type InboxOwner } from './inbox';
import { Line, type LineEvents } from './line';
import { type MqttRouteOptions, type Plan, plan } from './options';
import { Outbox, type OutboxOwner } from './outbox';
import { Packet, SUBSCRIPTION_FAILED } from './packet';

const State = Object.freeze({ CLOSED: 'closed', OPENING: 'opening', OPEN: 'open', ENDING: 'ending' } as const);
type State = (typeof State)[keyof typeof State];

/** The largest message that the route takes from the server, in bytes. */
const INBOUND_LIMIT = 2048;

export class MqttRoute implements Route, LineEvents, InboxOwner, OutboxOwner {
	readonly name = 'mqtt';
	readonly batchLimit = 1;
	readonly isLive = false;
	listener: RouteListener | undefined;

	readonly #plan: Plan;
	readonly #clock: Clock;
	readonly #log: Log;
	readonly #alarm: Alarm;
	readonly #inbox: Inbox;
	readonly #outbox: Outbox;

	#state: State = State.CLOSED;
	#line: Line | undefined;
	/** A public call runs: no callback now. */
	#busy = false;
	/** What onClosed will say, once ENDING. */
	#fault: Fault | undefined;
	/** The alarm is set to look for what is overdue. */
	#watching = false;
	#strays = 0;
	#turnedAway = 0;

	/** Throws a Fault 'range' when an option is outside its bound. */
	constructor(options: MqttRouteOptions) {
		const { clock, log } = options;
		this.#plan = plan(options);
		this.#clock = clock;
		this.#log = log;
		this.#inbox = new Inbox(INBOUND_LIMIT, this);
		this.#outbox = new Outbox(this.#plan, clock, this);
		this.#alarm = clock.alarm(this);
	}

	/** An ending route is not closed yet, and open no more. */
	get state(): 'closed' | 'opening' | 'open' {
		return this.#state === State.ENDING ? State.OPENING : this.#state;
	}

	/** Records in flight. */
	get inFlight(): number {
		return this.#outbox.inFlight;
	}

	/** Receipts that nothing waited for, since this route was made. */
	get strays(): number {
		return this.#strays;
	}

	/** Messages from the server that were refused (too long, retained, on another topic), since this route was made. */
	get turnedAway(): number {
		return this.#turnedAway;
	}

	open(): void {
		if (this.#state !== State.CLOSED) throw new Fault('misuse', 'the MQTT route is open already');
		const { mqtt, login, connectTimeout, topics } = this.#plan;
		const message = this.#plan.will?.();
		const will = message === undefined ? undefined : { topic: topics.heartbeat, message, QoS: 1, retain: false };
		this.#become(State.OPENING);
		this.#alarm.set(connectTimeout);
		this.#log('debug', this.name, `connecting to ${login.host}:${login.port} as ${login.id}`);
		const before = this.#enter();
		const line = new Line(mqtt, { ...login, will }, this);
		this.#busy = before;
		if (line.ended) return;
		this.#line = line;
		this.#outbox.attach(line);
	}

	/**
	 * Records (with a sequence) go at QoS 1, all else at QoS 0. A sequence that is in flight already is taken already: true, and
	 * nothing goes out, since a re-send belongs to a new connection [MQTT-4.4.0-1]. Throws a Fault 'range' over 4,096 bytes.
	 */
	send(outgoing: Outgoing): boolean {
		if (this.#state === State.ENDING) return false;
		if (this.#state !== State.OPEN) throw new Fault('misuse', 'the MQTT route is not open');
		const before = this.#enter();
		try {
			return this.#outbox.send(outgoing);
		} finally {
			this.#busy = before;
			this.#watch();
		}
	}

	/** Says DISCONNECT when there is room for it: the broker then keeps the will to itself [MQTT-3.14.4-3]. */
	close(): void {
		const before = this.#enter();
		if (this.#state === State.OPEN) this.#outbox.disconnect();
		this.#shut();
		this.#busy = before;
	}

	/** No callback from here on; returns what `#busy` was. */
	#enter(): boolean {
		const before = this.#busy;
		this.#busy = true;
		return before;
	}

	/** Tells the listener; what that throws ends the route as a Fault of its own, not the peer's. */
	#tell<Name extends 'onOpen' | 'onReceipt' | 'onWritable' | 'onMessage'>(
		name: Name,
		value?: Parameters<RouteListener[Name]>[0],
	): void {
		try {
			this.listener?.[name](value as never);
		} catch (thrown) {
			throw new Fault('misuse', `a callback threw: ${Fault.from(thrown, 'misuse').message}`);
		}
	}

	#settle(): void {
		if (this.#state === State.OPEN && this.#outbox.takeOwed()) this.#tell('onWritable');
	}

	// What the inbox, the outbox and the line tell: to the route itself, since a closure each would be memory.

	wants(topic: string): boolean {
		return this.#plan.commands.includes(topic);
	}

	takeMessage(body: ArrayBuffer): void {
		this.#tell('onMessage', body);
	}

	turnAway(why: string): void {
		this.#turnedAway++;
		this.#log('warning', this.name, `a message was refused: ${why}`);
	}

	onFault(fault: Fault): void {
		this.#end(fault);
	}

	onEnd(fault: Fault): void {
		this.#end(fault);
	}

	onControl(message: Control): void {
		if (this.#busy) throw new Fault('protocol', 'the client called back from inside a call');
		if (message.operation === Packet.CONNACK) this.#subscribe();
		else if (message.operation === Packet.PUBACK) this.#onReceived(message.id ?? 0);
		else if (message.operation === Packet.SUBACK) this.#onSubscribed(message);
	}

	onReadable(client: Client, count: number, readable: Readable): void {
		if (this.#busy) throw new Fault('protocol', 'the client called back from inside a call');
		this.#inbox.take(client, count, readable);
	}

	onRoom(count: number): void {
		this.#outbox.setRoom(count);
		if (this.#busy) return;
		this.#subscribe();
		this.#settle();
	}

	/** On each connection, since the broker may have lost the session. Opens the route once it is written. */
	#subscribe(): void {
		if (this.#state !== State.OPENING || !this.#outbox.subscribe(this.#plan.commands)) return;
		this.#become(State.OPEN);
		this.#watch();
		this.#log('info', this.name, `open to ${this.#plan.login.host}:${this.#plan.login.port}`);
		this.#tell('onOpen');
	}

	#onSubscribed({ id, payload }: Control): void {
		if (!this.#outbox.subscribed(id)) return;
		const codes = payload instanceof ArrayBuffer ? new Uint8Array(payload) : payload;
		this.#plan.commands.forEach((topic, index) => {
			if (codes?.[index] === SUBSCRIPTION_FAILED)
				this.#log('warning', this.name, `the broker refuses a subscription to ${topic}`);
		});
		this.#settle();
	}

	#onReceived(id: number): void {
		const sequence = this.#outbox.received(id);
		if (sequence === undefined) {
			this.#strays++;
			this.#log('debug', this.name, `a receipt that nothing waits for: ${id}`);
			return;
		}
		this.#tell('onReceipt', sequence);
		this.#settle();
	}

	/** Looks again in `delay` ms for what is overdue, unless it is about to. */
	#watch(delay = this.#plan.receiptTimeout): void {
		if (this.#watching || this.#state !== State.OPEN) return;
		this.#watching = true;
		this.#alarm.set(delay);
	}

	onAlarm(): void {
		this.#watching = false;
		const { connectTimeout, receiptTimeout } = this.#plan;
		if (this.#state === State.ENDING) this.#end(this.#fault!);
		else if (this.#state === State.OPENING)
			this.#end(new Fault('timeout', `no broker in ${connectTimeout} ms (${this.#line?.doing})`));
		else if (this.#outbox.waitingSince !== undefined) {
			const left = this.#outbox.waitingSince + receiptTimeout - this.#clock.ticks;
			if (left > 0) this.#watch(left);
			else this.#end(new Fault('timeout', `nothing came back in ${receiptTimeout} ms: the peer is dead`));
		}
	}

	/** The route ends by itself: now, or at the next turn when it is busy with a call. */
	#end(fault: Fault): void {
		if (this.#state === State.CLOSED) return;
		if (this.#busy) {
			this.#fault ??= fault;
			this.#become(State.ENDING);
			this.#alarm.set(0);
			return;
		}
		const first = this.#fault ?? fault;
		this.#shut();
		this.#log('warning', this.name, `${first.code}: ${first.message}`);
		try {
			this.listener?.onClosed(first);
		} catch (thrown) {
			this.#log('error', this.name, `onClosed threw: ${Fault.from(thrown, 'misuse').message}`);
		}
	}

	#shut(): void {
		const line = this.#line;
		this.#become(State.CLOSED);
		this.#alarm.clear();
		this.#line = this.#fault = undefined;
		this.#watching = false;
		this.#outbox.attach(undefined);
		this.#inbox.clear();
		line?.close();
	}

	#become(state: State): void {
		this.#state = state;
	}
}
