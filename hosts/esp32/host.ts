/** A board: the SDK's classes and the chip, put together as what the firmware is given. */
import UDP from 'embedded:io/socket/udp';
import FlashStorage from 'embedded:storage/flash';
import KeyValueStorage from 'embedded:storage/key-value';
import type { LevelledLog } from '../../modules/log/levelled';
import type { Clock, FlashPartition } from '../../modules/ports';
import type { BoardPower } from '../../modules/sleep/power';
import { chip } from '../../modules/sleep/sleep';
import type { NamesPart, UdpPart } from '../../modules/time/parts';
import { TimedLink } from '../../modules/time/timed-link';
import { Timekeeper } from '../../modules/time/timekeeper';
import { KeptSession } from '../../modules/tls/session';
import type { Host } from '../../src/host';
import { makeSettings, serverAddress } from '../../src/settings';
import { makeRoutes } from '../routes';
import type { Board } from './board';
import { httpOverTls } from './http';
import { dns, mqttOverTls } from './mqtt';
import { type Domain, NvsStore } from './nvs';
import { setTime } from './os';
import type { BoardParts, Config } from './parts';
import { compiledSettings, readSettings } from './provision';
import { webSocketOverTls } from './websocket';

/** Three: where one lies, the other two agree. */
const TIME_SERVERS = '0.pool.ntp.org,1.pool.ntp.org,2.pool.ntp.org';

export interface HostOptions {
	readonly board: Board;
	readonly parts: BoardParts;
	readonly power: BoardPower;
	/** What the chip kept, that nobody told yet. */
	readonly chipClock: Clock;
	readonly levelled: LevelledLog;
	/** Epoch milliseconds that have surely passed. */
	readonly floor: number;
	readonly config: Config;
}

/** @throws Fault when a part cannot be made: a journal without its partition, a sensor without its bus */
export function makeHost({ board, parts, power, chipClock, levelled, floor, config }: HostOptions): Host {
	const told = new NvsStore(domain('settings'));
	const store = new NvsStore(domain('fajma'));
	const { random32 } = chip;
	const { log } = levelled;
	const settings = readSettings(told, compiledSettings(config), log);
	const known = makeSettings(settings);
	const timekeeper = new Timekeeper({
		clock: chipClock,
		udp: { io: UDP } as unknown as UdpPart,
		dns: dns as unknown as NamesPart,
		servers: (config.ntp ?? TIME_SERVERS).split(','),
		random32,
		earliest: floor,
		set: setTime,
		log,
	});
	const { clock } = timekeeper;
	const onDate = timekeeper.serverDate.bind(timekeeper);
	const onTime = timekeeper.networkTime.bind(timekeeper);
	const hostname = String(settings.deviceId ?? 'fajma').replaceAll('_', '-');
	const made = parts.link.make({ clock, random32, log, settings: told, hostname });
	const subBand = Number(config.loraSubBand ?? 0);
	const lora =
		known.loraDevEui === '' ? undefined : parts.lora?.(board, { settings: known, subBand, clock, store, log, onTime });
	const sessions = {
		mqttUrl: new KeptSession('tls'),
		httpUrl: new KeptSession('https'),
		webSocketUrl: new KeptSession('wss'),
	};
	return {
		clock,
		networkClock: clock,
		power,
		store,
		journal: FlashStorage.open({ path: 'journal' }) as unknown as FlashPartition,
		sensors: parts.sensors?.(board, clock) ?? [],
		link: new TimedLink(made.link, timekeeper),
		routes(now, will) {
			const to = (url: keyof typeof sessions) => {
				const { host: serverName } = serverAddress(now, url);
				return { clock, ca: now.serverCa, serverName, notBefore: floor, kept: sessions[url] };
			};
			const clients = {
				mqtt: () => mqttOverTls(to('mqttUrl')),
				http: () => httpOverTls(to('httpUrl')),
				webSocket: () => webSocketOverTls(to('webSocketUrl')),
			};
			const all = { ...clients, lora: lora?.route };
			return makeRoutes({ settings: now, will, clock, time: clock, random32, log, onDate, ...all });
		},
		keepsakes: [timekeeper, ...made.keepsakes, ...(lora?.keepsakes ?? []), ...Object.values(sessions)],
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
	};
}

function domain(path: string): Domain {
	return KeyValueStorage.open({ path, format: 'string' }) as unknown as Domain;
}
