import type { Engine } from '../../../modules/lmic/interface';
import { Lmic } from '../../../modules/lmic/lmic';
import { SessionKeeper } from '../../../modules/lora/session';
import type { Random32 } from '../../../modules/ports';
import { BoardClock } from '../board/clocks';
import { VirtualStore } from '../board/store';
import type { Scheduler } from '../net/scheduler';
import { Air } from '../radio/air';
import { NetworkServer, type NetworkUplink } from '../radio/network';
import type { Region } from '../radio/region';
import { seededRandom32 } from '../random';
import { VirtualTime } from '../time';
import { Aerial } from './aerial';
import { Records } from './records';

/** What an engine is made of. */
export interface EngineParts {
	readonly scheduler: Scheduler;
	readonly air: Aerial;
	readonly random32: Random32;
}

export interface TrialOptions {
	readonly region: Region;
	/** Makes what runs in each boot: LMIC as a twin(), or what stands in for it. */
	readonly engine: (parts: EngineParts) => Engine;
	readonly seed?: number;
	/** Kilometres to the gateway. */
	readonly distance?: number;
	/** One frame in so many is lost, each way. */
	readonly loss?: number;
	readonly level?: (frequencyHz: number, micros: number) => number;
	readonly epoch?: number;
}

interface Kept {
	readonly session: Uint8Array | undefined;
	readonly waits: Uint8Array | undefined;
}

const DEV_EUI = '70b3d57ed0001234';
const APP_KEY = '000102030405060708090a0b0c0d0e0f';
const HOUR = 3_600_000;
/** The Things Network's; the simulated network listens on it too. */
const SUB_BAND = 2;

/** LMIC (or what stands in for it) with our bridge on a virtual board, in the air of a simulated network: life after life of one device. */
export class Trial {
	readonly time = new VirtualTime();
	readonly records = new Records();
	readonly uplinks: NetworkUplink[] = [];
	readonly air: Air;
	readonly network: NetworkServer;
	readonly random32: () => number;
	readonly downlinks: { readonly port: number; readonly payload: string }[] = [];
	boots = 0;
	/** Uplinks that the network acknowledged. */
	acknowledged = 0;
	/** How far the network's time was off, in milliseconds, each time that it was told. */
	readonly timesOff: number[] = [];
	readonly #options: TrialOptions;
	readonly #epoch: number;
	readonly store = new VirtualStore();
	#board: { clock: BoardClock; keeper: SessionKeeper; engine: Engine; lmic: Lmic; aerial: Aerial } | undefined;
	#ended: boolean[] = [];
	#failed: Error | undefined;

	constructor(options: TrialOptions) {
		const { region, seed = 1, distance = 0.5, loss = 0, epoch = 1_800_000_000_000 } = options;
		this.#options = options;
		this.#epoch = epoch;
		this.random32 = seededRandom32(seed);
		const { time, random32 } = this;
		this.air = new Air({ scheduler: time, random32, distance, loss });
		const onUplink = (uplink: NetworkUplink) => void this.uplinks.push(uplink);
		this.network = new NetworkServer({ air: this.air, region, random32, epoch, onUplink });
		this.network.register(DEV_EUI, Buffer.from(APP_KEY, 'hex'));
	}

	get lmic(): Lmic {
		return this.#board!.lmic;
	}

	get isReady(): boolean {
		return this.lmic.state === 'joined' && this.lmic.readyAt <= this.#board!.clock.ticks;
	}

	push(port: number, payload: Buffer): void {
		this.network.push(DEV_EUI, { port, payload });
	}

	/** The network knows the device's session no more, nor does the device. */
	forget(): void {
		this.network.forget(DEV_EUI);
		this.store.delete('lora');
	}

	/** Power on; after deep sleep, with what RTC memory kept. */
	start(kept?: Kept): void {
		const { region, level } = this.#options;
		const { time, random32, air } = this;
		const boot = ++this.boots;
		// Without its RTC a board knows no time.
		const clock = new BoardClock(time, { epoch: kept ? this.#epoch : undefined });
		const keeper = new SessionKeeper({ store: this.store, log: () => {} });
		const aerial = new Aerial({
			air,
			region,
			onSent: (emission) => this.records.add(boot, emission),
			...(level ? { level } : {}),
		});
		const engine = this.#options.engine({ scheduler: time, air: aerial, random32 });
		const subBand = region.channels.length === 8 ? SUB_BAND : 0;
		const lmic = new Lmic({ engine, clock, devEui: DEV_EUI, joinEui: '0'.repeat(16), appKey: APP_KEY, subBand });
		if (kept?.session) keeper.recall(kept.session);
		if (kept?.waits) lmic.recall(kept.waits);
		this.#ended = [];
		lmic.onFailed = (fault) => {
			this.#failed = fault;
		};
		lmic.onSent = ({ acknowledged }) => {
			this.#ended.push(acknowledged);
			if (acknowledged) this.acknowledged++;
		};
		lmic.onDownlink = (port, payload) =>
			void this.downlinks.push({ port, payload: Buffer.from(payload).toString('hex') });
		lmic.onSession = (session) => {
			keeper.save(session);
		};
		lmic.onTime = (told) => {
			clock.time = told;
			this.timesOff.push(told - (this.#epoch + time.now));
		};
		lmic.open(keeper.session);
		this.#board = { clock, keeper, engine, lmic, aerial };
	}

	/** Power off at once. @returns what RTC memory has then */
	stop(): Kept {
		const { clock, keeper, engine, lmic, aerial } = this.#board!;
		const kept = { session: keeper.keep()?.slice(), waits: lmic.keep() };
		clock.kill();
		engine.onMessage = undefined;
		engine.close();
		aerial.close();
		return kept;
	}

	/** Deep sleep for so long. */
	sleep(milliseconds: number): void {
		const kept = this.stop();
		this.time.advance(milliseconds);
		this.start(kept);
	}

	/** @returns whether it came within so many milliseconds @throws what failed */
	within(done: () => boolean, patience: number): boolean {
		const isDone = this.time.advanceUntil(() => done() || this.#failed !== undefined, patience, 50);
		if (this.#failed) throw this.#failed;
		return isDone;
	}

	/** @throws what failed, or Error when it has not come within `patience` milliseconds */
	until(done: () => boolean, patience = 12 * HOUR): void {
		if (!this.within(done, patience))
			throw new Error(`not within ${patience} ms: ${this.lmic.state}, room ${this.lmic.room}`);
	}

	/** Begins an uplink when it may go. */
	begin(port: number, payload: Uint8Array, confirmed: boolean): void {
		this.until(() => this.isReady);
		this.lmic.send(port, payload, confirmed);
	}

	/** @returns whether the network acknowledged it */
	uplink(port: number, payload: Uint8Array, confirmed = true): boolean {
		this.begin(port, payload, confirmed);
		const before = this.#ended.length;
		this.until(() => this.#ended.length > before);
		return this.#ended.at(-1)!;
	}
}
