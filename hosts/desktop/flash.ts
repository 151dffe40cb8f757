/** The journal's partition on a computer: a file that behaves as NOR flash does. The rules are here, the file is in flash.c. */
import { Fault } from '../../modules/fault';
import type { FlashPartition } from '../../modules/ports';

export interface FileFlashOptions {
	readonly path: string;
	readonly blocks: number;
	/** Bytes in an erase block. */
	readonly blockLength: number;
}

export class FileFlash implements FlashPartition {
	readonly #status: { readonly size: number; readonly blockLength: number; readonly blocks: number };
	#file: File | undefined;

	/** Makes the file, erased, when it is not there. Throws a Fault 'flash' when it has another size, or another process has it. */
	constructor({ path, blocks, blockLength }: FileFlashOptions) {
		const size = blocks * blockLength;
		const file = open(path, size);
		if (typeof file === 'string') throw new Fault('flash', `${path}: ${file}`);
		this.#file = file;
		this.#status = Object.freeze({ size, blockLength, blocks });
	}

	status(): { readonly size: number; readonly blockLength: number; readonly blocks: number } {
		return this.#status;
	}

	read(buffer: Uint8Array, byteOffset: number): number {
		const file = this.#check(byteOffset, buffer.byteLength);
		if (!read(file, buffer, byteOffset)) throw new Fault('flash', `cannot read at ${byteOffset}`);
		return buffer.byteLength;
	}

	/** As NOR flash: a bit that was cleared stays so until its block is erased. */
	write(buffer: Uint8Array, byteOffset: number): void {
		const file = this.#check(byteOffset, buffer.byteLength);
		if (!write(file, buffer, byteOffset)) throw new Fault('flash', `cannot write at ${byteOffset}`);
	}

	eraseBlock(start: number, end: number = start + 1): void {
		const { blocks, blockLength } = this.#status;
		if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end > blocks || start >= end)
			throw new Fault('range', `blocks ${start} to ${end} of ${blocks} cannot be erased`);
		const file = this.#check(start * blockLength, 0);
		if (!erase(file, start * blockLength, (end - start) * blockLength))
			throw new Fault('flash', `cannot erase blocks ${start} to ${end}`);
	}

	close(): void {
		if (this.#file) close(this.#file);
		this.#file = undefined;
	}

	#check(byteOffset: number, byteLength: number): File {
		if (!this.#file) throw new Fault('misuse', 'the flash is closed');
		const { size } = this.#status;
		if (!Number.isInteger(byteOffset) || byteOffset < 0 || byteOffset + byteLength > size)
			throw new Fault('range', `bytes ${byteOffset} to ${byteOffset + byteLength} of ${size}`);
		return this.#file;
	}
}

/* flash.c ------------------------------------------------------------------------------------------------------------- */

declare function native(name: string): (this: unknown, ...args: readonly unknown[]) => unknown;

/** A host object that holds the file. */
type File = { readonly file: unique symbol };

function open(this: void, path: string, size: number): File | string {
	return native('xs_desktop_flash_open').call(this, path, size) as File | string;
}
function read(this: void, file: File, into: Uint8Array, offset: number): boolean {
	return native('xs_desktop_flash_read').call(this, file, into, offset) as boolean;
}
function write(this: void, file: File, bytes: Uint8Array, offset: number): boolean {
	return native('xs_desktop_flash_write').call(this, file, bytes, offset) as boolean;
}
function erase(this: void, file: File, offset: number, length: number): boolean {
	return native('xs_desktop_flash_erase').call(this, file, offset, length) as boolean;
}
function close(this: void, file: File): void {
	native('xs_desktop_flash_close').call(this, file);
}
