import type { HttpPart } from '../../../modules/http/client';
import { LevelledLog } from '../../../modules/log/levelled';
import type { ClientPart } from '../../../modules/mqtt/client';
import type { FlashPartition, Log, Random32, Route, Sensor, WakeCause } from '../../../modules/ports';
import { TimedLink } from '../../../modules/time/timed-link';
import { Timekeeper, type TimeServers } from '../../../modules/time/timekeeper';
import { EARLIEST_TIME } from '../../../modules/time/window';
import type { WebSocketPart } from '../../../modules/websocket/client';
import { Device, type DeviceReport } from '../../../src/device';
import type { Host } from '../../../src/host';
import { makeSettings, type Settings } from '../../../src/settings';
import type { LoraParts, LoraPlug } from '../../lora';
import { makeRoutes, type RouteParts } from '../../routes';
import type { Scheduler } from '../net/scheduler';
import { BoardClock } from './clocks';
import { PowerCut } from './flash';
import { Halted } from './halted';
import { type JoinTimes, VirtualLink } from './link';
import { PoweredFlash } from './powered-flash';
import type { VirtualStore } from './store';
import { sensorsOn, type Wiring } from './wiring';

/** RTC slow memory that an ESP32 leaves to the application. */
const RTC_BYTES = 4096;

/** What one boot of the board has: the parts that a power cut takes away. */
export interface Boot {
	readonly clock: BoardClock;
	readonly networkClock: BoardClock;
	readonly log: Log;
}

export interface Plugs {
	readonly sensors: readonly Sensor[];
	/** Parts on buses, for which the engine makes the drivers; there are no other sensors then. */
	readonly wiring?: Wiring | undefined;
	/** The clients, each with its resolver and its socket. */
	readonly mqtt: (settings: Settings) => ClientPart;
	readonly http: (settings: Settings) => HttpPart;
	readonly webSocket: (settings: Settings) => WebSocketPart;
	/** The board asks for the time, and the firmware has what is decided. Else it has the clock of the boot, as it is. */
	readonly timekeeping?: TimeServers;
	/** The board has a LoRaWAN radio. */
	readonly lora?: ((parts: Pick<LoraParts, 'clock' | 'store' | 'log' | 'onTime'>) => LoraPlug) | undefined;
	/** The power goes: every socket of this boot is gone without a word. */
	readonly cut?: () => void;
}

/** The firmware as a board sees it. */
export interface Firmware {
	start(): void;
	stopSampling(): void;
	report(): DeviceReport;
	close(): void;
}

/** All the firmware is given but its routes, which an engine makes from the clients where the firmware runs. */
export type Body = Omit<Host, 'routes'> &
	Pick<Plugs, 'wiring' | 'mqtt' | 'http' | 'webSocket'> &
	Pick<RouteParts, 'onDate'> & { readonly lora: Route | undefined };

/**
 * What the firmware runs on.
 * @throws whatever the firmware throws at start: a bad setting, flash that cannot be used
 */
export type Engine = (body: Body) => Firmware;

/** The firmware in this very process. */
export const nodeEngine: Engine = (body) => {
	const { networkClock: clock, clock: time, random32, log, onDate } = body;
	const routes: Host['routes'] = (settings, will) => {
		const clients = {
			mqtt: () => body.mqtt(settings),
			http: () => body.http(settings),
			webSocket: () => body.webSocket(settings),
		};
		return makeRoutes({ settings, will, clock, time, random32, log, onDate, ...clients, lora: body.lora });
	};
	const sensors = body.wiring ? sensorsOn(body.wiring, body.clock) : body.sensors;
	return new Device({ ...body, sensors, routes }, makeSettings(body.settings));
};

export interface BoardOptions {
	readonly scheduler: Scheduler;
	/** The hardware's chance: a journal's epoch, a back-off's jitter. Seeded in tests; on a desk it must never repeat. */
	readonly random32: Random32;
	readonly flash: FlashPartition;
	readonly store: VirtualStore;
	readonly log: Log;
	/** Settings over the defaults, as the firmware is given them. */
	readonly settings: unknown;
	/** Makes what is plugged into the board, anew for each boot. */
	readonly plug: (boot: Boot) => Plugs;
	/** What time-outs and back-off run on, where the board lives faster than its sockets can. Else the same. */
	readonly networkScheduler?: Scheduler;
	/** Epoch milliseconds at the scheduler's 0; undefined: a board without a clock. */
	readonly epoch?: number | undefined;
	/** How wrong the oscillator is that counts while the board sleeps: parts per million by which a sleep takes longer. */
	readonly sleepDriftPpm?: number;
	/** How long Wi-Fi takes to come up. Default: 800 ms, whatever is remembered. */
	readonly joinTimes?: JoinTimes;
	/** Bytes of memory that are left, where that is known. */
	readonly freeHeap?: () => number;
	/** Else in this process. */
	readonly engine?: Engine;
	/** The power goes; the firmware is still as it was, for a last look at its report. */
	readonly onPowerLost?: (firmware: Firmware) => void;
}

export { Halted };

/**
 * A board with an ESP32's habits: flash and the key-value store outlive everything, RTC memory outlives sleep and
 * restart, all else is gone when the power goes.
 *
 *   OFF ── powerOn ──▶ ON ── the firmware sleeps ──▶ ASLEEP ── timer, wake(pin) ──▶ ON
 *    ▲                  │ cutPower, shutDown           │ cutPower
 *    └──────────────────┴──────────────────────────────┘     ON, ASLEEP ── reset(crash, brownout) ──▶ ON
 */
export class VirtualBoard {
	readonly #options: BoardOptions;
	readonly #random32: Random32;
	/** RTC memory while no firmware runs. */
	readonly #retained = new Uint8Array(RTC_BYTES);
	#running:
		| {
				boot: Boot;
				plugs: Plugs;
				link: VirtualLink;
				timekeeper: Timekeeper | undefined;
				retained: Uint8Array;
				device: Firmware;
		  }
		| undefined;
	/** The timer that will wake it. */
	#asleep: { cancel(): void } | undefined;
	/** What the chip's clock was told, and when: it goes on until the power goes. */
	#rtc: { readonly time: number; readonly at: number } | undefined;
	#boots = 0;
	#isReachable = true;

	constructor(options: BoardOptions) {
		this.#options = options;
		this.#random32 = options.random32;
	}

	/** The firmware that runs. Throws when none does. */
	get device(): Firmware {
		if (!this.#running) throw new Error('the board is off');
		return this.#running.device;
	}

	get isOn(): boolean {
		return this.#running !== undefined;
	}

	/** Deep sleep: no firmware runs, and it will wake by itself. */
	get isAsleep(): boolean {
		return this.#asleep !== undefined;
	}

	/** What RTC memory holds while the board sleeps; tests spoil it. */
	get retained(): Uint8Array {
		return this.#retained;
	}

	get boots(): number {
		return this.#boots;
	}

	/** The clock of this boot; tests tell it the time. */
	get clock(): BoardClock {
		if (!this.#running) throw new Error('the board is off');
		return this.#running.boot.clock;
	}

	/** What decides what time it is in this boot. Throws where the firmware has the clock of the boot. */
	get timekeeper(): Timekeeper {
		if (!this.#running?.timekeeper) throw new Error('the board is off, or keeps no time');
		return this.#running.timekeeper;
	}

	get link(): VirtualLink {
		if (!this.#running) throw new Error('the board is off');
		return this.#running.link;
	}

	/** The access point is in reach, in this boot and those to come. */
	set isReachable(isReachable: boolean) {
		this.#isReachable = isReachable;
		if (this.#running) this.#running.link.reachable = isReachable;
	}

	/** @throws PowerCut when the power goes meanwhile; else what the firmware throws: a bad setting, flash that cannot be used */
	powerOn(cause: WakeCause = 'power'): Firmware {
		if (this.#running) throw new Error('the board is on already');
		this.#asleep?.cancel();
		this.#asleep = undefined;
		const {
			scheduler,
			networkScheduler,
			epoch,
			flash,
			store,
			settings,
			plug,
			joinTimes = { first: 800, again: 800 },
			freeHeap,
			engine = nodeEngine,
		} = this.#options;
		const levelled = new LevelledLog(this.#options.log, 'debug');
		const { log } = levelled;
		this.#boots++;
		if (cause === 'power') for (let at = 0; at < RTC_BYTES; at++) this.#retained[at] = this.#random32();
		if (cause === 'power') this.#rtc = undefined;
		const clock = new BoardClock(scheduler, { epoch: this.#kept() ?? epoch });
		const networkClock = networkScheduler ? new BoardClock(networkScheduler) : clock;
		const boot: Boot = { clock, networkClock, log };
		// Its own: what firmware whose power is gone still does must not be found in RTC memory.
		const retained = this.#retained.slice();
		const plugs = plug(boot);
		const link = new VirtualLink(networkClock, joinTimes);
		if (!this.#isReachable) link.reachable = false;
		const timekeeper = plugs.timekeeping && this.#timekeeper(clock, plugs.timekeeping, log);
		const told = timekeeper?.clock ?? clock;
		const lora = plugs.lora?.({ clock: told, store, log, onTime: timekeeper?.networkTime.bind(timekeeper) });
		let cut: PowerCut | undefined;
		const powered = new PoweredFlash(flash, (thrown) => {
			cut = thrown;
			this.cutPower();
		});
		const body: Body = {
			clock: told,
			networkClock: networkScheduler ? networkClock : told,
			power: {
				cause,
				retained,
				sleep: (milliseconds) => this.#halt(boot, 'timer', milliseconds),
				restart: () => this.#halt(boot, 'restart', 0),
			},
			store,
			journal: powered,
			sensors: plugs.sensors,
			wiring: plugs.wiring,
			link: timekeeper ? new TimedLink(link, timekeeper) : link,
			keepsakes: [link.keepsake, ...(timekeeper ? [timekeeper] : []), ...(lora?.keepsakes ?? [])],
			lora: lora?.route,
			mqtt: plugs.mqtt,
			http: plugs.http,
			webSocket: plugs.webSocket,
			onDate: timekeeper?.serverDate.bind(timekeeper),
			random32: this.#random32,
			log,
			setLogLevel(upTo) {
				levelled.upTo = upTo;
			},
			facts: () => ({
				freeHeapBytes: freeHeap?.(),
				resetReason: cause,
				chipRevision: 'virtual',
				sdkVersion: `Node ${process.versions.node}`,
			}),
			settings,
		};
		let device: Firmware;
		try {
			device = engine(body);
			// The journal takes any failing flash in its stride; a board without power does not.
			if (cut) throw cut;
		} catch (thrown) {
			plugs.cut?.();
			throw cut ?? thrown;
		}
		this.#running = { boot, plugs, link, timekeeper, retained, device };
		device.start();
		return device;
	}

	/** The power goes, now: no good-bye, no last write. */
	cutPower(): void {
		this.#asleep?.cancel();
		this.#asleep = undefined;
		this.#end(false);
	}

	/** Ends the firmware politely, then the power. */
	shutDown(): void {
		this.#asleep?.cancel();
		this.#asleep = undefined;
		this.#end(true);
	}

	/** Somebody presses the button of a board that sleeps. */
	wake(): void {
		if (!this.#asleep) throw new Error('the board does not sleep');
		this.#rise('pin');
	}

	/**
	 * The processor is reset, running or asleep: the watchdog bit, or the voltage dipped for a moment. RTC memory stays as it
	 * was, to the byte that was being written.
	 */
	reset(cause: 'crash' | 'brownout'): void {
		if (this.#running) this.#retained.set(this.#running.retained);
		this.cutPower();
		this.#rise(cause);
	}

	#end(polite: boolean): void {
		if (!this.#running) return;
		const { boot, plugs, device } = this.#running;
		// First of all: a look at dead flash must not cut the power again.
		this.#running = undefined;
		this.#options.onPowerLost?.(device);
		if (polite) device.close();
		boot.clock.kill();
		boot.networkClock.kill();
		plugs.cut?.();
	}

	#timekeeper(clock: BoardClock, timeServers: TimeServers, log: Log): Timekeeper {
		const { scheduler } = this.#options;
		return new Timekeeper({
			...timeServers,
			clock,
			random32: this.#random32,
			earliest: EARLIEST_TIME,
			set: (time) => {
				this.#rtc = { time, at: scheduler.now };
			},
			log,
		});
	}

	/** What the chip's clock makes of what it was told, as epoch milliseconds at the scheduler's 0. */
	#kept(): number | undefined {
		if (!this.#rtc) return undefined;
		const { scheduler, sleepDriftPpm = 0 } = this.#options;
		const passed = (scheduler.now - this.#rtc.at) / (1 + sleepDriftPpm / 1e6);
		return this.#rtc.time + passed - scheduler.now;
	}

	#halt(boot: Boot, cause: WakeCause, milliseconds: number): never {
		const { scheduler, sleepDriftPpm = 0 } = this.#options;
		// Firmware without power may believe that it still runs.
		if (this.#running?.boot === boot) {
			this.#retained.set(this.#running.retained);
			this.#end(false);
			this.#asleep = scheduler.schedule(milliseconds * (1 + sleepDriftPpm / 1e6), () => this.#rise(cause));
		}
		throw new Halted();
	}

	/** Boots by itself. When the power goes meanwhile, the board is off, and nobody waits for it. */
	#rise(cause: WakeCause): void {
		try {
			this.powerOn(cause);
		} catch (thrown) {
			if (!(thrown instanceof PowerCut)) throw thrown;
		}
	}
}
