import type { IncomingMessage } from 'node:http';
import type { Log } from '../../../modules/ports';
import type { Credentials } from '../credentials';
import { Seldom } from '../seldom';
import { Rates } from './rates';
import { Tokens } from './tokens';

export interface DoorkeeperOptions {
	readonly credentials: Credentials;
	/** Epoch ms. */
	readonly now: () => number;
	readonly log: Log;
	readonly acceptGuideTokens?: boolean;
	/** Messages a second of one device, over all doors of the web; ten times as many at once. Default 200. */
	readonly perSecond?: number;
}

/** Who does not come in, as an HTTP answer. */
export interface Turned {
	readonly status: 401 | 403 | 429 | 503;
	readonly error: string;
	/** Seconds. */
	readonly retryAfter?: number;
}

type Asking = Pick<IncomingMessage, 'headers' | 'socket'>;

/** Of one address, answers of 401 a second; who is over it is told so and not looked at. */
const strangers = { perSecond: 20, burst: 200 };

/** Who comes in through the web's doors: a device with a token that it signed, an operator with the token it was given. */
export class Doorkeeper {
	readonly #options: DoorkeeperOptions;
	readonly #tokens: Tokens;
	readonly #devices: Rates;
	readonly #strangers = new Rates(strangers);
	readonly #seldom: Seldom;

	constructor(options: DoorkeeperOptions) {
		this.#options = options;
		this.#tokens = new Tokens(options);
		const perSecond = options.perSecond ?? 200;
		this.#devices = new Rates({ perSecond, burst: perSecond * 10 });
		this.#seldom = new Seldom(options.log, options.now);
	}

	/**
	 * The device that asks. Never rejects.
	 * @param named who it says it is elsewhere (in a path), if it does
	 */
	async device(asking: Asking, named?: string): Promise<{ readonly deviceId: string } | Turned> {
		const token = this.#bearer(asking);
		try {
			const bearer = token === undefined ? { refused: 'authorization: missing' } : await this.#tokens.bearer(token);
			if ('refused' in bearer) return this.stranger(asking, bearer.refused);
			const { deviceId } = bearer;
			const header = asking.headers['x-device-id'];
			if (header !== undefined && header !== deviceId)
				return { status: 403, error: `x-device-id: is not ${deviceId}, whose token this is` };
			if (named !== undefined && named !== deviceId)
				return { status: 403, error: `device_id: is not ${deviceId}, whose token this is` };
			return bearer;
		} catch (error) {
			return this.#unable(error);
		}
	}

	/** One message more of a device: 0, or how long (ms) it has to wait before. */
	rate(deviceId: string): number {
		return this.#devices.take(deviceId);
	}

	/** The operator that asks. Never throws. */
	operator(asking: Asking): { readonly operator: string } | Turned {
		const token = this.#bearer(asking);
		try {
			const operator = token === undefined ? undefined : this.#options.credentials.operator(token);
			return operator === undefined
				? this.stranger(asking, token === undefined ? 'authorization: missing' : "token: no operator's")
				: { operator };
		} catch (error) {
			return this.#unable(error);
		}
	}

	/** Somebody who has not shown that it may come in; one who tries too often is not looked at. */
	stranger({ socket }: Asking, error: string): Turned {
		const address = socket.remoteAddress ?? 'somebody';
		this.#seldom.log(address, 'warning', 'web', `${address} refused: ${error}`);
		const wait = this.#strangers.take(address);
		if (wait > 0) return { status: 429, error: 'failed too often', retryAfter: Math.ceil(wait / 1000) };
		return { status: 401, error };
	}

	#bearer({ headers }: Asking): string | undefined {
		const match = /^(Bearer|Basic) +([A-Za-z0-9._~+/=-]+)$/i.exec(headers.authorization ?? '');
		if (!match) return undefined;
		if (match[1]!.toLowerCase() === 'bearer') return match[2];
		// The library of the guide's section 3 makes of setAuthorization("Bearer", token) a user "Bearer" with a password.
		if (!this.#options.acceptGuideTokens) return undefined;
		return /^Bearer:(.+)$/.exec(Buffer.from(match[2]!, 'base64').toString('utf8'))?.[1];
	}

	#unable(error: unknown): Turned {
		this.#seldom.log('failed', 'error', 'web', `nobody can be let in: ${(error as Error).message}`);
		return { status: 503, error: 'the credentials cannot be read', retryAfter: 10 };
	}
}
