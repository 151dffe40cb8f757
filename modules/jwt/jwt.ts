import { Fault } from '../fault';
import type { Clock, Random32, Tokens } from '../ports';
import { decode, encode } from '../text/utf8';
import { base64urlLength, writeBase64url } from './base64url';
import { HmacSha256 } from './hmac';
import { SHA256_DIGEST_BYTES } from './sha256';

export interface JwtOptions {
	readonly clock: Clock;
	/** The claim `device_id`: 1 to 64 characters. */
	readonly deviceId: string;
	/** UTF-8, 32 to 512 bytes: a shorter key than the digest is not HS256 (RFC 7518 §3.2). */
	readonly secret: string;
	readonly random32: Random32;
	/** From `iat` to `exp`: 600 to 86,400, 3,600 unless given. */
	readonly lifetimeSeconds?: number;
}

const LEAST_SECRET = 32;
const MOST_SECRET = 512;
const LONGEST_DEVICE_ID = 64;
const LIFETIME = 3600;
const SHORTEST_LIFETIME = 600;
const LONGEST_LIFETIME = 86_400;
/** Before its end, so that a token which is sent now does not end on its way. */
const RENEWAL = 300;

/** 2026-01-01 and 2100-01-01, in seconds: a clock that says anything else was never set, or was lied to. */
const EARLIEST = 1_767_225_600;
const LATEST = 4_102_444_800;

/** {"alg":"HS256","typ":"JWT"}, encoded, and the dot behind it. */
const HEADER = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.';
const ISSUER = 'fajma-iot';
const DOT = 0x2e;

/**
 * The tokens (RFC 7519) with which a device says to a server who it is: HS256 over device_id, iat, exp, iss and jti.
 * A token is made when it is asked for, and again 300 s before its end, or at once when the clock jumps out of its life.
 *
 * A conversation has a source of its own: `rejected` and `accepted` speak of the last token that was sent.
 *
 *     fresh ──rejected: true──▶ second ──rejected: false──▶ second
 *       ▲                         │
 *       └────────accepted─────────┘
 */
export class TokenSource implements Tokens {
	readonly #clock: Clock;
	readonly #deviceId: string;
	readonly #random32: Random32;
	readonly #lifetime: number;
	readonly #hmac: HmacSha256;
	#token: string | undefined;
	/** Of #token, in seconds. */
	#issued = 0;
	/** A token was refused since the server last took one. */
	#second = false;

	/** @throws Fault 'range' that names the option and its bound, 'malformed' when the secret is no Unicode text; neither shows it. */
	constructor({ clock, deviceId, secret, random32, lifetimeSeconds = LIFETIME }: JwtOptions) {
		if (deviceId.length < 1 || deviceId.length > LONGEST_DEVICE_ID)
			throw new Fault('range', `deviceId: 1 to ${LONGEST_DEVICE_ID} characters`);
		if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < SHORTEST_LIFETIME || lifetimeSeconds > LONGEST_LIFETIME)
			throw new Fault('range', `lifetimeSeconds: ${SHORTEST_LIFETIME} to ${LONGEST_LIFETIME}`);
		const key = keyOf(secret);
		this.#hmac = new HmacSha256(key);
		key.fill(0);
		this.#clock = clock;
		this.#deviceId = deviceId;
		this.#random32 = random32;
		this.#lifetime = lifetimeSeconds;
	}

	/** The token to send now (compact form, ASCII), or undefined while the time is unknown or cannot be. */
	token(): string | undefined {
		const now = this.#seconds();
		if (now === undefined) return undefined;
		if (this.#token === undefined || now < this.#issued || now >= this.#issued + this.#lifetime - RENEWAL) {
			this.#token = this.#make(now);
			this.#issued = now;
		}
		return this.#token;
	}

	/** A 401: the token at hand is thrown away. True: a new one may be tried at once; false: back off first. */
	rejected(): boolean {
		const again = !this.#second && this.#seconds() !== undefined;
		this.#token = undefined;
		this.#second = true;
		return again;
	}

	/** The server took it. */
	accepted(): void {
		this.#second = false;
	}

	#seconds(): number | undefined {
		const { time } = this.#clock;
		if (time === undefined) return undefined;
		const seconds = Math.floor(time / 1000);
		return seconds >= EARLIEST && seconds < LATEST ? seconds : undefined;
	}

	#make(iat: number): string {
		const claims = {
			device_id: this.#deviceId,
			iat,
			exp: iat + this.#lifetime,
			iss: ISSUER,
			jti: this.#word() + this.#word() + this.#word() + this.#word(),
		};
		const payload = new Uint8Array(encode(JSON.stringify(claims)));
		const length = HEADER.length + base64urlLength(payload.length) + 1 + base64urlLength(SHA256_DIGEST_BYTES);
		const token = new Uint8Array(length);
		for (let at = 0; at < HEADER.length; at++) token[at] = HEADER.charCodeAt(at);
		const end = writeBase64url(token, HEADER.length, payload);
		token[end] = DOT;
		writeBase64url(token, end + 1, this.#hmac.sign(token.subarray(0, end)));
		return decode(token);
	}

	/** 8 hex digits. */
	#word(): string {
		return (this.#random32() >>> 0).toString(16).padStart(8, '0');
	}
}

function keyOf(secret: string): Uint8Array {
	let key: Uint8Array;
	try {
		key = new Uint8Array(encode(secret));
	} catch {
		throw new Fault('malformed', 'secret: not Unicode text');
	}
	if (key.length < LEAST_SECRET || key.length > MOST_SECRET)
		throw new Fault('range', `secret: ${LEAST_SECRET} to ${MOST_SECRET} bytes`);
	return key;
}
