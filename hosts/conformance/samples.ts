import { randomBytes, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';

/** A reading as wire.md has it, of this moment, with a reading id that nobody has used. */
export function reading(deviceId: string, more: Record<string, unknown> = {}): Record<string, unknown> {
	return {
		device_id: deviceId,
		timestamp: Date.now(),
		temperature: 36.61,
		humidity: 41.2,
		heart_rate: 72,
		spo2: 97.5,
		battery_level: 88,
		reading_id: `${randomBytes(4).toString('hex')}-1`,
		...more,
	};
}

/** The body of the guide's sketch in section 2.1: nested, and in seconds. */
export function nestedReading(deviceId: string): Record<string, unknown> {
	return {
		device_id: deviceId,
		timestamp: Math.floor(Date.now() / 1000),
		data: { temperature: 36.5, humidity: 40, heart_rate: 71 },
		location: { latitude: 14.6937, longitude: -17.4441 },
	};
}

/** A batch as wire.md has it: the model's fields in each measurement, the ids beside. */
export function batch(deviceId: string, count: number, spoil?: number): Record<string, unknown> {
	const epoch = randomBytes(4).toString('hex');
	const now = Date.now();
	return {
		device_id: deviceId,
		batch_timestamp: now,
		measurements: Array.from({ length: count }, (_, index) => ({
			timestamp: new Date(now - 1000 * (count - index)).toISOString(),
			temperature: index === spoil ? 'hot' : 36.5,
			heart_rate: 70,
		})),
		reading_ids: Array.from({ length: count }, (_, index) => `${epoch}-${index + 1}`),
	};
}

export interface TokenOptions {
	readonly deviceId: string;
	readonly secret: string;
	/** Seconds from now; default an hour. */
	readonly lifetime?: number;
	readonly issuer?: string;
}

/** A device's token, as wire.md has it. */
export function token({ deviceId, secret, lifetime = 3600, issuer = 'fajma-iot' }: TokenOptions): Promise<string> {
	const now = Math.floor(Date.now() / 1000);
	return new SignJWT({ device_id: deviceId })
		.setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
		.setIssuer(issuer)
		.setIssuedAt(now - Math.max(0, -lifetime) - 1)
		.setExpirationTime(now + lifetime)
		.setJti(randomUUID())
		.sign(new TextEncoder().encode(secret));
}

/** The token of somebody who hopes that the server believes its header. */
export function unsignedToken(deviceId: string): string {
	const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
	const now = Math.floor(Date.now() / 1000);
	const claims = { device_id: deviceId, iat: now, exp: now + 3600, iss: 'fajma-iot' };
	return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`;
}
