import { closeSync, existsSync, fstatSync, openSync, readSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import type { FlashPartition, Random32 } from '../../../modules/ports';
import { seededRandom32 } from '../random';

export interface VirtualFlashOptions {
	readonly blocks: number;
	/** Bytes in an erase block; 4096 on ESP32. */
	readonly blockLength?: number;
	/** What the flash holds at first; erased when left out. What is not 0xFF counts as written. */
	readonly bytes?: Uint8Array;
	/** Decides how writes and erases tear. Seeded when left out. */
	readonly random32?: Random32;
}

/** What shall fail. Each is asked before the operation; true makes it fail. */
export interface FlashFaults {
	read?(byteOffset: number, byteLength: number): boolean;
	write?(byteOffset: number, byteLength: number): boolean;
	erase?(block: number): boolean;
}

/** The code under test did what the hardware forbids. Counted in `violations` as well, for code that swallows it. */
export class FlashRuleViolation extends Error {}
/** The power is gone. Whatever was under way is torn. */
export class PowerCut extends Error {}
/** An injected fault. */
export class FlashFailure extends Error {}

export type FlashOperation = 'read' | 'write' | 'erase';

/** A byte since the erase of its block. */
const ERASED = 0;
const WRITTEN = 1;
/** Its write was cut. It may be finished, with the same value. */
const TORN = 2;

/**
 * NOR flash that asserts the hardware's rules: bounds, and each byte written once between two erases.
 *
 * A byte whose write was torn by a power cut (or failed) may be written again **with the value that was under way**, and a torn
 * byte that still reads 0xFF counts as erased: on NOR both are harmless, and a driver cannot know better.
 */
export class VirtualFlash implements FlashPartition {
	readonly blocks: number;
	readonly blockLength: number;
	reads = 0;
	writes = 0;
	erases = 0;
	bytesRead = 0;
	bytesWritten = 0;
	/** Broken rules. Tests hold it at 0. */
	violations = 0;
	readonly blockErases: Uint32Array;
	faults: FlashFaults = {};
	/** Called before every operation, while the flash is still as it was. */
	onOperation: ((operation: FlashOperation, byteOffset: number, bytes: Uint8Array | undefined) => void) | undefined;

	readonly #bytes: Uint8Array;
	readonly #states: Uint8Array;
	/** What a torn byte was to become. */
	readonly #intended: Uint8Array;
	/** Blocks whose erase was cut: they may read blank, yet do not hold what is written. */
	readonly #weak: Uint8Array;
	/** Bits that are what they are: pairs of mask and value by byte offset. */
	readonly #stuck = new Map<number, readonly [mask: number, value: number]>();
	readonly #random32: Random32;
	#cutIn = 0;
	#off = false;
	#file: number | undefined;

	constructor(options: VirtualFlashOptions) {
		this.blocks = options.blocks;
		this.blockLength = options.blockLength ?? 4096;
		const size = this.blocks * this.blockLength;
		this.#bytes = new Uint8Array(size).fill(0xff);
		this.#states = new Uint8Array(size);
		this.#intended = new Uint8Array(size);
		this.#weak = new Uint8Array(this.blocks);
		this.blockErases = new Uint32Array(this.blocks);
		this.#random32 = options.random32 ?? seededRandom32(1);
		if (options.bytes === undefined) return;
		if (options.bytes.length !== size) throw new RangeError(`flash: ${options.bytes.length} bytes, not ${size}`);
		this.#bytes.set(options.bytes);
		// Nobody knows how it came to be: clearing what is left of a byte is all that may be done to it.
		for (let i = 0; i < size; i++) if (this.#bytes[i] !== 0xff) this.#states[i] = TORN;
	}

	/**
	 * A flash that lives in a file. Every write goes to the file before it returns, so killing the process loses nothing.
	 * @throws when the file is there with another size
	 */
	static open(file: string, options: Omit<VirtualFlashOptions, 'bytes'>): VirtualFlash {
		const size = options.blocks * (options.blockLength ?? 4096);
		const bytes = new Uint8Array(size).fill(0xff);
		if (!existsSync(file)) {
			// Whole or not at all: a kill now must not leave a flash of half the size.
			writeFileSync(`${file}.new`, bytes, { mode: 0o600 });
			renameSync(`${file}.new`, file);
		}
		const handle = openSync(file, 'r+');
		try {
			const { size: found } = fstatSync(handle);
			if (found !== size) throw new RangeError(`flash: ${file} has ${found} bytes, not ${size}`);
			readSync(handle, bytes, 0, size, 0);
			const flash = new VirtualFlash({ ...options, bytes });
			flash.#file = handle;
			return flash;
		} catch (error) {
			closeSync(handle);
			throw error;
		}
	}

	status(): { readonly size: number; readonly blockLength: number; readonly blocks: number } {
		return { size: this.#bytes.length, blockLength: this.blockLength, blocks: this.blocks };
	}

	read(buffer: Uint8Array, byteOffset: number): number {
		this.#checkBounds(byteOffset, buffer.length);
		this.#begin('read', byteOffset, undefined);
		this.reads++;
		this.bytesRead += buffer.length;
		if (this.faults.read?.(byteOffset, buffer.length)) throw new FlashFailure(`flash: cannot read at ${byteOffset}`);
		buffer.set(this.#bytes.subarray(byteOffset, byteOffset + buffer.length));
		for (const [offset, [mask, value]] of this.#stuck) {
			const i = offset - byteOffset;
			if (i >= 0 && i < buffer.length) buffer[i] = (buffer[i]! & ~mask) | (value & mask);
		}
		for (let i = 0; i < buffer.length; i++) {
			if (this.#isWeak(byteOffset + i) && this.#chance(64)) buffer[i]! ^= 1 << (this.#random32() & 7);
		}
		return buffer.length;
	}

	write(buffer: Uint8Array, byteOffset: number): void {
		this.#checkBounds(byteOffset, buffer.length);
		for (let i = 0; i < buffer.length; i++) {
			const state = this.#states[byteOffset + i];
			if (state === ERASED || (state === TORN && buffer[i] === this.#intended[byteOffset + i])) continue;
			this.#violate(`byte ${byteOffset + i} is written twice`);
		}
		this.#begin('write', byteOffset, buffer);
		if (this.faults.write?.(byteOffset, buffer.length)) {
			this.#tearWrite(buffer, byteOffset);
			throw new FlashFailure(`flash: cannot write at ${byteOffset}`);
		}
		this.writes++;
		this.bytesWritten += buffer.length;
		for (let i = 0; i < buffer.length; i++) {
			const at = byteOffset + i;
			this.#bytes[at]! &= buffer[i]!;
			this.#states[at] = WRITTEN;
			if (this.#isWeak(at) && this.#chance(8)) this.#bytes[at]! ^= 1 << (this.#random32() & 7);
		}
		this.#save(byteOffset, buffer.length);
	}

	eraseBlock(start: number, end: number = start + 1): void {
		if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end > this.blocks || start >= end) {
			this.#violate(`blocks ${start} to ${end} are erased, of ${this.blocks}`);
		}
		for (let block = start; block < end; block++) {
			this.#begin('erase', block * this.blockLength, undefined);
			if (this.faults.erase?.(block)) {
				if (this.#chance(2)) this.#tearErase(block);
				throw new FlashFailure(`flash: cannot erase block ${block}`);
			}
			this.erases++;
			this.blockErases[block]!++;
			this.#weak[block] = 0;
			this.#fill(block, () => 0xff);
		}
	}

	close(): void {
		if (this.#file === undefined) return;
		closeSync(this.#file);
		this.#file = undefined;
	}

	/** Cuts the power in the `n`-th operation from now on (1: the next). */
	cutAt(n: number): void {
		this.#cutIn = n;
	}

	get isOff(): boolean {
		return this.#off;
	}

	powerOff(): void {
		this.#off = true;
	}

	powerOn(): void {
		this.#off = false;
		this.#cutIn = 0;
	}

	/** Inverts the bits of `mask` in a byte, as age does. */
	flip(byteOffset: number, mask: number): void {
		this.#bytes[byteOffset]! ^= mask;
		this.#save(byteOffset, 1);
	}

	/** From now on the bits of `mask` in a byte read as in `value`, whatever is done. */
	stick(byteOffset: number, mask: number, value: number): void {
		this.#stuck.set(byteOffset, [mask, value]);
	}

	/** All operations so far. */
	get operations(): number {
		return this.reads + this.writes + this.erases;
	}

	/** A copy of what it holds. */
	image(): Uint8Array {
		return this.#bytes.slice();
	}

	/** An independent flash in the same state, with no faults, no cut and counters at 0. */
	fork(random32: Random32 = this.#random32): VirtualFlash {
		const fork = new VirtualFlash({ blocks: this.blocks, blockLength: this.blockLength, random32 });
		fork.copy(this);
		return fork;
	}

	/** Makes this what `other`, of the same size, is: a fork without its allocations. */
	copy(other: VirtualFlash): void {
		this.#bytes.set(other.#bytes);
		this.#states.set(other.#states);
		this.#intended.set(other.#intended);
		this.#weak.set(other.#weak);
		this.#stuck.clear();
		for (const [offset, bits] of other.#stuck) this.#stuck.set(offset, bits);
		this.powerOn();
	}

	#begin(operation: FlashOperation, byteOffset: number, bytes: Uint8Array | undefined): void {
		if (this.#off) throw new PowerCut('flash: the power is off');
		this.onOperation?.(operation, byteOffset, bytes);
		if (this.#cutIn === 0 || --this.#cutIn > 0) return;
		if (operation === 'write') this.#tearWrite(bytes!, byteOffset);
		if (operation === 'erase') this.#tearErase(byteOffset / this.blockLength);
		this.#off = true;
		throw new PowerCut(`flash: the power went in this ${operation}`);
	}

	/** Nothing, all, the first bytes, or any of the bits: what a write leaves when it does not end. */
	#tearWrite(buffer: Uint8Array, byteOffset: number): void {
		const way = this.#random32() % 4;
		const whole = this.#random32() % (buffer.length + 1);
		for (let i = 0; i < buffer.length; i++) {
			const at = byteOffset + i;
			let kept = 0xff;
			if (way === 1) kept = 0;
			else if (way === 2) kept = i < whole ? 0 : i === whole ? this.#random32() & 0xff : 0xff;
			else if (way === 3) kept = this.#random32() & 0xff;
			this.#bytes[at]! &= buffer[i]! | kept;
			if (this.#bytes[at] === 0xff) continue;
			this.#states[at] = TORN;
			this.#intended[at] = buffer[i]!;
		}
		this.#save(byteOffset, buffer.length);
	}

	/** Nothing yet, blank but weak, or any mix of bits, blank from one end: what an erase leaves when it does not end. Weak always. */
	#tearErase(block: number): void {
		const way = this.#random32() % 5;
		const part = this.#random32() % this.blockLength;
		this.#weak[block] = 1;
		if (way === 0) return;
		this.#fill(block, (byte, i) => {
			if (way === 1) return 0xff;
			if (way === 2) return byte | this.#random32();
			return i < part === (way === 3) ? 0xff : byte;
		});
	}

	#fill(block: number, value: (byte: number, index: number) => number): void {
		const start = block * this.blockLength;
		for (let i = 0; i < this.blockLength; i++) {
			const at = start + i;
			this.#bytes[at] = value(this.#bytes[at]!, i);
			if (this.#bytes[at] === 0xff) this.#states[at] = ERASED;
		}
		this.#save(start, this.blockLength);
	}

	#checkBounds(byteOffset: number, byteLength: number): void {
		if (Number.isInteger(byteOffset) && byteOffset >= 0 && byteOffset + byteLength <= this.#bytes.length) return;
		this.#violate(`bytes ${byteOffset} to ${byteOffset + byteLength}, of ${this.#bytes.length}`);
	}

	#violate(what: string): never {
		this.violations++;
		throw new FlashRuleViolation(`flash: ${what}`);
	}

	#isWeak(byteOffset: number): boolean {
		return this.#weak[Math.floor(byteOffset / this.blockLength)] === 1;
	}

	#chance(oneIn: number): boolean {
		return this.#random32() % oneIn === 0;
	}

	#save(byteOffset: number, byteLength: number): void {
		if (this.#file !== undefined) writeSync(this.#file, this.#bytes, byteOffset, byteLength, byteOffset);
	}
}
