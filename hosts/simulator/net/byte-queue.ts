import { Fault } from '../../../modules/fault';
import type { Bytes } from '../../../modules/sockets';

/** Bytes that came and have not been read, read as ECMA-419 §12.1 says: one, some, all, or into a buffer. */
export class ByteQueue {
	readonly #chunks: Uint8Array[] = [];
	#length = 0;

	get length(): number {
		return this.#length;
	}

	push(chunk: Uint8Array): void {
		if (chunk.byteLength === 0) return;
		this.#chunks.push(chunk);
		this.#length += chunk.byteLength;
	}

	clear(): void {
		this.#chunks.length = this.#length = 0;
	}

	/** Throws, as the SDK's sockets do, when fewer bytes are there than are asked for by number. */
	read(format: 'buffer' | 'number', into?: number | Bytes): number | ArrayBuffer | undefined {
		if (this.#length === 0) return undefined;
		if (format === 'number') {
			const one = new Uint8Array(1);
			this.#take(one);
			return one[0];
		}
		if (typeof into === 'object') {
			const view = into instanceof Uint8Array ? into : new Uint8Array(into);
			const target = view.subarray(0, Math.min(view.byteLength, this.#length));
			this.#take(target);
			return target.byteLength;
		}
		const count = into ?? this.#length;
		if (!(count > 0 && count <= this.#length)) throw new Fault('misuse', 'so many bytes are not there');
		const bytes = new Uint8Array(count);
		this.#take(bytes);
		return bytes.buffer;
	}

	#take(target: Uint8Array): void {
		this.#length -= target.byteLength;
		for (let at = 0; at < target.byteLength; ) {
			const chunk = this.#chunks[0]!;
			const part = chunk.subarray(0, target.byteLength - at);
			target.set(part, at);
			at += part.byteLength;
			if (part.byteLength === chunk.byteLength) this.#chunks.shift();
			else this.#chunks[0] = chunk.subarray(part.byteLength);
		}
	}
}
