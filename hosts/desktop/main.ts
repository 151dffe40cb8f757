/**
 * The firmware in Moddable's desktop XS: in the SDK's simulator, or headless.
 *
 * FAJMA_STATE (or `state=…` on mcconfig's command line) names a folder with settings.json; flash, key-value store and RTC memory are
 * kept there too. FAJMA_LOG=error|warning|info|debug says how much it tells.
 */
import config from 'mc/config';
import Timer from 'timer';
import { Fault } from '../../modules/fault';
import { KeptSession } from '../../modules/tls/session';
import { start } from '../../src/main';
import { serverAddress } from '../../src/settings';
import { makeRoutes } from '../routes';
import { DesktopClock } from './clock';
import { FileFlash } from './flash';
import { DesktopLink } from './link';
import { traceLog } from './log';
import { httpOverTls, mqttOverTls, webSocketOverTls } from './network';
import { environment, halt, random32, readText } from './os';
import { PersonSensor } from './person';
import { FilePower, Status } from './power';
import { FileStore } from './store';

/** The journal's partition of a 4 MB board: 1 MiB. */
const BLOCKS = 256;
const BLOCK_LENGTH = 4096;

const levelled = traceLog(environment('FAJMA_LOG'));
const { log } = levelled;

function boot(folder: string, power: FilePower): void {
	power.begin();
	const clock = new DesktopClock();
	const kept = new KeptSession('tls');
	const keptHttp = new KeptSession('https');
	const keptWebSocket = new KeptSession('wss');
	start({
		clock,
		networkClock: clock,
		power,
		store: new FileStore(`${folder}/store.json`),
		journal: new FileFlash({ path: `${folder}/journal.flash`, blocks: BLOCKS, blockLength: BLOCK_LENGTH }),
		sensors: [new PersonSensor(1, () => clock.time)],
		link: new DesktopLink(clock),
		routes(settings, will) {
			const to = (url: 'mqttUrl' | 'httpUrl' | 'webSocketUrl', session: KeptSession) => {
				return { clock, ca: settings.serverCa, serverName: serverAddress(settings, url).host, kept: session };
			};
			const clients = {
				mqtt: () => mqttOverTls(to('mqttUrl', kept)),
				http: () => httpOverTls(to('httpUrl', keptHttp)),
				webSocket: () => webSocketOverTls(to('webSocketUrl', keptWebSocket)),
			};
			return makeRoutes({ settings, will, clock, time: clock, random32, log, ...clients });
		},
		keepsakes: [kept, keptHttp, keptWebSocket],
		random32,
		log,
		setLogLevel(upTo) {
			levelled.upTo = upTo;
		},
		// A computer's memory has no bound worth telling.
		facts: () => ({
			freeHeapBytes: undefined,
			resetReason: power.cause,
			chipRevision: 'desktop',
			sdkVersion: 'Moddable SDK, desktop XS',
		}),
		settings: settingsOf(folder),
	});
}

function settingsOf(folder: string): unknown {
	const path = `${folder}/settings.json`;
	const text = readText(path);
	if (text === undefined) throw new Fault('malformed', `${path}: cannot be read`);
	try {
		return JSON.parse(text);
	} catch {
		// What the engine says of it may quote it, and there are secrets in it.
		throw new Fault('malformed', `${path}: not JSON`);
	}
}

function attempt(run: () => void): void {
	try {
		run();
	} catch (thrown) {
		const { code, message } = Fault.from(thrown, 'misuse');
		log('error', 'host', `${code}: ${message}`);
		delete (globalThis as { abort?: unknown }).abort;
		halt(Status.UNUSABLE);
	}
}

attempt(() => {
	const folder = environment('FAJMA_STATE') ?? (config as { state?: string }).state;
	if (!folder) throw new Fault('misuse', 'FAJMA_STATE names no folder');
	const power = new FilePower(`${folder}/rtc`, () => Date.now());
	// The SDK's last word before a machine ends; see `abortHook` in the manifest.
	(globalThis as { abort?: unknown }).abort = (why: string, thrown: unknown) => {
		if (power.crash()) log('error', 'host', `the machine ends: ${why}: ${Fault.from(thrown, 'misuse').message}`);
	};
	if (power.early === 0) return boot(folder, power);
	log('info', 'host', `asleep for ${Math.ceil(power.early / 1000)} s more`);
	Timer.set(() => attempt(() => boot(folder, power)), power.early);
});
