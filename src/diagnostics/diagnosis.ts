import type { Journal } from '../../modules/journal/journal';
import type { Clock, Link, Power } from '../../modules/ports';
import type { AlertBook } from '../alerts/book';
import type { FlashSlice } from '../alerts/slice';
import type { Courier } from '../delivery/courier';
import type { Facts } from '../host';
import type { Diagnosis } from '../messages/diagnostics';
import type { Retained } from '../power/retained';
import type { Dating } from '../sensing/dating';
import type { Sampler } from '../sensing/sampler';

/** Of what a diagnosis is made. */
export interface Patient {
	readonly facts: Facts;
	readonly power: Pick<Power, 'cause'>;
	readonly link: Pick<Link, 'rssiDbm'>;
	readonly dating: Pick<Dating, 'time'>;
	/** Of this boot, and one that goes on over sleep. */
	readonly bootClock: Pick<Clock, 'ticks'>;
	readonly clock: Pick<Clock, 'ticks'>;
	/** Of a device that sleeps. */
	readonly state: Pick<Retained, 'awake' | 'wakings'> | undefined;
	readonly flash: Readonly<Record<'alerts' | 'readings', Pick<FlashSlice, 'writes' | 'erases'>>>;
	readonly journal: Pick<Journal, 'backlog' | 'dropped' | 'damaged' | 'faults'>;
	readonly alerts: Pick<AlertBook, 'backlog' | 'faults'>;
	readonly courier: Pick<Courier, 'lanes' | 'setAside'>;
	readonly sampler: Pick<Sampler, 'failing' | 'missing'>;
	readonly batteryPercent: number | undefined;
}

export function diagnose(patient: Patient): Diagnosis {
	const { facts, power, link, dating, bootClock, clock, state, flash, journal, alerts, courier, sampler } = patient;
	const awake = (state?.awake ?? 0) + bootClock.ticks;
	return {
		timestamp: dating.time,
		rssiDbm: link.rssiDbm,
		freeHeapBytes: facts.freeHeapBytes,
		uptimeSeconds: Math.floor(clock.ticks / 1000),
		resetReason: facts.resetReason ?? power.cause,
		chipRevision: facts.chipRevision,
		sdkVersion: facts.sdkVersion,
		batteryPercent: patient.batteryPercent,
		backlog: journal.backlog,
		dropped: journal.dropped,
		damaged: journal.damaged,
		setAside: courier.setAside,
		alerts: alerts.backlog,
		awakeSeconds: Math.floor(awake / 1000),
		wakings: state?.wakings ?? 1,
		flashWrites: flash.alerts.writes + flash.readings.writes,
		flashErases: flash.alerts.erases + flash.readings.erases,
		flashFaults: journal.faults + alerts.faults,
		routes: courier.lanes.map(({ route, state: health, delivered, failed }) => ({
			name: route.name,
			state: health,
			delivered,
			failed,
		})),
		sensors: [...sampler.failing].map(([name, reason]) => ({ name, reason })),
		missing: sampler.missing,
	};
}
