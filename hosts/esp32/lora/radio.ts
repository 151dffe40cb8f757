import { Fault } from '../../../modules/fault';
import { BoardEngine } from '../../../modules/lmic/board';
import { Lmic } from '../../../modules/lmic/lmic';
import type { Clock } from '../../../modules/ports';
import type { Board } from '../board';

export interface LoraKeys {
	/** 16, 16 and 32 hexadecimal digits. */
	readonly joinEui: string;
	readonly devEui: string;
	readonly appKey: string;
}

/**
 * The radio of a board that has one. This folder's manifest brings LMIC, and only images for such boards include it.
 * @throws Fault 'misuse' for a board without a radio, 'malformed' for keys that are none
 */
export function radioOf({ name, lora, buses }: Board, clock: Clock, keys: LoraKeys): Lmic {
	const bus = lora && buses[lora.bus];
	if (bus?.kind !== 'spi') throw new Fault('misuse', `${name} has no LoRa radio`);
	const { select, reset, dio, busy, isSwitchedByDio2, isClockedByDio3 } = lora!;
	const pins = { ...bus, select, reset, dio, busy, isSwitchedByDio2, isClockedByDio3 };
	return new Lmic({ engine: new BoardEngine(pins), clock, ...keys });
}
