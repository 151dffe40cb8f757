import type { Alarm, Clock } from '../../modules/ports';
import type { Health } from '../delivery/lane';

/** What an always-on device does at its plan's word. Each is called from the plan's own alarms, but for the first and deliverNow. */
export interface PlanOwner {
	/** Takes readings from now on. */
	startSampling(): void;
	openLink(): void;
	deliverNow(): void;
	beat(): void;
}

/** What to do next with the power there is: measure, deliver, sleep. */
export interface PowerPlan {
	/** How the link did: for a plan that remembers. */
	readonly health?: Health;
	start(): void;
	/** A reading is in the journal. */
	reading(): void;
	/** The link, a route or the journal's backlog may be another now. */
	changed(): void;
	stop(): void;
}

/**
 * Mains or a large battery (the guide's section 1): the network stays up, each reading goes out at once, a heartbeat
 * says every `heartbeatInterval` milliseconds that the device lives.
 */
export class AlwaysOn implements PowerPlan {
	readonly #heartbeatInterval: number;
	readonly #owner: PlanOwner;
	readonly #heartbeat: Alarm;
	readonly #begin: Alarm;

	constructor(clock: Clock, heartbeatInterval: number, owner: PlanOwner) {
		this.#heartbeatInterval = heartbeatInterval;
		this.#owner = owner;
		this.#heartbeat = clock.alarm(this);
		this.#begin = clock.alarm(this);
	}

	start(): void {
		this.#begin.set(0);
		this.#heartbeat.set(this.#heartbeatInterval);
		this.#owner.startSampling();
	}

	reading(): void {
		this.#owner.deliverNow();
	}

	/** What is up is used, what is down is opened again by whoever lost it. */
	changed(): void {}

	stop(): void {
		this.#begin.clear();
		this.#heartbeat.clear();
	}

	onAlarm(alarm: Alarm): void {
		if (alarm === this.#begin) {
			this.#owner.openLink();
			return;
		}
		this.#heartbeat.set(this.#heartbeatInterval);
		this.#owner.beat();
	}
}
