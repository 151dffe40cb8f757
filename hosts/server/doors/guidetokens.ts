import { createHmac, timingSafeEqual } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { type Json, parseJson } from '../json';

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;
const longest = 2_048;

/**
 * The token of the guide's section 6: three parts in plain base64 with padding, which RFC 7515 does not know, and HMAC-SHA-256
 * over the first two as they stand, as 32 bytes or as their hexadecimal text (the sketch does not say what its
 * `hmacSHA256` returns).
 * @returns the claims of a token whose signature is right, whatever they say; else undefined
 */
export function verifyGuideToken(
	token: string,
	secretsOf: (deviceId: string) => readonly Buffer[],
): JWTPayload | undefined {
	const parts = token.split('.');
	if (token.length > longest || parts.length !== 3 || !parts.every((part) => base64.test(part))) return undefined;
	const [header, claims] = parts.slice(0, 2).map(decode);
	if (!isObject(header) || header.alg !== 'HS256' || !isObject(claims)) return undefined;
	const { device_id } = claims;
	if (typeof device_id !== 'string') return undefined;
	const given = Buffer.from(parts[2]!, 'base64');
	const message = `${parts[0]}.${parts[1]}`;
	const signed = secretsOf(device_id).some((secret) => {
		const raw = createHmac('sha256', secret).update(message).digest();
		return isEqual(given, raw) || isEqual(given, Buffer.from(raw.toString('hex')));
	});
	return signed ? (claims as JWTPayload) : undefined;
}

function isEqual(one: Buffer, other: Buffer): boolean {
	return one.length === other.length && timingSafeEqual(one, other);
}

function decode(part: string): Json | undefined {
	try {
		return parseJson(Buffer.from(part, 'base64').toString('utf8'));
	} catch {
		return undefined;
	}
}

function isObject(value: Json | undefined): value is { [name: string]: Json } {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
