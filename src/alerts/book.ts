import { Fault } from '../../modules/fault';
import { type Erasing, Journal } from '../../modules/journal/journal';
import type { FlashPartition, Log, Random32 } from '../../modules/ports';
import { encode } from '../../modules/text/utf8';
import type { Letter, Mail } from '../delivery/mail';
import { alertId, alertMessage } from '../messages/alert';
import { packedAlert } from '../messages/packed';
import type { Dating } from '../sensing/dating';
import { aboutOf, alertType, Condition, priorityOf } from './kinds';
import { ALERT_BYTE_LENGTH, type Alert, packAlert, unpackAlert } from './record';
import { alertText, type Language } from './words';

export interface AlertBookOptions {
	readonly deviceId: string;
	readonly language: Language;
	/** Its own blocks: see slice.ts. */
	readonly flash: FlashPartition;
	readonly random32: Random32;
	readonly dating: Dating;
	readonly log: Log;
	readonly erasing?: Erasing;
	/** A multiple of MAIL_BASE, no other mail's. */
	readonly base: number;
	readonly owner: {
		/** An alert is in flash, and wants to go out. */
		deliverNow(): void;
	};
}

/**
 * Alerts that the server does not have yet, in flash: no power cut loses one. Alerts are seldom, and a journal takes 4 KB of RAM:
 * it is open only while it holds one.
 */
export class AlertBook implements Mail {
	readonly channel = 'alert';
	readonly everywhere = true;
	readonly base: number;
	shown = 0;
	/** Of the journal; see Journal. */
	erasing: Erasing;
	readonly #options: AlertBookOptions;
	#journal: Journal | undefined;
	/** The letter after `#readyAfter`: asked for again and again, it is written once. */
	#ready: Letter | undefined;
	#readyAfter = 0;
	#dropped = 0;
	#faults = 0;
	#raised = 0;
	#refused = 0;
	#isClosed = false;

	/** Looks for what an earlier boot left. Flash that cannot be used is logged: readings are worth a device without alerts. */
	constructor(options: AlertBookOptions) {
		const { erasing = 'ahead', base, log } = options;
		this.base = base;
		this.erasing = erasing;
		this.#options = options;
		try {
			this.#opened();
			this.#rest();
		} catch (thrown) {
			log('error', 'alert', `none can be kept: ${Fault.from(thrown, 'flash').message}`);
		}
	}

	/** Held, without a receipt. */
	get backlog(): number {
		return this.#journal?.backlog ?? 0;
	}

	/** Flash operations that failed since this boot. */
	get faults(): number {
		return this.#faults + (this.#journal?.faults ?? 0);
	}

	/** Lost for want of room. */
	get dropped(): number {
		return this.#journal?.dropped ?? this.#dropped;
	}

	/** Since this boot. */
	get raised(): number {
		return this.#raised;
	}

	/** Set aside because the server would not have them, since this boot. */
	get refused(): number {
		return this.#refused;
	}

	/** Holds an alert that is raised now. Never throws: what goes wrong is logged. @param value, threshold as rules.ts has them */
	raise(kind: number, value: number | undefined, threshold: number | undefined): void {
		const { dating, log, language, owner } = this.#options;
		const text = alertText(language, kind, natural(kind, value), naturalThreshold(kind, threshold));
		log('warning', 'alert', `${alertType(kind)}: ${text}`);
		try {
			const bytes = new Uint8Array(ALERT_BYTE_LENGTH);
			packAlert({ stamp: dating.stamp(), kind, value, threshold }, bytes);
			this.#opened().append(bytes);
		} catch (thrown) {
			log('error', 'alert', `it could not be kept: ${Fault.from(thrown, 'flash').message}`);
			return;
		}
		this.#raised++;
		owner.deliverNow();
	}

	next(after: number): Letter | undefined {
		if (!this.#journal) return undefined;
		if (this.#ready && this.#readyAfter === after) return this.#ready;
		this.#ready = this.#write(this.#journal, after);
		this.#readyAfter = after;
		this.#rest();
		return this.#ready;
	}

	release(sequence: number): void {
		this.#ready = undefined;
		this.#journal?.release(sequence);
		this.#rest();
	}

	refuse(sequence: number, fault: Fault): void {
		if (this.#journal) this.#setAside(this.#journal, sequence, fault);
		this.#rest();
	}

	/** Lets go of all that it holds. @returns how many that were */
	clear(): number {
		this.#ready = undefined;
		const count = this.#journal?.releaseThrough(this.#journal.nextSequence - 1) ?? 0;
		this.#rest();
		return count;
	}

	/** Nothing is read or written after it. */
	close(): void {
		this.#isClosed = true;
		this.#shut();
	}

	#opened(): Journal {
		if (this.#isClosed) throw new Fault('misuse', 'the book of alerts is closed');
		const { flash, random32 } = this.#options;
		const { erasing } = this;
		this.#journal ??= new Journal({ flash, payloadByteLength: ALERT_BYTE_LENGTH, random32, erasing });
		this.#journal.erasing = erasing;
		return this.#journal;
	}

	/** Closes a journal that holds nothing. */
	#rest(): void {
		if (this.#journal?.backlog === 0) this.#shut();
	}

	#shut(): void {
		const journal = this.#journal;
		if (!journal) return;
		this.#journal = undefined;
		this.#ready = undefined;
		this.#dropped = journal.dropped;
		this.#faults += journal.faults;
		journal.close();
	}

	#setAside(journal: Journal, sequence: number, fault: Fault): void {
		this.#ready = undefined;
		if (journal.release(sequence) === 0) return;
		this.#refused++;
		this.#options.log('error', 'alert', `${sequence} set aside: ${fault.message}`);
	}

	/** The first letter after `after`. */
	#write(journal: Journal, after: number): Letter | undefined {
		const bytes = new Uint8Array(ALERT_BYTE_LENGTH);
		const { dating, deviceId, language } = this.#options;
		for (let at = after; ; ) {
			const sequence = journal.next(at, bytes);
			if (sequence === undefined) return undefined;
			at = sequence;
			let alert: Alert;
			try {
				alert = unpackAlert(bytes);
			} catch (thrown) {
				this.#setAside(journal, sequence, Fault.from(thrown, 'malformed'));
				continue;
			}
			const { kind, value, threshold } = alert;
			const timestamp = dating.date(alert.stamp);
			// Nor could those behind it be dated: it waits for the time, as readings do.
			if (timestamp === undefined) return undefined;
			const id = alertId(journal.epoch, sequence);
			const message = alertMessage({
				device_id: deviceId,
				alert_type: alertType(kind)!,
				message: alertText(language, kind, natural(kind, value), naturalThreshold(kind, threshold)),
				timestamp,
				priority: priorityOf(kind),
				alert_id: id,
				value: natural(kind, value),
				threshold: naturalThreshold(kind, threshold),
			});
			const place = { epoch: journal.epoch, sequence };
			return { sequence, id, body: encode(message), packed: packedAlert(place, timestamp, alert, language) };
		}
	}
}

function natural(kind: number, value: number | undefined): number | undefined {
	return value === undefined ? undefined : value / (aboutOf(kind)?.quantity.scale ?? 1);
}

/** The threshold of what is lost is a number of readings. */
function naturalThreshold(kind: number, threshold: number | undefined): number | undefined {
	return aboutOf(kind)?.condition === Condition.LOST ? threshold : natural(kind, threshold);
}
