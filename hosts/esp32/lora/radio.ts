import { Fault } from '../../../modules/fault';
import { BoardEngine } from '../../../modules/lmic/board';
import { Lmic } from '../../../modules/lmic/lmic';
import type { RadioPins } from '../../../modules/lmic/pins';
import { makeLora } from '../../lora';
import type { Board } from '../board';
import type { LoraMaker } from '../parts';

/** LoRaWAN by a board's radio. This folder's manifest brings LMIC, and only images for such boards include it. */
export const lora: LoraMaker = (board, { settings, subBand, ...parts }) => {
	const { loraJoinEui: joinEui, loraDevEui: devEui, loraAppKey: appKey } = settings;
	const engine = new BoardEngine(radioPins(board));
	const radio = new Lmic({ engine, clock: parts.clock, joinEui, devEui, appKey, subBand });
	return makeLora({ ...parts, radio, rests: radio });
};

/** @throws Fault 'misuse' for a board without a radio */
export function radioPins({ name, lora, buses }: Board): RadioPins {
	const bus = lora && buses[lora.bus];
	if (bus?.kind !== 'spi') throw new Fault('misuse', `${name} has no LoRa radio`);
	const { select, reset, dio, busy, isSwitchedByDio2, isClockedByDio3 } = lora!;
	return { ...bus, select, reset, dio, busy, isSwitchedByDio2, isClockedByDio3 };
}
