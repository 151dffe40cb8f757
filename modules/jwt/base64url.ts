/** base64url without padding (RFC 4648 §5, RFC 7515 §2), as ASCII bytes in a buffer of the caller's. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Characters that `byteLength` bytes become. */
export function base64urlLength(byteLength: number): number {
	return Math.ceil((byteLength * 4) / 3);
}

/** Writes `bytes` into `into` from `at`, which must have room for them; returns where the next character goes. */
export function writeBase64url(into: Uint8Array, at: number, bytes: Uint8Array): number {
	let held = 0;
	let bits = 0;
	let next = at;
	for (let index = 0; index < bytes.length; index++) {
		held = ((held << 8) | bytes[index]!) & 0xffff;
		bits += 8;
		while (bits >= 6) {
			bits -= 6;
			into[next++] = ALPHABET.charCodeAt((held >> bits) & 63);
		}
	}
	if (bits > 0) into[next++] = ALPHABET.charCodeAt((held << (6 - bits)) & 63);
	return next;
}
