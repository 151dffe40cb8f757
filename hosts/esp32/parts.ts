import type { Clock, Keepsake, KeyValue, Link, Log, Random32, Sensor } from '../../modules/ports';
import type { Settings } from '../../src/settings';
import type { LoraParts, LoraPlug } from '../lora';
import type { Board } from './board';

/**
 * What goes into an image beside what every board has. A board's main.ts names it, as its description asks and as its manifest
 * includes: what nobody names is not compiled in.
 */
export interface BoardParts {
	readonly link: LinkMaker;
	/** Of a board with sensors. */
	readonly sensors?: SensorMaker;
	/** Of a board with a radio. */
	readonly lora?: LoraMaker;
	/** Of a board whose parts are fed by a chip for power. */
	readonly rails?: RailSwitch;
}

export interface LinkParts {
	readonly clock: Clock;
	readonly random32: Random32;
	readonly log: Log;
	/** What the device was told. */
	readonly settings: KeyValue;
	readonly hostname: string;
}

export interface MadeLink {
	readonly link: Link;
	readonly keepsakes: readonly Keepsake[];
}

export interface LinkMaker {
	readonly kind: Board['link'];
	readonly make: (parts: LinkParts) => MadeLink;
}

/** @throws Fault 'misuse' for a part without a driver, or on a bus that is none for it */
export type SensorMaker = (board: Board, clock: Clock) => readonly Sensor[];

/** @throws Fault 'misuse' for a board without a radio, 'malformed' for keys that are none */
export type LoraMaker = (
	board: Board,
	parts: Omit<LoraParts, 'radio' | 'rests'> & { readonly settings: Settings; readonly subBand: number },
) => LoraPlug;

/** @throws Fault 'sensor' when the chip does not answer as it must */
export type RailSwitch = (board: Board, rails: NonNullable<NonNullable<Board['feeds']>['rails']>) => void;

/** What `config` holds: from chips/…/manifest.json, and from mcconfig's command line. */
export interface Config {
	readonly chip: Board['chip'];
	/** error, warning, info or debug. */
	readonly log?: string;
	/** When the image was built, in seconds since 1970: no clock and no certificate is believed that says earlier. */
	readonly built?: string;
	/** Time servers with commas between. */
	readonly ntp?: string;
	/** LoRaWAN in regions US915 and AU915: which eight channels the network listens on, 1 to 8; else all are tried. */
	readonly loraSubBand?: string;
}
