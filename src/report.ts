import type { Missing, Route } from '../modules/ports';
import type { LaneState } from './delivery/lane';
import type { Host } from './host';
import type { Parts } from './parts';

export interface RouteReport {
	readonly name: string;
	readonly state: Route['state'];
	/** How far it is trusted. */
	readonly health: LaneState;
	readonly delivered: number;
	readonly failed: number;
	readonly inFlight: number;
	/** Smoothed; undefined before the first receipt. */
	readonly roundTripMilliseconds: number | undefined;
}

/** How the device is, in counts since this boot; `dropped` and `damaged` since the journal was formatted. */
export interface DeviceReport {
	readonly deviceId: string;
	readonly uptimeSeconds: number;
	readonly link: 'down' | 'joining' | 'up';
	readonly rssiDbm: number | undefined;
	readonly freeHeapBytes: number | undefined;
	readonly sampled: number;
	readonly journaled: number;
	/** Why the last reading lacks what it lacks. */
	readonly missing: Missing;
	readonly released: number;
	/** Readings that were set aside: a server refused them, or they could not be read. */
	readonly refused: number;
	readonly dropped: number;
	readonly damaged: number;
	readonly backlog: number;
	/** Alerts that wait for a receipt. */
	readonly alerts: number;
	/** The journal: its epoch, its oldest held sequence, the sequence that the next reading gets. */
	readonly epoch: number;
	readonly oldest: number;
	readonly next: number;
	readonly routes: readonly RouteReport[];
}

/** How it is now. `oldest`: the journal's, which may be closed. */
export function reportOf(host: Pick<Host, 'clock' | 'link' | 'facts'>, parts: Parts, oldest: number): DeviceReport {
	const { clock, link, facts } = host;
	const { settings, sampler, courier, journal, alerts } = parts;
	return {
		deviceId: settings.deviceId,
		uptimeSeconds: Math.floor(clock.ticks / 1000),
		link: link.state,
		rssiDbm: link.rssiDbm,
		freeHeapBytes: facts().freeHeapBytes,
		sampled: sampler.sampled,
		journaled: sampler.journaled,
		missing: sampler.missing,
		released: courier.released,
		refused: courier.setAside,
		dropped: journal.dropped,
		damaged: journal.damaged,
		backlog: journal.backlog,
		alerts: alerts.backlog,
		epoch: journal.epoch,
		oldest,
		next: journal.nextSequence,
		routes: courier.lanes.map(({ route, state, delivered, failed, inFlight, roundTripMilliseconds }) => ({
			name: route.name,
			state: route.state,
			health: state,
			delivered,
			failed,
			inFlight,
			roundTripMilliseconds,
		})),
	};
}
