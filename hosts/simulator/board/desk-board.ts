import { randomBytes } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import { Fault } from '../../../modules/fault';
import type { Log, Sensor } from '../../../modules/ports';
import type { DeviceReport } from '../../../src/report';
import { makeSettings } from '../../../src/settings';
import type { Illumination } from '../bus/max3010x';
import type { Names } from '../net/dns';
import { Lifeline } from '../net/lifeline';
import { nodeTime, tlsHttp, tlsMqtt, tlsWebSocket } from '../net/parts';
import type { RadioSite } from '../radio/site';
import { substream } from '../random';
import { livePersonSensor, Person, personSensor } from '../sensors/person';
import { Worn } from '../sensors/worn';
import { PacedTime, RealTime } from '../time';
import { VirtualBoard } from './board';
import { VirtualFlash } from './flash';
import { lockFolder } from './lock';
import { VirtualStore } from './store';

/** The journal's partition of a 4 MB board: 1 MiB. */
const JOURNAL_BLOCKS = 256;
const BLOCK_LENGTH = 4096;

export interface DeskBoardOptions {
	/** Where this board's flash and key-value store are kept: made if need be, locked while the board is there. */
	readonly folder: string;
	readonly seed: number;
	readonly speed: number;
	readonly log: Log;
	/** Settings over the defaults. */
	readonly settings: Readonly<Record<string, unknown>>;
	/** Else the parts that the seeded model of a person wears, with the board's own drivers. */
	readonly sensor?: Sensor | undefined;
	/** Asked for the time, by a board that then has no clock of its own. Else it has this computer's. */
	readonly timeServers?: readonly string[] | undefined;
	/** What the pulse oximeter sees; else the person's finger. */
	readonly light?: Illumination | undefined;
	/** Where there is LoRaWAN; the board has a radio if its settings have a DevEUI. */
	readonly site?: RadioSite | undefined;
	/** One sensor that knows the person, instead of parts: a thousand boards have no room for those. */
	readonly isSimple?: boolean;
	/** Blocks of 4,096 bytes for the journal of a board that is new; one that was here before keeps its size. */
	readonly blocks?: number | undefined;
}

/** What a scenario does to a board. */
export interface DeskWorld {
	/** The access point is in reach. */
	isReachable: boolean;
	/** Names resolve. */
	resolves: boolean;
	/** The model person's finger is on the sensor. */
	finger: boolean;
	feverCelsius: number | undefined;
	/** Sets the clock of this boot. @param change from what it says now, epoch milliseconds */
	setClock(change: (now: number) => number): void;
	cutPower(): void;
	/** As at the start; whatever the power cut left is in flash. */
	powerOn(): void;
}

export interface DeskBoard {
	readonly board: VirtualBoard;
	readonly world: DeskWorld;
	/** As the device's own report, with the counts of all its boots since this board was made: a sleeping device boots often. */
	report(): DeviceReport;
	/** No more readings. A device that sleeps is not woken again. */
	stopSampling(): void;
	/** Ends the firmware politely and gives the folder back. */
	close(): void;
}

/**
 * A virtual board on this computer: real time, real sockets, flash and settings in files.
 * @throws Error when the folder is in use, or a faster life shall ask time servers
 */
export function deskBoard(options: DeskBoardOptions): DeskBoard {
	const { folder, seed, speed, log, settings, sensor, timeServers, site } = options;
	if (timeServers && speed !== 1) throw new Fault('range', 'time servers: at speed 1 only');
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const unlock = lockFolder(folder);
	const life = speed === 1 ? undefined : new PacedTime(speed);
	try {
		const file = join(folder, 'journal.flash');
		const { size = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {};
		const blocks = size > 0 ? size / BLOCK_LENGTH : (options.blocks ?? JOURNAL_BLOCKS);
		const flash = VirtualFlash.open(file, { blocks, random32: substream(seed, 'flash') });
		const sockets = new RealTime();
		const scheduler = life ?? sockets;
		const person = new Person(substream(seed, 'person'), () => scheduler.now / 1000);
		// Who is watched each second costs time; nobody looks without a WebSocket.
		const direct = settings.webSocketUrl ? livePersonSensor : personSensor;
		const simple = sensor ?? (options.isSimple ? direct(person) : undefined);
		const worn = simple
			? undefined
			: new Worn({ scheduler, random32: substream(seed, 'worn'), person, light: options.light });
		const names: Names = { resolve: true };
		let past: DeviceReport | undefined;
		const board = new VirtualBoard({
			scheduler,
			...(life && { networkScheduler: sockets }),
			// Not seeded: a journal that is formatted anew must not number its readings as the one before did.
			random32: () => randomBytes(4).readUInt32LE(),
			flash,
			store: new VirtualStore(join(folder, 'store.json')),
			log,
			freeHeap() {
				const { heap_size_limit, used_heap_size } = getHeapStatistics();
				return heap_size_limit - used_heap_size;
			},
			settings,
			epoch: timeServers ? undefined : Date.now(),
			onPowerLost: (firmware) => {
				past = add(past, firmware.report());
			},
			plug: () => {
				const lifeline = new Lifeline();
				return {
					sensors: simple ? [simple] : [],
					wiring: worn,
					mqtt: ({ serverCa: ca }) => tlsMqtt({ ca, lifeline, names, scheduler: sockets }),
					http: ({ serverCa: ca }) => tlsHttp({ ca, lifeline, names, scheduler: sockets }),
					...(timeServers && { timekeeping: nodeTime(timeServers, lifeline) }),
					webSocket: ({ serverCa: ca }) => tlsWebSocket({ ca, lifeline, names, scheduler: sockets }),
					lora: site && settings.loraDevEui ? (parts) => site.plug(makeSettings(settings), parts) : undefined,
					cut: () => lifeline.cut(),
				};
			},
		});
		return {
			board,
			world: {
				set isReachable(isReachable: boolean) {
					board.isReachable = isReachable;
				},
				set resolves(resolves: boolean) {
					names.resolve = resolves;
				},
				set finger(finger: boolean) {
					person.finger = finger;
					if (worn) worn.pulse.finger = finger;
				},
				set feverCelsius(celsius: number | undefined) {
					person.feverCelsius = celsius;
				},
				setClock(change) {
					if (board.isOn) board.clock.time = Math.round(change(board.clock.time ?? Date.now()));
				},
				cutPower() {
					board.cutPower();
					flash.powerOff();
				},
				powerOn() {
					flash.powerOn();
					if (!board.isOn) board.powerOn();
				},
			},
			report() {
				if (board.isOn) return add(past, board.device.report());
				if (!past) throw new Error('the board was never on');
				return past;
			},
			stopSampling() {
				if (board.isAsleep) board.shutDown();
				else if (board.isOn) board.device.stopSampling();
			},
			close() {
				board.shutDown();
				worn?.close();
				life?.close();
				flash.close();
				unlock();
			},
		};
	} catch (error) {
		life?.close();
		unlock();
		throw error;
	}
}

function add(past: DeviceReport | undefined, now: DeviceReport): DeviceReport {
	if (!past) return now;
	const before = (name: string) => past.routes.find((route) => route.name === name);
	return {
		...now,
		sampled: past.sampled + now.sampled,
		journaled: past.journaled + now.journaled,
		released: past.released + now.released,
		refused: past.refused + now.refused,
		routes: now.routes.map((route) => ({
			...route,
			delivered: (before(route.name)?.delivered ?? 0) + route.delivered,
			failed: (before(route.name)?.failed ?? 0) + route.failed,
		})),
	};
}
