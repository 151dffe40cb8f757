import { Fault } from '../../modules/fault';
import type { Journal } from '../../modules/journal/journal';
import type { Alarm, Channel, Clock, Log, Random32, Route } from '../../modules/ports';
import { encode } from '../../modules/text/utf8';
import { readingId, readingMessage } from '../messages/reading';
import type { Dating } from '../sensing/dating';
import { READING_BYTE_LENGTH, type Reading, unpackReading } from '../sensing/reading';
import { type Health, Lane } from './lane';

export interface CourierOptions {
	readonly deviceId: string;
	/** What time-outs and back-off run on. */
	readonly clock: Clock;
	readonly log: Log;
	readonly random32: Random32;
	readonly journal: Journal;
	readonly dating: Dating;
	/** Best first. */
	readonly routes: readonly Route[];
	/** Milliseconds. */
	readonly backoff: { readonly minimum: number; readonly maximum: number };
	/** How the routes did before the last deep sleep. */
	readonly before?: readonly Health[];
	readonly onOpen: () => void;
	/** A route ended, or receipts were written down. */
	readonly onChanged?: () => void;
	readonly onMessage: (body: ArrayBuffer) => void;
}

/** How long to wait before looking again for the time of readings that have none. */
const UNDATED_RETRY_MILLISECONDS = 1_000;

/**
 * Carries the journal's readings to the server by the best open route, several in flight, and releases each one only
 * on its receipt. A route that ends gives its readings back: they are read from the journal again, so nothing is kept
 * in RAM but their numbers.
 */
export class Courier {
	readonly #options: CourierOptions;
	readonly #lanes: readonly Lane[];
	readonly #bytes = new Uint8Array(READING_BYTE_LENGTH);
	readonly #pump: Alarm;
	/** The last sequence handed to a route; what lies beyond has not been sent since the route opened. */
	#cursor = 0;
	/** Receipts of adjacent readings are released together: one flash write instead of one each. */
	#receiptFirst = 0;
	#receiptLast = 0;
	/** The message a route had no room for: not written a second time when there is room. */
	#ready: { readonly sequence: number; readonly body: ArrayBuffer } | undefined;
	#released = 0;
	#refused = 0;
	#closed = false;

	constructor(options: CourierOptions) {
		this.#options = options;
		this.#pump = options.clock.alarm(() => this.#turn());
		this.#lanes = options.routes.map(
			(route) =>
				new Lane({
					route,
					clock: options.clock,
					log: options.log,
					random32: options.random32,
					backoff: options.backoff,
					before: options.before?.find(({ name }) => name === route.name),
					onOpen: () => {
						this.#rewind();
						options.onOpen();
					},
					onLost: () => {
						this.#rewind();
						options.onChanged?.();
					},
					onReceipt: (sequence) => this.#receipt(sequence),
					onWritable: () => this.#pump.set(0),
					onMessage: options.onMessage,
				}),
		);
	}

	get lanes(): readonly Lane[] {
		return this.#lanes;
	}

	/** Readings released on a receipt since this boot. */
	get released(): number {
		return this.#released;
	}

	/** Records set aside because they could not be read as a reading. */
	get refused(): number {
		return this.#refused;
	}

	get isOpen(): boolean {
		return this.#best() !== undefined;
	}

	/** A route opens or is open; when none is, nothing goes out before the next try. */
	get isTrying(): boolean {
		return this.#lanes.some((lane) => lane.isTrying);
	}

	/** Before this moment, in ticks, no route is to be tried. Infinity: there is none. */
	get retryAt(): number {
		return this.#lanes.reduce((least, { health }) => Math.min(least, health.retryAt), Number.POSITIVE_INFINITY);
	}

	/** Opens the routes and keeps them open. */
	start(): void {
		for (const lane of this.#lanes) lane.start();
	}

	/** There is no network: the routes end and wait for start(). */
	pause(): void {
		for (const lane of this.#lanes) lane.stop();
		this.#rewind();
	}

	/** There is something new in the journal. */
	wake(): void {
		if (!this.#closed) this.#pump.set(0);
	}

	/** Sends a message that is worth nothing later (a heartbeat) if a route is open; false when none took it. */
	post(channel: Channel, message: string): boolean {
		const lane = this.#best();
		return lane?.send({ channel, body: encode(message), sequence: undefined }) ?? false;
	}

	/** There is no more time: as close(), and the routes that were still at work have failed. */
	giveUp(): void {
		for (const lane of this.#lanes) lane.giveUp();
		this.close();
	}

	/** Ends the routes politely and writes down the last receipts. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		this.#pump.clear();
		for (const lane of this.#lanes) lane.stop();
		this.#flush();
	}

	#best(): Lane | undefined {
		return this.#lanes.find((lane) => lane.isOpen);
	}

	#rewind(): void {
		this.#cursor = 0;
		this.#pump.set(0);
	}

	#receipt(sequence: number): void {
		if (this.#receiptLast !== 0 && sequence === this.#receiptLast + 1) this.#receiptLast = sequence;
		else {
			this.#flush();
			this.#receiptFirst = sequence;
			this.#receiptLast = sequence;
		}
		this.#pump.set(0);
	}

	#flush(): void {
		if (this.#receiptLast === 0) return;
		this.#released += this.#options.journal.release(this.#receiptFirst, this.#receiptLast);
		this.#receiptFirst = 0;
		this.#receiptLast = 0;
	}

	#turn(): void {
		try {
			this.#flush();
			const lane = this.#best();
			if (lane) this.#fill(lane);
			this.#options.onChanged?.();
		} catch (thrown) {
			// The journal reports flash faults by counting; this is what nobody foresaw, and it must not end the machine.
			this.#options.log('error', 'courier', Fault.from(thrown, 'misuse').message);
			this.#pump.set(UNDATED_RETRY_MILLISECONDS);
		}
	}

	#fill(lane: Lane): void {
		const { journal } = this.#options;
		for (;;) {
			const sequence = journal.next(this.#cursor, this.#bytes);
			if (sequence === undefined) return;
			if (this.#ready?.sequence !== sequence) {
				this.#ready = undefined;
				const reading = this.#unpack(sequence);
				if (reading) {
					const timestamp = this.#options.dating.date(reading.stamp);
					if (timestamp === undefined) {
						this.#pump.set(UNDATED_RETRY_MILLISECONDS);
						return;
					}
					this.#ready = { sequence, body: this.#body(sequence, timestamp, reading) };
				}
			}
			if (this.#ready && !lane.send({ channel: 'data', ...this.#ready })) return;
			this.#ready = undefined;
			this.#cursor = sequence;
		}
	}

	#body(sequence: number, timestamp: number, reading: Reading): ArrayBuffer {
		const { deviceId, journal } = this.#options;
		return encode(readingMessage(deviceId, timestamp, reading, readingId(journal.epoch, sequence)));
	}

	/** A record that verifies but is no reading of ours (another firmware's) is set aside: it must not block the rest. */
	#unpack(sequence: number): Reading | undefined {
		try {
			return unpackReading(this.#bytes);
		} catch (thrown) {
			const { journal, log } = this.#options;
			journal.release(sequence);
			this.#refused++;
			log('error', 'courier', `record ${sequence} set aside: ${Fault.from(thrown, 'malformed').message}`);
			return undefined;
		}
	}
}
