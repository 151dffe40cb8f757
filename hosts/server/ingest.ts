import type { Log } from '../../modules/ports';
import { type Arrival, interpret, Refusal } from './message';
import { Seldom } from './seldom';
import { type Entry, isStorageTrouble, rejectedBodyLimit, type Store, type Written } from './store';

/**
 * What became of a message. 'stored', 'duplicate' and `refused` are receipts: it is on the disk (a refused one in
 * quarantine) and need not come again. 'busy' is none: the server has no room or is closing; send it again later.
 */
export type Outcome = 'stored' | 'duplicate' | 'busy' | { readonly refused: string };

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
	/** Messages in one transaction, at most. */
	readonly batch?: number;
	/** Messages that wait for the disk, at most, and bytes of them. */
	readonly queue?: number;
	readonly queueBytes?: number;
}

interface Waiting {
	readonly entry: Entry;
	readonly bytes: number;
	readonly done: (outcome: Outcome) => void;
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
	readonly #batch: number;
	readonly #limit: number;
	readonly #counts = { rows: 0, duplicates: 0, rejected: 0, messages: 0, undated: 0 };
	readonly #byteLimit: number;
	#queue: Waiting[] = [];
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
		this.#batch = options.batch ?? 1_000;
		this.#limit = options.queue ?? 20_000;
		this.#byteLimit = options.queueBytes ?? 64 * 1024 * 1024;
	}

	counts(): Counts {
		return { ...this.#counts };
	}

	/** False while the last commit failed. */
	get writable(): boolean {
		return this.#retry === 0;
	}

	/**
	 * Takes a message of any content; never throws. `done` is called once, later; receipts come in the order of submission,
	 * 'busy' as soon as it is known.
	 */
	submit(arrival: Arrival, done: (outcome: Outcome) => void): void {
		const bytes = arrival.body.length;
		if (this.#closed || this.#queue.length >= this.#limit || this.#bytes + bytes > this.#byteLimit) {
			this.#schedule(() => this.#tell(done, 'busy'), 0);
			return;
		}
		this.#queue.push({ entry: this.#prepare(arrival), bytes, done });
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
		for (const { done } of left) this.#tell(done, 'busy');
	}

	#prepare(arrival: Arrival): Entry {
		try {
			return interpret(arrival, this.#now());
		} catch (error) {
			const refused = error instanceof Refusal;
			if (!refused) this.#log('error', 'ingest', `a message could not be read: ${describe(error)}`);
			return reject(arrival, refused ? error.message : 'body: the server could not read it');
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
		const batch = this.#queue.slice(0, this.#batch);
		let written: Written[];
		try {
			written = this.#store.write(batch.map(({ entry }) => entry));
		} catch (error) {
			return isStorageTrouble(error) ? this.#wait(error) : this.#isolate(batch);
		}
		this.#recovered();
		this.#queue.splice(0, batch.length);
		for (let index = 0; index < batch.length; index += 1) this.#finish(batch[index]!, written[index]!);
		return true;
	}

	#wait(error: unknown): false {
		const waiting = this.#queue.length;
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

	/** The store choked on one of them, not for want of room: that one goes into quarantine, the others on. */
	#isolate(batch: readonly Waiting[]): boolean {
		for (const waiting of batch) {
			let entry = waiting.entry;
			let written: Written;
			try {
				written = this.#store.write([entry])[0]!;
			} catch (error) {
				if (isStorageTrouble(error)) return this.#wait(error);
				this.#log('error', 'ingest', `the store refused a message of ${entry.deviceId}: ${describe(error)}`);
				entry = unstorable(entry);
				try {
					written = this.#store.write([entry])[0]!;
				} catch (again) {
					return this.#wait(again);
				}
			}
			this.#queue.shift();
			this.#finish({ ...waiting, entry }, written);
		}
		this.#recovered();
		return true;
	}

	#finish({ entry, bytes, done }: Waiting, written: Written): void {
		this.#bytes -= bytes;
		if (entry.kind === 'rejected') {
			this.#counts.rejected += 1;
			const who = entry.deviceId || 'someone';
			const what = `refused ${entry.channel} of ${who}: ${entry.reason}`;
			this.#seldom.log(`refused ${who}`, 'warning', 'ingest', what);
			this.#tell(done, { refused: entry.reason });
			return;
		}
		if (written === 'conflict') this.#conflict(entry.deviceId);
		if (written !== 'stored') this.#counts.duplicates += 1;
		else if (entry.kind === 'reading') this.#counts.rows += 1;
		else this.#counts.messages += 1;
		if (entry.undated && written === 'stored') this.#undated(entry.deviceId);
		this.#tell(done, written === 'stored' ? 'stored' : 'duplicate');
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

	#tell(done: (outcome: Outcome) => void, outcome: Outcome): void {
		try {
			done(outcome);
		} catch (error) {
			// A door that stumbles over its own receipt must not cost the others theirs.
			this.#log('error', 'ingest', `a receipt could not be given: ${describe(error)}`);
		}
	}
}

function reject(arrival: Arrival, reason: string): Entry {
	const { door, channel, body, receivedAt } = arrival;
	const deviceId = arrival.deviceId ?? '';
	// A copy: a view would hold the whole network buffer while it waits.
	const kept = Buffer.from(body.subarray(0, rejectedBodyLimit));
	return { kind: 'rejected', deviceId, door, channel, reason, size: body.length, body: kept, receivedAt };
}

function unstorable(entry: Entry): Entry {
	const text = entry.kind === 'message' ? entry.body : JSON.stringify(entry);
	const channel = entry.kind === 'reading' ? 'data' : entry.channel;
	const body = Buffer.from(text);
	const { deviceId, door, receivedAt } = entry;
	return {
		kind: 'rejected',
		deviceId,
		door,
		channel,
		reason: 'body: the store could not keep it',
		size: body.length,
		body,
		receivedAt,
	};
}

function describe(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
