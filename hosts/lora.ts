import { LoraRoute } from '../modules/lora/route';
import { SessionKeeper } from '../modules/lora/session';
import type { Clock, Keepsake, KeyValue, Log, Radio, Route } from '../modules/ports';

/** What a host with a radio has of it. */
export interface LoraPlug {
	/** To go behind the others: for when there is no network. */
	readonly route: Route;
	readonly keepsakes: readonly Keepsake[];
}

export interface LoraParts {
	readonly radio: Radio;
	/** What knows how long the radio has to rest. */
	readonly rests: Keepsake;
	readonly clock: Clock;
	/** Survives the power: counters and DevNonces are taken from it ahead. */
	readonly store: KeyValue;
	readonly log: Log;
	/** Is told the time of the network, as of now (Timekeeper.networkTime). */
	readonly onTime?: ((time: number) => void) | undefined;
}

/** The route over a radio, with what keeps its session: the same on every host, which differ in the radio they hand in. */
export function makeLora({ radio, rests, clock, store, log, onTime }: LoraParts): LoraPlug {
	const keeper = new SessionKeeper({ store, log });
	return { route: new LoraRoute({ radio, keeper, clock, log, onTime }), keepsakes: [keeper, rests] };
}
