import { Fault } from '../../modules/fault';
import type { FlashPartition } from '../../modules/ports';

/** Some blocks of a partition, as one of its own. It is not closed with it. */
export class FlashSlice implements FlashPartition {
	readonly #flash: FlashPartition;
	readonly #start: number;
	/** Operations since it was made. */
	writes = 0;
	erases = 0;
	readonly #blocks: number;
	readonly #blockLength: number;

	/**
	 * The blocks `start` to `end` − 1 of `flash`.
	 * @throws Fault 'range' when there are no such blocks
	 */
	constructor(flash: FlashPartition, start: number, end: number) {
		const { blockLength, blocks } = flash.status();
		if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end && end <= blocks))
			throw new Fault('range', `flash: blocks ${start} to ${end} of ${blocks}`);
		this.#flash = flash;
		this.#start = start;
		this.#blocks = end - start;
		this.#blockLength = blockLength;
	}

	status(): { readonly size: number; readonly blockLength: number; readonly blocks: number } {
		const blockLength = this.#blockLength;
		return { size: this.#blocks * blockLength, blockLength, blocks: this.#blocks };
	}

	read(buffer: Uint8Array, byteOffset: number): number {
		return this.#flash.read(buffer, this.#offset(buffer, byteOffset));
	}

	write(buffer: Uint8Array, byteOffset: number): void {
		this.writes++;
		this.#flash.write(buffer, this.#offset(buffer, byteOffset));
	}

	eraseBlock(start: number, end = start + 1): void {
		if (!(0 <= start && start <= end && end <= this.#blocks))
			throw new Fault('range', `flash: blocks ${start} to ${end} of ${this.#blocks}`);
		this.erases += end - start;
		this.#flash.eraseBlock(this.#start + start, this.#start + end);
	}

	close(): void {}

	#offset({ byteLength }: Uint8Array, byteOffset: number): number {
		if (!(byteOffset >= 0 && byteOffset + byteLength <= this.#blocks * this.#blockLength))
			throw new Fault('range', `flash: ${byteLength} bytes at ${byteOffset} of ${this.status().size}`);
		return this.#start * this.#blockLength + byteOffset;
	}
}

/** Of a large partition, and of a small one: a journal needs two. */
const ALERT_BLOCKS = 4;
const LEAST_ALERT_BLOCKS = 2;
const LARGE = 32;

/** How a partition is shared: its first blocks hold alerts, the others readings (FORMAT.md). */
export function shareFlash(flash: FlashPartition): { readonly alerts: FlashSlice; readonly readings: FlashSlice } {
	const { blocks } = flash.status();
	const first = blocks >= LARGE ? ALERT_BLOCKS : LEAST_ALERT_BLOCKS;
	return { alerts: new FlashSlice(flash, 0, first), readings: new FlashSlice(flash, first, blocks) };
}
