import { Fault } from '../fault';
import type { FlashPartition } from '../ports';
import { HEADER_BYTE_LENGTH, type Layout } from './layout';

/**
 * The flash, when it may fail: nothing here throws. Every call says whether it worked, and the newest failure is kept for
 * the diagnosis.
 */
export class Medium {
	/** Flash operations that failed, or did not read back, since this boot. */
	faults = 0;
	lastFault: Fault | undefined;
	/** The newest write that was read back did not stand. */
	isDoubtful = false;
	readonly #flash: FlashPartition;
	readonly #layout: Layout;
	/** For reading back, and for looking over blocks. */
	readonly #scratch: Uint8Array;

	constructor(flash: FlashPartition, layout: Layout) {
		this.#flash = flash;
		this.#layout = layout;
		// Whole words.
		this.#scratch = new Uint8Array(Math.max(256, (layout.slotByteLength + 3) & ~3));
	}

	/** Tried twice: a disturbed bus is not a bad block. */
	read(buffer: Uint8Array, byteOffset: number): boolean {
		for (let attempt = 0; attempt < 2; attempt++) {
			try {
				this.#flash.read(buffer, byteOffset);
				return true;
			} catch (thrown) {
				this.#note(Fault.from(thrown, 'flash'));
			}
		}
		return false;
	}

	/** Writes; what it does to the flash is for the caller to read back. */
	write(buffer: Uint8Array, byteOffset: number): boolean {
		try {
			this.#flash.write(buffer, byteOffset);
			return true;
		} catch (thrown) {
			this.#note(Fault.from(thrown, 'flash'));
			return false;
		}
	}

	/** Writes a slot's bytes, or up to 256, and reads them back: true when they stand there, whatever the write said. */
	program(buffer: Uint8Array, byteOffset: number): boolean {
		this.write(buffer, byteOffset);
		return this.stands(buffer, byteOffset);
	}

	/** Whether these bytes, a slot's or up to 256, stand there. */
	stands(buffer: Uint8Array, byteOffset: number): boolean {
		this.isDoubtful = !this.#reads(buffer, byteOffset);
		return !this.isDoubtful;
	}

	erase(block: number): boolean {
		try {
			this.#flash.eraseBlock(block);
			return true;
		} catch (thrown) {
			this.#note(Fault.from(thrown, 'flash'));
			return false;
		}
	}

	/**
	 * How many slots of `block` reach up to its last byte that is not blank.
	 * @returns 0 to `slots`, or undefined when it cannot be read
	 */
	slotsTouched(block: number): number | undefined {
		const { slots, slotByteLength } = this.#layout;
		const last = this.#lastTouched(this.#layout.slotOffset(block, 0), slots * slotByteLength);
		return last === undefined ? undefined : Math.floor((last + slotByteLength) / slotByteLength);
	}

	/** Whether everything in `block` behind its stamp is blank: header, marks, slots. */
	isBlankBehind(block: number, stampByteLength: number): boolean {
		const { slots, slotByteLength } = this.#layout;
		const length = HEADER_BYTE_LENGTH + slots * (slotByteLength + 1) - stampByteLength;
		return this.#lastTouched(this.#layout.headerOffset(block) + stampByteLength, length) === -1;
	}

	/** The index of the last byte of a range that is not 0xFF, −1 when there is none, undefined when it cannot be read. */
	#lastTouched(byteOffset: number, byteLength: number): number | undefined {
		const scratch = this.#scratch;
		// By words: at each boot a fresh block is blank almost to its front.
		const words = new Int32Array(scratch.buffer);
		for (let end = byteLength; end > 0; end -= scratch.length) {
			const start = Math.max(0, end - scratch.length);
			const chunk = end - start === scratch.length ? scratch : scratch.subarray(0, end - start);
			if (!this.read(chunk, byteOffset + start)) return undefined;
			scratch.fill(0xff, end - start);
			let word = words.length - 1;
			while (word >= 0 && words[word] === -1) word--;
			if (word < 0) continue;
			let at = 4 * word + 3;
			while (scratch[at] === 0xff) at--;
			return start + at;
		}
		return -1;
	}

	/** Whether what is read there is what was written. */
	#reads(written: Uint8Array, byteOffset: number): boolean {
		const { length } = written;
		const check = this.#scratch.subarray(0, length);
		if (!this.read(check, byteOffset)) return false;
		for (let i = 0; i < length; i++) {
			if (check[i] !== written[i]) {
				this.#note(new Fault('flash', `journal: what was written at ${byteOffset} does not read back`));
				return false;
			}
		}
		return true;
	}

	#note(fault: Fault): void {
		this.faults++;
		this.lastFault = fault;
	}
}
