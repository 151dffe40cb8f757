/**
 * Follows the frames of an MQTT stream (3.1.1, section 2.2: one byte, then a length of one to four bytes, then that many)
 * only to see how long each says it is: the parser behind it would collect up to 256 MB before it looked.
 */
export class PacketGuard {
	readonly #limit: number;
	/** Bytes of the current packet that are still to come; negative: its header is being read. */
	#left = -1;
	#headerBytes = 0;
	#length = 0;

	/** @param limit bytes after the header that a packet may have */
	constructor(limit: number) {
		this.#limit = limit;
	}

	/** False when the stream announces a packet that is too long, or is no MQTT: nothing of it must be read further. */
	accepts(chunk: Uint8Array): boolean {
		let at = 0;
		while (at < chunk.length) {
			if (this.#left > 0) {
				const taken = Math.min(this.#left, chunk.length - at);
				this.#left -= taken;
				at += taken;
				if (this.#left === 0) this.#left = -1;
				continue;
			}
			const byte = chunk[at]!;
			at += 1;
			this.#headerBytes += 1;
			if (this.#headerBytes === 1) continue;
			this.#length += (byte & 0x7f) * 128 ** (this.#headerBytes - 2);
			if (this.#length > this.#limit) return false;
			if (byte & 0x80) {
				if (this.#headerBytes === 5) return false;
				continue;
			}
			this.#left = this.#length > 0 ? this.#length : -1;
			this.#headerBytes = 0;
			this.#length = 0;
		}
		return true;
	}
}
