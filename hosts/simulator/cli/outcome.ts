import type { DeviceReport } from '../../../src/device';
import type { SiteCounts } from '../radio/site';
import type { Mark } from '../scenarios/stage';

/** What `--json` says of one device. */
export interface DeviceOutcome {
	readonly device_id: string;
	readonly sampled: number;
	readonly journaled: number;
	readonly released: number;
	readonly dropped: number;
	readonly backlog: number;
	readonly routes: Readonly<Record<string, { readonly delivered: number; readonly failed: number }>>;
}

export interface ServerOutcome {
	readonly rows: number;
	readonly duplicates: number;
	readonly rejected: number;
}

/** The last line of output under `--json`. */
export interface Outcome {
	readonly devices: readonly DeviceOutcome[];
	/** Null where the server is not this process's. */
	readonly server: ServerOutcome | null;
	/** Real-time messages that the server's live feed had. */
	readonly live?: number;
	/** Readings taken that are neither a row nor in a journal. Must be 0. */
	readonly lost: number;
	/** What the network of LoRaWAN saw, where there was one. */
	readonly lora?: SiteCounts;
	/** The play, and what came of each of its steps. */
	readonly scenario?: { readonly name: string; readonly marks: readonly Mark[] };
}

export function deviceOutcome(report: DeviceReport): DeviceOutcome {
	const { deviceId, sampled, journaled, released, dropped, backlog, routes } = report;
	return {
		device_id: deviceId,
		sampled,
		journaled,
		released,
		dropped,
		backlog,
		routes: Object.fromEntries(routes.map(({ name, delivered, failed }) => [name, { delivered, failed }])),
	};
}

/** One line for a person: what happened to the readings. */
export function summary({ devices, server, live, lost }: Outcome): string {
	const sum = (of: (device: DeviceOutcome) => number): number =>
		devices.reduce((total, device) => total + of(device), 0);
	const parts = [
		`${sum((device) => device.sampled)} readings taken`,
		`${sum((device) => device.released)} delivered`,
		...(server ? [`${server.rows} new rows at the server`] : []),
		...(live ? [`${live} live`] : []),
		`${sum((device) => device.backlog)} still to deliver`,
		`${lost} lost`,
	];
	return parts.join(', ');
}
