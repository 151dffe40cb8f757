/** Reads or writes fields of 1 to 48 bits, most significant bit first, one after the other. */
export class Bits {
	readonly #bytes: Uint8Array;
	#position = 0;

	constructor(bytes: Uint8Array) {
		this.#bytes = bytes;
	}

	/** Writes `value`, 0 to 2^width − 1, as the next `width` bits. */
	write(width: number, value: number): void {
		const bytes = this.#bytes;
		while (width > 0) {
			const room = 8 - (this.#position & 7);
			const taken = Math.min(room, width);
			// Division, not shifts: a field may be wider than 32 bits.
			const part = Math.floor(value / 2 ** (width - taken)) % 2 ** taken;
			const at = this.#position >> 3;
			const shift = room - taken;
			const mask = ((1 << taken) - 1) << shift;
			bytes[at] = (bytes[at]! & ~mask) | (part << shift);
			this.#position += taken;
			width -= taken;
		}
	}

	/** The next `width` bits as an unsigned number. */
	read(width: number): number {
		const bytes = this.#bytes;
		let value = 0;
		while (width > 0) {
			const room = 8 - (this.#position & 7);
			const taken = Math.min(room, width);
			value = value * 2 ** taken + ((bytes[this.#position >> 3]! >> (room - taken)) & ((1 << taken) - 1));
			this.#position += taken;
			width -= taken;
		}
		return value;
	}
}
