import { SHA256_BLOCK_BYTES, Sha256 } from './sha256';

/** RFC 2104 §2: what the key is mixed with. */
const INNER = 0x36;
const OUTER = 0x5c;

/** HMAC-SHA-256 (RFC 2104) with one key, which is kept as bytes that no property shows. */
export class HmacSha256 {
	/** A whole block: the key, or the digest of a longer one, then zeros. */
	readonly #key = new Uint8Array(SHA256_BLOCK_BYTES);

	constructor(key: Uint8Array) {
		this.#key.set(key.length > SHA256_BLOCK_BYTES ? new Sha256().update(key).digest() : key);
	}

	/** The 32 bytes that vouch for `message`. */
	sign(message: Uint8Array): Uint8Array {
		const mixed = new Uint8Array(SHA256_BLOCK_BYTES);
		const inner = new Sha256().update(this.#mix(mixed, INNER)).update(message).digest();
		const signature = new Sha256().update(this.#mix(mixed, OUTER)).update(inner).digest();
		mixed.fill(0);
		return signature;
	}

	#mix(into: Uint8Array, pad: number): Uint8Array {
		for (let at = 0; at < SHA256_BLOCK_BYTES; at++) into[at] = this.#key[at]! ^ pad;
		return into;
	}
}
