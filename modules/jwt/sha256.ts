/** SHA-256 (FIPS 180-4 §6.2). Written for XS: 32-bit integers in owned typed arrays, nothing allocated per block. */

export const SHA256_BLOCK_BYTES = 64;
export const SHA256_DIGEST_BYTES = 32;

/** FIPS 180-4 §4.2.2: the fractions of the cube roots of the first 64 primes. */
const K = Object.freeze([
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
	0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
	0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
	0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
] as const);

/** FIPS 180-4 §5.3.3: the fractions of the square roots of the first 8 primes. */
const START = Object.freeze([
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
] as const);

const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

/** One digest, of what `update` was given piece by piece. */
export class Sha256 {
	readonly #state = Int32Array.from(START);
	/** The last 16 words of the message schedule: the older ones are not asked for again. */
	readonly #schedule = new Int32Array(16);
	readonly #block = new Uint8Array(SHA256_BLOCK_BYTES);
	/** Bytes so far; those of the unfinished block stand in #block. */
	#length = 0;

	update(bytes: Uint8Array): this {
		const block = this.#block;
		for (let at = 0; at < bytes.length; at++) {
			block[this.#length++ % SHA256_BLOCK_BYTES] = bytes[at]!;
			if (this.#length % SHA256_BLOCK_BYTES === 0) this.#compress();
		}
		return this;
	}

	/** The 32 bytes. Ends the instance. */
	digest(): Uint8Array {
		const bits = this.#length * 8;
		const block = this.#block;
		let at = this.#length % SHA256_BLOCK_BYTES;
		block[at++] = 0x80;
		if (at > 56) {
			block.fill(0, at);
			this.#compress();
			at = 0;
		}
		block.fill(0, at);
		const tail = new DataView(block.buffer);
		tail.setUint32(56, Math.floor(bits / 2 ** 32));
		tail.setUint32(60, bits >>> 0);
		this.#compress();
		const digest = new Uint8Array(SHA256_DIGEST_BYTES);
		const view = new DataView(digest.buffer);
		for (let word = 0; word < 8; word++) view.setInt32(4 * word, this.#state[word]!);
		return digest;
	}

	#compress(): void {
		const state = this.#state;
		const schedule = this.#schedule;
		const block = this.#block;
		let a = state[0]!;
		let b = state[1]!;
		let c = state[2]!;
		let d = state[3]!;
		let e = state[4]!;
		let f = state[5]!;
		let g = state[6]!;
		let h = state[7]!;
		for (let round = 0; round < 64; round++) {
			const slot = round & 15;
			if (round < 16) {
				const at = 4 * round;
				schedule[slot] = (block[at]! << 24) | (block[at + 1]! << 16) | (block[at + 2]! << 8) | block[at + 3]!;
			} else {
				const before2 = schedule[(round - 2) & 15]!;
				const before15 = schedule[(round - 15) & 15]!;
				const sigma1 = rotate(before2, 17) ^ rotate(before2, 19) ^ (before2 >>> 10);
				const sigma0 = rotate(before15, 7) ^ rotate(before15, 18) ^ (before15 >>> 3);
				// What stands in this slot is the word of 16 rounds ago.
				schedule[slot] = sigma1 + schedule[(round - 7) & 15]! + sigma0 + schedule[slot]!;
			}
			const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
			const chosen = (e & f) ^ (~e & g);
			const first = (h + sum1 + chosen + K[round]! + schedule[slot]!) | 0;
			const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
			const majority = (a & b) ^ (a & c) ^ (b & c);
			h = g;
			g = f;
			f = e;
			e = (d + first) | 0;
			d = c;
			c = b;
			b = a;
			a = (first + sum0 + majority) | 0;
		}
		state[0]! += a;
		state[1]! += b;
		state[2]! += c;
		state[3]! += d;
		state[4]! += e;
		state[5]! += f;
		state[6]! += g;
		state[7]! += h;
	}
}
