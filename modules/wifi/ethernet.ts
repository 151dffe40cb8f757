/**
 * A cable as a Link.
 *
 *   CLOSED ── open() ──> JOINING ── an IPv4 address ──> UP ── the cable is out, or the address gone ──> JOINING
 *   any ── close() ──> CLOSED (silent)
 *
 * The SDK asks for an address whenever a cable comes in, so there is nothing to try again but a constructor that failed.
 */
import { Fault } from '../fault';
import type { Alarm, Clock, Link, Log } from '../ports';
import type { Wire, WireClass } from './interface';

const State = Object.freeze({ CLOSED: 0, JOINING: 1, UP: 2 } as const);
type State = (typeof State)[keyof typeof State];

const PUBLIC: readonly Link['state'][] = Object.freeze(['down', 'joining', 'up']);

/** Milliseconds. */
const LOOK = 250;
const WATCH = 5_000;
const AGAIN = 30_000;

export interface EthernetLinkOptions {
	/** The SDK's `embedded:network/interface/ethernet`. */
	readonly io: WireClass;
	readonly clock: Clock;
	readonly log: Log;
	readonly hostname?: string;
}

export class EthernetLink implements Link {
	onChanged: (() => void) | undefined;
	/** There is none to measure. */
	readonly rssiDbm = undefined;
	readonly #options: EthernetLinkOptions;
	readonly #look: Alarm;
	#state: State = State.CLOSED;
	#told: Link['state'] = 'down';
	#wire: Wire | undefined;

	constructor(options: EthernetLinkOptions) {
		this.#options = options;
		this.#look = options.clock.alarm(this);
	}

	get state(): Link['state'] {
		return PUBLIC[this.#state]!;
	}

	open(): void {
		if (this.#state !== State.CLOSED) return;
		this.#become(State.JOINING);
		this.#look.set(0);
	}

	close(): void {
		if (this.#state === State.CLOSED) return;
		this.#become(State.CLOSED);
		this.#told = 'down';
		this.#look.clear();
		const wire = this.#wire;
		this.#wire = undefined;
		try {
			wire?.disconnect();
			wire?.close();
		} catch (thrown) {
			this.#options.log('debug', 'ethernet', Fault.from(thrown, 'connect').message);
		}
	}

	onAlarm(): void {
		if (this.#state === State.CLOSED) return;
		if (!this.#wire) this.#make();
		if (!this.#wire) {
			this.#look.set(AGAIN);
			this.#tell();
			return;
		}
		const { connection, address } = this.#wire;
		// An address may be left over from before the cable was pulled.
		const up = connection > 200 && address?.includes('.') === true;
		if (up !== (this.#state === State.UP)) {
			if (!up) this.#options.log('warning', 'ethernet', connection > 200 ? 'the address is gone' : 'the cable is out');
			this.#become(up ? State.UP : State.JOINING);
		}
		this.#look.set(up ? WATCH : LOOK);
		this.#tell();
	}

	#make(): void {
		const { io, log, hostname } = this.#options;
		try {
			this.#wire = new io({ onChanged: () => this.onAlarm() });
			if (hostname !== undefined) this.#wire.configure({ hostname });
			this.#wire.connect();
		} catch (thrown) {
			log('error', 'ethernet', `the interface does not start: ${Fault.from(thrown, 'connect').message}`);
			this.#wire?.close();
			this.#wire = undefined;
		}
	}

	#tell(): void {
		if (this.state === this.#told) return;
		this.#told = this.state;
		this.onChanged?.();
	}

	#become(state: State): void {
		this.#state = state;
	}
}
