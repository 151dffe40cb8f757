/**
 * HTTP/1.1 as a route: one POST at a time over a connection that is kept for a while; an answer that says success is the receipt.
 * When to try again is the courier's to decide.
 *
 *   CLOSED ── open() ──> OPENING ── next turn, and there is a token ──> IDLE (onOpen)
 *   IDLE ── send() ──> ASKING ── the server took the message, or refused it ──> IDLE (onReceipt, onRefused)
 *   ASKING ── a kept connection had been closed, or the token was refused: once more ──> ASKING
 *   OPENING, ASKING ── no answer, or none that says so ──> CLOSED (onClosed)
 *   OPENING, IDLE, ASKING ── the same from inside a call to the route ──> ENDING ── next turn ──> CLOSED (onClosed)
 *   any ── close() ──> CLOSED (silent)
 *
 * IDLE and ASKING are `open`. While IDLE the connection may come and go: nobody is told.
 */
import { Fault } from '../fault';
import type { Alarm, Clock, Log, Outgoing, Route, RouteListener } from '../ports';
import { Answer } from './answer';
import { Batching } from './batching';
import { judge } from './judge';
import { Letter } from './letter';
import { Line, type LineEvents } from './line';
import { type HttpRouteOptions, type Plan, plan } from './options';
import { knowsNoSuch } from './statuses';
import { type Told, tell } from './teller';
import type { Said } from './verdict';

const State = Object.freeze({ CLOSED: 0, OPENING: 1, IDLE: 2, ASKING: 3, ENDING: 4 } as const);
type State = (typeof State)[keyof typeof State];

/** Milliseconds that a connection is kept with nothing to send. */
const IDLE_MOST = 30_000;

export class HttpRoute implements Route, LineEvents, Told {
	readonly name = 'http';
	readonly isLive = false;
	listener: RouteListener | undefined;

	readonly #plan: Plan;
	readonly #clock: Clock;
	readonly #log: Log;
	readonly #alarm: Alarm;
	readonly #batching: Batching;

	#state: State = State.CLOSED;
	#line: Line | undefined;
	#letter: Letter | undefined;
	/** A public call runs: no callback now. */
	#busy = false;
	/** What onClosed will say, once ENDING. */
	#fault: Fault | undefined;
	/** `send` returned false, and a word about room is owed. */
	#owed = false;

	/** Throws a Fault 'range' when an option is outside its bound. */
	constructor(options: HttpRouteOptions) {
		this.#plan = plan(options);
		this.#clock = options.clock;
		this.#log = options.log;
		this.#batching = new Batching(this.#plan.batchLimit);
		this.#alarm = options.clock.alarm(this);
	}

	/** An ending route is not closed yet, and open no more. */
	get state(): 'closed' | 'opening' | 'open' {
		if (this.#state === State.CLOSED) return 'closed';
		return this.#state === State.OPENING || this.#state === State.ENDING ? 'opening' : 'open';
	}

	/** Unlike `state`: not while it ends. */
	get isOpen(): boolean {
		return this.#state === State.IDLE || this.#state === State.ASKING;
	}

	/** Less than it was made with after a batch was refused as a whole; it grows back. */
	get batchLimit(): number {
		return this.#batching.limit;
	}

	open(): void {
		if (this.#state !== State.CLOSED) throw new Fault('misuse', 'the HTTP route is open already');
		this.#become(State.OPENING);
		this.#alarm.set(0);
	}

	/**
	 * One message at a time: false while one is out. Throws a Fault 'misuse' for channel 'live', 'range' over 10,240 bytes or for
	 * an id that is no header's value.
	 */
	send(outgoing: Outgoing): boolean {
		if (this.#state === State.ENDING) return false;
		if (this.#state !== State.IDLE && this.#state !== State.ASKING)
			throw new Fault('misuse', 'the HTTP route is not open');
		if (this.#state === State.ASKING) {
			this.#owed = true;
			return false;
		}
		this.#letter = new Letter(outgoing);
		const before = this.#busy;
		this.#busy = true;
		try {
			this.#ask();
		} finally {
			this.#busy = before;
		}
		return this.#letter !== undefined;
	}

	/** A message that is out may arrive all the same; it has no receipt. */
	close(): void {
		const before = this.#busy;
		this.#busy = true;
		this.#shut();
		this.#busy = before;
	}

	/** Sends the letter over the line that is kept, or over a new one. */
	#ask(): void {
		const letter = this.#letter!;
		const token = this.#plan.tokens.token();
		if (token === undefined) {
			this.#end(noToken());
			return;
		}
		const answer = new Answer(letter.answerLimit);
		letter.sentAt = this.#clock.ticks;
		this.#become(State.ASKING);
		if (this.#line) this.#alarm.set(this.#plan.receiptTimeout);
		else {
			this.#log('debug', this.name, `connecting to ${this.#plan.host}:${this.#plan.port}`);
			this.#alarm.set(this.#plan.connectTimeout);
			const line = new Line(this.#plan.http, this.#plan, this);
			if (line.ended) return;
			this.#line = line;
		}
		this.#line.ask({ path: letter.path, headers: letter.headers(this.#plan, token), body: letter.body, answer });
	}

	onAlarm(): void {
		const { receiptTimeout, connectTimeout, tokens, host, port } = this.#plan;
		if (this.#state === State.ENDING) this.#end(this.#fault!);
		else if (this.#state === State.ASKING) {
			const limit = this.#line?.isConnected ? receiptTimeout : connectTimeout;
			this.#end(new Fault('timeout', `no answer in ${limit} ms (${this.#line?.doing})`));
		} else if (this.#state === State.IDLE) this.#hangUp();
		else if (tokens.token() === undefined) this.#end(noToken());
		else {
			this.#become(State.IDLE);
			this.#log('info', this.name, `open for ${host}:${port}`);
			this.#guard(() => this.listener?.onOpen());
		}
	}

	/** Nothing comes through a line that was hung up. */
	#hangUp(): void {
		const line = this.#line;
		this.#line = undefined;
		line?.close();
	}

	// What the line and its answers tell: to the route itself, since a closure each would be memory.

	onConnected(): void {
		if (this.#state === State.ASKING) this.#alarm.set(this.#plan.receiptTimeout);
	}

	leaveOut(commands: number): void {
		this.#log('warning', this.name, `${commands} commands are too many, too long or none: left out`);
	}

	onEnd(fault: Fault): void {
		const stale = this.#line?.isStale === true && fault.code === 'closed';
		this.#line = undefined;
		if (this.#state === State.IDLE) {
			this.#alarm.clear();
			this.#log('debug', this.name, `the kept connection is gone: ${fault.message}`);
		} else if (stale && this.#letter?.resent === false) {
			this.#letter.resent = true;
			this.#guard(() => this.#ask());
		} else this.#end(fault);
	}

	onAnswer(answer: Answer): void {
		const letter = this.#letter!;
		if (this.#line?.ended) this.#line = undefined;
		const { tokens, onDate } = this.#plan;
		this.#guard(() => {
			if (answer.date !== undefined) onDate?.(answer.date, letter.sentAt, this.#clock.ticks);
			const judgement = judge(letter, answer, tokens, this.#clock.time);
			if (judgement.kind === 'taken') this.#onTaken(letter, judgement.said);
			else if (judgement.kind === 'refused') this.#onRefusal(letter, judgement.fault, answer.status);
			else if (judgement.kind === 'again') this.#ask();
			else this.#end(judgement.fault, judgement.retryAfter);
		});
	}

	#onTaken(letter: Letter, said: Said): void {
		letter.forget();
		this.#batching.answered(letter.count);
		this.#rest();
		const left = tell(this, letter, said);
		if (left > 0 && this.isOpen)
			this.#end(new Fault('refused', `the server says nothing of ${left} readings out of ${letter.count}`));
		this.#tellWritable();
	}

	/** The server will not take this message. A batch comes back to be sent in smaller ones: its other readings may be good. */
	#onRefusal({ batch, sequence, path }: Letter, fault: Fault, status: number): void {
		if (batch && (batch.length > 1 || knowsNoSuch(status))) {
			this.#batching.refused(batch.length, status);
			this.#end(new Fault('refused', `${fault.message}; next, ${this.batchLimit} at a time`));
			return;
		}
		this.#rest();
		this.#batching.answered(1);
		if (sequence !== undefined) this.listener?.onRefused(sequence, fault);
		else this.#log('warning', this.name, `${path}: ${fault.message}`);
		this.#tellWritable();
	}

	/** The answer came. */
	#rest(): void {
		this.#letter = undefined;
		this.#become(State.IDLE);
		if (this.#line) this.#alarm.set(IDLE_MOST);
		else this.#alarm.clear();
	}

	#tellWritable(): void {
		if (this.#state !== State.IDLE || !this.#owed) return;
		this.#owed = false;
		this.listener?.onWritable();
	}

	/** Runs what may call back; what that throws ends the route as a Fault of its own, not the server's. */
	#guard(run: () => void): void {
		try {
			run();
		} catch (thrown) {
			this.#end(new Fault('misuse', `a callback threw: ${Fault.from(thrown, 'misuse').message}`));
		}
	}

	/** The route ends by itself: now, or at the next turn when it is busy with a call. */
	#end(fault: Fault, retryAfter?: number): void {
		if (this.#state === State.CLOSED) return;
		if (this.#busy) {
			this.#fault ??= fault;
			this.#letter = undefined;
			this.#hangUp();
			this.#become(State.ENDING);
			this.#alarm.set(0);
			return;
		}
		const first = this.#fault ?? fault;
		this.#shut();
		this.#log('warning', this.name, `${first.code}: ${first.message}`);
		try {
			this.listener?.onClosed(first, retryAfter);
		} catch (thrown) {
			this.#log('error', this.name, `onClosed threw: ${Fault.from(thrown, 'misuse').message}`);
		}
	}

	#shut(): void {
		this.#become(State.CLOSED);
		this.#alarm.clear();
		this.#letter = this.#fault = undefined;
		this.#owed = false;
		this.#hangUp();
	}

	#become(state: State): void {
		this.#state = state;
	}
}

function noToken(): Fault {
	return new Fault('timeout', 'no token can be made while the time is unknown');
}
