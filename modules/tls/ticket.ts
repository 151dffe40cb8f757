/**
 * What a session looks like outside: a header of 48 bytes, then what Mbed TLS wrote.
 *
 *   0   4  "fTS1"
 *   4   4  zero
 *   8   8  epoch ms when the first certificate of the verified chain ends (float64, little endian)
 *   16  32 SHA-256 over the peer's name, the CA and our certificate
 *
 * A resumed session shows no certificate, so what was verified once is tied to what is asked for now.
 */
export const HEADER = 48;

const MAGIC = 0x31535466;

export function stamp(session: ArrayBuffer, expiry: number, binding: ArrayBuffer): void {
	const view = new DataView(session);
	view.setUint32(0, MAGIC, true);
	view.setFloat64(8, expiry, true);
	new Uint8Array(session, 16, 32).set(new Uint8Array(binding));
}

/** The library's part of a session that may be offered now; undefined for one that is another's, too old or no session. */
export function unstamp(
	session: ArrayBuffer | Uint8Array,
	earliest: number,
	binding: ArrayBuffer,
): Uint8Array | undefined {
	const bytes = session instanceof Uint8Array ? session : new Uint8Array(session);
	if (bytes.byteLength <= HEADER) return undefined;
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (view.getUint32(0, true) !== MAGIC) return undefined;
	if (!(view.getFloat64(8, true) >= earliest)) return undefined;
	const wanted = new Uint8Array(binding);
	for (let i = 0; i < 32; i++) if (bytes[16 + i] !== wanted[i]) return undefined;
	return bytes.subarray(HEADER);
}
