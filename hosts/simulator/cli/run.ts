import { join } from 'node:path';
import type { Log } from '../../../modules/ports';
import type { Language } from '../../../src/alerts/words';
import type { DeviceReport } from '../../../src/device';
import { connectionLines } from '../../../src/messages/connections';
import { type DeskBoard, deskBoard } from '../board/desk-board';
import type { Illumination } from '../bus/max3010x';
import type { RadioSite } from '../radio/site';
import { readRecording, replaySensor } from '../sensors/replay';

/** A smaller journal for each when many boards share one computer's memory: 64 KiB, 2,500 readings. */
const CROWD = 16;
const CROWD_BLOCKS = 16;
/** How long the end may take to deliver what is left, without any progress. */
const DRAIN_PATIENCE_MILLISECONDS = 10_000;
const POLL_MILLISECONDS = 50;

export interface RunOptions {
	readonly state: string;
	readonly seed: number;
	readonly speed: number;
	/** Seconds until the end; undefined: until `stop` or the end of the recordings. */
	readonly seconds?: number | undefined;
	readonly replay?: string | undefined;
	readonly columnMap?: string | undefined;
	/** What the pulse oximeters see; else the persons' fingers. */
	readonly light?: Illumination | undefined;
	/** Asked for the time; else the devices have this computer's. */
	readonly timeServers?: readonly string[] | undefined;
	/** Where there is LoRaWAN. */
	readonly site?: RadioSite | undefined;
	/** For each device: its settings over the defaults. */
	readonly devices: readonly Readonly<Record<string, unknown>>[];
	readonly log: (deviceId: string) => Log;
	/** The end begins: what is left is delivered now. */
	readonly onEnding?: () => void;
}

/** Devices that live on this computer in real time, until someone or something stops them. */
export class Run {
	readonly #boards: DeskBoard[] = [];
	readonly #carried: DeviceReport[] = [];
	readonly #ended: Promise<void>;
	#end: () => void = () => {};
	#ending = false;
	readonly #onEnding: () => void;

	/** @throws Error or Fault when a setting, a recording or a folder is not good; nothing runs then */
	constructor(options: RunOptions) {
		const { state, seed, speed, seconds, replay, columnMap, light, timeServers, site, devices, log } = options;
		let playing = devices.length;
		this.#onEnding = options.onEnding ?? (() => {});
		this.#ended = new Promise((resolve) => {
			this.#end = resolve;
		});
		try {
			devices.forEach((settings, index) => {
				const deviceId = String(settings.deviceId);
				const recording = replay === undefined ? undefined : readRecording(replay, columnMap, index);
				let board: DeskBoard | undefined;
				const sensor =
					recording &&
					replaySensor(recording, () => {
						board?.stopSampling();
						playing--;
						if (playing === 0) this.stop();
					});
				board = deskBoard({
					folder: join(state, 'boards', deviceId),
					seed: seed + index,
					speed,
					log: log(deviceId),
					settings:
						recording && settings.dataIntervalSeconds === undefined
							? { ...settings, dataIntervalSeconds: 1 }
							: settings,
					sensor,
					light,
					timeServers,
					site,
					isSimple: devices.length > CROWD,
					blocks: devices.length > CROWD ? CROWD_BLOCKS : undefined,
				});
				this.#boards.push(board);
				board.board.powerOn();
				this.#carried.push(board.report());
			});
		} catch (error) {
			this.close();
			throw error;
		}
		if (seconds !== undefined) setTimeout(() => this.stop(), seconds * 1000).unref();
	}

	reports(): DeviceReport[] {
		return this.#boards.map((board) => board.report());
	}

	get boards(): readonly DeskBoard[] {
		return this.#boards;
	}

	/** How each device was when it started: its backlog is what an earlier run left. */
	get starts(): readonly DeviceReport[] {
		return this.#carried;
	}

	/** Begins the end: no more readings; what is in the journals is still delivered. */
	stop(): void {
		if (this.#ending) return;
		this.#ending = true;
		this.#onEnding();
		for (const board of this.#boards) board.stopSampling();
		this.#drained().then(this.#end);
	}

	/** When stop() was called and everything was delivered, or no more could be. */
	get ended(): Promise<void> {
		return this.#ended;
	}

	/** Ends the devices politely. What was not delivered stays in their journals. */
	close(): void {
		for (const board of this.#boards) board.close();
		this.#boards.length = 0;
	}

	async #drained(): Promise<void> {
		// The reading at hand is kept first: a recording ends from within its last sample.
		await new Promise(setImmediate);
		const backlog = (): number => {
			// What sleeps now would wake for a reading: it is not needed, and what it holds is safe.
			for (const board of this.#boards) if (board.board.isAsleep) board.stopSampling();
			return this.#boards.reduce((sum, board) => sum + (board.board.isOn ? board.report().backlog : 0), 0);
		};
		let best = backlog();
		let patience = performance.now() + DRAIN_PATIENCE_MILLISECONDS;
		while (best > 0 && performance.now() < patience) {
			await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
			const now = backlog();
			if (now < best) patience = performance.now() + DRAIN_PATIENCE_MILLISECONDS;
			best = Math.min(best, now);
		}
	}
}

/** At SIGUSR1 (`kill -USR1`, where there are such signals): the report of connections of each device, into the log. */
export function onAsked(log: Log, language: Language, reports: () => readonly DeviceReport[]): void {
	if (process.platform === 'win32') return;
	process.on('SIGUSR1', () => {
		for (const report of reports()) {
			log('info', 'status', report.deviceId);
			for (const line of connectionLines(report, language)) log('info', 'status', line);
		}
	});
}

/** Calls `stop` at the first Ctrl-C or SIGTERM; at the second, the process ends at once. */
export function onInterrupt(log: Log, stop: () => void): void {
	let again = false;
	const interrupted = (): void => {
		if (again) process.exit(130);
		again = true;
		log('info', 'stop', 'delivering what is left; Ctrl-C again ends at once, and keeps it in the journal');
		stop();
	};
	process.on('SIGINT', interrupted);
	process.on('SIGTERM', interrupted);
}

/** Whoever read our output is gone (`| head`): that ends the run politely, as Ctrl-C does. */
export function onClosedPipe(stop: () => void): void {
	for (const stream of [process.stdout, process.stderr])
		stream.on('error', (error: NodeJS.ErrnoException) => {
			if (error.code !== 'EPIPE') throw error;
			stop();
		});
}
