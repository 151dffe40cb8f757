/** A board: the SDK's classes and the chip, put together as what the firmware is given. */

import UDP from 'embedded:io/socket/udp';
import NTP from 'embedded:network/ntp/client';
import FlashStorage from 'embedded:storage/flash';
import KeyValueStorage from 'embedded:storage/key-value';
import config from 'mc/config';
import Time from 'time';
import Timer from 'timer';
import { Fault } from '../../modules/fault';
import type { Clock, FlashPartition, Keepsake, KeyValue, Link, Log, Random32 } from '../../modules/ports';
import { LastWord } from '../../modules/sleep/last-word';
import { BoardPower } from '../../modules/sleep/power';
import { chip } from '../../modules/sleep/sleep';
import { start as startFirmware } from '../../src/main';
import { serverAddress } from '../../src/settings';
import { makeRoutes } from '../routes';
import type { Board, ChipName } from './board';
import { boardOf } from './boards';
import { BoardClock, type TimerPart } from './clock';
import { levelOf, uartLog } from './log';
import { dns, mqttOverTls } from './mqtt';
import { type Domain, NvsStore } from './nvs';
import { isDiagnosis, print } from './os';
import { compiledSettings, readSettings } from './provision';
import { makeSensors } from './sensors';
import { KeptSession } from './session';
import { type TimeClient, Timekeeper } from './timekeeper';

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

/** What `config` holds: from chips/…/manifest.json, and from mcconfig's command line. */
interface Config {
	readonly chip: ChipName;
	readonly board?: string;
	/** error, warning, info or debug. */
	readonly log?: string;
	/** When the image was built, in seconds since 1970: no clock and no certificate is believed that says earlier. */
	readonly built?: string;
	readonly ntp?: string;
}

/** 2026-01-01: before the first of these images. */
const EARLIEST = 1_767_225_600_000;

/** Until somebody looks at the log: a fault at the start, such as a board without a journal, stays while it restarts. */
const AGAIN = 60_000;

export function start(link: LinkMaker): void {
	const { log: level, built, chip: chipName, board: boardName, ntp = 'pool.ntp.org' } = config as unknown as Config;
	const floor = Math.max(EARLIEST, (Number(built) || 0) * 1000);
	const clock = new BoardClock({ timer: Timer as unknown as TimerPart<object>, time: Time, now: Date.now, floor });
	const log = uartLog({ print, ticks: () => clock.ticks, upTo: levelOf(level, isDiagnosis()) });
	const lastWord = new LastWord(chip.note());
	const said = lastWord.take();
	// The SDK calls this before it ends a machine (see `abortHook` in the manifest). There may be no memory left for a log line.
	(globalThis as { abort?: unknown }).abort = (why: string, thrown: unknown) => {
		lastWord.say(why);
		if (why !== 'memory full') lastWord.say(`${why}: ${Fault.from(thrown, 'misuse').message}`);
	};
	try {
		const board = boardOf(boardName, chipName);
		if (board.link !== link.kind) throw new Fault('misuse', `${board.name} has ${board.link}, this image ${link.kind}`);
		const power = powerOf(board, said !== undefined);
		if (said !== undefined) log('error', 'host', `the machine before this one ended: ${said}`);
		log('info', 'host', `${board.name}, reset: ${power.reset}`);
		run(board, power, link, clock, log, floor, ntp);
		// What starts is kept; what does not is gone at the next reset.
		if (chip.isPending())
			log('info', 'host', chip.markValid() === 0 ? 'the new image is kept' : 'the new image is not kept');
	} catch (thrown) {
		const { code, message } = Fault.from(thrown, 'misuse');
		log('error', 'host', `${code}: ${message}; restart in ${AGAIN / 1000} s`);
		clock.alarm(() => chip.restart()).set(AGAIN);
	}
}

function powerOf({ wake }: Board, crashed: boolean): BoardPower {
	if (!wake) return new BoardPower({ chip, crashed });
	const wakePins = wake.pins.map((pin) => ({ pin, level: wake.level }));
	return new BoardPower({ chip, crashed, wakePins, source: wake.source });
}

function run(
	board: Board,
	power: BoardPower,
	link: LinkMaker,
	clock: Clock,
	log: Log,
	floor: number,
	ntp: string,
): void {
	const told = new NvsStore(domain('settings'));
	const { random32 } = chip;
	const settings = readSettings(told, compiledSettings(config), log);
	const make = (): TimeClient =>
		new NTP({ servers: [ntp], socket: { io: UDP }, dns } as never) as unknown as TimeClient;
	const timekeeper = new Timekeeper({ make, clock, set: (seconds) => Time.set(seconds), floor, log });
	const hostname = String(settings.deviceId ?? 'fajma').replaceAll('_', '-');
	const made = link.make({ clock, random32, log, settings: told, hostname });
	const kept = new KeptSession();
	startFirmware({
		clock,
		networkClock: clock,
		power,
		store: new NvsStore(domain('fajma')),
		journal: FlashStorage.open({ path: 'journal' }) as unknown as FlashPartition,
		sensors: makeSensors(board),
		link: new TimedLink(made.link, timekeeper),
		routes(known, will) {
			if (known.mqttUrl === '') return [];
			const serverName = serverAddress(known, 'mqttUrl').host;
			const mqtt = mqttOverTls({ clock, ca: known.serverCa, serverName, notBefore: floor, kept });
			return makeRoutes({ settings: known, will, clock, log, mqtt });
		},
		keepsakes: [timekeeper, ...made.keepsakes, kept],
		random32,
		log,
		settings,
	});
}

function domain(path: string): Domain {
	return KeyValueStorage.open({ path, format: 'string' }) as unknown as Domain;
}

/** A link that also has the time asked for, whenever it comes up. */
class TimedLink implements Link {
	onChanged: (() => void) | undefined;
	readonly #link: Link;
	readonly #timekeeper: Timekeeper;

	constructor(link: Link, timekeeper: Timekeeper) {
		this.#link = link;
		this.#timekeeper = timekeeper;
		link.onChanged = () => {
			if (link.state === 'up') timekeeper.start();
			else timekeeper.stop();
			this.onChanged?.();
		};
	}

	get state(): Link['state'] {
		return this.#link.state;
	}

	get rssiDbm(): number | undefined {
		return this.#link.rssiDbm;
	}

	open(): void {
		this.#link.open();
	}

	close(): void {
		this.#timekeeper.stop();
		this.#link.close();
	}
}
