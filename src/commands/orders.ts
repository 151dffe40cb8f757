import { Fault } from '../../modules/fault';
import type { Journal } from '../../modules/journal/journal';
import type { Alarm, Clock } from '../../modules/ports';
import type { JsonObject } from '../../modules/text/json';
import type { AlertBook } from '../alerts/book';
import type { Rules } from '../alerts/rules';
import { mergeThresholds, parseThresholds } from '../alerts/thresholds';
import { readingId } from '../messages/reading';
import type { Sampler } from '../sensing/sampler';
import type { Settings } from '../settings';
import type { CommandActions } from './catalogue';
import type { Changes } from './changes';

export interface OrdersOptions {
	readonly clock: Clock;
	readonly changes: Changes;
	readonly rules: Rules;
	readonly alerts: Pick<AlertBook, 'clear'>;
	readonly journal: Pick<Journal, 'epoch' | 'backlog' | 'nextSequence'>;
	readonly owner: OrdersOwner;
}

export interface OrdersOwner {
	readonly sampler: Pick<Sampler, 'journaled' | 'take' | 'interval' | 'isWaiting'>;
	/** Sends diagnostics, and writes the report of connections into the log. */
	explain(): void;
	/** Lets all that is held be delivered now. */
	deliverNow(): void;
	/** Says that the device sleeps, and for how many milliseconds. */
	farewell(milliseconds: number): void;
	sleep(milliseconds: number): never;
	restart(): never;
}

/** Between a command that ends the machine and its end: what was said before is on its way. */
const LAST_WORDS_MILLISECONDS = 250;

/** What commands do to this device. */
export class Orders implements CommandActions {
	readonly #options: OrdersOptions;
	/** Made when it is needed: commands are seldom, and an alarm takes memory. */
	#ending: Alarm | undefined;
	#sleepFor = 0;
	#isRestarting = false;

	constructor(options: OrdersOptions) {
		this.#options = options;
	}

	/** Milliseconds that a command told it to sleep: no waking ends with less. 0: none did. */
	get sleepFor(): number {
		return this.#sleepFor;
	}

	/** A command told it to restart: no waking ends with a sleep. */
	get isRestarting(): boolean {
		return this.#isRestarting;
	}

	/** The machine ends anyway. */
	stop(): void {
		this.#ending?.clear();
	}

	get settings(): Settings {
		return this.#options.changes.settings;
	}

	mergedThresholds(changes: JsonObject): string {
		return mergeThresholds(this.settings.thresholds, changes);
	}

	change(change: Partial<Settings>): void {
		const { changes, rules, owner } = this.#options;
		const before = this.settings;
		changes.change(change);
		const { thresholds, dataIntervalSeconds } = this.settings;
		if (thresholds !== before.thresholds) rules.limits = parseThresholds(thresholds);
		if (dataIntervalSeconds !== before.dataIntervalSeconds)
			owner.sampler.interval = Math.round(dataIntervalSeconds * 1000);
	}

	readNow(): string | undefined {
		const { owner, journal } = this.#options;
		const { sampler } = owner;
		const before = sampler.journaled;
		sampler.take();
		if (sampler.isWaiting) return undefined;
		if (sampler.journaled === before) throw new Fault('flash', 'the reading could not be kept');
		return readingId(journal.epoch, journal.nextSequence - 1);
	}

	sendDiagnostics(): void {
		this.#options.owner.explain();
	}

	flush(): number {
		this.#options.owner.deliverNow();
		return this.#options.journal.backlog;
	}

	clearAlerts(): number {
		this.#options.rules.rearm();
		return this.#options.alerts.clear();
	}

	sleep(milliseconds: number): void {
		this.#sleepFor = milliseconds;
		this.#options.owner.farewell(milliseconds);
		this.#endSoon();
	}

	restart(): void {
		this.#isRestarting = true;
		this.#endSoon();
	}

	#endSoon(): void {
		this.#ending ??= this.#options.clock.alarm(this);
		this.#ending.set(LAST_WORDS_MILLISECONDS);
	}

	onAlarm(): void {
		const { owner } = this.#options;
		if (this.#isRestarting) owner.restart();
		owner.sleep(this.#sleepFor);
	}
}
