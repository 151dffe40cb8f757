import { Journal } from '../modules/journal/journal';
import type { Clock } from '../modules/ports';
import { AlertBook } from './alerts/book';
import { Rules, type RulesOwner } from './alerts/rules';
import { type FlashSlice, shareFlash } from './alerts/slice';
import { parseThresholds } from './alerts/thresholds';
import { Changes } from './commands/changes';
import { Desk, type DeskOwner } from './commands/desk';
import { Orders, type OrdersOwner } from './commands/orders';
import { Courier, type CourierOwner } from './delivery/courier';
import { MAIL_BASE } from './delivery/mail';
import { type DiagnosticsOwner, DiagnosticsSchedule } from './diagnostics/schedule';
import type { Host } from './host';
import { KeptClock } from './power/kept-clock';
import { Memory } from './power/memory';
import { AlwaysOn, type PlanOwner, type PowerPlan } from './power/plan';
import { Waking, wakingBackoff } from './power/waking';
import { Dating } from './sensing/dating';
import { Live, type LiveOwner } from './sensing/live';
import { READING_BYTE_LENGTH } from './sensing/reading';
import { Sampler, type SamplerOwner } from './sensing/sampler';
import type { Settings } from './settings';

/** Milliseconds that a reading may wait for its sensors: one that is awake all the time has no need to; a pulse takes ten seconds. */
const PATIENCE = 1_500;
const LONGEST_PATIENCE = 15_000;

/** What a device is made of. */
export interface Parts {
	/** As they were when this machine began; commands change them. */
	readonly settings: Settings;
	/** The host's, or one that goes on over deep sleep. */
	readonly clock: Clock;
	/** Of a device that sleeps. */
	readonly memory: Memory | undefined;
	readonly flash: { readonly alerts: FlashSlice; readonly readings: FlashSlice };
	readonly dating: Dating;
	readonly journal: Journal;
	readonly rules: Rules;
	readonly alerts: AlertBook;
	readonly orders: Orders;
	readonly desk: Desk;
	readonly diagnostics: DiagnosticsSchedule;
	readonly sampler: Sampler;
	readonly courier: Courier;
	readonly plan: PowerPlan;
	/** Of a device that is always on and has what to watch. */
	readonly live: Live | undefined;
}

/** Whom the parts tell, and what some ask for. */
export interface PartsOwner
	extends RulesOwner,
		DiagnosticsOwner,
		OrdersOwner,
		DeskOwner,
		CourierOwner,
		SamplerOwner,
		LiveOwner,
		PlanOwner {
	/** The heartbeat that the broker sends when the device vanishes. */
	will(): string;
}

/**
 * Makes the parts of a device out of its host and its settings: who knows whom is all here.
 * @throws Fault 'flash' when no block of the journal's partition can be used
 */
export function makeParts(host: Host, given: Settings, owner: PartsOwner): Parts {
	const { log, random32, store, link, power } = host;
	if (given.logLevel !== '') host.setLogLevel(given.logLevel);
	const changes = new Changes(given, store, log);
	const { settings } = changes;
	const rules = new Rules({
		limits: parseThresholds(settings.thresholds),
		readings: settings.alertReadings,
		milliseconds: settings.alertSeconds * 1000,
		lostReadings: settings.alertLostReadings,
		storagePercent: settings.alertStoragePercent,
		owner,
	});
	const diagnostics = new DiagnosticsSchedule({
		interval: settings.diagnosticsIntervalSeconds * 1000,
		owner,
	});
	const keepsakes = [rules, diagnostics, ...(host.keepsakes ?? [])];
	const memory = settings.mode === 'sleep' ? new Memory({ power, clock: host.clock, keepsakes }) : undefined;
	const state = memory?.state;
	const clock = state ? new KeptClock(host.clock, state) : host.clock;
	const networkClock =
		host.networkClock === host.clock ? clock : state ? new KeptClock(host.networkClock, state) : host.networkClock;
	const interval = Math.round(settings.dataIntervalSeconds * 1000);
	const longestWait = settings.backoffMaximumSeconds * 1000;
	const backoff = state
		? wakingBackoff(interval, settings.deliverEvery, longestWait)
		: {
				minimum: settings.backoffMinimumSeconds * 1000,
				maximum: longestWait,
				spread: settings.reconnectSpreadSeconds * 1000,
			};
	const flash = shareFlash(host.journal);
	const erasing = state?.spared ? 'late' : 'ahead';
	const dating = new Dating({ clock, store, boot: state?.boot });
	// Before the readings' journal: for a moment it has one of its own.
	const alerts = new AlertBook({
		deviceId: settings.deviceId,
		language: settings.language,
		flash: flash.alerts,
		random32,
		dating,
		log,
		erasing,
		base: MAIL_BASE,
		owner,
	});
	const journal = new Journal({
		flash: flash.readings,
		payloadByteLength: READING_BYTE_LENGTH,
		random32,
		erasing,
	});
	const orders = new Orders({
		clock,
		changes,
		rules,
		alerts,
		journal,
		owner,
	});
	const desk = new Desk({
		deviceId: settings.deviceId,
		clock,
		dating,
		store,
		log,
		actions: orders,
		cause: power.cause,
		base: 2 * MAIL_BASE,
		owner,
	});
	const courier = new Courier({
		deviceId: settings.deviceId,
		clock: networkClock,
		log,
		random32,
		journal,
		dating,
		mails: [alerts, desk],
		routes: host.routes(settings, () => owner.will()),
		backoff,
		patience: settings.failoverSeconds * 1000,
		strandedAfter: settings.loraAfterSeconds * 1000,
		...(state && { before: state.health }),
		owner,
	});
	const sampler = new Sampler({
		clock,
		log,
		sensors: host.sensors,
		journal,
		dating,
		interval,
		// Asleep from reading to reading, there was no time ahead of this one.
		patience: state ? Math.min(LONGEST_PATIENCE, settings.awakeCapSeconds * 500) : PATIENCE,
		owner,
	});
	if (state?.spared) sampler.stretch = settings.batteryLowFactor;
	let plan: PowerPlan;
	if (memory && clock instanceof KeptClock)
		plan = new Waking({
			clock,
			networkClock,
			log,
			random32,
			state: memory.state,
			sampler,
			courier,
			link,
			backlog: () => courier.pending + (desk.isBusy ? 1 : 0),
			cause: power.cause,
			deliverEvery: settings.deliverEvery,
			interval,
			backoff,
			awakeCap: settings.awakeCapSeconds * 1000,
			linkPatience: settings.connectTimeoutSeconds * 1000,
			farewell: (sleep) => owner.farewell(sleep),
			sleep: (milliseconds) => owner.sleep(milliseconds),
		});
	else plan = new AlwaysOn(networkClock, settings.heartbeatIntervalSeconds * 1000, owner);
	const isWatched = !state && host.sensors.some(({ live }) => live !== undefined);
	const live = isWatched ? new Live({ clock, log, sensors: host.sensors, owner }) : undefined;
	return {
		settings,
		clock,
		memory,
		flash,
		dating,
		journal,
		rules,
		alerts,
		orders,
		desk,
		diagnostics,
		sampler,
		courier,
		plan,
		live,
	};
}
