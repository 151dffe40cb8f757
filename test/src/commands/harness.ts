import { BoardClock } from '../../../hosts/simulator/board/clocks';
import { VirtualStore } from '../../../hosts/simulator/board/store';
import { VirtualTime } from '../../../hosts/simulator/time';
import { Fault } from '../../../modules/fault';
import type { KeyValue, WakeCause } from '../../../modules/ports';
import { mergeThresholds } from '../../../src/alerts/thresholds';
import type { CommandActions } from '../../../src/commands/catalogue';
import { Changes } from '../../../src/commands/changes';
import { Desk } from '../../../src/commands/desk';
import { MAIL_BASE } from '../../../src/delivery/mail';
import { makeSettings } from '../../../src/settings';

export const NOON = 1_767_268_800_000;

export interface Reply {
	device_id: string;
	command_id: string;
	status: string;
	detail: string;
	timestamp?: number;
}

/** A desk on a machine that restarts, sleeps and loses its power, with a store that outlives it, and a server that reads its mail. */
export class Machine {
	readonly world = new VirtualTime();
	readonly store = new VirtualStore();
	/** What was done, in order, over all boots. */
	readonly acts: string[] = [];
	/** What the server got as mail, in order, repeats too. */
	readonly replies: Reply[] = [];
	/** What was posted without a receipt. */
	readonly posted: Reply[] = [];
	readonly log: string[] = [];
	/** Every id that ever stood in the store. */
	readonly recorded = new Set<string>();
	time: number | undefined;
	boots = 0;
	/** Of the next store write, counted down: the power goes before it, or after it. */
	cutIn = 0;
	cutAfter = false;
	/** What an action throws. */
	fault: Error | undefined;
	desk!: Desk;
	changes!: Changes;
	clock!: BoardClock;
	#ending: (() => void) | undefined;
	#isOn = false;

	constructor(time: number | undefined = NOON) {
		this.time = time;
		this.boot('power');
	}

	get isOn(): boolean {
		return this.#isOn;
	}

	boot(cause: WakeCause): void {
		this.cut();
		this.#isOn = true;
		this.boots++;
		this.#ending = undefined;
		const clock = new BoardClock(this.world, {});
		clock.time = this.time === undefined ? undefined : this.time + this.world.now;
		const boot = this.boots;
		const log = (level: string, source: string, message: string): void => {
			this.log.push(`${level} ${source}: ${message}`);
		};
		const store = this.#storeOf(boot);
		this.clock = clock;
		this.changes = new Changes(makeSettings({ dataIntervalSeconds: 30 }), store, log);
		this.desk = new Desk({
			deviceId: 'ESP32_001',
			clock,
			dating: clock,
			store,
			log,
			actions: this.#actionsOf(boot),
			cause,
			base: 2 * MAIL_BASE,
			owner: {
				deliverNow() {},
				postReply: (message) => void this.posted.push(JSON.parse(message)),
			},
		});
		this.desk.start();
	}

	/** The power goes. */
	cut(): void {
		this.#isOn = false;
		this.clock?.kill();
	}

	/** Tells the time, from now on. */
	tell(time: number): void {
		this.time = time - this.world.now;
		this.clock.time = time;
	}

	send(message: unknown): void {
		const text = typeof message === 'string' ? message : JSON.stringify(message);
		this.sendBytes(new TextEncoder().encode(text).buffer as ArrayBuffer);
	}

	sendBytes(body: ArrayBuffer): void {
		if (this.#isOn) this.desk.take(body);
	}

	/** Lets time pass; a machine that restarts or sleeps boots again. */
	pass(milliseconds: number): void {
		const end = this.world.now + milliseconds;
		while (this.world.now < end) {
			this.world.advance(Math.min(500, end - this.world.now));
			const ending = this.#ending;
			this.#ending = undefined;
			ending?.();
		}
	}

	/** The server reads the first result. @param isLost the receipt is */
	deliver(isLost = false): boolean {
		const letter = this.#isOn ? this.desk.next(0) : undefined;
		if (!letter) return false;
		const reply = JSON.parse(Buffer.from(letter.body).toString()) as Reply;
		if (reply.command_id !== letter.id) throw new Error(`${letter.id} is not ${reply.command_id}`);
		this.replies.push(reply);
		if (!isLost) this.desk.release(letter.sequence);
		return true;
	}

	deliverAll(): Reply[] {
		while (this.deliver());
		return this.replies;
	}

	#storeOf(boot: number): KeyValue {
		const alive = (): boolean => this.#isOn && this.boots === boot;
		return {
			read: (key) => this.store.read(key),
			delete: (key) => this.store.delete(key),
			write: (key, value) => {
				if (!alive()) throw new Fault('flash', 'no power');
				const isCut = this.cutIn > 0 && --this.cutIn === 0;
				if (isCut && !this.cutAfter) {
					this.cut();
					throw new Fault('flash', 'no power');
				}
				this.store.write(key, value);
				if (key.startsWith('command.')) this.recorded.add((JSON.parse(value) as unknown[])[1] as string);
				if (isCut) this.cut();
			},
		};
	}

	#actionsOf(boot: number): CommandActions {
		const act = (what: string): void => {
			if (!this.#isOn || this.boots !== boot) throw new Fault('flash', 'no power');
			if (this.fault) throw this.fault;
			this.acts.push(what);
		};
		const { changes } = this;
		return {
			get settings() {
				return changes.settings;
			},
			change: (change) => {
				act(`change ${JSON.stringify(change)}`);
				changes.change(change);
			},
			mergedThresholds: (given) => mergeThresholds(changes.settings.thresholds, given),
			readNow: () => {
				act('read');
				return '5f1c09aa-7';
			},
			sendDiagnostics: () => act('diagnostics'),
			flush: () => {
				act('flush');
				return 12;
			},
			clearAlerts: () => {
				act('clear');
				return 3;
			},
			sleep: (milliseconds) => {
				act(`sleep ${milliseconds}`);
				this.#ending = () => {
					this.cut();
					this.world.advance(milliseconds);
					this.boot('timer');
				};
			},
			restart: () => {
				act('restart');
				this.#ending = () => this.boot('restart');
			},
		};
	}
}

export const command = (id: string, name: string, given?: unknown, more: object = {}): object => ({
	command_id: id,
	command: name,
	...(given !== undefined && { arguments: given }),
	...more,
});
