import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Credentials } from '../credentials';
import { deviceIdPattern } from '../schema';
import { verifyGuideToken } from './guidetokens';

export interface TokensOptions {
	readonly credentials: Pick<Credentials, 'secrets' | 'version'>;
	/** Epoch ms. */
	readonly now: () => number;
	/** Also the guide's plain base64, and tokens of any length of life. */
	readonly acceptGuideTokens?: boolean;
}

export type Bearer = { readonly deviceId: string } | { readonly refused: string };

export const issuer = 'fajma-iot';
/** How far a device's clock may be off, in seconds. */
export const leeway = 60;
/** A stolen token must come to an end: the longest life that is taken, in seconds from now. */
const longestLife = 86_400;
const longestToken = 4_096;
/** RFC 7515, section 2: without padding. The library below takes more than that. */
const compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const maximumProved = 10_000;
/** Of nobody: an unknown device's token takes as long to refuse as a known one's. */
const nobody = Buffer.alloc(32);

/**
 * Whose token this is. HS256 (RFC 7519) with one of the device's own keys, so that one device cannot speak as another;
 * `iss`, `exp` and `device_id` must be there.
 */
export class Tokens {
	readonly #options: TokensOptions;
	/** Tokens that were proved since the credentials changed, and when they end: a connection kept alive sends one again and again. */
	readonly #proved = new Map<string, { readonly deviceId: string; readonly exp: number }>();
	#version = '';

	constructor(options: TokensOptions) {
		this.#options = options;
	}

	/**
	 * @param token what stands behind "Bearer"
	 * @throws Error when the credentials cannot be read
	 */
	async bearer(token: string): Promise<Bearer> {
		const { credentials, acceptGuideTokens = false } = this.#options;
		if (token.length > longestToken) return { refused: `token: over ${longestToken} characters` };
		const { version } = credentials;
		if (version !== this.#version) this.#proved.clear();
		this.#version = version;
		const seconds = this.#options.now() / 1000;
		const proved = this.#proved.get(token);
		if (proved && seconds <= proved.exp + leeway) return { deviceId: proved.deviceId };
		const claims = (await this.#verify(token)) ?? (acceptGuideTokens ? this.#guide(token) : undefined);
		if (claims === undefined) return { refused: 'token: not signed by a device that is known here' };
		const refused = this.#refusal(claims, seconds);
		if (refused !== undefined) return { refused };
		const deviceId = claims.device_id as string;
		// The file may have changed meanwhile: then it is proved again.
		if (credentials.version === version) this.#remember(token, deviceId, claims.exp!);
		return { deviceId };
	}

	/** The claims of a token whose signature is right, whatever they say; else undefined. */
	async #verify(token: string): Promise<JWTPayload | undefined> {
		if (!compact.test(token)) return undefined;
		let claimed: unknown;
		try {
			claimed = decodeJwt(token).device_id;
		} catch {
			return undefined;
		}
		const secrets = typeof claimed === 'string' ? this.#options.credentials.secrets(claimed) : [];
		for (const secret of secrets.length > 0 ? secrets : [nobody])
			try {
				const { payload } = await jwtVerify(token, secret, {
					algorithms: ['HS256'],
					clockTolerance: leeway,
					currentDate: new Date(this.#options.now()),
				});
				return secrets.length > 0 ? payload : undefined;
			} catch (error) {
				// Thrown after the signature was found good: what the claims lack is said below.
				if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed)
					return secrets.length > 0 ? error.payload : undefined;
			}
		return undefined;
	}

	#guide(token: string): JWTPayload | undefined {
		return verifyGuideToken(token, (deviceId) => this.#options.credentials.secrets(deviceId));
	}

	/** What is wrong with claims that a device did sign. */
	#refusal({ iss, exp, nbf, device_id }: JWTPayload, seconds: number): string | undefined {
		if (typeof device_id !== 'string' || !deviceIdPattern.test(device_id)) return 'token: device_id: missing';
		if (iss !== issuer) return `token: iss: must be ${issuer}`;
		if (typeof exp !== 'number') return 'token: exp: missing';
		if (seconds > exp + leeway)
			return `token: exp: over since ${Math.round(seconds - exp)} s; check the device's clock`;
		if (nbf !== undefined && nbf - leeway > seconds) return "token: nbf: not valid yet; check the device's clock";
		if (!this.#options.acceptGuideTokens && exp - seconds > longestLife + leeway)
			return `token: exp: more than ${longestLife} s ahead`;
		return undefined;
	}

	#remember(token: string, deviceId: string, exp: number): void {
		this.#proved.set(token, { deviceId, exp });
		if (this.#proved.size > maximumProved) this.#proved.delete(this.#proved.keys().next().value!);
	}
}
