import { Fault } from '../../modules/fault';
import type { Alarm, Clock, Link, Log, Random32, WakeCause } from '../../modules/ports';
import { Backoff } from '../delivery/backoff';
import type { Courier } from '../delivery/courier';
import type { Health } from '../delivery/lane';
import type { Sampler } from '../sensing/sampler';
import type { PowerPlan } from './plan';
import type { Retained } from './retained';

/**
 *   MEASURING ── the reading is kept, none is due soon ──▶ is it time to deliver?
 *       ▲            no ──▶ ASLEEP        yes ──▶ LINKING ── link up ──▶ DELIVERING
 *       │                                            │                      │ all receipts released,
 *       │                                            │ no link in time      │ or every route failed,
 *       │                                            ▼ (STRANDED, see below) ▼ or awake for too long
 *       └──── a reading is due ──────────────────── LEAVING ◀───────────────┘
 *                                                    │ the good-bye is out
 *                                                    ▼
 *                                                  ASLEEP until the next reading
 *
 * Where there is a route for it (LoRaWAN), a device without a link is STRANDED first: until that route has no more to do.
 *
 * Nothing is waited for but receipts. While a delivery takes its time, readings go on being taken at their beat.
 */
const State = Object.freeze({
	MEASURING: 'measuring',
	LINKING: 'linking',
	DELIVERING: 'delivering',
	STRANDED: 'stranded',
	LEAVING: 'leaving',
	ASLEEP: 'asleep',
} as const);
type State = (typeof State)[keyof typeof State];

/** A boot takes as much charge as a tenth of a second awake: a reading that is due sooner than this is waited for. */
const SHORTEST_SLEEP = 250;
/** The radio sends the last packets: no receipt tells of DISCONNECT. Lost, it costs a will that says "offline" for a while. */
const GOODBYE = 20;

/** A network that was gone for days is found again within this. */
const LONGEST_WAIT = 6 * 3_600_000;

export interface WakingOptions {
	/** Its ticks go on over sleep. */
	readonly clock: Clock;
	readonly networkClock: Clock;
	readonly log: Log;
	readonly random32: Random32;
	readonly state: Retained;
	readonly sampler: Pick<Sampler, 'next' | 'stretch' | 'start' | 'take' | 'isWaiting'>;
	readonly courier: Pick<
		Courier,
		'isOpen' | 'isTrying' | 'isSpent' | 'retryAt' | 'wake' | 'strand' | 'close' | 'giveUp'
	>;
	readonly link: Pick<Link, 'state' | 'open'>;
	readonly backlog: () => number;
	readonly cause: WakeCause;
	readonly deliverEvery: number;
	/** Milliseconds. */
	readonly interval: number;
	readonly backoff: { readonly minimum: number; readonly maximum: number };
	readonly awakeCap: number;
	readonly linkPatience: number;
	/** Says when the device wakes again, by the open route; `sleep` is how long that is from now. */
	readonly farewell: (sleep: number) => void;
	/** Ends this waking. */
	readonly sleep: (milliseconds: number) => void;
}

/** The bounds of the waits after failed deliveries, when each try is a waking with the radio on. */
export function wakingBackoff(interval: number, deliverEvery: number, longest: number): WakingOptions['backoff'] {
	return { minimum: interval, maximum: Math.max(longest, Math.min(4 * deliverEvery * interval, LONGEST_WAIT)) };
}

/** One waking of a device that sleeps from reading to reading, and delivers each so many. */
export class Waking implements PowerPlan {
	readonly #options: WakingOptions;
	readonly #turn: Alarm;
	readonly #limit: Alarm;
	readonly #backoff: Backoff;
	readonly #before: Health | undefined;
	#state: State = State.MEASURING;
	/** What is not done now is not done any more in this waking. */
	#late = false;
	/** One delivery a waking. */
	#left = false;
	#retryAt: number;
	#capAt = 0;

	constructor(options: WakingOptions) {
		const { clock, networkClock, random32, backoff, state } = options;
		this.#options = options;
		this.#turn = clock.alarm(this);
		this.#limit = networkClock.alarm(this);
		this.#before = state.health[0];
		this.#backoff = new Backoff(backoff, random32, this.#before?.failures);
		this.#retryAt = this.#before?.retryAt ?? 0;
	}

	/** The link, as a route that carries nothing. */
	get health(): Health {
		return { name: 'link', failures: this.#backoff.failures, retryAt: this.#retryAt, delivered: 0, failed: 0 };
	}

	start(): void {
		const { networkClock, awakeCap, sampler, state, cause } = this.#options;
		this.#capAt = networkClock.ticks + awakeCap;
		this.#limit.set(awakeCap);
		// Perhaps the radio drew more than the battery gives: the next try has to wait as after any failed one.
		if (cause === 'brownout' || cause === 'crash') this.#linkFailed();
		sampler.start(state.next);
		// Somebody woke it: a reading beside the beat, and the server shall know.
		if (cause === 'pin') {
			state.wanted = true;
			sampler.take();
		}
		this.#turn.set(0);
	}

	reading(): void {
		this.#options.state.readings++;
		if (this.#state === State.DELIVERING) this.#options.courier.wake();
	}

	changed(): void {
		this.#turn.set(0);
	}

	stop(): void {
		this.#turn.clear();
		this.#limit.clear();
	}

	get #untilNext(): number {
		const { sampler, clock } = this.#options;
		return sampler.next - clock.ticks;
	}

	get #isDue(): boolean {
		const { state, courier, backlog, clock, sampler, deliverEvery, interval } = this.#options;
		const now = clock.ticks;
		if (this.#left || this.#late || now < this.#retryAt || now < courier.retryAt) return false;
		if (state.wanted) return true;
		// The second: readings that failed, or are far between, must not hold back those that did not.
		return (
			backlog() > 0 &&
			(state.readings >= deliverEvery || now - state.delivered >= deliverEvery * interval * sampler.stretch)
		);
	}

	onAlarm(alarm: Alarm): void {
		if (alarm === this.#limit) this.#late = true;
		let over: boolean;
		try {
			over = this.#look();
		} catch (thrown) {
			// Nobody foresaw this. Awake with nothing to do, the device would empty its battery.
			this.#options.log('error', 'power', Fault.from(thrown, 'misuse').message);
			over = true;
		}
		// Not in there: sleep leaves the firmware by throwing, where a machine cannot simply stop.
		if (over) this.#sleep();
	}

	/** True when this waking is over. */
	#look(): boolean {
		const { link, courier, backlog, sampler } = this.#options;
		switch (this.#state) {
			case State.MEASURING:
				if ((this.#untilNext <= SHORTEST_SLEEP || sampler.isWaiting) && !this.#late) return false;
				if (!this.#isDue) return true;
				this.#openLink();
				return false;
			case State.LINKING:
				if (link.state === 'up') this.#become(State.DELIVERING, this.#options.awakeCap);
				else if (this.#late && courier.strand()) this.#become(State.STRANDED, this.#options.awakeCap);
				else if (this.#late) this.#fail('no link');
				return false;
			case State.STRANDED:
				if (link.state === 'up') this.#become(State.DELIVERING, this.#options.awakeCap);
				else if (this.#late || courier.isSpent) {
					if (backlog() === 0) this.#allDelivered();
					this.#fail('no link');
				}
				return false;
			case State.DELIVERING:
				if (backlog() === 0 && (courier.isOpen || !courier.isTrying)) this.#finish();
				else if (this.#late) this.#fail('awake for too long');
				else if (link.state !== 'up') this.#fail('the link is gone');
				else if (!courier.isTrying) this.#fail('no route');
				return false;
			case State.LEAVING:
				if (!this.#late) return false;
				if (this.#untilNext > SHORTEST_SLEEP || this.#isCapped) return true;
				this.#become(State.MEASURING, this.#options.awakeCap);
				return false;
			default:
				return false;
		}
	}

	#openLink(): void {
		const { link, linkPatience } = this.#options;
		this.#become(State.LINKING, linkPatience);
		link.open();
	}

	/** Every receipt is in. */
	#finish(): void {
		const { courier, farewell } = this.#options;
		this.#allDelivered();
		this.#backoff.succeeded();
		this.#retryAt = 0;
		this.#leave(() => {
			farewell(Math.max(GOODBYE + SHORTEST_SLEEP, this.#untilNext));
			courier.close();
		});
	}

	#allDelivered(): void {
		const { state, clock } = this.#options;
		state.readings = 0;
		state.wanted = false;
		state.delivered = Math.round(clock.ticks);
	}

	#fail(why: string): void {
		const { log, courier, clock } = this.#options;
		log('info', 'power', `not delivered: ${why}`);
		this.#leave(() => courier.giveUp());
		// A route that failed waits by itself; if none did, it was the link, or the time that nobody told.
		if (courier.retryAt <= clock.ticks) this.#linkFailed();
	}

	#leave(close: () => void): void {
		const wasOpen = this.#options.courier.isOpen;
		this.#left = true;
		close();
		this.#become(State.LEAVING, GOODBYE);
		if (!wasOpen) this.#limit.set(0);
	}

	#linkFailed(): void {
		const now = Math.round(this.#options.clock.ticks);
		this.#retryAt = now + this.#backoff.failed(now);
	}

	get #isCapped(): boolean {
		return this.#options.networkClock.ticks >= this.#capAt;
	}

	#sleep(): void {
		const { sleep } = this.#options;
		this.stop();
		this.#state = State.ASLEEP;
		sleep(Math.round(Math.max(SHORTEST_SLEEP, this.#untilNext)));
	}

	/** @param patience milliseconds; no state but LEAVING lasts beyond the cap */
	#become(state: State, patience: number): void {
		const { networkClock } = this.#options;
		const left = Math.max(0, this.#capAt - networkClock.ticks);
		this.#state = state;
		this.#late = false;
		this.#limit.set(Math.round(state === State.LEAVING ? patience : Math.min(patience, left)));
	}
}
