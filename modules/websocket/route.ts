/**
 * WebSocket (RFC 6455) as a route: the guide's path and messages, connected while there is something live to show. A message
 * `{"type":"ack"}` with the record's id is its receipt; a server that gives none (the guide's) still gets all that is live. When to
 * try again is the courier's to decide.
 *
 *   CLOSED ── open() ──> OPENING ── 101, "connection" written ──> OPEN
 *   OPENING ── 401, and a new token may be tried ──> OPENING, once
 *   OPENING, OPEN ── the line ended, or a deadline passed ──> CLOSED (onClosed)
 *   OPENING, OPEN ── the same from inside a call to the route ──> ENDING ── next turn ──> CLOSED (onClosed)
 *   any ── close() ──> CLOSED (silent)
 */
import { Fault } from '../fault';
import type { Alarm, Clock, Log, Outgoing, Route, RouteListener } from '../ports';
import { Answers, type AnswersOwner } from './answers';
import type { Client, Readable } from './client';
import { Refusal } from './faults';
import { Inbox, type InboxOwner } from './inbox';
import { Line, type LineEvents } from './line';
import { type Plan, plan, type WebSocketRouteOptions } from './options';
import { Outbox, type OutboxOwner } from './outbox';
import { Watch } from './watch';

const State = Object.freeze({ CLOSED: 'closed', OPENING: 'opening', OPEN: 'open', ENDING: 'ending' } as const);
type State = (typeof State)[keyof typeof State];

export class WebSocketRoute implements Route, LineEvents, InboxOwner, OutboxOwner, AnswersOwner {
	readonly name = 'websocket';
	readonly batchLimit = 1;
	readonly isLive = true;
	listener: RouteListener | undefined;

	readonly #plan: Plan;
	readonly #clock: Clock;
	readonly #log: Log;
	readonly #alarm: Alarm;
	readonly #inbox: Inbox;
	readonly #outbox: Outbox;
	readonly #watch: Watch;
	readonly #answers: Answers;

	#state: State = State.CLOSED;
	#line: Line | undefined;
	/** A public call runs: no callback now. */
	#busy = false;
	/** What onClosed will say, once ENDING. */
	#fault: Fault | undefined;
	/** When the request went out, in ticks. */
	#askedAt = 0;
	/** When the alarm goes off, while open, in ticks. */
	#dueAt = Number.POSITIVE_INFINITY;
	#turnedAway = 0;

	/** Throws a Fault 'range' when an option is outside its bound. */
	constructor(options: WebSocketRouteOptions) {
		const { clock, log } = options;
		this.#plan = plan(options);
		this.#clock = clock;
		this.#log = log;
		this.#outbox = new Outbox(this.#plan.window, clock, this);
		this.#watch = new Watch(this.#plan, clock, this.#outbox);
		this.#answers = new Answers(this.#outbox, this.#watch, this);
		this.#inbox = new Inbox(this);
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

	/** Receipts and refusals that nothing waited for, since this route was made. */
	get strays(): number {
		return this.#answers.strays;
	}

	/** Messages from the server that were of no use (no JSON, too long, of another type), since this route was made. */
	get turnedAway(): number {
		return this.#turnedAway;
	}

	open(): void {
		if (this.#state !== State.CLOSED) throw new Fault('misuse', 'the WebSocket route is open already');
		const { host, port, path, connectTimeout } = this.#plan;
		this.#become(State.OPENING);
		this.#alarm.set(connectTimeout);
		this.#log('debug', this.name, `connecting to ${host}:${port}${path}`);
		this.#connect();
	}

	/**
	 * A record (with a sequence and an id) stays in flight until its receipt. One that is in flight goes out once more only `again`.
	 * Throws a Fault 'range' over 4,096 bytes, 'misuse' for a batch or a record without an id.
	 */
	send(outgoing: Outgoing): boolean {
		if (this.#state === State.ENDING) return false;
		if (this.#state !== State.OPEN) throw new Fault('misuse', 'the WebSocket route is not open');
		const before = this.#enter();
		try {
			return this.#outbox.send(outgoing);
		} finally {
			this.#busy = before;
			this.#look();
		}
	}

	/** Says close (1000) when there is room for it. */
	close(): void {
		const before = this.#enter();
		this.#shut();
		this.#busy = before;
	}

	/** Begins a line with the token of now. */
	#connect(): void {
		const { webSocket, host, port, path, tokens } = this.#plan;
		const before = this.#enter();
		try {
			const token = tokens.token();
			if (token === undefined) {
				this.#end(new Fault('refused', 'no token can be made while the time is unknown'));
				return;
			}
			const headers = [['Authorization', `Bearer ${token}`]] as const;
			const line = new Line(webSocket, { host, port, path, headers }, this);
			if (line.ended) return;
			this.#line = line;
			this.#outbox.attach(line);
		} finally {
			this.#busy = before;
		}
	}

	/** No callback from here on; returns what `#busy` was. */
	#enter(): boolean {
		const before = this.#busy;
		this.#busy = true;
		return before;
	}

	/** Tells the listener; what that throws ends the route as a Fault of its own, not the peer's. */
	#tell<Name extends Exclude<keyof RouteListener, 'onClosed'>>(
		name: Name,
		value?: Parameters<RouteListener[Name]>[0],
		fault?: Fault,
	): void {
		try {
			this.listener?.[name](value as never, fault as never);
		} catch (thrown) {
			throw threw(thrown);
		}
	}

	// What the inbox, the outbox, the answers and the line tell: to the route itself, since a closure each would be memory.

	onText(bytes: Uint8Array, text: string): void {
		this.#answers.take(bytes, text);
	}

	onBinary(): void {
		this.turnAway('it is binary');
	}

	turnAway(why: string): void {
		this.#turnedAway++;
		this.#log('debug', this.name, `a message was left aside: ${why}`);
	}

	receive(sequence: number): void {
		this.#tell('onReceipt', sequence);
	}

	refuse(sequence: number, fault: Fault): void {
		this.#tell('onRefused', sequence, fault);
	}

	takeCommand(body: ArrayBuffer): void {
		this.#tell('onMessage', body);
	}

	onFault(fault: Fault): void {
		this.#end(fault);
	}

	onAsked(): void {
		this.#askedAt = this.#clock.ticks;
	}

	onDate(date: string): void {
		try {
			this.#plan.onDate?.(date, this.#askedAt, this.#clock.ticks);
		} catch (thrown) {
			throw threw(thrown);
		}
	}

	onPing(): void {
		this.#watch.heard();
	}

	onPong(): void {
		this.#watch.ponged();
	}

	onRoom(count: number): void {
		this.#outbox.setRoom(count);
		if (this.#busy) return;
		this.#greet();
		this.#settle();
		this.#look();
	}

	#settle(): void {
		if (this.#state === State.OPEN && this.#outbox.takeOwed()) this.#tell('onWritable');
	}

	/** On each connection, first of all: the guide's message. Opens the route once it is written. */
	#greet(): void {
		if (this.#state !== State.OPENING) return;
		const { deviceId, tokens, host, port } = this.#plan;
		const { time } = this.#clock;
		const stamp = time === undefined ? '' : `"timestamp":${Math.floor(time)},`;
		if (!this.#outbox.say(`{"type":"connection","device_id":"${deviceId}",${stamp}"data":"${deviceId} connected"}`))
			return;
		this.#become(State.OPEN);
		this.#watch.begin();
		this.#dueAt = Number.POSITIVE_INFINITY;
		this.#look();
		tokens.accepted();
		this.#log('info', this.name, `open to ${host}:${port}`);
		this.#tell('onOpen');
	}

	onReadable(client: Client, count: number, readable: Readable): void {
		if (this.#busy) throw new Fault('protocol', 'the client called back from inside a call');
		this.#inbox.take(client, count, readable);
		// A receipt makes room in flight.
		this.#settle();
	}

	/** Sets the alarm for what is due next, unless it goes off before that anyway. */
	#look(): void {
		if (this.#state !== State.OPEN) return;
		const { due } = this.#watch;
		if (due >= this.#dueAt) return;
		this.#dueAt = due;
		this.#alarm.set(Math.max(0, Math.ceil(due - this.#clock.ticks)));
	}

	onAlarm(): void {
		const { connectTimeout } = this.#plan;
		if (this.#state === State.ENDING) this.#end(this.#fault!);
		else if (this.#state === State.OPENING)
			this.#end(new Fault('timeout', `no WebSocket in ${connectTimeout} ms (${this.#line?.doing})`));
		else if (this.#state === State.OPEN) {
			this.#dueAt = Number.POSITIVE_INFINITY;
			const { death, isPingDue } = this.#watch;
			if (isPingDue && this.#outbox.ping()) this.#watch.pinged();
			if (death) this.#end(death);
			else this.#look();
		}
	}

	/** A token that is refused makes one new try with another. */
	onEnd(fault: Fault): void {
		const { tokens } = this.#plan;
		const isToken = this.#state === State.OPENING && fault instanceof Refusal && fault.status === 401;
		if (isToken && !this.#busy && tokens.rejected()) {
			this.#log('info', this.name, 'the token was refused: once more with a new one');
			try {
				this.#connect();
			} catch (thrown) {
				this.#end(Fault.from(thrown, 'misuse'));
			}
		} else this.#end(fault);
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
			this.listener?.onClosed(first, first instanceof Refusal ? first.retryAfter : undefined);
		} catch (thrown) {
			this.#log('error', this.name, `onClosed threw: ${Fault.from(thrown, 'misuse').message}`);
		}
	}

	#shut(): void {
		const line = this.#line;
		this.#become(State.CLOSED);
		this.#alarm.clear();
		this.#line = this.#fault = undefined;
		this.#outbox.attach(undefined);
		this.#inbox.clear();
		line?.close();
	}

	#become(state: State): void {
		this.#state = state;
	}
}

/** What a callback throws is a fault of this device, not the peer's. */
function threw(thrown: unknown): Fault {
	return new Fault('misuse', `a callback threw: ${Fault.from(thrown, 'misuse').message}`);
}
