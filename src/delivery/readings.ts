import { Fault } from '../../modules/fault';
import type { Journal } from '../../modules/journal/journal';
import type { Log, Outgoing } from '../../modules/ports';
import { encode } from '../../modules/text/utf8';
import { Batch } from '../messages/batch';
import { PACKED_BYTE_LENGTH, packedReading } from '../messages/packed';
import { epochOf, readingId, readingMessage } from '../messages/reading';
import type { Dating } from '../sensing/dating';
import { READING_BYTE_LENGTH, type Reading, unpackReading } from '../sensing/reading';

export interface ReadingsOptions {
	readonly deviceId: string;
	readonly log: Log;
	readonly journal: Journal;
	readonly dating: Dating;
}

export interface ReadingsOwner {
	/** It is on its way by a lane whose receipts are not late. */
	isOut(sequence: number): boolean;
}

/** Which readings: those of now, or those that wait behind them. */
export type Part = 'fresh' | 'backlog';

/** A message with readings, to be sent. */
export type Parcel = Omit<Outgoing, 'again'> & { readonly sequence: number };

/** Readings that a server refused are kept apart up to this many; see refuse(). */
const ASIDE_MAX = 16;

/** So many that wait go in their order, all as fresh: they are gone in a moment. */
const IN_ORDER_MAX = 64;

/** Of a backlog, so many go packed. */
const PACKED_MAX = 64;

/** A batch is no longer than this, in bytes. */
const BATCH_BYTES = 3072;

/**
 * The journal as what is to be delivered. Nothing is kept in RAM but numbers: a reading is read from flash each time it is
 * sent. Behind a long backlog, fresh readings are those taken since the last rewind(): they need not wait for it.
 */
export class Readings {
	readonly #options: ReadingsOptions;
	readonly #owner: ReadingsOwner;
	readonly #bytes = new Uint8Array(READING_BYTE_LENGTH);
	/** Refused by a server, kept in the journal, not sent again before the next boot. */
	readonly #aside = new Set<number>();
	/** The last sequence that was handed out, of each part. */
	readonly #cursors = { fresh: 0, backlog: 0 };
	/** Fresh readings begin here. */
	#mark = 0;
	/** Receipts of adjacent readings are released together: one flash write instead of one each. */
	#receiptFirst = 0;
	#receiptLast = 0;
	/** A message that a lane had no room for: not written a second time when there is room. */
	#ready: Parcel | undefined;
	/** Up to here, readings went out in their short form; and what newest() gave last. */
	#shown = 0;
	#offered = 0;
	#released = 0;
	#refused = 0;
	#isUndated = false;

	constructor(options: ReadingsOptions, owner: ReadingsOwner) {
		this.#options = options;
		this.#owner = owner;
		this.rewind();
	}

	/** Readings released on a receipt since this boot. */
	get released(): number {
		return this.#released;
	}

	/** Records that no server takes, and records that could not be read as a reading. */
	get refused(): number {
		return this.#refused;
	}

	/** Readings that wait for a receipt; those set aside do not. */
	get pending(): number {
		return Math.max(0, this.#options.journal.backlog - this.#aside.size);
	}

	/** The last call to next() ended at a reading whose time is not known yet. */
	get isUndated(): boolean {
		return this.#isUndated;
	}

	/** A route opened or ended: what is not out has to go again, from the oldest on. */
	rewind(): void {
		const { backlog, nextSequence } = this.#options.journal;
		this.#mark = backlog > IN_ORDER_MAX ? nextSequence : 1;
		this.#cursors.fresh = this.#mark - 1;
		this.#cursors.backlog = 0;
	}

	/**
	 * The next message: one reading, or several in one where `limit` is over 1 and there are several.
	 * It comes again until taken() says that it went out.
	 */
	next(part: Part, limit: number): Parcel | undefined {
		for (;;) {
			this.#isUndated = false;
			const first = this.#find(part, this.#cursors[part]);
			if (first === undefined) return undefined;
			if (limit === 1 && this.#ready?.sequence === first) return this.#ready;
			this.#ready = undefined;
			const parcel = limit > 1 ? this.#several(part, first, limit) : this.#one(first);
			// A batch is too large to be kept until there is room for it.
			if (!parcel?.batch) this.#ready = parcel;
			// Neither a message nor a wait: what could not be read was let go, and the next one has its turn.
			if (parcel || this.#isUndated) return parcel;
		}
	}

	/** A lane took what next() gave. */
	taken(part: Part, { sequence, batch }: Parcel): void {
		this.#cursors[part] = batch?.at(-1) ?? sequence;
		this.#ready = undefined;
	}

	/**
	 * The newest reading that is not out, packed: of the last so many, since the others can wait for a route that takes more.
	 * @param room bytes; where a packed reading has none, one without a sequence, and each once
	 */
	newest(room: number): Omit<Outgoing, 'again'> | undefined {
		const { journal } = this.#options;
		this.#isUndated = false;
		const isWhole = room >= PACKED_BYTE_LENGTH;
		const last = journal.nextSequence - 1;
		for (let sequence = last; sequence > last - PACKED_MAX && sequence > 0 && journal.backlog > 0; sequence--) {
			if (!isWhole && sequence <= this.#shown) return undefined;
			if (this.#aside.has(sequence) || this.#owner.isOut(sequence)) continue;
			if (journal.next(sequence - 1, this.#bytes) !== sequence) continue;
			const read = this.#read(sequence);
			if (read) {
				const body = packedReading({ epoch: journal.epoch, sequence }, read.timestamp, read.reading);
				this.#offered = sequence;
				return { channel: 'data', sequence: isWhole ? sequence : undefined, body };
			}
			if (this.#isUndated) return undefined;
		}
		return undefined;
	}

	/** A lane took what newest() gave. */
	shown(): void {
		this.#shown = this.#offered;
	}

	/** The server has it for good: it is released at the next flush(). */
	receipt(sequence: number): void {
		if (this.#receiptLast !== 0 && sequence === this.#receiptLast + 1) this.#receiptLast = sequence;
		else {
			this.flush();
			this.#receiptFirst = this.#receiptLast = sequence;
		}
		if (this.#aside.delete(sequence)) this.#refused--;
	}

	/** Writes down the receipts, and forgets of what was set aside what the journal had no more room for. */
	flush(): void {
		this.#forgetDropped();
		if (this.#receiptLast === 0) return;
		const [first, last] = [this.#receiptFirst, this.#receiptLast];
		this.#receiptFirst = this.#receiptLast = 0;
		this.#released += this.#options.journal.release(first, last);
	}

	/**
	 * A server will not take this reading. It is set aside: it blocks nobody, stays in the journal, and is tried again after the
	 * next boot, since it may be the server that is wrong. When there are too many such, the oldest is let go.
	 */
	refuse(sequence: number, fault: Fault): void {
		const { log, journal } = this.#options;
		if (this.#aside.has(sequence)) return;
		this.#refused++;
		this.#aside.add(sequence);
		log('error', 'courier', `reading ${readingId(journal.epoch, sequence)} is refused, set aside: ${fault.message}`);
		if (this.#aside.size <= ASIDE_MAX) return;
		const [oldest] = this.#aside as Iterable<number> as [number];
		this.#aside.delete(oldest);
		journal.release(oldest);
		log('error', 'courier', `reading ${readingId(journal.epoch, oldest)} is let go: ${ASIDE_MAX} others are set aside`);
	}

	/** What the journal dropped is not set aside any more: counted so, it would hide readings that wait. */
	#forgetDropped(): void {
		if (this.#aside.size === 0) return;
		const { oldest } = this.#options.journal;
		for (const sequence of this.#aside) if (sequence < oldest) this.#aside.delete(sequence);
	}

	/** The first reading of a part after `after` that is not on its way. */
	#find(part: Part, after: number): number | undefined {
		const { journal } = this.#options;
		const last = part === 'backlog' ? this.#mark - 1 : Number.MAX_SAFE_INTEGER;
		for (let sequence: number | undefined = after; ; ) {
			if (sequence >= last) return undefined;
			sequence = journal.next(sequence, this.#bytes);
			if (sequence === undefined || sequence > last) return undefined;
			if (!this.#aside.has(sequence) && !this.#owner.isOut(sequence)) return sequence;
		}
	}

	/** Of the record in `#bytes`: the reading with its time. Undefined: it has none, or is no reading. */
	#read(sequence: number): { readonly reading: Reading; readonly timestamp: number } | undefined {
		let reading: Reading;
		try {
			reading = unpackReading(this.#bytes);
		} catch (thrown) {
			// It verifies, but is no reading of ours (another firmware's): it must not block the rest.
			const { journal, log } = this.#options;
			journal.release(sequence);
			this.#refused++;
			log('error', 'courier', `record ${sequence} set aside: ${Fault.from(thrown, 'malformed').message}`);
			return undefined;
		}
		const timestamp = this.#options.dating.date(reading.stamp);
		this.#isUndated = timestamp === undefined;
		return timestamp === undefined ? undefined : { reading, timestamp };
	}

	#one(sequence: number): Parcel | undefined {
		const { deviceId, journal } = this.#options;
		const read = this.#read(sequence);
		if (!read) return undefined;
		const id = readingId(journal.epoch, sequence);
		return { channel: 'data', sequence, id, body: encode(readingMessage(deviceId, read.timestamp, read.reading, id)) };
	}

	#several(part: Part, first: number, limit: number): Parcel | undefined {
		const { deviceId, journal, dating } = this.#options;
		// Room for one at least: without it, nothing would come of this for ever.
		const capacity = Math.min(BATCH_BYTES, Batch.bytesFor(Math.max(1, Math.min(limit, this.pending))));
		const batch = new Batch(deviceId, dating.time, epochOf(journal.epoch), capacity);
		for (let next: number | undefined = first; next !== undefined; next = this.#find(part, next)) {
			const read = this.#read(next);
			if (!read && this.#isUndated) break;
			if (read && !batch.add(next, read.timestamp, read.reading)) break;
			if (batch.sequences.length === limit) break;
		}
		const { sequences } = batch;
		if (sequences.length === 0) return undefined;
		const sequence = sequences[0]!;
		if (sequences.length > 1)
			return { channel: 'batch', sequence, id: batch.name, body: batch.finish(), batch: sequences };
		// Alone it goes as itself; the walk may have left another record in the buffer.
		journal.next(sequence - 1, this.#bytes);
		return this.#one(sequence);
	}
}
