/** Reads or writes numbers, names and bytes one after the other, little-endian. Throws RangeError beyond the end. */
export class Cursor {
	position: number;
	readonly #bytes: Uint8Array;
	readonly #view: DataView;

	constructor(bytes: Uint8Array, position = 0) {
		this.#bytes = bytes;
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		this.position = position;
	}

	/** Leaves `count` bytes as they are. */
	skip(count: number): void {
		this.#take(count);
	}

	writeU8(value: number): void {
		this.#view.setUint8(this.#take(1), value);
	}

	writeU16(value: number): void {
		this.#view.setUint16(this.#take(2), value, true);
	}

	writeU32(value: number): void {
		this.#view.setUint32(this.#take(4), value, true);
	}

	writeI32(value: number): void {
		this.#view.setInt32(this.#take(4), value, true);
	}

	writeF64(value: number): void {
		this.#view.setFloat64(this.#take(8), value, true);
	}

	writeBytes(bytes: Uint8Array): void {
		this.#bytes.set(bytes, this.#take(bytes.length));
	}

	/** ASCII of up to 255 characters, behind its length. */
	writeText(text: string): void {
		this.writeU8(text.length);
		for (let at = 0; at < text.length; at++) this.writeU8(text.charCodeAt(at));
	}

	readU8(): number {
		return this.#view.getUint8(this.#take(1));
	}

	readU16(): number {
		return this.#view.getUint16(this.#take(2), true);
	}

	readU32(): number {
		return this.#view.getUint32(this.#take(4), true);
	}

	readI32(): number {
		return this.#view.getInt32(this.#take(4), true);
	}

	readF64(): number {
		return this.#view.getFloat64(this.#take(8), true);
	}

	/** A copy. */
	readBytes(count: number): Uint8Array {
		const start = this.#take(count);
		if (this.position > this.#bytes.length) throw new RangeError('beyond the end');
		return this.#bytes.slice(start, this.position);
	}

	readText(): string {
		let text = '';
		for (let left = this.readU8(); left > 0; left--) text += String.fromCharCode(this.readU8());
		return text;
	}

	#take(count: number): number {
		const at = this.position;
		this.position += count;
		return at;
	}
}
