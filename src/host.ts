import type {
	Clock,
	FlashPartition,
	Keepsake,
	KeyValue,
	Link,
	Log,
	LogLevel,
	Power,
	Random32,
	Route,
	Sensor,
} from '../modules/ports';
import type { Settings } from './settings';

/** Of the machine, for a diagnosis. */
export interface Facts {
	/** Undefined where memory has no bound worth telling. */
	readonly freeHeapBytes: number | undefined;
	/** Undefined where the host knows no more than the power's `cause`. */
	readonly resetReason: string | undefined;
	readonly chipRevision: string;
	readonly sdkVersion: string;
}

/** All that the firmware is given. A board, a desktop and a simulator differ in this and in nothing else. */
export interface Host {
	readonly clock: Clock;
	/** What time-outs and back-off run on: `clock`, except where a simulator lives faster than its sockets can. */
	readonly networkClock: Clock;
	readonly power: Power;
	readonly store: KeyValue;
	/** The journal's partition. */
	readonly journal: FlashPartition;
	readonly sensors: readonly Sensor[];
	readonly link: Link;
	/** Makes the routes this host has, best first. `will` writes the heartbeat that the broker sends if the device vanishes. */
	readonly routes: (settings: Settings, will: () => string) => readonly Route[];
	/** What this host's parts want to know again after deep sleep: the most useful first. */
	readonly keepsakes?: readonly Keepsake[];
	readonly random32: Random32;
	readonly log: Log;
	/** From now on the host's log tells up to this level: the setting `logLevel`. */
	readonly setLogLevel: (level: LogLevel) => void;
	readonly facts: () => Facts;
	/** What this device was told, over the defaults: checked by makeSettings(). */
	readonly settings: unknown;
}
