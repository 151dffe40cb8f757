import { Fault } from '../../modules/fault';
import type { KeyValue, Log } from '../../modules/ports';
import { type JsonValue, parseJson } from '../../modules/text/json';

export type Status = 'done' | 'refused' | 'failed';

/** What became of a command. */
export interface Result {
	readonly status: Status;
	/** For people: what was done, or why not. */
	readonly detail: string;
}

/** A command that is to be done. */
export interface Accepted {
	readonly serial: number;
	readonly id: string;
	readonly name: string;
	/** JSON text of one object. */
	readonly arguments: string;
	/** Epoch milliseconds. */
	readonly expires: number | undefined;
	/** Its doing ends the machine, and that was begun. */
	readonly isBegun: boolean;
}

/** A command that ended, and the server does not know it yet. */
export interface Finished extends Result {
	readonly serial: number;
	readonly id: string;
	/** Epoch milliseconds when it ended; undefined: the time was not known. */
	readonly timestamp: number | undefined;
}

/**
 * Of a command, written down at each step:
 *
 *   NONE ──accept──▶ ACCEPTED ──finish──▶ FINISHED ──deliver──▶ DELIVERED ── 32 commands later ──▶ NONE
 *    │                  └──begin──▶ BEGUN ──┘ ▲
 *    └───────────────── finish (refused) ─────┘
 */
const State = Object.freeze({ NONE: 0, ACCEPTED: 1, BEGUN: 2, FINISHED: 3, DELIVERED: 4 } as const);

const STATE_BITS = 3;
/** How the text of a delivered one ends. */
const DELIVERED_END = ',"d"]';
/** So many commands are remembered. */
export const LEDGER_LENGTH = 32;
/** So many may be on their way: each may take 2 KB of the store, a delivered one takes a hundred bytes. */
const OPEN_MAX = 8;
const DETAIL_MAX = 160;
const BOUNDS = Object.freeze({ depth: 1, values: 8 });

/**
 * The last 32 commands, so that each is done once and ends once, whatever happens to the power. Each has a key of its own in the
 * store (`command.0` to `command.31`, in turn), so that a step of one costs the flash of that one: of an ordinary command three
 * short writes, of a refused one two.
 *
 * A value is a JSON array: the serial number, the id, a letter for the state, and of a command that is to be done its name, its
 * arguments and `expires`; of one that ended its status, detail and time.
 */
export class Ledger {
	readonly #store: KeyValue;
	/** 0: free. */
	readonly #serials = new Float64Array(LEDGER_LENGTH);
	/** Of each slot the state, and above it a hash of the id, which stays in the store. */
	readonly #slots = new Uint32Array(LEDGER_LENGTH);
	/** What the flash would not take, by slot. */
	#unwritten: Map<number, string> | undefined;
	#last = 0;

	constructor(store: KeyValue, log: Log) {
		this.#store = store;
		for (let slot = 0; slot < LEDGER_LENGTH; slot++) {
			try {
				this.#load(slot);
			} catch (thrown) {
				// Some other firmware's, or spoilt: a command that is done twice is better than none ever again.
				log('warning', 'commands', `${keyOf(slot)}: ${Fault.from(thrown, 'flash').message}: not taken`);
			}
		}
	}

	/** A command is still to be done, or its result to be delivered: worth opening the ledger for. Reads, and keeps nothing. */
	static isNeeded(store: KeyValue): boolean {
		for (let slot = 0; slot < LEDGER_LENGTH; slot++) {
			const text = store.read(keyOf(slot));
			if (text !== undefined && !text.endsWith(DELIVERED_END)) return true;
		}
		return false;
	}

	/** The serial number of the newest; 0: there is none. */
	get last(): number {
		return this.#last;
	}

	/** Another command can be taken. */
	get hasRoom(): boolean {
		let open = 0;
		for (let slot = 0; slot < LEDGER_LENGTH; slot++) if (this.#isOpen(slot)) open++;
		return open < OPEN_MAX && !this.#isOpen((this.#last + 1) % LEDGER_LENGTH);
	}

	/** This id was seen, and not long ago. */
	has(id: string): boolean {
		const hash = hashOf(id);
		for (let slot = 0; slot < LEDGER_LENGTH; slot++) {
			const word = this.#slots[slot]!;
			if (word >>> STATE_BITS === hash && this.#stateOf(slot) !== State.NONE && this.#read(slot)?.[1] === id)
				return true;
		}
		return false;
	}

	/** @throws Fault 'flash' when it cannot be written down; it is not accepted then */
	accept(id: string, name: string, text: string, expires: number | undefined): void {
		this.#add(id, State.ACCEPTED, ['a', name, text, expires ?? null]);
	}

	/** A command that never was accepted ends. @throws as accept */
	refuse(id: string, detail: string, timestamp: number | undefined): void {
		this.#add(id, State.FINISHED, ['f', 'refused', detail.slice(0, DETAIL_MAX), timestamp ?? null]);
	}

	/** From here on the machine may end of it. @throws Fault 'flash' */
	begin(command: Accepted): void {
		const { name, arguments: text, expires } = command;
		this.#write(command.serial, command.id, State.BEGUN, ['b', name, text, expires ?? null]);
	}

	/** @throws Fault 'flash' when it cannot be written down: it is finished all the same, until the next boot */
	finish({ serial, id }: Accepted, { status, detail }: Result, timestamp: number | undefined): void {
		this.#write(serial, id, State.FINISHED, ['f', status, detail.slice(0, DETAIL_MAX), timestamp ?? null]);
	}

	/** The server knows how it ended. @throws as finish */
	deliver(serial: number): void {
		const slot = serial % LEDGER_LENGTH;
		if (this.#serials[slot] !== serial || this.#stateOf(slot) !== State.FINISHED) return;
		const id = this.#read(slot)?.[1];
		this.#write(serial, typeof id === 'string' ? id : '', State.DELIVERED, ['d']);
	}

	/** The oldest command above `after` that is to be done. */
	nextAccepted(after: number): Accepted | undefined {
		const serial = this.#next(after, State.ACCEPTED, State.BEGUN);
		if (serial === 0) return undefined;
		const slot = serial % LEDGER_LENGTH;
		const [, id, , name, text, expires] = this.#read(slot) ?? [];
		if (typeof id !== 'string' || typeof name !== 'string' || typeof text !== 'string') return undefined;
		const isBegun = this.#stateOf(slot) === State.BEGUN;
		return { serial, id, name, arguments: text, expires: typeof expires === 'number' ? expires : undefined, isBegun };
	}

	/** The oldest command above `after` whose result is to be delivered. */
	nextFinished(after: number): Finished | undefined {
		const serial = this.#next(after, State.FINISHED, State.FINISHED);
		if (serial === 0) return undefined;
		const [, id, , status, detail, timestamp] = this.#read(serial % LEDGER_LENGTH) ?? [];
		if (typeof id !== 'string' || typeof detail !== 'string') return undefined;
		return {
			serial,
			id,
			status: status as Status,
			detail,
			timestamp: typeof timestamp === 'number' ? timestamp : undefined,
		};
	}

	#stateOf(slot: number): number {
		return this.#slots[slot]! % 2 ** STATE_BITS;
	}

	#isOpen(slot: number): boolean {
		const state = this.#stateOf(slot);
		return state !== State.NONE && state !== State.DELIVERED;
	}

	#next(after: number, one: number, other: number): number {
		let found = 0;
		for (let slot = 0; slot < LEDGER_LENGTH; slot++) {
			const serial = this.#serials[slot]!;
			const state = this.#stateOf(slot);
			if ((state === one || state === other) && serial > after && (found === 0 || serial < found)) found = serial;
		}
		return found;
	}

	#add(id: string, state: number, rest: readonly JsonValue[]): void {
		const serial = this.#last + 1;
		const slot = serial % LEDGER_LENGTH;
		this.#store.write(keyOf(slot), JSON.stringify([serial, id, ...rest]));
		this.#unwritten?.delete(slot);
		this.#last = serial;
		this.#serials[slot] = serial;
		this.#slots[slot] = wordOf(id, state);
	}

	/** The step is taken even where the flash refuses: nothing may be done twice in this boot. */
	#write(serial: number, id: string, state: number, rest: readonly JsonValue[]): void {
		const slot = serial % LEDGER_LENGTH;
		const text = JSON.stringify([serial, id, ...rest]);
		this.#slots[slot] = wordOf(id, state);
		this.#unwritten ??= new Map();
		this.#unwritten.set(slot, text);
		this.#store.write(keyOf(slot), text);
		this.#unwritten.delete(slot);
		if (this.#unwritten.size === 0) this.#unwritten = undefined;
	}

	#read(slot: number): readonly JsonValue[] | undefined {
		const text = this.#unwritten?.get(slot) ?? this.#store.read(keyOf(slot));
		const value = text === undefined ? undefined : parseJson(text, BOUNDS);
		return Array.isArray(value) ? value : undefined;
	}

	#load(slot: number): void {
		const entry = this.#read(slot);
		if (!entry) return;
		const [serial, id, letter] = entry;
		const state = stateOf(entry);
		if (!Number.isSafeInteger(serial) || (serial as number) < 1 || (serial as number) % LEDGER_LENGTH !== slot)
			throw new Fault('malformed', 'a serial number that cannot be');
		if (typeof id !== 'string' || state === State.NONE) throw new Fault('malformed', `no state ${String(letter)}`);
		this.#serials[slot] = serial as number;
		this.#slots[slot] = wordOf(id, state);
		this.#last = Math.max(this.#last, serial as number);
	}
}

function stateOf([, , letter, first, second, third]: readonly JsonValue[]): number {
	const isWhole =
		typeof first === 'string' && typeof second === 'string' && (third === null || typeof third === 'number');
	if (letter === 'a' && isWhole) return State.ACCEPTED;
	if (letter === 'b' && isWhole) return State.BEGUN;
	if (letter === 'f' && isWhole && (first === 'done' || first === 'refused' || first === 'failed'))
		return State.FINISHED;
	return letter === 'd' ? State.DELIVERED : State.NONE;
}

function keyOf(slot: number): string {
	return `command.${slot}`;
}

/** FNV-1a of the id's characters, 29 bits of it: tells most ids apart without reading them. */
function hashOf(id: string): number {
	let hash = 0x811c9dc5;
	for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
	return hash >>> STATE_BITS;
}

function wordOf(id: string, state: number): number {
	return hashOf(id) * 2 ** STATE_BITS + state;
}
