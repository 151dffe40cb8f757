import { Fault } from '../../modules/fault';
import { type Erasing, Journal } from '../../modules/journal/journal';
import type { FlashPartition, Log, Random32 } from '../../modules/ports';
import { encode } from '../../modules/text/utf8';
import type { Letter, Mail } from '../delivery/mail';
import { alertId, alertMessage } from '../messages/alert';
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
	/** An alert is in flash, and wants to go out. */
	readonly onAlert: () => void;
}

/** Alerts that the server does not have yet, in flash: no power cut loses one. */
export class AlertBook implements Mail {
	readonly channel = 'alert';
	readonly everywhere = true;
	readonly base: number;
	readonly #options: AlertBookOptions;
	readonly #journal: Journal;
	readonly #bytes = new Uint8Array(ALERT_BYTE_LENGTH);
	/** The letter after `#readyAfter`: asked for again and again, it is written once. */
	#ready: Letter | undefined;
	#readyAfter = 0;
	#raised = 0;
	#refused = 0;

	/** @throws Fault 'flash' when no block of its flash can be used */
	constructor(options: AlertBookOptions) {
		const { flash, random32, erasing = 'ahead', base } = options;
		this.base = base;
		this.#options = options;
		this.#journal = new Journal({ flash, payloadByteLength: ALERT_BYTE_LENGTH, random32, erasing });
	}

	/** Held, without a receipt. */
	get backlog(): number {
		return this.#journal.backlog;
	}

	/** Lost for want of room. */
	get dropped(): number {
		return this.#journal.dropped;
	}

	/** Since this boot. */
	get raised(): number {
		return this.#raised;
	}

	/** Set aside because the server would not have them, since this boot. */
	get refused(): number {
		return this.#refused;
	}

	set erasing(erasing: Erasing) {
		this.#journal.erasing = erasing;
	}

	/** Holds an alert that is raised now. Never throws: what goes wrong is logged. @param value, threshold as rules.ts has them */
	raise(kind: number, value: number | undefined, threshold: number | undefined): void {
		const { dating, log, language, onAlert } = this.#options;
		const text = alertText(language, kind, natural(kind, value), naturalThreshold(kind, threshold));
		log('warning', 'alert', `${alertType(kind)}: ${text}`);
		try {
			packAlert({ stamp: dating.stamp(), kind, value, threshold }, this.#bytes);
			this.#journal.append(this.#bytes);
		} catch (thrown) {
			log('error', 'alert', `it could not be kept: ${Fault.from(thrown, 'flash').message}`);
			return;
		}
		this.#raised++;
		onAlert();
	}

	next(after: number): Letter | undefined {
		if (this.#ready && this.#readyAfter === after) return this.#ready;
		this.#ready = this.#write(after);
		this.#readyAfter = after;
		return this.#ready;
	}

	release(sequence: number): void {
		this.#ready = undefined;
		this.#journal.release(sequence);
	}

	refuse(sequence: number, fault: Fault): void {
		this.#ready = undefined;
		if (this.#journal.release(sequence) === 0) return;
		this.#refused++;
		this.#options.log('error', 'alert', `${sequence} set aside: ${fault.message}`);
	}

	/** Lets go of all that it holds. @returns how many that were */
	clear(): number {
		this.#ready = undefined;
		return this.#journal.releaseThrough(this.#journal.nextSequence - 1);
	}

	/** Nothing is read or written after it. */
	close(): void {
		this.#journal.close();
	}

	/** The first letter after `after`. */
	#write(after: number): Letter | undefined {
		const { dating, deviceId, language } = this.#options;
		for (let at = after; ; ) {
			const sequence = this.#journal.backlog === 0 ? undefined : this.#journal.next(at, this.#bytes);
			if (sequence === undefined) return undefined;
			at = sequence;
			let alert: Alert;
			try {
				alert = unpackAlert(this.#bytes);
			} catch (thrown) {
				this.refuse(sequence, Fault.from(thrown, 'malformed'));
				continue;
			}
			const { kind, value, threshold } = alert;
			const timestamp = dating.date(alert.stamp);
			// Nor could those behind it be dated: it waits for the time, as readings do.
			if (timestamp === undefined) return undefined;
			const id = alertId(this.#journal.epoch, sequence);
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
			return { sequence, id, body: encode(message) };
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
