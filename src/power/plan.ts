import type { Clock } from '../../modules/ports';
import type { Health } from '../delivery/lane';

/** What the plan decides over. Each is called from the plan's own alarms, but for start and deliver. */
export interface PlanActions {
	/** Takes readings from now on. */
	readonly start: () => void;
	readonly openLink: () => void;
	readonly deliver: () => void;
	readonly heartbeat: () => void;
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
export function alwaysOn(clock: Clock, heartbeatInterval: number, actions: PlanActions): PowerPlan {
	const heartbeat = clock.alarm(() => {
		heartbeat.set(heartbeatInterval);
		actions.heartbeat();
	});
	const begin = clock.alarm(() => actions.openLink());
	return Object.freeze({
		start() {
			begin.set(0);
			heartbeat.set(heartbeatInterval);
			actions.start();
		},
		reading: actions.deliver,
		// What is up is used, what is down is opened again by whoever lost it.
		changed() {},
		stop() {
			begin.clear();
			heartbeat.clear();
		},
	});
}
