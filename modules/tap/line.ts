/**
 * One connection of a client of the SDK, with its resolver and its socket watched from below: what the lines of all transports have
 * in common. The SDK's clients give no reason for their end, throw out of timers where nobody catches, and are brittle once they are
 * closed. A line keeps the reason of every end, catches what is thrown, and lets nothing through after its end.
 *
 * What comes up is not a function for each event but a number: on XS a closure is 9 slots for as long as the connection lives.
 */
import { Fault, type FaultCode } from '../fault';

/** The stages that every line has; those between are its own. */
export const Stage = Object.freeze({ RESOLVING: 0, CONNECTING: 1, ENDED: 4 } as const);

/** What an end without a reason most likely means. */
export type Ending = readonly [code: FaultCode, words: string];

export const ending = (code: FaultCode, words: string): Ending => Object.freeze([code, words] as const);

/** Deals with what happened, by a number of its own. */
export interface Taker {
	take(event: number, first: unknown, second: unknown): void;
}

/** What a client, or a socket, is for its callbacks (ECMA-419): `this`, with what it was given as `target`. */
export interface Targeted<Target> {
	readonly target: Target;
}

/** What the taps need of a line. */
export interface Tapped {
	readonly ended: boolean;
	/** The client made its socket. */
	attach(socket: object): void;
	/** The socket may be written to. */
	connected(): void;
	/** What is below the client failed; the client is told next, and passes it on with less in it. */
	failed(reason: unknown): void;
	/** The socket threw in `write`. */
	threw(thrown: unknown): void;
	/** Has `taker` take what happened; what that throws ends the line, and goes no further. */
	guard(taker: Taker, event: number, first?: unknown, second?: unknown): void;
}

export interface TapEvents {
	/** It ended by itself, for this reason: once. */
	onEnd(fault: Fault): void;
}

export abstract class TapLine<
	Client extends { close(): void },
	Socket extends { end(): void },
	Events extends TapEvents,
> implements Taker, Tapped
{
	protected readonly events: Events;
	protected client: Client | undefined;
	protected socket: Socket | undefined;
	/** Why it is about to end: the client's own `onError` follows, with less in it. */
	protected reason: Fault | undefined;
	protected stage: number = Stage.RESOLVING;
	/** How deep in calls that catch what is thrown. */
	protected sheltered = 0;

	/** What an end without a reason most likely means, by stage. */
	protected abstract get endings(): readonly Ending[];
	/** What the line is doing, in words, by stage. */
	protected abstract get doings(): readonly string[];
	abstract take(event: number, first: unknown, second: unknown): void;
	abstract connected(): void;

	constructor(events: Events) {
		this.events = events;
	}

	get ended(): boolean {
		return this.stage === Stage.ENDED;
	}

	/** What it is doing, in words. */
	get doing(): string {
		return this.doings[this.stage]!;
	}

	/** Ends it; nothing comes through any more. */
	close(): void {
		this.become(Stage.ENDED);
		this.release();
	}

	// What the taps and the client tell.

	guard(taker: Taker, event: number, first?: unknown, second?: unknown): void {
		if (this.ended) return;
		this.sheltered++;
		try {
			taker.take(event, first, second);
		} catch (thrown) {
			this.end(this.reason ?? Fault.from(thrown, 'protocol'));
		}
		this.sheltered--;
	}

	/** So does this, unless a timer of the client wrote and nobody would catch it. */
	threw(thrown: unknown): void {
		if (this.sheltered > 0) throw thrown;
		this.end(Fault.from(thrown, 'closed'));
	}

	attach(socket: Socket): void {
		this.socket = socket;
		this.become(Stage.CONNECTING);
	}

	failed(reason: unknown): void {
		this.reason ??= this.#explain(reason);
	}

	/** The client failed. */
	gaveUp(reason?: unknown): void {
		this.end(this.reason ?? this.#explain(reason));
	}

	/** Makes the client. An end that is known at once is told before this returns. */
	protected connect(io: new (options: never) => Client, options: object): void {
		this.sheltered++;
		try {
			this.client = new io(options as never);
		} catch (thrown) {
			this.end(this.reason ?? Fault.from(thrown, 'connect'));
		}
		this.sheltered--;
		if (this.ended) this.release();
	}

	protected end(fault: Fault): void {
		if (this.ended) return;
		this.close();
		this.events.onEnd(fault);
	}

	/** Closes the client, and its socket in case the client did not; it may have died half-way, and throw. */
	protected release(): void {
		try {
			this.client?.close();
		} catch {
			// Nothing is lost: the socket, all that it held, is closed next.
		}
		this.socket?.end();
	}

	protected become(stage: number): void {
		if (this.stage !== Stage.ENDED) this.stage = stage;
	}

	#explain(reason: unknown): Fault {
		if (reason instanceof Fault) return reason;
		const [code, words] = this.endings[this.stage]!;
		const detail = reason instanceof Error ? reason.message : reason;
		return new Fault(code, detail === undefined || detail === '' ? words : `${words}: ${String(detail)}`);
	}
}

/** One whose client is written to. */
export abstract class WritingLine<
	Data,
	Options,
	Client extends { write(data: Data, options: Options): number; close(): void },
	Socket extends { end(): void },
	Events extends TapEvents,
> extends TapLine<Client, Socket, Events> {
	/** Bytes that may be written next. Throws what the client throws. */
	write(data: Data, options: Options): number {
		if (this.client === undefined || this.ended) throw new Fault('closed', 'the connection ended');
		this.sheltered++;
		try {
			return this.client.write(data, options) || 0;
		} finally {
			this.sheltered--;
		}
	}
}
