/**
 * SHA-1 (FIPS 180-4 §6.1), for the one thing that RFC 6455 §4.2.2 wants it for: a proof that the server has read the request.
 * It keeps no secret and is to be used for nothing else.
 */
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** What RFC 6455 §1.3 appends to the key. */
const SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const BLOCK = 64;

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** The 20 bytes of the digest of ASCII text. */
export function sha1(ascii: string): Uint8Array {
	const length = ascii.length;
	const padded = new Uint8Array(Math.ceil((length + 9) / BLOCK) * BLOCK);
	for (let at = 0; at < length; at++) padded[at] = ascii.charCodeAt(at);
	padded[length] = 0x80;
	const view = new DataView(padded.buffer);
	view.setUint32(padded.length - 4, length * 8);
	const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
	const words = new Int32Array(80);
	for (let at = 0; at < padded.length; at += BLOCK) block(state, words, view, at);
	const digest = new Uint8Array(20);
	const out = new DataView(digest.buffer);
	for (let at = 0; at < 5; at++) out.setUint32(at * 4, state[at]!);
	return digest;
}

function block(state: Uint32Array, words: Int32Array, view: DataView, from: number): void {
	for (let at = 0; at < 16; at++) words[at] = view.getInt32(from + at * 4);
	for (let at = 16; at < 80; at++)
		words[at] = rotate(words[at - 3]! ^ words[at - 8]! ^ words[at - 14]! ^ words[at - 16]!, 1);
	let a = state[0]! | 0;
	let b = state[1]! | 0;
	let c = state[2]! | 0;
	let d = state[3]! | 0;
	let e = state[4]! | 0;
	for (let at = 0; at < 80; at++) {
		let mixed: number;
		if (at < 20) mixed = ((b & c) | (~b & d)) + 0x5a827999;
		else if (at < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1;
		else if (at < 60) mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
		else mixed = (b ^ c ^ d) + 0xca62c1d6;
		const next = (rotate(a, 5) + mixed + e + words[at]!) | 0;
		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = next;
	}
	state[0] = state[0]! + a;
	state[1] = state[1]! + b;
	state[2] = state[2]! + c;
	state[3] = state[3]! + d;
	state[4] = state[4]! + e;
}

/** Sec-WebSocket-Accept for a Sec-WebSocket-Key: 28 characters of base64 (RFC 4648 §4). */
export function acceptFor(key: string): string {
	const digest = sha1(key + SUFFIX);
	let text = '';
	for (let at = 0; at < 20; at += 3) {
		const left = 20 - at;
		const bits = (digest[at]! << 16) | ((digest[at + 1] ?? 0) << 8) | (digest[at + 2] ?? 0);
		text += BASE64[bits >> 18]! + BASE64[(bits >> 12) & 63]! + BASE64[(bits >> 6) & 63]!;
		text += left > 2 ? BASE64[bits & 63]! : '=';
	}
	return text;
}
