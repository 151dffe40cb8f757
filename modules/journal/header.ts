import { CRC_START, crcBytes, crcEnd, crcFlippedBit } from './crc32';
import { HEADER_BYTE_LENGTH, type Layout, SEQUENCE_END } from './layout';

/** `FJL` and the version of the format, little-endian. */
const MAGIC = 0x014c_4a46;
/** Magic and generation: what is written when the block is prepared. */
export const STAMP_BYTE_LENGTH = 8;
const CRC_OFFSET = HEADER_BYTE_LENGTH - 4;
/** Generations end below this, so that there is always a next one to prepare for. */
export const GENERATION_END = 0xffff_fffe;
/** Of the 128 bits that all headers of an epoch share, so many may be wrong in one that rots. Of random bytes 64 are. */
const WRONG_MAX = 12;
/** In place of a generation: nothing was ever written there. */
export const BLANK = 0xffff_ffff;

/**
 * The first 40 bytes of a block, and the fields they spell. One object is reused for all blocks.
 *
 * The stamp is written when the block has been erased, the rest when it is opened, each byte once.
 */
export class Header {
	readonly bytes = new Uint8Array(HEADER_BYTE_LENGTH);
	/** +1 for each block opened since format: the highest is the newest. */
	generation = 0;
	/** Never 0; another one after each format. */
	epoch = 0;
	/** Of slot 0. */
	firstSequence = 0;
	/** Every record below it was released or dropped when this block was opened. */
	oldestSequence = 0;
	/** Records dropped unreleased since format. */
	dropped = 0;
	/** Records lost to bad flash since format, below `oldestSequence`. */
	damaged = 0;
	readonly #view = new DataView(this.bytes.buffer);
	readonly #layout: Layout;

	constructor(layout: Layout) {
		this.#layout = layout;
	}

	/** The first eight bytes of `bytes`. */
	get stamp(): Uint8Array {
		return this.bytes.subarray(0, STAMP_BYTE_LENGTH);
	}

	/** The other 32. */
	get body(): Uint8Array {
		return this.bytes.subarray(STAMP_BYTE_LENGTH);
	}

	/** Fields to bytes. */
	encode(): void {
		const view = this.#view;
		view.setUint32(0, MAGIC, true);
		view.setUint32(4, this.generation, true);
		view.setUint32(8, this.epoch, true);
		view.setUint32(12, this.firstSequence, true);
		view.setUint32(16, this.oldestSequence, true);
		view.setUint32(20, this.dropped, true);
		view.setUint32(24, this.damaged, true);
		view.setUint16(28, this.#layout.payloadByteLength, true);
		view.setUint16(30, this.#layout.blocks, true);
		view.setUint32(32, this.#layout.blockLength, true);
		view.setUint32(CRC_OFFSET, this.#crc(), true);
	}

	/** Bytes to fields; one flipped bit is put right. False, with the fields undefined, when this is no header of this layout. */
	decode(): boolean {
		const view = this.#view;
		// More than one bit of the magic is wrong: blank, mostly. Nothing below would find otherwise, but slowly, at each boot.
		const wrong = view.getUint32(0, true) ^ MAGIC;
		if ((wrong & (wrong - 1)) !== 0) return false;
		const difference = this.#crc() ^ view.getUint32(CRC_OFFSET, true);
		if (difference !== 0) {
			const bit = crcFlippedBit(difference, CRC_OFFSET);
			if (bit === undefined) return false;
			if (bit >= 0) this.bytes[bit >> 3]! ^= 1 << (bit & 7);
		}
		this.generation = view.getUint32(4, true);
		this.epoch = view.getUint32(8, true);
		this.firstSequence = view.getUint32(12, true);
		this.oldestSequence = view.getUint32(16, true);
		this.dropped = view.getUint32(20, true);
		this.damaged = view.getUint32(24, true);
		return (
			view.getUint32(0, true) === MAGIC &&
			view.getUint16(28, true) === this.#layout.payloadByteLength &&
			view.getUint16(30, true) === this.#layout.blocks &&
			view.getUint32(32, true) === this.#layout.blockLength &&
			this.generation >= 1 &&
			this.generation < GENERATION_END &&
			this.epoch !== 0 &&
			this.oldestSequence >= 1 &&
			this.oldestSequence <= this.firstSequence &&
			this.firstSequence + this.#layout.slots <= SEQUENCE_END
		);
	}

	/**
	 * For bytes that `decode` refused. Says whether they may have been a header of this layout and `epoch`, by the sixteen bytes
	 * that all of them share; `firstSequence` is then what stands there, rotten or not.
	 */
	resembles(epoch: number): boolean {
		const view = this.#view;
		this.firstSequence = view.getUint32(12, true);
		const { payloadByteLength, blocks, blockLength } = this.#layout;
		const wrong =
			countOnes(view.getUint32(0, true) ^ MAGIC) +
			countOnes(view.getUint32(8, true) ^ epoch) +
			countOnes(view.getUint32(28, true) ^ (payloadByteLength | (blocks << 16))) +
			countOnes(view.getUint32(32, true) ^ blockLength);
		// With a CRC that is right it is whole, and of another layout.
		return wrong <= WRONG_MAX && this.#crc() !== view.getUint32(CRC_OFFSET, true);
	}

	/** The generation a block was prepared for, when `bytes` are a stamp and nothing else; `BLANK` when they are blank, else 0. */
	preparedFor(): number {
		const view = this.#view;
		for (let at = STAMP_BYTE_LENGTH; at < HEADER_BYTE_LENGTH; at += 4) if (view.getUint32(at, true) !== BLANK) return 0;
		const generation = view.getUint32(4, true);
		if (view.getUint32(0, true) === MAGIC) return generation < GENERATION_END ? generation : 0;
		return view.getUint32(0, true) === BLANK && generation === BLANK ? BLANK : 0;
	}

	#crc(): number {
		return crcEnd(crcBytes(CRC_START, this.bytes, 0, CRC_OFFSET));
	}
}

export function countOnes(word: number): number {
	let count = 0;
	for (let left = word; left !== 0; left &= left - 1) count++;
	return count;
}
