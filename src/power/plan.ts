import type { Clock } from '../../modules/ports';

/** What the plan decides over. Each is called from the plan's own alarms, never from inside start() or reading(). */
export interface PlanActions {
	readonly openLink: () => void;
	readonly deliver: () => void;
	readonly heartbeat: () => void;
}

/** What to do next with the power there is: measure, deliver, sleep. */
export interface PowerPlan {
	start(): void;
	/** A reading is in the journal. */
	reading(): void;
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
		},
		reading: actions.deliver,
		stop() {
			begin.clear();
			heartbeat.clear();
		},
	});
}
