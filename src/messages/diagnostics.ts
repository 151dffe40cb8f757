import type { Missing } from '../../modules/ports';

/** How a device is, for whoever has to find out why it is not well. */
export interface Diagnosis {
	/** Epoch milliseconds; undefined: not known. */
	readonly timestamp: number | undefined;
	readonly rssiDbm: number | undefined;
	readonly freeHeapBytes: number | undefined;
	/** Whole seconds since this boot; of a device that sleeps, since it lost its memory. */
	readonly uptimeSeconds: number;
	readonly resetReason: string | undefined;
	readonly chipRevision: string | undefined;
	readonly sdkVersion: string | undefined;
	/** Of the newest reading that had one. */
	readonly batteryPercent: number | undefined;
	/** Readings that wait for a receipt, and of all time (of the journal) those that were dropped and damaged. */
	readonly backlog: number;
	readonly dropped: number;
	readonly damaged: number;
	/** Since this boot: readings that no server takes. */
	readonly setAside: number;
	/** Alerts that wait for a receipt. */
	readonly alerts: number;
	/** Whole seconds awake, of all wakings that are remembered, and how many those were. */
	readonly awakeSeconds: number;
	readonly wakings: number;
	/** Of the journals, since this boot. */
	readonly flashWrites: number;
	readonly flashErases: number;
	readonly flashFaults: number;
	readonly routes: readonly RouteDiagnosis[];
	/** Sensors that do not answer as they must, and why. */
	readonly sensors: readonly SensorDiagnosis[];
	/** Why the newest reading lacks what it lacks, by quantity. */
	readonly missing: Missing;
}

export interface RouteDiagnosis {
	readonly name: string;
	readonly state: string;
	/** Records with a receipt, and records that came back without one, since this boot. */
	readonly delivered: number;
	readonly failed: number;
}

export interface SensorDiagnosis {
	readonly name: string;
	readonly reason: string;
}

/** The guide's eight fields (section 10.1), the ones of wire.md, and what else tells of trouble. */
export function diagnosticsMessage(deviceId: string, diagnosis: Diagnosis): string {
	return JSON.stringify({
		device_id: deviceId,
		type: 'diagnostics',
		timestamp: diagnosis.timestamp,
		wifi_rssi: diagnosis.rssiDbm,
		free_heap: diagnosis.freeHeapBytes,
		uptime: diagnosis.uptimeSeconds,
		reset_reason: diagnosis.resetReason,
		chip_revision: diagnosis.chipRevision,
		sdk_version: diagnosis.sdkVersion,
		battery_level: diagnosis.batteryPercent,
		backlog: diagnosis.backlog,
		dropped: diagnosis.dropped,
		damaged: diagnosis.damaged,
		set_aside: diagnosis.setAside,
		alerts: diagnosis.alerts,
		awake: diagnosis.awakeSeconds,
		wakings: diagnosis.wakings,
		flash_writes: diagnosis.flashWrites,
		flash_erases: diagnosis.flashErases,
		flash_faults: diagnosis.flashFaults,
		routes: diagnosis.routes,
		sensors: diagnosis.sensors,
		missing: diagnosis.missing,
	});
}
