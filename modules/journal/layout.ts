import { Fault } from '../fault';

export const HEADER_BYTE_LENGTH = 40;
export const CRC_BYTE_LENGTH = 4;
/** Sequences end below this; 0 is never one. */
export const SEQUENCE_END = 0xffff_ffff;

/**
 * Where things lie in the partition: every block is `header | marks | slots`, with as many slots as fit (FORMAT.md).
 */
export class Layout {
	readonly blocks: number;
	readonly blockLength: number;
	readonly payloadByteLength: number;
	/** Payload and CRC. */
	readonly slotByteLength: number;
	/** Slots, and marks, in a block. */
	readonly slots: number;

	/** @throws Fault `range` unless 2 to 65,535 blocks each hold at least one record of 1 to 363 bytes. */
	constructor(blocks: number, blockLength: number, payloadByteLength: number) {
		// Above 363 bytes CRC-32 no longer tells one flipped bit from four.
		if (!Number.isInteger(payloadByteLength) || payloadByteLength < 1 || payloadByteLength > 363) {
			throw new Fault('range', `journal: a payload of ${payloadByteLength} bytes; 1 to 363 are possible`);
		}
		if (!Number.isInteger(blocks) || blocks < 2 || blocks > 0xffff) {
			throw new Fault('range', `journal: ${blocks} blocks; 2 to 65535 are possible`);
		}
		this.slots = Math.floor((blockLength - HEADER_BYTE_LENGTH) / (payloadByteLength + CRC_BYTE_LENGTH + 1));
		if (!(this.slots >= 1)) {
			throw new Fault('range', `journal: a block of ${blockLength} bytes holds no record of ${payloadByteLength}`);
		}
		this.blocks = blocks;
		this.blockLength = blockLength;
		this.payloadByteLength = payloadByteLength;
		this.slotByteLength = payloadByteLength + CRC_BYTE_LENGTH;
	}

	headerOffset(block: number): number {
		return block * this.blockLength;
	}

	markOffset(block: number, index: number): number {
		return block * this.blockLength + HEADER_BYTE_LENGTH + index;
	}

	slotOffset(block: number, index: number): number {
		return block * this.blockLength + HEADER_BYTE_LENGTH + this.slots + index * this.slotByteLength;
	}
}
