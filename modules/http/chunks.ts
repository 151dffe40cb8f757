import { Fault } from '../fault';

/** Bytes that all chunk extensions and trailer fields of one answer may take together. */
const EXTRAS = 1024;
/** Digits of a chunk's size: 2^28 − 1 is more than anybody keeps. */
const DIGITS = 7;

const CR = 13;
const LF = 10;

const State = Object.freeze({ SIZE: 0, EXTENSION: 1, DATA: 2, DATA_END: 3, TRAILER: 4, DONE: 5 } as const);
type State = (typeof State)[keyof typeof State];

/**
 * Takes the chunks of a body apart (RFC 9112 §7.1) as they come, and keeps nothing.
 *
 *   SIZE ──> EXTENSION ── LF ──> DATA ──> DATA_END ── LF ──> SIZE          (a size of 0: TRAILER)
 *   TRAILER ── an empty line ──> DONE
 */
export class Chunks {
	readonly #onData: (bytes: Uint8Array) => void;
	#state: State = State.SIZE;
	#size = 0;
	#digits = 0;
	#extras = 0;
	/** Of the trailer's line at hand. */
	#lineLength = 0;

	/** `onData`: the next bytes of the body; a view that holds until it returns. */
	constructor(onData: (bytes: Uint8Array) => void) {
		this.#onData = onData;
	}

	/** The last chunk and the trailer were there. */
	get isDone(): boolean {
		return this.#state === State.DONE;
	}

	/** Throws a Fault 'protocol' for what are no chunks. What comes after the end is left alone. */
	push(bytes: Uint8Array): void {
		for (let at = 0; at < bytes.length && this.#state !== State.DONE; ) {
			if (this.#state === State.DATA) {
				const end = Math.min(bytes.length, at + this.#size);
				this.#size -= end - at;
				if (this.#size === 0) this.#become(State.DATA_END);
				this.#onData(bytes.subarray(at, end));
				at = end;
			} else this.#take(bytes[at++]!);
		}
	}

	#take(byte: number): void {
		if (this.#state === State.SIZE) this.#takeSize(byte);
		else if (this.#state === State.EXTENSION) {
			this.#spend();
			if (byte === LF) this.#begin();
		} else if (this.#state === State.DATA_END) {
			if (byte === LF) this.#become(State.SIZE);
			else if (byte !== CR) throw new Fault('protocol', 'a chunk longer than it said');
		} else {
			this.#spend();
			if (byte !== LF) this.#lineLength += byte === CR ? 0 : 1;
			else if (this.#lineLength === 0) this.#become(State.DONE);
			else this.#lineLength = 0;
		}
	}

	#takeSize(byte: number): void {
		const digit = digitOf(byte);
		if (digit >= 0) {
			this.#digits++;
			if (this.#digits > DIGITS) throw new Fault('protocol', 'a chunk of more than 256 MiB');
			this.#size = this.#size * 16 + digit;
			return;
		}
		// ';' begins an extension, a space is what old servers put there.
		if (this.#digits === 0 || (byte !== CR && byte !== LF && byte !== 0x3b && byte !== 0x20 && byte !== 0x09))
			throw new Fault('protocol', 'a chunk without a size');
		if (byte === LF) this.#begin();
		else this.#become(State.EXTENSION);
	}

	#begin(): void {
		this.#become(this.#size === 0 ? State.TRAILER : State.DATA);
		this.#digits = 0;
	}

	#spend(): void {
		this.#extras++;
		if (this.#extras > EXTRAS) throw new Fault('protocol', 'chunks with endless extensions');
	}

	#become(state: State): void {
		this.#state = state;
	}
}

/** Of a hexadecimal digit; −1: it is none. */
function digitOf(byte: number): number {
	if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
	const lower = byte | 0x20;
	return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
