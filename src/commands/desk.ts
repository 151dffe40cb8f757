import { Fault } from '../../modules/fault';
import type { Alarm, Clock, KeyValue, Log, WakeCause } from '../../modules/ports';
import { formatJson, type JsonObject, parseJson } from '../../modules/text/json';
import { encode } from '../../modules/text/utf8';
import type { Letter, Mail } from '../delivery/mail';
import { packedReply } from '../messages/packed';
import { replyMessage } from '../messages/reply';
import { BOUNDS, checkExpiry, commandOf, expiryOf, idOf, read } from './arrival';
import { type CommandActions, catalogue, checkArguments } from './catalogue';
import { type Accepted, Ledger, type Result } from './ledger';

export interface DeskOptions {
	readonly deviceId: string;
	readonly clock: Clock;
	/** Epoch milliseconds, where they can be believed. */
	readonly dating: { readonly time: number | undefined };
	readonly store: KeyValue;
	readonly log: Log;
	readonly actions: CommandActions;
	/** Why the machine runs. */
	readonly cause: WakeCause;
	/** A multiple of MAIL_BASE, no other mail's. */
	readonly base: number;
	readonly owner: DeskOwner;
}

export interface DeskOwner {
	/** A result is to be delivered. */
	deliverNow(): void;
	/** Sends a result that is worth nothing later. */
	postReply(message: string): void;
}

/** A flood costs the flash of so many commands at once, and then of one each so long: with three short writes to a command, the
 * pages of NVS outlast two years of it. Of a waking of many, a quarter. */
const BURST = 16;
const BURST_OF_A_WAKING = 4;
const REFILL_MILLISECONDS = 20_000;
/** What the log and the server are told of a flood. */
const WORD_MILLISECONDS = 1_000;
/** How long a command that expires waits for somebody to tell the time. */
const PATIENCE_MILLISECONDS = 600_000;
const RETRY_MILLISECONDS = 1_000;

/**
 * Where all commands arrive, by whatever route. Each that is for this device, and was not seen before, is written down, done, and
 * ends once: its result is a mail until the server has it. What the power interrupts is done again at the next boot, or what
 * came of it is told then; after a crash it has failed, so that no command can crash the machine twice.
 *
 * A command that expires while nobody has told the time waits for it, ten minutes at most.
 *
 * Not taken, and not remembered: what is no command (no id, not JSON), what is for another device, and, told once a second, what
 * comes too fast.
 */
export class Desk implements Mail {
	readonly channel = 'replies';
	readonly everywhere = false;
	readonly base: number;
	readonly #options: DeskOptions;
	/** Opened, and the alarm made, when a command comes or is left from before: most boots see none, and both take memory. */
	#opened: Ledger | undefined;
	#turn: Alarm | undefined;
	/** How many commands may come now; one more since `#refilledAt`, and so on. */
	#tokens: number;
	#refilledAt: number;
	#spokeAt = Number.NEGATIVE_INFINITY;
	/** Accepted before this boot, up to here. */
	#oldSerials = 0;
	/** There is something to do right now. */
	#isBusy = false;
	/** The machine is about to end. */
	#isEnding = false;
	/** Asked for again and again, a letter is written once. */
	#ready: Letter | undefined;
	#readyAfter = -1;

	constructor(options: DeskOptions) {
		const { clock, cause, base } = options;
		this.base = base;
		this.#options = options;
		this.#tokens = cause === 'timer' ? BURST_OF_A_WAKING : BURST;
		this.#refilledAt = clock.ticks;
	}

	/** A command is being done: the machine should not sleep yet. */
	get isBusy(): boolean {
		return this.#isBusy;
	}

	/** Takes up what an earlier boot left. */
	start(): void {
		try {
			if (!Ledger.isNeeded(this.#options.store)) return;
		} catch {
			// The ledger itself looks closer, and says what it finds.
		}
		if (this.#ledger.nextAccepted(0)) this.#begin();
	}

	close(): void {
		this.#isEnding = true;
		this.#turn?.clear();
	}

	/** A message that came as a command. Never throws; what it asks for is done later. */
	take(body: ArrayBuffer): void {
		if (this.#isEnding) return;
		try {
			const message = read(body);
			const forWhom = message.get('device_id');
			const type = message.get('type');
			if (forWhom !== undefined && forWhom !== this.#options.deviceId)
				this.#say('debug', 'a command for another device');
			else if (type !== undefined && type !== 'command') this.#say('debug', 'a message that is no command');
			else this.#consider(idOf(message), message);
		} catch (thrown) {
			this.#say('warning', `not taken: ${Fault.from(thrown, 'malformed').message}`);
		}
	}

	next(after: number): Letter | undefined {
		if (this.#readyAfter === after) return this.#ready;
		const finished = this.#opened?.nextFinished(after);
		this.#readyAfter = after;
		this.#ready = undefined;
		if (finished) {
			const { serial: sequence, id, status, detail, timestamp } = finished;
			const message = replyMessage(this.#options.deviceId, id, status, detail, timestamp);
			this.#ready = { sequence, id, body: encode(message), packed: packedReply(id, status, timestamp) };
		}
		return this.#ready;
	}

	release(sequence: number): void {
		this.#readyAfter = -1;
		this.#attempt(() => this.#ledger.deliver(sequence));
	}

	refuse(sequence: number, fault: Fault): void {
		this.#options.log('error', 'commands', `the result ${sequence} is refused: ${fault.message}`);
		this.release(sequence);
	}

	#consider(id: string, message: JsonObject): void {
		const { log, dating } = this.#options;
		if (this.#ledger.has(id)) {
			log('debug', 'commands', `${id} came before`);
			return;
		}
		if (!this.#ledger.hasRoom || !this.#takeToken()) {
			this.#turnAway(id, 'too many commands; send it again later');
			return;
		}
		const now = dating.time;
		try {
			const expires = expiryOf(message, now);
			const command = commandOf(message);
			const given = checkArguments(command, message.get('arguments'), this.#options.actions);
			this.#ledger.accept(id, command.name, formatJson(given), expires);
			log('info', 'commands', `${id}: ${command.name}`);
			this.#begin();
		} catch (thrown) {
			const { code, message: why } = Fault.from(thrown, 'flash');
			if (code === 'range') this.#refuse(id, why, now);
			else this.#turnAway(id, `it cannot be written down: ${why}`);
		}
	}

	#refuse(id: string, why: string, now: number | undefined): void {
		this.#options.log('info', 'commands', `${id} is refused: ${why}`);
		this.#ledger.refuse(id, why, now);
		this.#finished();
	}

	/** It is not remembered: sent again, it may be taken. */
	#turnAway(id: string, why: string): void {
		const { clock, dating, deviceId, owner } = this.#options;
		if (clock.ticks - this.#spokeAt < WORD_MILLISECONDS) return;
		this.#say('warning', `${id} is not taken: ${why}`);
		owner.postReply(replyMessage(deviceId, id, 'refused', why, dating.time));
	}

	#takeToken(): boolean {
		const { ticks } = this.#options.clock;
		const fresh = Math.floor((ticks - this.#refilledAt) / REFILL_MILLISECONDS);
		if (fresh > 0) {
			this.#tokens = Math.min(BURST, this.#tokens + fresh);
			this.#refilledAt += fresh * REFILL_MILLISECONDS;
		}
		if (this.#tokens < 1) return false;
		this.#tokens--;
		return true;
	}

	get #ledger(): Ledger {
		if (!this.#opened) {
			const { store, log } = this.#options;
			this.#opened = new Ledger(store, log);
			this.#oldSerials = this.#opened.last;
		}
		return this.#opened;
	}

	#begin(): void {
		this.#isBusy = true;
		this.#workIn(0);
	}

	#workIn(milliseconds: number): void {
		this.#turn ??= this.#options.clock.alarm(this);
		this.#turn.set(milliseconds);
	}

	/** Does the oldest command that can be done now. */
	onAlarm(): void {
		this.#isBusy = false;
		let isWaiting = false;
		for (let after = 0; ; ) {
			const accepted = this.#ledger.nextAccepted(after);
			if (!accepted) break;
			after = accepted.serial;
			if (this.#mustWait(accepted)) {
				isWaiting = true;
				continue;
			}
			this.#do(accepted);
			// One a turn: the network has to live too.
			if (!this.#isEnding) this.#begin();
			return;
		}
		if (isWaiting) this.#workIn(RETRY_MILLISECONDS);
	}

	#mustWait({ expires, isBegun }: Accepted): boolean {
		const { dating, clock } = this.#options;
		return !isBegun && expires !== undefined && dating.time === undefined && clock.ticks < PATIENCE_MILLISECONDS;
	}

	#do(accepted: Accepted): void {
		let result: Result | undefined;
		try {
			result = this.#resultOf(accepted);
		} catch (thrown) {
			const { code, message } = Fault.from(thrown, 'misuse');
			this.#isEnding = false;
			result = { status: code === 'range' ? 'refused' : 'failed', detail: message };
		}
		if (!result) return;
		const { log, dating } = this.#options;
		log('info', 'commands', `${accepted.id}: ${result.status}: ${result.detail}`);
		this.#attempt(() => this.#ledger.finish(accepted, result, dating.time));
		this.#finished();
	}

	/** Undefined: the machine ends of it. */
	#resultOf(accepted: Accepted): Result | undefined {
		const { actions, cause } = this.#options;
		const command = catalogue.find(({ name }) => name === accepted.name);
		if (!command) return { status: 'refused', detail: 'no such command any more' };
		const given = checkArguments(command, parseJson(accepted.arguments, BOUNDS), actions);
		if (accepted.isBegun) return command.after!(given, actions, cause);
		if (accepted.serial <= this.#oldSerials && (cause === 'crash' || cause === 'brownout'))
			return { status: 'failed', detail: `interrupted: ${cause}` };
		this.#checkTime(accepted);
		if (!command.ends?.(given, actions)) return { status: 'done', detail: command.run(given, actions) };
		this.#ledger.begin(accepted);
		this.#isEnding = true;
		command.run(given, actions);
		return undefined;
	}

	#checkTime({ expires }: Accepted): void {
		if (expires === undefined) return;
		const now = this.#options.dating.time;
		if (now === undefined) throw new Fault('range', 'expires: nobody tells the time');
		checkExpiry(expires, now);
	}

	#finished(): void {
		this.#readyAfter = -1;
		this.#options.owner.deliverNow();
	}

	/** What flash refuses is written down in RAM: it holds until the next boot. */
	#attempt(step: () => void): void {
		try {
			step();
		} catch (thrown) {
			this.#options.log('error', 'commands', `not written down: ${Fault.from(thrown, 'flash').message}`);
		}
	}

	/** At most once a second: whoever sends nonsense must not fill the log. */
	#say(level: 'debug' | 'warning', message: string): void {
		const { log, clock } = this.#options;
		if (clock.ticks - this.#spokeAt < WORD_MILLISECONDS) return;
		this.#spokeAt = clock.ticks;
		log(level, 'commands', message);
	}
}
