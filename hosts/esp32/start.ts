/** A board: the SDK's classes and the chip, put together as what the firmware is given. */

import Analog from 'embedded:io/analog';
import Digital from 'embedded:io/digital';
import I2C from 'embedded:io/i2c';
import Serial from 'embedded:io/serial';
import SMBus from 'embedded:io/smbus';
import UDP from 'embedded:io/socket/udp';
import FlashStorage from 'embedded:storage/flash';
import KeyValueStorage from 'embedded:storage/key-value';
import config from 'mc/config';
import Time from 'time';
import Timer from 'timer';
import { Fault } from '../../modules/fault';
import type { LevelledLog } from '../../modules/log/levelled';
import type { Clock, FlashPartition, Keepsake, KeyValue, Link, Log, Random32 } from '../../modules/ports';
import { LastWord } from '../../modules/sleep/last-word';
import { BoardPower } from '../../modules/sleep/power';
import { chip } from '../../modules/sleep/sleep';
import type { NamesPart, UdpPart } from '../../modules/time/parts';
import { TimedLink } from '../../modules/time/timed-link';
import { Timekeeper } from '../../modules/time/timekeeper';
import { EARLIEST_TIME } from '../../modules/time/window';
import { KeptSession } from '../../modules/tls/session';
import { start as startFirmware } from '../../src/main';
import { serverAddress } from '../../src/settings';
import { makeRoutes } from '../routes';
import type { Board, ChipName } from './board';
import { boardOf } from './boards';
import { BoardClock, type TimerPart } from './clock';
import { httpOverTls } from './http';
import { firstLevel, uartLog } from './log';
import { dns, mqttOverTls } from './mqtt';
import { type Domain, NvsStore } from './nvs';
import { isDiagnosis, print, setTime } from './os';
import { compiledSettings, readSettings } from './provision';
import { type IoClasses, makeSensors } from './sensors';
import { webSocketOverTls } from './websocket';

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
	/** Time servers with commas between. */
	readonly ntp?: string;
}

/** Three: where one lies, the other two agree. */
const TIME_SERVERS = '0.pool.ntp.org,1.pool.ntp.org,2.pool.ntp.org';

/** Until somebody looks at the log: a fault at the start, such as a board without a journal, stays while it restarts. */
const AGAIN = 60_000;

export function start(link: LinkMaker): void {
	const { log: level, built, chip: chipName, board: boardName, ntp = TIME_SERVERS } = config as unknown as Config;
	const floor = Math.max(EARLIEST_TIME, (Number(built) || 0) * 1000);
	const clock = new BoardClock({ timer: Timer as unknown as TimerPart<object>, time: Time, now: Date.now, floor });
	const levelled = uartLog({ print, ticks: () => clock.ticks, upTo: firstLevel(level, isDiagnosis()) });
	const { log } = levelled;
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
		run(board, power, link, clock, levelled, floor, ntp.split(','));
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
	chipClock: Clock,
	levelled: LevelledLog,
	floor: number,
	servers: readonly string[],
): void {
	const told = new NvsStore(domain('settings'));
	const { random32 } = chip;
	const { log } = levelled;
	const settings = readSettings(told, compiledSettings(config), log);
	const timekeeper = new Timekeeper({
		clock: chipClock,
		udp: { io: UDP } as unknown as UdpPart,
		dns: dns as unknown as NamesPart,
		servers,
		random32,
		earliest: floor,
		set: setTime,
		log,
	});
	const { clock } = timekeeper;
	const onDate = timekeeper.serverDate.bind(timekeeper);
	const hostname = String(settings.deviceId ?? 'fajma').replaceAll('_', '-');
	const made = link.make({ clock, random32, log, settings: told, hostname });
	const kept = new KeptSession('tls');
	const keptHttp = new KeptSession('https');
	const keptWebSocket = new KeptSession('wss');
	startFirmware({
		clock,
		networkClock: clock,
		power,
		store: new NvsStore(domain('fajma')),
		journal: FlashStorage.open({ path: 'journal' }) as unknown as FlashPartition,
		sensors: makeSensors(board, { I2C, SMBus, Serial, Analog, Digital } as unknown as IoClasses, clock),
		link: new TimedLink(made.link, timekeeper),
		routes(known, will) {
			const to = (url: 'mqttUrl' | 'httpUrl' | 'webSocketUrl', session: KeptSession) => {
				const { host: serverName } = serverAddress(known, url);
				return { clock, ca: known.serverCa, serverName, notBefore: floor, kept: session };
			};
			const clients = {
				mqtt: () => mqttOverTls(to('mqttUrl', kept)),
				http: () => httpOverTls(to('httpUrl', keptHttp)),
				webSocket: () => webSocketOverTls(to('webSocketUrl', keptWebSocket)),
			};
			return makeRoutes({ settings: known, will, clock, time: clock, random32, log, onDate, ...clients });
		},
		keepsakes: [timekeeper, ...made.keepsakes, kept, keptHttp, keptWebSocket],
		random32,
		log,
		setLogLevel(upTo) {
			levelled.upTo = upTo;
		},
		facts() {
			const { heapFree, revision, idf } = power.facts();
			return { freeHeapBytes: heapFree, resetReason: power.reset, chipRevision: revision, sdkVersion: idf };
		},
		settings,
	});
}

function domain(path: string): Domain {
	return KeyValueStorage.open({ path, format: 'string' }) as unknown as Domain;
}
