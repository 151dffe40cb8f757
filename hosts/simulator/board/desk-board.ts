import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Log, Sensor } from '../../../modules/ports';
import { NodeDns } from '../net/dns';
import { Lifeline } from '../net/lifeline';
import { NodeMqttClient } from '../net/mqtt-client';
import { NodeTls } from '../net/tls';
import { substream } from '../random';
import { Person, personSensor } from '../sensors/person';
import { RealTime } from '../time';
import { type Boot, VirtualBoard } from './board';
import { VirtualFlash } from './flash';
import { lockFolder } from './lock';
import { VirtualStore } from './store';

/** The journal's partition of a 4 MB board: 1 MiB. */
export const JOURNAL_BLOCKS = 256;

export interface DeskBoardOptions {
	/** Where this board's flash and key-value store are kept: made if need be, locked while the board is there. */
	readonly folder: string;
	readonly seed: number;
	readonly speed: number;
	readonly log: Log;
	/** Settings over the defaults. */
	readonly settings: Readonly<Record<string, unknown>>;
	/** Else the seeded model of a person. */
	readonly sensor?: Sensor | undefined;
	/** Blocks of 4,096 bytes for the journal. */
	readonly blocks?: number | undefined;
}

export interface DeskBoard {
	readonly board: VirtualBoard;
	/** Ends the firmware politely and gives the folder back. */
	close(): void;
}

/**
 * A virtual board on this computer: real time, real sockets, flash and settings in files.
 * @throws Error when the folder is in use
 */
export function deskBoard(options: DeskBoardOptions): DeskBoard {
	const { folder, seed, speed, log, settings, sensor, blocks = JOURNAL_BLOCKS } = options;
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const unlock = lockFolder(folder);
	try {
		const flash = VirtualFlash.open(join(folder, 'journal.flash'), { blocks, random32: substream(seed, 'flash') });
		const board = new VirtualBoard({
			scheduler: new RealTime(),
			seed,
			flash,
			store: new VirtualStore(join(folder, 'store.json')),
			log,
			settings,
			speed,
			epoch: Date.now(),
			plug: ({ clock }: Boot) => {
				const lifeline = new Lifeline();
				return {
					sensors: [sensor ?? personSensor(new Person(substream(seed, 'person'), () => clock.ticks / 1000))],
					mqtt: ({ mqttCa }) => ({
						io: NodeMqttClient,
						lifeline,
						dns: { io: NodeDns, lifeline },
						socket: { io: NodeTls, ca: mqttCa, lifeline },
					}),
					cut: () => lifeline.cut(),
				};
			},
		});
		return {
			board,
			close() {
				board.shutDown();
				flash.close();
				unlock();
			},
		};
	} catch (error) {
		unlock();
		throw error;
	}
}
