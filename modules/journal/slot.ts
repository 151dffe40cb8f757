import { CRC_START, crcBytes, crcEnd, crcFlippedBit, crcWord, crcWordBefore } from './crc32';
import type { Layout } from './layout';

/**
 * One record as it lies in flash: payload, then a CRC-32 over epoch, sequence and payload, so that a record left over from
 * another life of the block, or read in the wrong place, never verifies. One object is reused for all records.
 */
export class Slot {
	readonly bytes: Uint8Array;
	readonly #view: DataView;
	readonly #payloadByteLength: number;

	constructor(layout: Layout) {
		this.bytes = new Uint8Array(layout.slotByteLength);
		this.#view = new DataView(this.bytes.buffer);
		this.#payloadByteLength = layout.payloadByteLength;
	}

	encode(epoch: number, sequence: number, payload: Uint8Array): void {
		this.bytes.set(payload);
		this.#view.setUint32(this.#payloadByteLength, this.#crc(epoch, sequence), true);
	}

	/** True when `bytes` are the record `sequence` of `epoch`; one flipped bit is put right. */
	verify(epoch: number, sequence: number): boolean {
		const difference = this.#crc(epoch, sequence) ^ this.#view.getUint32(this.#payloadByteLength, true);
		if (difference === 0) return true;
		const bit = crcFlippedBit(difference, this.#payloadByteLength);
		if (bit === undefined) return false;
		if (bit >= 0) this.bytes[bit >> 3]! ^= 1 << (bit & 7);
		return true;
	}

	/** The one sequence of `epoch` that `bytes` would verify for: any number when they are no whole record of it. */
	sequence(epoch: number): number {
		const stored = this.#view.getUint32(this.#payloadByteLength, true);
		return crcWordBefore(crcWord(CRC_START, epoch), this.bytes, this.#payloadByteLength, stored);
	}

	copyPayload(to: Uint8Array): void {
		for (let i = 0; i < this.#payloadByteLength; i++) to[i] = this.bytes[i]!;
	}

	/** 0xFFFFFFFF becomes 0: a written slot never looks blank. */
	#crc(epoch: number, sequence: number): number {
		const prefixed = crcWord(crcWord(CRC_START, epoch), sequence);
		const crc = crcEnd(crcBytes(prefixed, this.bytes, 0, this.#payloadByteLength));
		return crc === 0xffff_ffff ? 0 : crc;
	}
}
