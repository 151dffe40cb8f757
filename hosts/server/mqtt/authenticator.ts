import type { Log } from '../../../modules/ports';
import type { Credentials } from '../credentials';
import { fieldName } from '../json';
import { Seldom } from '../seldom';
import { Attempts } from './attempts';

/** MQTT 3.1.1, section 3.2.2.3. */
export const identifierRejected = 2;
export const unavailable = 3;
export const badCredentials = 4;

/** `waits`: not even looked at, for having failed too often before. */
export type Refused = { readonly refused: 2 | 3 | 4; readonly why: string; readonly waits?: true };
export type Admission = { readonly deviceId: string } | Refused;

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
	/** How many users failed from an address, each counted once: whoever tries names, not whoever tries again. */
	readonly #byAddress: Attempts;
	readonly #seldom: Seldom;
	#pending = 0;

	constructor(options: AuthenticatorOptions) {
		this.#options = options;
		this.#seldom = new Seldom(options.log, options.now);
		this.#byUser = new Attempts({ free: 5, firstWait: 1_000, longestWait: 60_000 }, options.now);
		this.#byAddress = new Attempts({ free: 100, firstWait: 1_000, longestWait: 60_000 }, options.now);
	}

	/** Never rejects; a refusal is logged. */
	async admit(
		address: string,
		clientId: string,
		user: string | undefined,
		password: Buffer | undefined,
	): Promise<Admission> {
		let admission: Admission;
		try {
			admission = await this.#decide(address, clientId, user, password);
		} catch (error) {
			this.#seldom.log('failed', 'error', 'broker', `log-in failed: ${(error as Error).message}`);
			admission = { refused: unavailable, why: 'the credentials cannot be read' };
		}
		if ('refused' in admission) this.#refused(address, user, admission);
		return admission;
	}

	async #decide(
		address: string,
		clientId: string,
		user: string | undefined,
		password: Buffer | undefined,
	): Promise<Admission> {
		if (user === undefined || password === undefined || user.length > 128 || password.length > 256)
			return { refused: badCredentials, why: 'no user and password' };
		const { credentials } = this.#options;
		const source = `${address} ${user}`;
		// Who proved its password before costs nothing to check, and suffers nothing from its neighbours.
		const known = credentials.isProved(user, password);
		const wait = Math.max(this.#byUser.wait(source), known ? 0 : this.#byAddress.wait(address));
		if (wait > 0) {
			const why = `failed too often, has to wait ${Math.ceil(wait / 1000)} s`;
			return { refused: badCredentials, why, waits: true };
		}
		if (this.#pending >= maximumPending) return { refused: unavailable, why: 'too many log-ins at once' };
		this.#pending += 1;
		try {
			const deviceId = await credentials.verify(user, password);
			if (deviceId === undefined) {
				if (this.#byUser.failed(source) === 1) this.#byAddress.failed(address);
				return { refused: badCredentials, why: 'wrong user or password' };
			}
			this.#byUser.succeeded(source);
			return this.#clientId(clientId, deviceId);
		} finally {
			this.#pending -= 1;
		}
	}

	#refused(address: string, user: string | undefined, { why, waits }: Refused): void {
		// Names that nobody has are many: one line for them all.
		const known = user !== undefined && this.#isDevice(user) ? user : '';
		const message = `${fieldName([user ?? 'nobody'])} from ${address} refused: ${why}`;
		this.#seldom.log(`${address} ${known} ${waits ? 'waits' : ''}`, 'warning', 'broker', message);
	}

	#isDevice(user: string): boolean {
		try {
			return this.#options.credentials.isDevice(user);
		} catch {
			return false;
		}
	}

	/** Its own id, or one that is nobody's: taking over another device's session would be reading its commands. */
	#clientId(clientId: string, deviceId: string): Admission {
		if (clientId !== deviceId) {
			const holder = this.#options.holder(clientId);
			if (this.#options.credentials.isDevice(clientId) || (holder !== undefined && holder !== deviceId))
				return { refused: identifierRejected, why: `client id ${fieldName([clientId])} is another device's` };
		}
		return { deviceId };
	}
}
