import type { Log } from '../../modules/ports';
import { Attempts } from './attempts';
import type { Credentials } from './credentials';

/** MQTT 3.1.1, section 3.2.2.3. */
export const identifierRejected = 2;
export const unavailable = 3;
export const badCredentials = 4;

export type Admission = { readonly deviceId: string } | { readonly refused: 2 | 3 | 4; readonly why: string };

export interface AuthenticatorOptions {
	readonly credentials: Credentials;
	readonly now: () => number;
	readonly log: Log;
	/** Whose connection uses this client id now. */
	readonly holder: (clientId: string) => string | undefined;
}

/** Hashes under way at once: each takes 4 MB and some milliseconds of a thread. */
const maximumPending = 256;

/** Decides who comes in: user and password, how often one may try, and which client ids one may use. */
export class Authenticator {
	readonly #options: AuthenticatorOptions;
	/** One user from one address: a device with a wrong password does not shut out its neighbours behind the same router. */
	readonly #byUser: Attempts;
	readonly #byAddress: Attempts;
	#pending = 0;

	constructor(options: AuthenticatorOptions) {
		this.#options = options;
		this.#byUser = new Attempts({ free: 5, firstWait: 1_000, longestWait: 60_000 }, options.now);
		this.#byAddress = new Attempts({ free: 100, firstWait: 1_000, longestWait: 60_000 }, options.now);
	}

	/** Never rejects. */
	async admit(
		address: string,
		clientId: string,
		user: string | undefined,
		password: Buffer | undefined,
	): Promise<Admission> {
		if (user === undefined || password === undefined || user.length > 128 || password.length > 256)
			return { refused: badCredentials, why: 'no user and password' };
		const source = `${address} ${user}`;
		const wait = Math.max(this.#byUser.wait(source), this.#byAddress.wait(address));
		if (wait > 0) return { refused: badCredentials, why: `failed too often, has to wait ${Math.ceil(wait / 1000)} s` };
		if (this.#pending >= maximumPending) return { refused: unavailable, why: 'too many log-ins at once' };
		this.#pending += 1;
		try {
			const deviceId = await this.#options.credentials.verify(user, password);
			if (deviceId === undefined) {
				this.#byUser.failed(source);
				this.#byAddress.failed(address);
				return { refused: badCredentials, why: 'wrong user or password' };
			}
			this.#byUser.succeeded(source);
			return this.#clientId(clientId, deviceId);
		} catch (error) {
			this.#options.log('error', 'broker', `log-in failed: ${(error as Error).message}`);
			return { refused: unavailable, why: 'the credentials cannot be read' };
		} finally {
			this.#pending -= 1;
		}
	}

	/** Its own id, or one that is nobody's: taking over another device's session would be reading its commands. */
	#clientId(clientId: string, deviceId: string): Admission {
		if (clientId !== deviceId) {
			const holder = this.#options.holder(clientId);
			if (this.#options.credentials.isDevice(clientId) || (holder !== undefined && holder !== deviceId))
				return { refused: identifierRejected, why: `client id ${clientId} is another device's` };
		}
		return { deviceId };
	}
}
