import type { Log } from '../../modules/ports';
import { type Arrival, interpret, Refusal } from './message';
import { quarantined, unstorable } from './quarantine';
import { Seldom } from './seldom';
import { type Entry, isStorageTrouble, type Store, type Written } from './store';

/**
 * What became of a message. All but 'busy' are receipts: it is on the disk and need not come again. 'quarantined': its id
 * came before with other values, which stand. 'busy': the server has no room or is closing; send it again later.
 */
export type Outcome = 'stored' | 'duplicate' | 'quarantined' | 'busy' | { readonly refused: string };

/** Told what became of a message, with what was made of it; without, when nothing was ('busy'). */
export type Receipt = (outcome: Outcome, entry?: Entry) => void;
/** The same of several, in their order. */
export type Receipts = (outcomes: readonly Outcome[], entries: readonly Entry[]) => void;

export interface Counts {
	/** New rows of readings since this server started. */
	readonly rows: number;
	readonly duplicates: number;
	readonly rejected: number;
	/** Other messages that were kept: heartbeats, alerts, diagnostics, replies. */
	readonly messages: number;
	/** Of the new rows and messages: out of a journal, with a time that cannot be, and so dated by their arrival. */
	readonly undated: number;
}

export interface IngestOptions {
	readonly store: Pick<Store, 'write'>;
	/** Epoch ms. */
	readonly now: () => number;
	/** Calls `run` later, never at once, after about `delay` ms (0: at the end of this turn of the event loop). */
	readonly schedule?: (run: () => void, delay: number) => void;
	readonly log?: Log;
	/** Called for what is new and on the disk, before its receipt goes out. */
	readonly onStored?: (entry: Entry, written: Written) => void;
	/** Messages in one transaction, at most. */
	readonly batch?: number;
	/** Messages that wait for the disk, at most, and bytes of them. */
	readonly queue?: number;
	readonly queueBytes?: number;
}

/** Messages that come together, and go into one transaction. */
interface Waiting {
	readonly entries: readonly Entry[];
	readonly bytes: number;
	readonly done: Receipts;
}

const firstRetry = 50;
const lastRetry = 5_000;

/**
 * Where every door leads: checks a message, and commits it together with all others that arrived meanwhile.
 *
 *     submit ─▶ interpret ─▶ queue ─▶ one transaction ─▶ done        (nobody hears anything before the commit)
 *                  │ refused           │ disk full, locked: nobody gets a receipt, tried again with back-off
 *                  └──▶ quarantine ────┘
 */
export class Ingest {
	readonly #store: Pick<Store, 'write'>;
	readonly #now: () => number;
	readonly #schedule: (run: () => void, delay: number) => void;
	readonly #log: Log;
	readonly #seldom: Seldom;
	readonly #onStored: (entry: Entry, written: Written) => void;
	readonly #batch: number;
	readonly #limit: number;
	readonly #counts = { rows: 0, duplicates: 0, rejected: 0, messages: 0, undated: 0 };
	readonly #byteLimit: number;
	#queue: Waiting[] = [];
	/** Messages in it. */
	#length = 0;
	#bytes = 0;
	#scheduled = false;
	#closed = false;
	#retry = 0;

	constructor(options: IngestOptions) {
		this.#store = options.store;
		this.#now = options.now;
		this.#schedule =
			options.schedule ?? ((run, delay) => (delay === 0 ? setImmediate(run) : setTimeout(run, delay).unref()));
		this.#log = options.log ?? (() => {});
		this.#seldom = new Seldom(this.#log, options.now);
		this.#onStored = options.onStored ?? (() => {});
		this.#batch = options.batch ?? 1_000;
		this.#limit = options.queue ?? 20_000;
		this.#byteLimit = options.queueBytes ?? 64 * 1024 * 1024;
	}

	counts(): Counts {
		return { ...this.#counts };
	}

	/** Messages that wait for the disk. */
	get waiting(): number {
		return this.#length;
	}

	/** False while the last commit failed. */
	get writable(): boolean {
		return this.#retry === 0;
	}

	/**
	 * Takes a message of any content; never throws. `done` is called once, later; receipts come in the order of submission,
	 * 'busy' as soon as it is known.
	 */
	submit(arrival: Arrival, done: Receipt): void {
		this.submitAll([arrival], arrival.body.length, ([outcome], [entry]) => done(outcome!, entry));
	}

	/**
	 * The same for several that came together: one transaction, and one `done` with an outcome for each, in their order.
	 * What is wrong with one does not touch the others; 'busy' is said of all or none.
	 * @param bytes that they came in
	 */
	submitAll(arrivals: readonly Arrival[], bytes: number, done: Receipts): void {
		this.#take(arrivals.length, bytes, done, () => arrivals.map((arrival) => this.#prepare(arrival)));
	}

	/** What a door itself found to be no message: into quarantine, with a receipt as for any other that is refused. */
	refuse(arrival: Arrival, { message, wrong }: Refusal, done: Receipt): void {
		const receipt: Receipts = ([outcome], [entry]) => done(outcome!, entry);
		this.#take(1, arrival.body.length, receipt, () => [quarantined(arrival, message, wrong)]);
	}

	#take(count: number, bytes: number, done: Receipts, prepare: () => readonly Entry[]): void {
		if (this.#closed || this.#length + count > this.#limit || this.#bytes + bytes > this.#byteLimit) {
			this.#schedule(() => this.#busy(done, count), 0);
			return;
		}
		this.#queue.push({ entries: prepare(), bytes, done });
		this.#length += count;
		this.#bytes += bytes;
		this.#wake(0);
	}

	/** Commits what waits; what cannot be committed is told 'busy'. Nothing is taken afterwards. */
	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		while (this.#queue.length > 0 && this.#commit());
		const left = this.#queue.splice(0);
		this.#bytes = 0;
		this.#length = 0;
		for (const { done, entries } of left) this.#busy(done, entries.length);
	}

	#prepare(arrival: Arrival): Entry {
		try {
			return interpret(arrival, this.#now());
		} catch (error) {
			const refused = error instanceof Refusal;
			if (!refused) this.#log('error', 'ingest', `a message could not be read: ${describe(error)}`);
			return refused
				? quarantined(arrival, error.message, error.wrong)
				: quarantined(arrival, 'body: the server could not read it', 'invalid');
		}
	}

	#wake(delay: number): void {
		if (this.#scheduled) return;
		this.#scheduled = true;
		this.#schedule(this.#run, delay);
	}

	readonly #run = (): void => {
		this.#scheduled = false;
		if (this.#queue.length > 0) this.#commit();
		if (this.#queue.length > 0) this.#wake(this.#retry);
	};

	/** One transaction. False when it failed; the queue then stands as it was. */
	#commit(): boolean {
		const entries: Entry[] = [];
		let groups = 0;
		for (const waiting of this.#queue) {
			if (groups > 0 && entries.length + waiting.entries.length > this.#batch) break;
			entries.push(...waiting.entries);
			groups += 1;
		}
		let written: Written[];
		try {
			written = this.#store.write(entries);
		} catch (error) {
			return isStorageTrouble(error) ? this.#wait(error) : this.#isolate(groups);
		}
		this.#recovered();
		let from = 0;
		for (const waiting of this.#queue.splice(0, groups)) {
			const to = from + waiting.entries.length;
			this.#finish(waiting, waiting.entries, written.slice(from, to));
			from = to;
		}
		return true;
	}

	#wait(error: unknown): false {
		const waiting = this.#length;
		if (this.#retry === 0)
			this.#log(
				'error',
				'ingest',
				`cannot write to the store (${describe(error)}): ${waiting} messages wait, no receipts`,
			);
		this.#retry = this.#retry === 0 ? firstRetry : Math.min(this.#retry * 2, lastRetry);
		return false;
	}

	#recovered(): void {
		if (this.#retry > 0) this.#log('info', 'ingest', 'the store can be written again');
		this.#retry = 0;
	}

	/** The store choked on one of them, not for want of room: that one goes into quarantine, the others on, each alone. */
	#isolate(groups: number): boolean {
		for (const waiting of this.#queue.slice(0, groups)) {
			const entries: Entry[] = [];
			const written: Written[] = [];
			for (let entry of waiting.entries) {
				try {
					written.push(this.#store.write([entry])[0]!);
				} catch (error) {
					// What was written of this group is a duplicate when it comes again.
					if (isStorageTrouble(error)) return this.#wait(error);
					this.#log('error', 'ingest', `the store refused a message of ${entry.deviceId}: ${describe(error)}`);
					entry = unstorable(entry);
					try {
						written.push(this.#store.write([entry])[0]!);
					} catch (again) {
						return this.#wait(again);
					}
				}
				entries.push(entry);
			}
			this.#queue.shift();
			this.#finish(waiting, entries, written);
		}
		this.#recovered();
		return true;
	}

	#finish({ bytes, done }: Waiting, entries: readonly Entry[], written: readonly Written[]): void {
		this.#bytes -= bytes;
		this.#length -= entries.length;
		const outcomes = entries.map((entry, index) => this.#outcome(entry, written[index]!));
		this.#tell(() => done(outcomes, entries));
	}

	#outcome(entry: Entry, written: Written): Outcome {
		if (entry.kind === 'rejected') {
			this.#counts.rejected += 1;
			const who = entry.deviceId || 'someone';
			const what = `refused ${entry.channel} of ${who}: ${entry.reason}`;
			this.#seldom.log(`refused ${who}`, 'warning', 'ingest', what);
			return { refused: entry.reason };
		}
		if (written === 'conflict') this.#conflict(entry.deviceId);
		if (written === 'duplicate' || written === 'conflict') this.#counts.duplicates += 1;
		// Of what is completed, the row was counted when its short form came.
		else if (written === 'stored' && entry.kind === 'reading') this.#counts.rows += 1;
		else if (written === 'stored') this.#counts.messages += 1;
		if (entry.undated && written === 'stored') this.#undated(entry.deviceId);
		const isNew = written === 'stored' || written === 'completed';
		if (isNew) this.#tell(() => this.#onStored(entry, written));
		return isNew ? 'stored' : written === 'conflict' ? 'quarantined' : 'duplicate';
	}

	#busy(done: Receipts, count: number): void {
		this.#tell(() => done(new Array<Outcome>(count).fill('busy'), []));
	}

	#conflict(deviceId: string): void {
		const message = `${deviceId} sent an id again with other values (two devices of one flash image, or somebody in its name): kept in quarantine`;
		this.#seldom.log(`conflict ${deviceId}`, 'warning', 'ingest', message);
	}

	#undated(deviceId: string): void {
		this.#counts.undated += 1;
		const message = `${deviceId} sends a time that cannot be: dated by arrival; check its clock, and this machine's`;
		this.#seldom.log(`undated ${deviceId}`, 'warning', 'ingest', message);
	}

	#tell(receipt: () => void): void {
		try {
			receipt();
		} catch (error) {
			// A door that stumbles over its own receipt must not cost the others theirs.
			this.#log('error', 'ingest', `a receipt could not be given: ${describe(error)}`);
		}
	}
}

function describe(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
